"""Read one candidate: its files within the caps, its notebook, and notices about both."""

from __future__ import annotations

import contextlib
import hashlib
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path, PurePosixPath

from msgspec.structs import replace

from autograder.assignment import Assignment
from autograder.errors import IntakeError
from autograder.intake.archive import archive_entries, open_archive, repeated_names
from autograder.intake.candidates import Candidate, SourceKind
from autograder.intake.caps import ARCHIVE, MEGABYTE, Budget, Caps, ReadFile, caps_of, drain
from autograder.intake.choice import IsGiven, choose, nothing_found, oversized
from autograder.intake.entries import Entry, RejectedInput, remark
from autograder.intake.folder import folder_entries, member_entries, named_entry
from autograder.intake.moments import moment_of
from autograder.intake.names import NOTEBOOK, TIMESTAMP, is_checkpoint, suffix
from autograder.intake.notebook import parse_notebook
from autograder.model import FileRecord, Notebook, Notice, Submission, capped

MAX_NESTING = 3
_TRUSTED = Caps(max_files=10_000, max_total=1024 * MEGABYTE, kept={})


def read(candidate: Candidate, assignment: Assignment, is_given: IsGiven = lambda _: False) -> Submission:
    """Read one candidate, whatever it holds, within the assignment's caps.

    If there is nothing to grade, the submission's `problem` says why and what to do. Notices name the files
    that can't or must not be read, and everything that was mended. `is_given` says whether a notebook's code
    is the release's: such a notebook is read only if there is no other.
    """
    submission = candidate.unread()
    if candidate.problem is not None:
        return replace(submission, fingerprint=fingerprint(candidate, assignment))
    try:
        files, notices, mark = _gather(candidate, caps_of(assignment))
    except RejectedInput as rejected:
        mark = _hash(candidate, (), [rejected.notice])
        return replace(submission, problem=rejected.notice, fingerprint=mark)
    submission = _with_files(replace(submission, fingerprint=mark), files, notices)
    return _with_notebook(submission, files, notices, assignment, is_given)


def read_notebook(path: Path) -> Notebook:
    """Read a single trusted notebook, such as the release's. Raises `IntakeError` if that fails."""
    try:
        with named_entry(path).open() as reader:
            data = drain(path.name, reader, Budget(_TRUSTED), _TRUSTED.max_total).data
        return parse_notebook(data or b"", str(path))[0]
    except RejectedInput as refused:
        raise IntakeError(f"{path}: can't be used: {refused.notice.message}") from refused


def fingerprint(candidate: Candidate, assignment: Assignment) -> str:
    """Hash a candidate's files; the result equals the `fingerprint` of the submission that `read` gives.

    It never raises, and it changes with any of the files.
    """
    notices: list[Notice] = []
    try:
        with _entries(candidate, notices) as entries:
            files = _read_all(entries, Budget(caps_of(assignment)), notices)
    except RejectedInput as rejected:
        files, notices = [], [rejected.notice]
    return _hash(candidate, files, notices)


def _hash(candidate: Candidate, files: Sequence[ReadFile], notices: Sequence[Notice]) -> str:
    """Hash a candidate with the files that were read; their names may hold what no encoding can carry."""
    read = [(file.path, file.size, file.sha256) for file in files]
    content = repr((candidate, read, list(notices)))
    return hashlib.sha256(content.encode("utf-8", "backslashreplace")).hexdigest()


# --- files ---------------------------------------------------------------------------------------


def _gather(candidate: Candidate, caps: Caps) -> tuple[list[ReadFile], list[Notice], str]:
    """Read a candidate's files, unpack archives if there is no notebook, and give the fingerprint too."""
    budget = Budget(caps)
    notices: list[Notice] = []
    with _entries(candidate, notices) as entries:
        files = _read_all(entries, budget, notices)
    # hashed before archives are unpacked: these are the bytes that are graded
    mark = _hash(candidate, files, notices)
    for _ in range(MAX_NESTING):
        if _has_notebook(files) or not any(_is_archive(f) for f in files):
            break
        files = _unpacked(files, budget, notices)
    return sorted(files, key=lambda f: f.path), notices, mark


@contextlib.contextmanager
def _entries(candidate: Candidate, notices: list[Notice]) -> Iterator[Iterable[Entry]]:
    if candidate.place is SourceKind.ZIP:
        with open_archive(candidate.path, candidate.path.name) as archive:
            notices += repeated_names(archive) if not candidate.inside and not candidate.members else ()
            yield archive_entries(archive, candidate.inside, candidate.members)
    elif candidate.place is SourceKind.FILE:
        beside = (candidate.path.parent / member.name for member in candidate.members)
        yield [named_entry(candidate.path), *map(named_entry, beside)]
    elif candidate.members:
        yield member_entries(candidate.path, candidate.members)
    else:
        yield folder_entries(candidate.path / candidate.inside)


