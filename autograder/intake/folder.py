"""Read files in a folder that a stranger filled: only plain files, and never through a link."""

from __future__ import annotations

import datetime
import functools
import itertools
import os
import stat
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from autograder.intake.candidates import Member
from autograder.intake.entries import Entry, Reader, RejectedInput, refusal
from autograder.intake.names import is_noise, printable

MAX_DEPTH = 8
MAX_LISTED = 20_000
# Without O_NONBLOCK, opening a FIFO waits for its writer. Windows has neither the flag nor FIFOs.
_FLAGS = os.O_RDONLY | sum(
    getattr(os, name, 0) for name in ("O_NOFOLLOW", "O_NONBLOCK", "O_CLOEXEC", "O_NOCTTY", "O_BINARY")
)


def folder_entries(root: Path) -> Iterator[Entry]:
    """Give the files below a folder, sorted, without noise, up to `MAX_LISTED` and `MAX_DEPTH`.

    A folder that is a link or can't be listed becomes an entry that refuses to open.
    """
    for path in itertools.islice(_walk(root, ""), MAX_LISTED):
        opened = functools.partial(_open, root, path)
        yield Entry(path=printable(path), open=opened, saved=_saved(root / path))


def member_entries(root: Path, members: Sequence[Member]) -> Iterator[Entry]:
    """Give the named files of a folder."""
    for member in members:
        opened = functools.partial(_open, root, member.name)
        yield Entry(path=printable(member.path), open=opened, saved=_saved(root / member.name))


def named_entry(path: Path) -> Entry:
    """Give a file that the grader's user named; it may be a link."""
    opened = functools.partial(_open_named, path)
    return Entry(path=printable(path.name), open=opened, saved=_saved(path.resolve()))


def _saved(path: Path) -> str:
    try:
        moment = datetime.datetime.fromtimestamp(path.lstat().st_mtime, datetime.UTC)
    except (OSError, ValueError, OverflowError):
        return ""
    return moment.isoformat(timespec="seconds")


def _walk(root: Path, inside: str) -> Iterator[str]:
    """Give the paths of all files and links, and of the folders that are not entered."""
    try:
        with os.scandir(root / inside) as listing:
            found = sorted(listing, key=lambda entry: entry.name)
    except OSError:
        yield inside.rstrip("/")
        return
    for entry in found:
        path = inside + entry.name
        if not entry.is_dir(follow_symlinks=False):
            if not is_noise(path):
                yield path
        elif not is_noise(path + "/x"):
            yield from _walk(root, path + "/") if path.count("/") < MAX_DEPTH else (path,)


@contextmanager
def _open_named(path: Path) -> Iterator[Reader]:
    try:
        descriptor = os.open(path.resolve(), _FLAGS)
    except OSError as error:
        raise _unreadable(path.name, error) from error
    try:
        _require_file(os.fstat(descriptor), path.name)
        yield functools.partial(_read, descriptor, path.name)
    finally:
        os.close(descriptor)


@contextmanager
def _open(root: Path, path: str) -> Iterator[Reader]:
    descriptor = _open_below(root, path)
    try:
        status = os.fstat(descriptor)
        _require_file(status, path)
        if status.st_nlink > 1:
            what = "is a hard link, a file with other names elsewhere; hand in a copy of it."
            raise _refused("hard-link", path, what)
        yield functools.partial(_read, descriptor, path)
    finally:
        os.close(descriptor)


def _read(descriptor: int, path: str, count: int) -> bytes:
    try:
        return os.read(descriptor, count)
    except OSError as error:
        raise _unreadable(path, error) from error


def _open_below(root: Path, path: str) -> int:
    """Open a file without following a link at any step of its path."""
    try:
        if os.open not in os.supports_dir_fd:
            _refuse_links(root, path)
            return os.open(root / path, _FLAGS)
        return _open_stepwise(root, path.split("/"))
    except OSError as error:
        if (root / path).is_symlink():
            raise _refused_link(path) from error
        raise _unreadable(path, error) from error


def _open_stepwise(root: Path, parts: Sequence[str]) -> int:
    current = os.open(root, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    for number, part in enumerate(parts, 1):
        above = current
        try:
            last = number == len(parts)
            current = os.open(part, _FLAGS if last else _FLAGS | os.O_DIRECTORY, dir_fd=above)
        finally:
            os.close(above)
    return current


def _refuse_links(root: Path, path: str) -> None:
    steps = path.split("/")
    for count in range(1, len(steps) + 1):
        if root.joinpath(*steps[:count]).is_symlink():
            raise _refused_link(path)


def _require_file(status: os.stat_result, path: str) -> None:
    if stat.S_ISDIR(status.st_mode):
        what = "the folder lies too deep or can't be listed; it was left out."
        raise _refused("folder-not-read", path, what)
    if not stat.S_ISREG(status.st_mode):
        what = f"is a {_kind(status.st_mode)}, expected a plain file; it was not opened."
        raise _refused("not-a-file", path, what)


def _kind(mode: int) -> str:
    kinds = ((stat.S_ISFIFO, "named pipe"), (stat.S_ISSOCK, "socket"), (stat.S_ISCHR, "device"))
    return next((name for test, name in kinds if test(mode)), "special file")


def _refused(code: str, path: str, what: str) -> RejectedInput:
    return refusal(code, printable(path), what)


def _refused_link(path: str) -> RejectedInput:
    return _refused("symlink", path, "is a symbolic link; links are not followed. Hand in the file itself.")


def _unreadable(path: str, error: OSError) -> RejectedInput:
    reason = error.strerror or type(error).__name__
    return _refused("unreadable-file", path, f"can't be read ({reason}); check the file and its permissions.")
