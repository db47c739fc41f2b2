"""Reading one candidate: its files within the caps, its notebook, and notices about both."""

from __future__ import annotations

import contextlib
import datetime
import hashlib
import re
import zoneinfo
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path, PurePosixPath

import msgspec

from autograder.assignment import Assignment
from autograder.errors import IntakeError
from autograder.intake.archive import archive_entries, open_archive, repeated_names
from autograder.intake.candidates import Candidate, SourceKind
from autograder.intake.caps import ARCHIVE, MEGABYTE, Budget, Caps, caps_of, drain
from autograder.intake.choice import IsGiven, ReadFile, choose, nothing_found, oversized
from autograder.intake.entries import Entry
from autograder.intake.folder import folder_entries, member_entries, named_entry
from autograder.intake.names import NOTEBOOK, TIMESTAMP, is_checkpoint, suffix
from autograder.intake.notebook import parse_notebook
from autograder.intake.rejected import RejectedInput
from autograder.model import FileRecord, Notebook, Notice, Struct, Submission, capped

MAX_NESTING = 3
_TRUSTED = Caps(max_files=10_000, max_total=1024 * MEGABYTE, kept={})


class _Gathered(Struct):
    files: tuple[ReadFile, ...]
    notices: tuple[Notice, ...]
    fingerprint: str


def read(candidate: Candidate, assignment: Assignment, is_given: IsGiven = lambda _: False) -> Submission:
    """Read one candidate, whatever it holds.

    If there is nothing to grade, the submission's `problem` says why and what to do. Notices name the files
    that can't or must not be read, and everything that was mended.

    Parameters
    ----------
    candidate : Candidate
        The place to look.
    assignment : Assignment
        The files that are asked for, and the caps.
    is_given : callable
        Says of a notebook whether its code is the release's: such a one is read only if there is no other.
    """
    caps = caps_of(assignment)
    submission = candidate.unread()
    if candidate.problem is not None:
        return msgspec.structs.replace(submission, fingerprint=fingerprint(candidate, assignment))
    try:
        gathered = _gather(candidate, caps)
    except RejectedInput as rejected:
        return msgspec.structs.replace(
            submission, problem=rejected.notice, fingerprint=_hash(candidate, (), [rejected.notice])
        )
    submission = msgspec.structs.replace(submission, fingerprint=gathered.fingerprint)
    return _with_notebook(_with_files(submission, gathered), gathered, assignment, is_given)


def read_notebook(path: Path) -> Notebook:
    """Read a single trusted notebook, such as the release's.

    Raises
    ------
    IntakeError
        It can't be read as a notebook.
    """
    try:
        with named_entry(path).open() as reader:
            data = drain(reader, Budget(_TRUSTED), _TRUSTED.max_total).data
        return parse_notebook(data or b"", str(path))[0]
    except RejectedInput as refused:
        raise IntakeError(f"{path}: can't be used: {refused.notice.message}") from refused


def fingerprint(candidate: Candidate, assignment: Assignment) -> str:
    """Hash the files of a candidate as `read` would read them; it changes where any of them does.

    It never raises, and equals the `fingerprint` of the submission that `read` gives.
    """
    notices: list[Notice] = []
    try:
        with _entries(candidate, notices) as entries:
            files = _read_all(entries, Budget(caps_of(assignment)), notices)
    except RejectedInput as rejected:
        files, notices = [], [rejected.notice]
    return _hash(candidate, files, notices)


def _hash(candidate: Candidate, files: Sequence[ReadFile], notices: Sequence[Notice]) -> str:
    """Hash a candidate with what was read of it; file names may hold what no encoding can."""
    read = [(file.path, file.read.size, file.read.sha256) for file in files]
    content = repr((candidate, read, list(notices)))
    return hashlib.sha256(content.encode("utf-8", "backslashreplace")).hexdigest()


# --- files ---------------------------------------------------------------------------------------


def _gather(candidate: Candidate, caps: Caps) -> _Gathered:
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
    return _Gathered(
        files=tuple(sorted(files, key=lambda f: f.path)), notices=tuple(notices), fingerprint=mark
    )


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
    """Read what is expected first, so that a flood of other files hides no notebook."""
    files: list[ReadFile] = []
    for entry in sorted(entries, key=lambda e: (_turn(e.path, budget.caps), e.path)):
        spare = suffix(entry.path) == ARCHIVE or is_checkpoint(entry.path)
        needless = spare and _has_notebook(files)
        if needless and is_checkpoint(entry.path):
            continue
        try:
            budget.count_file()
            with entry.open() as reader:
                drained = drain(reader, budget, 0 if needless else budget.caps.kept_bytes(entry.path))
        except RejectedInput as refused:
            notices.append(refused.notice)
            if refused.notice.code in ("too-many-files", "too-large"):
                break
        else:
            files.append(ReadFile(path=entry.path, read=drained, saved=entry.saved))
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
    return suffix(file.path) == ARCHIVE and file.read.data is not None


