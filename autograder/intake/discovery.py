"""Finding submissions in the places that a person names."""

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
from autograder.intake.layout import Group, Layout, find_groups
from autograder.intake.names import is_noise, likeness, printable
from autograder.intake.rejected import RejectedInput
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


def archive_names(path: Path) -> list[str]:
    """List the files in a zip; one that can't be opened has none."""
    try:
        with open_archive(path, path.name) as archive:
            return list(member_names(archive))
    except RejectedInput:
        return []


def discover(
    paths: Sequence[Path], assignment: Assignment, list_archive: ListArchive = archive_names
) -> Discovery:
    """Find the submissions in files and folders; nothing is read yet but names.

    Parameters
    ----------
    paths : sequence of Path
        Each a notebook, a zip (one submission's, or Canvas's or Moodle's of a whole class), a folder
        with one submission or with a class's, or nbgrader's course folder, its ``submitted/`` or a
        student's folder in that.
    assignment : Assignment
        Whose submissions they are.
    list_archive : callable
        Lists the files in a zip; a batch has it done in a process with limits.

    Raises
    ------
    UsageError
        A path does not exist or is neither file nor folder, or there is no submission in any.
    """
    candidates: list[Candidate] = []
    notices: list[Notice] = []
    for path in dict.fromkeys(Path(os.path.abspath(p)) for p in paths):  # noqa: PTH100 - keeps links
        candidates += _in_place(path, assignment, notices, list_archive)
    if not candidates:
        reasons = " ".join(notice.message for notice in notices)
        raise UsageError(reasons or "No place was named in which to look for submissions.", _EXPECTED)
    return Discovery(candidates=with_unique_ids(candidates), notices=tuple(notices))


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
    path: Path, assignment: Assignment, notices: list[Notice], list_archive: ListArchive
) -> Sequence[Candidate]:
    if path.is_dir():
        return _in_folder(path, assignment, notices, list_archive)
    if not path.exists():
        raise UsageError(f"{path}: does not exist.", _EXPECTED)
    if not path.is_file() or path.suffix.lower() not in (NOTEBOOK, ARCHIVE):
        raise UsageError(f"{path}: is neither a notebook, a zip nor a folder.", _EXPECTED)
    if path.suffix.lower() == ARCHIVE:
        return _in_archive(path, assignment, notices, list_archive)
    # a notebook is named by its id, or else, where it has the release's name, by its folder
    usual = likeness(path.name, assignment.notebook) >= 2
    return [_candidate(path.parent.name if usual else path.stem, path, SourceKind.FILE)]


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


def _in_folder(
    path: Path, assignment: Assignment, notices: list[Notice], list_archive: ListArchive
) -> Sequence[Candidate]:
    if (path / SUBMITTED).is_dir():
        path = path / SUBMITTED
    names = list(_names_below(path))
    if not names:
        notices.append(_nothing(path, "is empty."))
        return []
    if SUBMITTED in (path.name, path.parent.name) and not _has_assignment(path, names, assignment.id):
        notices.append(_nothing(path, _other_assignments(path, names, assignment.id)))
        return []
    if len(names) == 1 and names[0].lower().endswith(ARCHIVE) and _is_plain(path / names[0]):
        of_class = _in_archive(path / names[0], assignment, notices, list_archive)
        if len(of_class) > 1:
            return of_class
    layout = find_groups(names, assignment.id, assignment.notebook)
    notices += layout.notices
    return [c for group in layout.groups for c in _of_group(path, group, assignment, notices, list_archive)]


def _has_assignment(path: Path, names: Sequence[str], assignment_id: str) -> bool:
    depth = 1 if path.name == SUBMITTED else 0
    parts = (name.split("/") for name in names)
    return any(len(p) > depth + 1 and p[depth] == assignment_id for p in parts)


def _other_assignments(path: Path, names: Sequence[str], assignment_id: str) -> str:
    depth = 1 if path.name == SUBMITTED else 0
    parts = [name.split("/") for name in names]
    others = sorted({p[depth] for p in parts if len(p) > depth + 1})
    return f"has submissions of {', '.join(others[:5]) or 'nothing'}, none of {assignment_id}."


def _nothing(path: Path, what: str) -> Notice:
    return Notice(code="nothing-found", message=f"{printable(str(path))}: {what}", where=printable(str(path)))


def _of_group(
    path: Path, group: Group, assignment: Assignment, notices: list[Notice], list_archive: ListArchive
) -> Sequence[Candidate]:
    """Give a group's candidate; a lone zip may turn out to hold a whole class."""
    if len(group.members) == 1 and group.learner == group.name:
        archive = path / group.members[0].name
        if archive.suffix.lower() == ARCHIVE and _is_plain(archive):
            return _in_archive(archive, assignment, notices, list_archive)
    return [_candidate(_folder_name(path, assignment), path, SourceKind.FOLDER, group)]


def _is_plain(path: Path) -> bool:
    return path.is_file() and not path.is_symlink()


def _folder_name(path: Path, assignment: Assignment) -> str:
    """Give a folder's name, or nbgrader's student id in ``submitted/<student>/<assignment>``."""
    nbgrader = path.name == assignment.id and path.parent.parent.name == SUBMITTED
    return path.parent.name if nbgrader else path.name


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
    path: Path, assignment: Assignment, notices: list[Notice], list_archive: ListArchive
) -> Sequence[Candidate]:
    """Give the submissions of a zip; one that can't be listed is a candidate whose reading says so."""
    names = list_archive(path)
    layout = Layout(groups=(Group(),))
    if names:
        layout = find_groups(names, assignment.id, assignment.notebook, wrapped=True)
    if len(layout.groups) > MAX_SUBMISSIONS:
        count = f"{len(layout.groups):,} submissions, more than {MAX_SUBMISSIONS:,}"
        message = f"{printable(path.name)}: holds {count}; it counts as one."
        notices.append(Notice(code="too-many-submissions", message=message, where=printable(str(path))))
        layout = Layout(groups=(Group(),))
    notices += layout.notices
    return [_candidate(path.stem, path, SourceKind.ZIP, group) for group in layout.groups]