def _read_all(entries: Iterable[Entry], budget: Budget, notices: list[Notice]) -> list[ReadFile]:
    """Read the expected files first, so that a flood of others hides no notebook."""
    files: list[ReadFile] = []
    for entry in sorted(entries, key=lambda e: (_turn(e.path, budget.caps), e.path)):
        needless = _has_notebook(files) and (suffix(entry.path) == ARCHIVE or is_checkpoint(entry.path))
        if needless and is_checkpoint(entry.path):
            continue
        try:
            budget.count_file()
            with entry.open() as reader:
                keep = 0 if needless else budget.caps.kept_bytes(entry.path)
                files.append(replace(drain(entry.path, reader, budget, keep), saved=entry.saved))
        except RejectedInput as refused:
            notices.append(refused.notice)
            if refused.notice.code in ("too-many-files", "too-large"):
                break
    return files


def _turn(path: str, caps: Caps) -> int:
    """Give a file's place in the order of reading: notebooks, other kept kinds, archives, the rest."""
    if is_checkpoint(path):
        return 3
    special = {NOTEBOOK: 0, ARCHIVE: 2}.get(suffix(path))
    return special if special is not None else 1 if caps.kept_bytes(path) else 4


def _has_notebook(files: Sequence[ReadFile]) -> bool:
    return any(suffix(file.path) == NOTEBOOK and not is_checkpoint(file.path) for file in files)


def _is_archive(file: ReadFile) -> bool:
    return suffix(file.path) == ARCHIVE and file.data is not None


def _unpacked(files: Sequence[ReadFile], budget: Budget, notices: list[Notice]) -> list[ReadFile]:
    """Replace every zip among the files by the files in it."""
    result = []
    for file in files:
        if not _is_archive(file):
            result.append(file)
            continue
        try:
            with open_archive(file.data or b"", file.path) as archive:
                notices += repeated_names(archive)
                below = (replace(e, path=f"{file.path}/{e.path}") for e in archive_entries(archive))
                result += _read_all(below, budget, notices)
            what = "was unpacked, since there was no notebook beside it."
            notices.append(remark("zip-unpacked", file.path, what))
        except RejectedInput as refused:
            notices.append(refused.notice)
            result.append(replace(file, data=None))
    return result


def _with_files(submission: Submission, files: Sequence[ReadFile], notices: Sequence[Notice]) -> Submission:
    """List the files in the submission, without nbgrader's time stamp."""
    files = [f for f in files if PurePosixPath(f.path).name != TIMESTAMP]
    kept = {f.path: f.data for f in files if suffix(f.path) not in (NOTEBOOK, ARCHIVE, ".json")}
    return replace(
        submission,
        files=tuple(FileRecord(path=f.path, bytes=f.size, sha256=f.sha256) for f in files),
        contents={path: data for path, data in kept.items() if data is not None},
        notices=capped((*submission.notices, *notices)),
    )


def _with_notebook(
    submission: Submission,
    files: Sequence[ReadFile],
    found: Sequence[Notice],
    assignment: Assignment,
    is_given: IsGiven,
) -> Submission:
    """Add the best notebook, or say why there is none; `found` are the notices about the files."""
    stamp, stamp_notices = _submitted_at(files)
    choice = choose(files, assignment, submission.learner, is_given)
    notices = [*submission.notices, *stamp_notices, *oversized(files, caps_of(assignment))]
    submission = replace(
        submission,
        submitted_at=stamp or submission.submitted_at,
        saved_at=choice.saved or None,
        notebook=choice.notebook,
    )
    if choice.notebook is not None:
        return replace(submission, notices=capped([*notices, *choice.notices]))
    paths = [file.path for file in submission.files]
    reasons = [*choice.notices, nothing_found(paths, found, assignment.notebook, submission.origin)]
    rest = tuple(notice for notice in notices if notice != reasons[0])
    return replace(submission, problem=reasons[0], notices=rest)


# --- the time stamp ------------------------------------------------------------------------------


def _submitted_at(files: Sequence[ReadFile]) -> tuple[str | None, list[Notice]]:
    """Read the time in nbgrader's ``timestamp.txt``, in ISO 8601 and UTC."""
    for file in files:
        if PurePosixPath(file.path).name == TIMESTAMP:
            text = (file.data or b"").decode("utf-8", "replace").strip()
            moment = moment_of(text)
            if moment is not None and moment.tzinfo is not None:
                return moment.isoformat(timespec="seconds"), []
            what = f"holds {text[:40]!r}, expected a time such as 2024-05-31 23:59:00 UTC."
            if moment is not None:
                what = f"holds {text[:40]!r} without a zone, so nobody knows whether it was in time."
            return None, [remark("bad-timestamp", file.path, what)]
    return None, []
