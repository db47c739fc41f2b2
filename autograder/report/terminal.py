"""Show a report in a terminal: a table, the numbers of the first failing case, and hints."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from rich.cells import cell_len
from rich.console import Console, ConsoleOptions, Group, RenderableType
from rich.markup import escape
from rich.panel import Panel
from rich.table import Table
from rich.text import Text

from autograder.model import CheckReport, ItemReport, Report, Smallest, Status
from autograder.report.totals import in_short, is_lost, is_unwritten, one_each, refers_elsewhere, tells_more

_MARKS = {
    Status.PASSED: ("✓", "green"),
    Status.FAILED: ("✗", "red"),
    Status.ERROR: ("✗", "red"),
    Status.TIMEOUT: ("✗", "red"),
    Status.SKIPPED: ("–", "dim"),
    Status.MANUAL: ("?", "yellow"),
}
_BAD = (Status.FAILED, Status.ERROR, Status.TIMEOUT)
_GAP = 4


def render(report: Report, *, points: bool = True) -> RenderableType:
    """Render a whole report. A self-check leaves out the `points`, which would mislead there."""
    parts: list[RenderableType] = [_table(report, points)]
    lost = (check for item in report.items for check in item.checks if is_lost(check) and tells_more(check))
    if first := next(lost, None):
        parts.append(_details(first))
    for notice in report.notices:
        said = f"{notice.where}: {notice.message}".removeprefix(": ")
        parts.append(Text(f"note: {said}", style="yellow"))
    return Group(*parts)


def closing(report: Report) -> str:
    """Give a report's last line: the submission, its outcome, and its points if it has some."""
    score = report.score
    points = "" if score is None else f" {round(score.final, 2):g} of {score.max:g} points."
    return f"{report.submission.id}: {report.message}{points}"


def _table(report: Report, points: bool) -> Table:
    table = Table(title=None, box=None, padding=(0, 1), show_header=False)
    table.add_column(width=1)
    table.add_column(max_width=46)
    if points:
        table.add_column(justify="right", no_wrap=True)
    table.add_column(ratio=1)
    for row in _rows(report, points):
        table.add_row(*row)
    return table


def _rows(report: Report, points: bool) -> Iterator[list[RenderableType]]:
    for item in report.items:
        counted = [check for check in item.checks if check.max_score > 0]
        lost = one_each([check for check in counted if is_lost(check)])
        if len(lost) <= 1:
            yield _row(item.title, item, in_short(lost or counted or item.checks), points)
            continue
        passed = sum(check.status is Status.PASSED for check in counted)
        yield _row(item.title, item, f"{passed} of {len(counted)} checks passed.", points)
        for check in lost:
            yield _row(f"  {check.id}", check, check.message, points)


def _row(name: str, scored: ItemReport | CheckReport, message: str, points: bool) -> list[RenderableType]:
    mark, colour = _mark(scored)
    row: list[RenderableType] = [Text(mark, style=colour), Text(name)]
    if points:
        row.append(_points(scored))
    return [*row, Text(message, style="" if scored.status in _BAD else "dim")]


def _mark(scored: ItemReport | CheckReport) -> tuple[str, str]:
    """Choose the sign and the colour; work that was not begun is no mistake."""
    if scored.status in _BAD and (is_unwritten(scored) or refers_elsewhere(scored)):
        return ("○", "yellow") if is_unwritten(scored) else _MARKS[Status.SKIPPED]
    return _MARKS[scored.status]


def _points(scored: ItemReport | CheckReport) -> Text:
    score = "–" if scored.score is None else f"{round(scored.score, 2):g}"
    return Text(f"{score} / {scored.max_score:g}")


def _details(check: CheckReport) -> Panel:
    """Render the first check to fix: its case, numbers and hints."""
    lines: list[RenderableType] = [Text(check.message)]
    cause = check.cause
    if cause is not None:
        named = {"expected": cause.expected, "yours": cause.actual}
        lines += [Text(), _SideBySide({name: text for name, text in named.items() if text})]
    if check.smallest is not None:
        lines += _smallest(check.smallest)
    if check.diagnosis is not None:
        lines.append(Text(f"\nlooks like {check.diagnosis.id}: {check.diagnosis.message}", style="bold cyan"))
    lines += [Text(f"\nhint: {hint}", style="cyan") for hint in check.hints]
    if check.output is not None and check.output.text:
        lines.append(Text(f"\nprinted\n{check.output.text[:2000]}", style="dim"))
    return Panel(Group(*lines), title=f"first: {escape(check.id)}", title_align="left")


def _smallest(found: Smallest) -> Iterator[RenderableType]:
    """Render the smallest failing case, with its matrices side by side."""
    yield Text(f"\nthe smallest case that fails: {found.case}", style="bold")
    yield _SideBySide(found.inputs)
    if found.expected:
        yield _SideBySide({"expected": found.expected, "yours": found.actual})
    yield Text(found.message)
    if found.terms:
        yield Text(found.terms)


class _SideBySide:
    """Matrices beside each other, or below each other where the line is too short: no row is ever broken."""

    def __init__(self, matrices: Mapping[str, str]) -> None:
        self._blocks = [f"{name}\n{matrix}" for name, matrix in matrices.items()]

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> Iterator[RenderableType]:
        """Give the rows that fit."""
        widths = [max(map(cell_len, block.splitlines())) for block in self._blocks]
        if sum(widths) + _GAP * (len(widths) - 1) > options.max_width:
            yield from (Text(block, no_wrap=True, overflow="ellipsis") for block in self._blocks)
            return
        grid = Table.grid(padding=(0, _GAP))
        grid.add_row(*map(Text, self._blocks))
        yield grid


def render_summary(reports: Sequence[Report]) -> Table:
    """Render a batch as a table: for each submission its points and the reason for the first lost one.

    The caption lists the submissions with passages that a person may want to read.
    """
    table = Table(box=None, padding=(0, 1), header_style="bold")
    table.add_column("submission", no_wrap=True)
    table.add_column("points", justify="right", no_wrap=True)
    table.add_column("outcome", no_wrap=True)
    table.add_column("first reason for a lost point", ratio=1)
    for report in sorted(reports, key=lambda r: r.submission.id):
        score = report.score
        points = "–" if score is None else f"{score.final:.1f} / {score.max:g}"
        reason = Text(_first_reason(report) + _late(report), overflow="fold")
        table.add_row(Text(report.submission.id), points, report.outcome.value, reason)
    to_read = [f"{r.submission.id} ({len(r.integrity)})" for r in reports if r.integrity]
    if to_read:
        table.caption = Text(f"to read, no verdict (`integrity` in the report): {', '.join(sorted(to_read))}")
        table.caption_justify = "left"
    return table


def _late(report: Report) -> str:
    return f" Late: {report.submission.late.message}." if report.submission.late else ""


def _first_reason(report: Report) -> str:
    if report.score is None:
        return report.message
    for item in report.items:
        lost = [c for c in item.checks if c.score < c.max_score and c.status is not Status.SKIPPED]
        if lost and not item.extra_credit:
            return f"{item.id}: {lost[0].message}"
    return report.message