def _unpacked(files: Sequence[ReadFile], budget: Budget, notices: list[Notice]) -> list[ReadFile]:
    """Replace every zip among the files by the files in it."""
    result = []
    for file in files:
        if not _is_archive(file):
            result.append(file)
            continue
        try:
            with open_archive(file.read.data or b"", file.path) as archive:
                notices += repeated_names(archive)
                below = [_below(file.path, entry) for entry in archive_entries(archive)]
                result += _read_all(below, budget, notices)
            message = f"{file.path}: was unpacked, since no notebook lay beside it."
            notices.append(Notice(code="zip-unpacked", message=message, where=file.path))
        except RejectedInput as refused:
            notices.append(refused.notice)
            result.append(msgspec.structs.replace(file, read=msgspec.structs.replace(file.read, data=None)))
    return result


def _below(archive: str, entry: Entry) -> Entry:
    return msgspec.structs.replace(entry, path=f"{archive}/{entry.path}")


def _with_files(submission: Submission, gathered: _Gathered) -> Submission:
    """List the files in the submission, without nbgrader's time stamp."""
    files = [f for f in gathered.files if PurePosixPath(f.path).name != TIMESTAMP]
    kept = {f.path: f.read.data for f in files if suffix(f.path) not in (NOTEBOOK, ARCHIVE)}
    return msgspec.structs.replace(
        submission,
        files=tuple(FileRecord(path=f.path, bytes=f.read.size, sha256=f.read.sha256) for f in files),
        contents={path: data for path, data in kept.items() if data is not None},
        notices=capped(submission.notices + gathered.notices),
    )


def _with_notebook(
    submission: Submission, gathered: _Gathered, assignment: Assignment, is_given: IsGiven
) -> Submission:
    stamp, stamp_notices = _submitted_at(gathered.files)
    found = choose(gathered.files, assignment, submission.learner, is_given)
    notices = [*submission.notices, *stamp_notices, *oversized(gathered.files, caps_of(assignment))]
    submission = msgspec.structs.replace(
        submission, submitted_at=stamp, saved_at=found.saved or None, notebook=found.notebook
    )
    if found.notebook is not None:
        return msgspec.structs.replace(submission, notices=capped([*notices, *found.notices]))
    paths = [file.path for file in submission.files]
    reasons = [*found.notices, nothing_found(paths, gathered.notices, assignment.notebook, submission.origin)]
    rest = tuple(notice for notice in notices if notice != reasons[0])
    return msgspec.structs.replace(submission, problem=reasons[0], notices=rest)


# --- the time stamp ------------------------------------------------------------------------------


def _submitted_at(files: Sequence[ReadFile]) -> tuple[str | None, list[Notice]]:
    """Read the time in nbgrader's ``timestamp.txt``, in ISO 8601 and UTC."""
    for file in files:
        if PurePosixPath(file.path).name == TIMESTAMP:
            text = (file.read.data or b"").decode("utf-8", "replace").strip()
            moment = _moment(text)
            if moment is not None:
                return moment.isoformat(timespec="seconds"), []
            message = f"{file.path}: holds {text[:40]!r}, expected a time such as 2024-05-31 23:59:00 UTC."
            return None, [Notice(code="bad-timestamp", message=message, where=file.path)]
    return None, []


def _moment(text: str) -> datetime.datetime | None:
    """Read a time in UTC; None if the text is none, or lies outside the calendar in UTC."""
    found = re.fullmatch(r"(\d{4}-\d\d-\d\d[ T]\d\d:\d\d(?::\d\d(?:\.\d{1,6})?)?)\s*(\S*)", text)
    if found is None:
        return None
    try:
        moment = datetime.datetime.fromisoformat(found[1])
        return moment.replace(tzinfo=_zone(found[2])).astimezone(datetime.UTC)
    except (ValueError, OverflowError, OSError, zoneinfo.ZoneInfoNotFoundError):
        return None  # OSError: a zone's name may be that of a folder, or too long for a file's


def _zone(name: str) -> datetime.tzinfo:
    offset = re.fullmatch(r"([+-])(\d\d):?(\d\d)", name)
    if offset is not None:
        minutes = int(offset[2]) * 60 + int(offset[3])
        return datetime.timezone(datetime.timedelta(minutes=minutes if offset[1] == "+" else -minutes))
    return datetime.UTC if name in ("", "Z", "UTC") else zoneinfo.ZoneInfo(name)
