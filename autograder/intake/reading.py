"""Read one candidate: its files within the caps, its notebook, and notices about both."""

from __future__ import annotations

import contextlib
import datetime
import hashlib
import re
import zoneinfo
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path, PurePosixPath

from msgspec.structs import replace

from autograder.assignment import Assignment
from autograder.errors import IntakeError
from autograder.intake.archive import archive_entries, open_archive, repeated_names
from autograder.intake.candidates import Candidate, SourceKind
from autograder.intake.caps import ARCHIVE, MEGABYTE, NOTEBOOK, Budget, Caps, ReadFile, caps_of, drain
from autograder.intake.entries import Entry, RejectedInput, refusal, remark
from autograder.intake.folder import folder_entries, member_entries, named_entry
from autograder.intake.names import TIMESTAMP, likeness, stem_key, suffix
from autograder.intake.notebook import parse_notebook
from autograder.model import FileRecord, Notebook, Notice, Submission, capped

IsGiven = Callable[[Notebook], bool]

MAX_NESTING = 3
_NO_REFUSALS = ("repeated-name", "zip-unpacked")
_TRUSTED = Caps(max_files=10_000, max_total=1024 * MEGABYTE, kept={})


def read(candidate: Candidate, assignment: Assignment, is_given: IsGiven = lambda _: False) -> Submission:
    """Read one candidate, whatever it holds, within the assignment's caps.

    If there is nothing to grade, the submission's `problem` says why and what to do. Notices name the files
    that can't or must not be read, and everything that was mended. `is_given` says whether a notebook's code
    is the release's: such a notebook is read only if there is no other.
    """
    submission = candidate.unread()
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
        needless = suffix(entry.path) == ARCHIVE and _has_notebook(files)
        try:
            budget.count_file()
            with entry.open() as reader:
                keep = 0 if needless else budget.caps.kept_bytes(entry.path)
                files.append(drain(entry.path, reader, budget, keep))
        except RejectedInput as refused:
            notices.append(refused.notice)
            if refused.notice.code in ("too-many-files", "too-large"):
                break
    return files


def _turn(path: str, caps: Caps) -> int:
    """Give a file's place in the order of reading: notebooks, other kept kinds, archives, the rest."""
    special = {NOTEBOOK: 0, ARCHIVE: 2}.get(suffix(path))
    return special if special is not None else 1 if caps.kept_bytes(path) else 3


def _has_notebook(files: Sequence[ReadFile]) -> bool:
    return any(suffix(file.path) == NOTEBOOK for file in files)


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
    kept = {f.path: f.data for f in files if suffix(f.path) not in (NOTEBOOK, ARCHIVE)}
    return replace(
        submission,
        files=tuple(FileRecord(path=f.path, bytes=f.size, sha256=f.sha256) for f in files),
        contents={path: data for path, data in kept.items() if data is not None},
        notices=capped((*submission.notices, *notices)),
    )


# --- the notebook --------------------------------------------------------------------------------


def _with_notebook(
    submission: Submission,
    files: Sequence[ReadFile],
    found: Sequence[Notice],
    assignment: Assignment,
    is_given: IsGiven,
) -> Submission:
    """Add the best notebook, or say why there is none; `found` are the notices about the files."""
    caps = caps_of(assignment)
    notebooks = [f for f in files if suffix(f.path) == NOTEBOOK]
    ranked = sorted(notebooks, key=lambda f: _rank(f.path, assignment.notebook))
    stamp, stamp_notices = _submitted_at(files)
    notices = [*submission.notices, *stamp_notices, *_oversized(files, caps)]
    flood = _flood(len(notebooks), assignment, caps)
    notebook, refusals = _first_worked([] if flood else ranked, caps, is_given, notices)
    refusals = flood or refusals
    if notebook is None:
        problem = refusals[0] if refusals else _nothing_found(submission, found, assignment)
        rest = tuple(n for n in notices if n != problem)
        return replace(submission, problem=problem, notices=rest, submitted_at=stamp)
    names = [f.path for f in ranked]
    notices += [*refusals, *_naming(notebook.path, names, (assignment.notebook, submission.learner))]
    return replace(submission, notebook=notebook, notices=capped(notices), submitted_at=stamp)


def _flood(count: int, assignment: Assignment, caps: Caps) -> list[Notice]:
    """Refuse to choose if notebooks alone met the cap on files: some were not even looked at."""
    if count < caps.max_files:
        return []
    message = f"It holds {caps.max_files} notebooks or more. Hand in only {assignment.notebook}."
    return [Notice(code="too-many-notebooks", message=message)]


