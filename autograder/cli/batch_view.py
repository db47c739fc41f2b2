"""Show a batch on the console: the submissions found, the progress and the results."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from rich.table import Table
from rich.text import Text

from autograder.batch import Done
from autograder.delivery import to_csv
from autograder.errors import ReportError
from autograder.files import PRIVATE, write_atomically
from autograder.grades.roster import Roster
from autograder.intake import Candidate, Discovery
from autograder.model import Report, Submission
from autograder.report import newest_reports, read_report, report_path
from autograder.report.terminal import render_summary
from autograder.text import few

GRADED = ("graded", "pending_manual", "partial")
# Notices about which files count. The person who grades reads them, too.
_ABOUT_FILES = frozenset(
    {"several-notebooks", "several-worked", "several-attempts", "notebook-as-given", "checkpoint", "same-id"}
    | {"notebook-suffix"}
)
_SHOWN = 8


def say_found(found: Discovery, roster: Roster | None, console: Console) -> None:
    """Count the submissions, and name the files that were left out and the learners without a submission."""
    count = len(found.candidates)
    left = f", {len(found.left_out)} left out" if found.left_out else ""
    console.print(f"{count} submission{'s' * (count != 1)}{left}", markup=False, highlight=False)
    for notice in found.left_out:
        console.print(f"  left out: {notice.message}", style="yellow", markup=False)
    if roster is None:
        return
    learners = [candidate.learner for candidate in found.candidates]
    _list(f"of {len(roster.persons)} on the roster handed in nothing", roster.absent(learners), console)
    _list("not on the roster", roster.unknown(learners), console)


def _list(what: str, names: Sequence[str], console: Console) -> None:
    if names:
        console.print(f"{len(names)} {what}: {few(names, _SHOWN)}", style="yellow", markup=False)


def listing(submissions: Iterable[Submission]) -> Table:
    """Make a table of submissions that were read but not graded, with learners, files and times."""
    table = Table(box=None, padding=(0, 1), header_style="bold")
    for column in ("learner", "submission", "notebook", "other files", "handed in", "saved", "notes"):
        table.add_column(column, overflow="fold")
    for one in submissions:
        path = one.notebook.path if one.notebook else "–"
        others = ", ".join(file.path for file in one.files[: _SHOWN + 1] if file.path != path)
        notes = " ".join(notice.message for notice in ([one.problem] if one.problem else one.notices))
        times = (one.submitted_at or "–", one.saved_at or "–")
        table.add_row(*map(Text, (one.learner, one.id, path, others, *times, notes)))
    return table


def watch(work: Iterator[Done], candidates: Sequence[Candidate], console: Console) -> Iterator[Done]:
    """Show a progress bar with the time left, and name each submission that could not be graded."""
    left = TimeRemainingColumn(elapsed_when_finished=True)
    columns = (TextColumn("grading"), BarColumn(), MofNCompleteColumn(), left)
    with Progress(*columns, console=console) as progress:
        task = progress.add_task("grading", total=len(candidates))
        for one in work:
            progress.advance(task)
            if one.outcome not in GRADED:
                said = f"{one.id}: {one.outcome}: {one.message}"
                progress.console.print(said, style="yellow", markup=False)
            yield one


def summarise(done: Sequence[Done], output: Path, roster: Roster | None, messages: Console) -> None:
    """Write a summary of all reports in the folder, and show the summary of this batch."""
    paths = (report_path(output, one.id, one.attempt) for one in done)
    read = {path: read_report(path, by_schema=False) for path in paths}
    reports = list(read.values())
    for report in reports:
        for notice in (n for n in report.notices if n.code in _ABOUT_FILES):
            messages.print(f"{report.submission.id}: {notice.message}", style="yellow", markup=False)
    newest = list(_newest(output, read, messages))
    present = [*newest_reports(output), *(report.learner.id for report in newest)]
    absent = roster.absent(present) if roster else ()
    write_atomically(output / "summary.csv", to_csv(newest, absent), PRIVATE)
    Console().print(render_summary(reports))
    messages.print(f"reports: {output / 'reports'}   summary: {output / 'summary.csv'}", markup=False)


def _newest(output: Path, read: Mapping[Path, Report], messages: Console) -> Iterator[Report]:
    """Give the newest report of each submission in the folder, and say where the batch's own is older."""
    graded = {report.submission.id: report.submission.attempt for report in read.values()}
    for identity, path in newest_reports(output).items():
        if identity in graded and path not in read:
            note = f"{identity}: these are the files of attempt {graded[identity]}; {path.stem} is the newest"
            messages.print(note, style="yellow", markup=False)
        try:
            yield read.get(path) or read_report(path, by_schema=False)
        except ReportError as error:
            messages.print(f"note: {error}; it is not in the summary", style="yellow", markup=False)
