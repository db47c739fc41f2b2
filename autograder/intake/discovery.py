"""Find submissions in the places that a person names."""

from __future__ import annotations

import itertools
import os
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from autograder.assignment import Assignment
from autograder.authoring.specs import FileRule
from autograder.errors import UsageError
from autograder.intake.archive import member_names, open_archive
from autograder.intake.candidates import Candidate, Discovery, Member, SourceKind, safe_id, with_unique_ids
from autograder.intake.caps import ARCHIVE, NOTEBOOK
from autograder.intake.entries import RejectedInput, remark
from autograder.intake.layout import Group, find_groups
from autograder.intake.names import is_noise, likeness, printable
from autograder.model import Notice

SUBMITTED = "submitted"
MAX_DEPTH = 6
# Names below one folder of a class; the layout shows in far fewer.
MAX_BELOW = 20_000
# Submissions in one zip: more than any class has.
MAX_SUBMISSIONS = 5_000
_EXPECTED = (
    "Expected a notebook (.ipynb), a zip, a folder with one submission, a folder with a class's "
    "submissions, or nbgrader's course folder."
)
ListArchive = Callable[[Path], list[str]]
Found = Iterator[Candidate | Notice]


def archive_names(path: Path) -> list[str]:
    """List the files in a zip; none if it can't be opened."""
    try:
        with open_archive(path, path.name) as archive:
            return list(member_names(archive))
    except RejectedInput:
        return []


def discover(
    paths: Sequence[Path], assignment: Assignment, list_archive: ListArchive = archive_names
) -> Discovery:
    """Find the submissions in files and folders; only names are read.

    Each path is a notebook, a zip (one submission's, or a whole class's from Canvas or Moodle), a folder
    with one submission or a class's, or nbgrader's course folder, its ``submitted/`` or a student's folder in
    that. `list_archive` lists the files in a zip; a batch does that in a process with limits.

    Raises
    ------
    UsageError
        A path does not exist or is neither file nor folder, or none of them holds a submission.
    """
    places = dict.fromkeys(Path(os.path.abspath(p)) for p in paths)  # noqa: PTH100 - keeps links
    found = [one for path in places for one in _in_place(path, assignment, list_archive)]
    candidates = [one for one in found if isinstance(one, Candidate)]
    notices = [one for one in found if isinstance(one, Notice)]
    if not candidates:
        reasons = " ".join(notice.message for notice in notices)
        raise UsageError(reasons or "No place to look for submissions was named.", _EXPECTED)
    return Discovery(candidates=with_unique_ids(candidates), notices=tuple(notices))


def candidate_for(notebook: Path, rules: Sequence[FileRule] = ()) -> Candidate:
    """Make a candidate of one notebook and the other requested files beside it.

    For each rule, the file with the rule's name or the notebook's stem is taken, or else the only one of its
    kind.
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


def _in_place(path: Path, assignment: Assignment, list_archive: ListArchive) -> Found:
    if path.is_dir():
        yield from _in_folder(path, assignment, list_archive)
        return
    if not path.exists():
        raise UsageError(f"{path}: does not exist.", _EXPECTED)
    if not path.is_file() or path.suffix.lower() not in (NOTEBOOK, ARCHIVE):
        raise UsageError(f"{path}: is neither a notebook, a zip nor a folder.", _EXPECTED)
    if path.suffix.lower() == ARCHIVE:
        yield from _in_archive(path, assignment, list_archive)
    else:
        # a notebook's name is its id; one with the release's name is called after its folder
        usual = likeness(path.name, assignment.notebook) >= 2
        yield _candidate(path.parent.name if usual else path.stem, path, SourceKind.FILE)


def _candidate(name: str, path: Path, place: SourceKind, group: Group | None = None) -> Candidate:
    group = group or Group()
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
    )


# --- folders -------------------------------------------------------------------------------------


def _in_folder(path: Path, assignment: Assignment, list_archive: ListArchive) -> Found:
    if (path / SUBMITTED).is_dir():
        path = path / SUBMITTED
    names = list(_names_below(path))
    if not names:
        yield _nothing(path, "is empty.")
        return
    there = _assignments(path, names) if SUBMITTED in (path.name, path.parent.name) else [assignment.id]
    if assignment.id not in there:
        shown = ", ".join(there[:5]) or "nothing"
        yield _nothing(path, f"has submissions of {shown}, none of {assignment.id}.")
        return
    if len(names) == 1 and names[0].lower().endswith(ARCHIVE) and _is_plain(path / names[0]):
        found = list(_in_archive(path / names[0], assignment, list_archive))
        yield from (one for one in found if isinstance(one, Notice))
        of_class = [one for one in found if isinstance(one, Candidate)]
        if len(of_class) > 1:
            yield from of_class
            return
    groups, notices = find_groups(names, assignment.id, assignment.notebook)
    yield from notices
    for group in groups:
        yield from _of_group(path, group, assignment, list_archive)


def _assignments(path: Path, names: Sequence[str]) -> list[str]:
    """Give the assignments in nbgrader's ``submitted/``, or in a student's folder there."""
    depth = 1 if path.name == SUBMITTED else 0
    parts = (name.split("/") for name in names)
    return sorted({p[depth] for p in parts if len(p) > depth + 1})


def _nothing(path: Path, what: str) -> Notice:
    return remark("nothing-found", printable(str(path)), what)


def _of_group(path: Path, group: Group, assignment: Assignment, list_archive: ListArchive) -> Found:
    """Give a group's candidate; a lone zip may turn out to hold a whole class."""
    if len(group.members) == 1 and group.learner == group.name:
        archive = path / group.members[0].name
        if archive.suffix.lower() == ARCHIVE and _is_plain(archive):
            yield from _in_archive(archive, assignment, list_archive)
            return
    # in submitted/<student>/<assignment>, the student's id is the name
    nbgrader = path.name == assignment.id and path.parent.parent.name == SUBMITTED
    yield _candidate(path.parent.name if nbgrader else path.name, path, SourceKind.FOLDER, group)


def _is_plain(path: Path) -> bool:
    return path.is_file() and not path.is_symlink()


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


def _in_archive(path: Path, assignment: Assignment, list_archive: ListArchive) -> Found:
    """Give the submissions of a zip; a zip that can't be listed is a candidate whose reading says why."""
    names = list_archive(path)
    groups: Sequence[Group] = ()
    notices: Sequence[Notice] = ()
    if names:
        groups, notices = find_groups(names, assignment.id, assignment.notebook, wrapped=True)
    if len(groups) > MAX_SUBMISSIONS:
        count = f"{len(groups):,} submissions, more than {MAX_SUBMISSIONS:,}"
        message = f"{printable(path.name)}: holds {count}; it counts as one."
        where = printable(str(path))
        groups, notices = (), [Notice(code="too-many-submissions", message=message, where=where)]
    yield from notices
    for group in groups or [Group()]:
        yield _candidate(path.stem, path, SourceKind.ZIP, group)
