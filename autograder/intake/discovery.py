"""Find submissions in the places that a person names."""

from __future__ import annotations

import itertools
import os
import re
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from msgspec.structs import replace

from autograder.assignment import Assignment
from autograder.authoring.specs import FileRule
from autograder.errors import UsageError
from autograder.intake.archive import member_names, open_archive
from autograder.intake.candidates import (
    TOGETHER,
    Candidate,
    Discovery,
    Member,
    SourceKind,
    safe_id,
    with_unique_ids,
)
from autograder.intake.caps import ARCHIVE
from autograder.intake.entries import RejectedInput, remark
from autograder.intake.gradescope import HandedIn, Record, read_record
from autograder.intake.layout import LEDGER, SUBMITTED, Group, Layout, find_groups
from autograder.intake.names import NOTEBOOK, is_noise, likeness, printable, suffix
from autograder.intake.platforms import RECORD
from autograder.model import Notice

MAX_DEPTH = 6
# Names below one folder of a class; the layout shows in far fewer.
MAX_BELOW = 20_000
# Submissions in one zip: more than any class has.
MAX_SUBMISSIONS = 5_000
_EXPORTED = re.compile(r"(?P<around>.*/|)(?P<folder>submission_\d+)/")
_EXPECTED = (
    "Expected a notebook (.ipynb), a zip, a folder with one submission, a folder with a class's "
    "submissions, or nbgrader's course folder."
)
ListArchive = Callable[[Path], list[str]]
ReadRecord = Callable[[Path, str], Record]


def archive_names(path: Path) -> list[str]:
    """List the files in a zip; one that can't be opened has none."""
    try:
        with open_archive(path, path.name) as archive:
            return list(member_names(archive))
    except RejectedInput:
        return []


def discover(
    paths: Sequence[Path],
    assignment: Assignment,
    list_archive: ListArchive = archive_names,
    read_record: ReadRecord = read_record,
) -> Discovery:
    """Find the assignment's submissions in files and folders; only names are read.

    Each path is a notebook; a zip of one submission, or a platform's of a whole class; a folder with one
    submission or a class's; or nbgrader's course folder, its ``submitted/`` or a student's folder in that.
    `list_archive` lists the files in a zip, and `read_record` reads the record of an export; a batch has a
    process with limits do both.

    Raises `UsageError` if a path does not exist or is neither file nor folder, no path has a submission, or
    two single files are of one learner.
    """
    candidates: list[Candidate] = []
    left_out: list[Notice] = []
    for path in dict.fromkeys(Path(os.path.abspath(p)) for p in paths):  # noqa: PTH100 - keeps links
        candidates += _in_place(path, assignment, left_out, list_archive)
    if not candidates:
        reasons = " ".join(notice.message for notice in left_out)
        raise UsageError(reasons or "No place was named in which to look for submissions.", _EXPECTED)
    _refuse_equal_learners([c for c in candidates if c.place is SourceKind.FILE])
    candidates = _with_people(candidates, left_out, read_record)
    return Discovery(candidates=with_unique_ids(candidates), left_out=tuple(left_out))


def _refuse_equal_learners(files: Sequence[Candidate]) -> None:
    by_learner: dict[str, Candidate] = {}
    for one in files:
        other = by_learner.setdefault(one.learner, one)
        if other is not one:
            raise UsageError(
                f"{one.origin}: belongs to the learner `{one.learner}`, as {other.origin} does",
                "Name one of them, or the folder that holds a folder for each learner.",
            )


def _with_people(
    candidates: Sequence[Candidate], left_out: list[Notice], read_record: ReadRecord
) -> list[Candidate]:
    """Name the learners and times of Gradescope's submissions as its record does."""
    records: dict[tuple[Path, str], Record] = {}
    found = []
    for one in candidates:
        split = _EXPORTED.fullmatch(one.inside)
        if split is None:
            found.append(one)
            continue
        place = one.path, split["around"] + RECORD
        if place not in records:
            records[place] = read_record(*place)
            if records[place].is_there and not records[place].folders:
                what = "can't be read, so learners are called as their folders are."
                left_out.append(remark("record-not-read", RECORD, what))
        handed_in = records[place].folders.get(split["folder"])
        found.append(_handed_in_by(one, handed_in) if handed_in else one)
    return found


def _handed_in_by(candidate: Candidate, record: HandedIn) -> Candidate:
    notices = candidate.notices
    if len(record.ids) > 1:
        message = f"A group handed it in: {', '.join(filter(None, record.names))}."
        notices = (*notices, Notice(code="group", message=message, where=candidate.origin))
    learner = TOGETHER.join(record.ids) or candidate.learner
    return replace(candidate, learner=learner, submitted_at=record.at, notices=notices)


def candidate_for(notebook: Path, rules: Sequence[FileRule] = ()) -> Candidate:
    """Make a candidate of one notebook, and of the other files that are asked for and lie beside it.

    Of each kind of file in the rules, take the one with the rule's name or the notebook's stem, or else
    the only one.
    """
    path = Path(os.path.abspath(notebook))  # noqa: PTH100 - keeps links
    companions = (_companion(path, rule) for rule in rules if rule.suffix.lower() != NOTEBOOK)
    members = tuple(Member(name=name, path=name) for name in companions if name)
    return _candidate(path.stem, path, SourceKind.FILE, Group(members=members))


def _companion(notebook: Path, rule: FileRule) -> str:
    files = (entry for entry in notebook.parent.iterdir() if entry.suffix.lower() == rule.suffix.lower())
    found = sorted(entry.name for entry in files if entry.is_file())
    good = [name for name in found if name == rule.name or Path(name).stem == notebook.stem]
    return (good or (found if len(found) == 1 else [""]))[0]


