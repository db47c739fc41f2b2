"""Read zip archives that a stranger made; never trust the claims of their headers."""

from __future__ import annotations

import functools
import io
import stat
import struct
import zipfile
import zlib
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from autograder.intake.candidates import Member
from autograder.intake.entries import Entry, Reader, RejectedInput, refusal, remark
from autograder.intake.names import is_noise, is_unsafe, printable
from autograder.model import Notice

# Bytes of an archive's list of members: room for a hundred thousand.
MAX_DIRECTORY = 8 * 1024 * 1024
MAX_RATIO = 250
RATIO_COUNTS_FROM = 8 * 1024 * 1024
_UTF8_NAMES = 0x800
_ENCRYPTED = 0x1
# Every error that zipfile raises on a damaged archive.
_FORMAT_ERRORS = (zipfile.BadZipFile, zlib.error, struct.error, EOFError)
_BROKEN = (*_FORMAT_ERRORS, OSError, RuntimeError, ValueError, OverflowError)


class _Guarded(io.BufferedReader):
    """A file that refuses to be read in one huge piece: zipfile reads an archive's directory at once."""

    def read(self, count: int | None = -1, /) -> bytes:
        if count is not None and count > MAX_DIRECTORY:
            raise zipfile.BadZipFile("directory too large")
        return super().read(count)


@contextmanager
def open_archive(source: Path | bytes, where: str) -> Iterator[zipfile.ZipFile]:
    """Open a zip. Raises `RejectedInput` if it is no zip, is broken, or has too large a directory."""
    try:
        raw = io.FileIO(source) if isinstance(source, Path) else io.BytesIO(source)
        archive = zipfile.ZipFile(_Guarded(raw))
    except _BROKEN as error:
        raise _broken(where, error, "can't be opened as a zip") from error
    with raw, archive:
        yield archive


def member_names(archive: zipfile.ZipFile) -> dict[str, zipfile.ZipInfo]:
    """Give the archive's files by name, without noise and folders; the later of two with one name wins."""
    members = ((member_name(info), info) for info in archive.infolist())
    return {name: info for name, info in members if not name.endswith("/") and not is_noise(name)}


def member_name(info: zipfile.ZipInfo) -> str:
    """Give a member's name with forward slashes, read as UTF-8 even if the archiver did not declare it."""
    name = info.filename
    if not info.flag_bits & _UTF8_NAMES:
        try:
            name = name.encode("cp437").decode("utf-8")
        except UnicodeError:
            name = info.filename
    return printable(name.replace("\\", "/").removeprefix("./"))


def archive_entries(
    archive: zipfile.ZipFile, inside: str = "", members: Sequence[Member] = ()
) -> Iterator[Entry]:
    """Give the named members of an archive, or else all files below `inside` with paths relative to it."""
    infos = member_names(archive)
    below = [
        Member(name=name, path=name.removeprefix(inside)) for name in sorted(infos) if name.startswith(inside)
    ]
    for member in members or below:
        info = infos.get(member.name)
        if info is not None:
            opened = functools.partial(_open, archive, info, member.path)
            yield Entry(path=member.path, open=opened, saved=_saved(info))


def _saved(info: zipfile.ZipInfo) -> str:
    year, month, day, hour, minute, second = info.date_time
    return f"{year}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}"


def repeated_names(archive: zipfile.ZipFile) -> Iterator[Notice]:
    """Give a notice for each name that the archive has more than once."""
    counts = Counter(member_name(info) for info in archive.infolist())
    for name, count in counts.items():
        if count > 1 and not name.endswith("/") and not is_noise(name):
            yield remark("repeated-name", name, "is in the archive twice; the later one is taken.")


@contextmanager
def _open(archive: zipfile.ZipFile, info: zipfile.ZipInfo, shown: str) -> Iterator[Reader]:
    _require_readable(info, shown)
    try:
        stream = archive.open(info)
    except _BROKEN as error:
        raise _broken(shown, error, "is damaged in the archive") from error
    with stream:
        yield functools.partial(_read, stream, info, shown)


def _read(stream: IO[bytes], info: zipfile.ZipInfo, shown: str, count: int) -> bytes:
    try:
        piece = stream.read(count)
        done = stream.tell()
    except _BROKEN as error:
        raise _broken(shown, error, "is damaged in the archive") from error
    if done > max(RATIO_COUNTS_FROM, MAX_RATIO * info.compress_size):
        what = f"unpacks to more than {MAX_RATIO} times its size; it was not read further."
        raise refusal("zip-bomb", shown, f"{what} Hand in the file itself, not packed.")
    return piece


def _require_readable(info: zipfile.ZipInfo, shown: str) -> None:
    if is_unsafe(member_name(info)):
        what = "its path leads out of the archive, so it was not read. Pack the files without paths."
        raise refusal("unsafe-path", shown, what)
    if stat.S_ISLNK(info.external_attr >> 16):
        what = "is a symbolic link in the archive; links are not followed. Pack the file itself."
        raise refusal("symlink", shown, what)
    if info.flag_bits & _ENCRYPTED:
        raise refusal("encrypted", shown, "is protected by a password; pack it again without one.")
    if info.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
        what = f"is compressed by method {info.compress_type}, expected the usual one (deflate)."
        raise refusal("unknown-compression", shown, f"{what} Pack it again with another program.")


def _broken(where: str, error: Exception, what: str) -> RejectedInput:
    reason = printable(str(error) or type(error).__name__)
    return refusal("broken-zip", where, f"{what} ({reason}); pack the files again and hand that in.")