def _rank(path: str, expected: str) -> tuple[int, int, str]:
    return -likeness(path, expected), path.count("/"), path


def _first_worked(
    ranked: Sequence[ReadFile], caps: Caps, is_given: IsGiven, notices: list[Notice]
) -> tuple[Notebook | None, list[Notice]]:
    """Give the first notebook with work in it, or else the first that can be read, and the refusals."""
    refusals: list[Notice] = []
    unworked: list[tuple[Notebook, tuple[Notice, ...]]] = []
    for file in ranked:
        try:
            notebook, mended = parse_notebook(_content(file, caps), file.path)
        except RejectedInput as refused:
            refusals.append(refused.notice)
            continue
        if len(ranked) > 1 and is_given(notebook):
            unworked.append((notebook, mended))
            continue
        what = "is the notebook as it was handed out, so another one was read."
        notices += [*mended, *(remark("notebook-as-given", given.path, what) for given, _ in unworked)]
        return notebook, refusals
    if not unworked:
        return None, refusals
    notebook, mended = unworked[0]
    notices += mended
    return notebook, refusals


def _content(file: ReadFile, caps: Caps) -> bytes:
    if file.data is None and file.size > 0:
        raise _too_large(file, caps)
    return file.data or b""


def _too_large(file: ReadFile, caps: Caps) -> RejectedInput:
    size, cap = file.size / MEGABYTE, caps.kept_bytes(file.path) / MEGABYTE
    advice = "Clear large outputs, save it again" if suffix(file.path) == NOTEBOOK else "Make it smaller"
    what = f"has {size:.1f} MB, at most {cap:.3g} MB are read. {advice}, and hand that in."
    return refusal("file-too-large", file.path, what)


def _oversized(files: Sequence[ReadFile], caps: Caps) -> Iterator[Notice]:
    for file in files:
        kept = caps.kept_bytes(file.path)
        if suffix(file.path) not in (NOTEBOOK, ARCHIVE) and 0 < kept < file.size:
            yield _too_large(file, caps).notice


def _nothing_found(submission: Submission, found: Sequence[Notice], assignment: Assignment) -> Notice:
    """Explain why there is no notebook: the first refusal, or else the files that are there instead."""
    for notice in (n for n in found if n.code not in _NO_REFUSALS):
        if suffix(notice.where) in (NOTEBOOK, ARCHIVE) or notice.code in ("too-large", "too-many-files"):
            return notice
    names = [PurePosixPath(f.path).name for f in submission.files]
    if not names:
        message = f"There are no files in it. Hand in {assignment.notebook}."
        return Notice(code="no-files", message=message, where=submission.origin)
    message = f"There is no notebook (.ipynb) in it, only {_listed(names)}. Hand in {assignment.notebook}."
    return Notice(code="no-notebook", message=message, where=submission.origin)


def _listed(names: Sequence[str]) -> str:
    return ", ".join(names[:5]) + (f" and {len(names) - 5} more" if len(names) > 5 else "")


def _naming(chosen: str, ranked: Sequence[str], names: tuple[str, str]) -> Iterator[Notice]:
    """Notice several notebooks, and a notebook named neither after the release nor after the learner."""
    if len(ranked) > 1:
        others = _listed([path for path in ranked if path != chosen])
        message = f"There are {len(ranked)} notebooks; {chosen} was read, {others} not. Hand in only one."
        yield Notice(code="several-notebooks", message=message, where=chosen)
    if PurePosixPath(chosen).stem != names[1] and stem_key(chosen) != stem_key(names[0]):
        what = f"the notebook was expected to be called {names[0]}; it was read anyway."
        yield remark("notebook-name", chosen, what)


def _submitted_at(files: Sequence[ReadFile]) -> tuple[str | None, list[Notice]]:
    """Read the time in nbgrader's ``timestamp.txt``, in ISO 8601 and UTC."""
    for file in files:
        if PurePosixPath(file.path).name == TIMESTAMP:
            text = (file.data or b"").decode("utf-8", "replace").strip()
            moment = _moment(text)
            if moment is not None:
                return moment.isoformat(timespec="seconds"), []
            what = f"holds {text[:40]!r}, expected a time such as 2024-05-31 23:59:00 UTC."
            return None, [remark("bad-timestamp", file.path, what)]
    return None, []


def _moment(text: str) -> datetime.datetime | None:
    """Read a time in UTC; None if the text is no time or lies outside the calendar in UTC."""
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