def _in_place(
    path: Path, assignment: Assignment, left_out: list[Notice], list_archive: ListArchive
) -> Sequence[Candidate]:
    if path.is_dir():
        return _in_folder(path, assignment, left_out, list_archive)
    if not path.exists():
        raise UsageError(f"{path}: does not exist.", _EXPECTED)
    if not path.is_file() or suffix(path.name) not in (NOTEBOOK, ARCHIVE):
        raise UsageError(f"{path}: is neither a notebook, a zip nor a folder.", _EXPECTED)
    if suffix(path.name) == ARCHIVE:
        return _in_archive(path, assignment, left_out, list_archive)
    # a notebook is named by its id, or else, where it has the release's name, by its folder
    usual = likeness(path.name, assignment.notebook) >= 2
    name = _folder_name(path.parent, assignment) if usual else path.stem
    return [replace(candidate_for(path, assignment.files.rules), id=safe_id(name), learner=printable(name))]


def _candidate(name: str, path: Path, place: SourceKind, group: Group) -> Candidate:
    name = printable(group.name or name)
    own = group.inside or "".join(member.name for member in group.members[:1] if place is not SourceKind.FILE)
    return Candidate(
        id=safe_id(name),
        learner=printable(group.learner) or name,
        origin=printable(str(path / own)),
        path=path,
        place=place,
        inside=group.inside,
        members=group.members,
        attempt=group.attempt,
        notices=group.notices,
        problem=group.problem,
    )


# --- folders -------------------------------------------------------------------------------------


def _in_folder(
    path: Path, assignment: Assignment, left_out: list[Notice], list_archive: ListArchive
) -> Sequence[Candidate]:
    if (path / SUBMITTED).is_dir():
        path = path / SUBMITTED
    names = list(_names_below(path))
    if not names or LEDGER in names:
        left_out.append(_nothing(path, "holds the reports of a batch." if names else "is empty."))
        return []
    if path.parent.name == SUBMITTED and not any(name.startswith(f"{assignment.id}/") for name in names):
        left_out.append(_nothing(path, f"has no folder {assignment.id}."))
        return []
    if len(names) == 1 and suffix(names[0]) == ARCHIVE and _is_plain(path / names[0]):
        of_class = _in_archive(path / names[0], assignment, left_out, list_archive)
        if len(of_class) > 1:
            return of_class
    layout = find_groups(names, assignment, path.name)
    left_out += layout.left_out
    if all(group.problem is not None for group in layout.groups):
        left_out.append(_nothing(path, f"holds nothing of {assignment.id}, only {_others(names)}."))
        return []
    return [_of_group(path, group, assignment) for group in layout.groups]


def _nothing(path: Path, what: str) -> Notice:
    return remark("nothing-found", printable(str(path)), what)


def _others(names: Sequence[str]) -> str:
    """Name the assignments that nbgrader's students have folders of."""
    parts = (name.split("/") for name in names)
    return ", ".join(sorted({p[1] for p in parts if len(p) > 2})[:5]) or "empty folders"


def _of_group(path: Path, group: Group, assignment: Assignment) -> Candidate:
    """Give a group's candidate. A zip in a class is one submission, whatever it holds."""
    if len(group.members) == 1 and suffix(group.members[0].name) == ARCHIVE and group.learner == group.name:
        archive = path / group.members[0].name
        if _is_plain(archive):
            return _candidate(group.name, archive, SourceKind.ZIP, replace(group, members=()))
    return _candidate(_folder_name(path, assignment), path, SourceKind.FOLDER, group)


def _is_plain(path: Path) -> bool:
    return path.is_file() and not path.is_symlink()


def _folder_name(path: Path, assignment: Assignment) -> str:
    """Give a folder's name; the learner's, if it is the assignment's folder within the learner's."""
    return path.parent.name if path.name == assignment.id else path.name


def _names_below(root: Path, inside: str = "", depth: int = 0) -> Iterator[str]:
    """List the names in a folder, sorted; folders end with a slash; links are not entered."""
    try:
        with os.scandir(root / inside) as listing:
            found = sorted(listing, key=lambda entry: entry.name)
    except OSError:
        return
    for entry in found:
        path = inside + entry.name
        if not entry.is_dir(follow_symlinks=False):
            yield path
        elif not is_noise(path + "/x"):
            yield path + "/"
            below = _names_below(root, path + "/", depth + 1) if depth < MAX_DEPTH else ()
            yield from itertools.islice(below, MAX_BELOW) if depth == 0 else below


# --- zips ----------------------------------------------------------------------------------------


def _in_archive(
    path: Path, assignment: Assignment, left_out: list[Notice], list_archive: ListArchive
) -> Sequence[Candidate]:
    """Give the submissions of a zip; one that can't be listed is a candidate whose reading says so."""
    names = list_archive(path)
    layout = find_groups(names, assignment) if names else Layout(groups=(Group(),))
    if len(layout.groups) > MAX_SUBMISSIONS:
        count = f"{len(layout.groups):,} submissions, more than {MAX_SUBMISSIONS:,}"
        message = f"{printable(path.name)}: holds {count}; it counts as one."
        left_out.append(Notice(code="too-many-submissions", message=message, where=printable(str(path))))
        layout = Layout(groups=(Group(),))
    left_out += layout.left_out
    groups = layout.groups
    if len(groups) == 1 and not layout.platform:
        groups = (replace(groups[0], name="", learner=""),)  # it is named after the zip
    return [_candidate(path.stem, path, SourceKind.ZIP, group) for group in groups]
