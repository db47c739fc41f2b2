"""Download the real data set, verify it, and unpack it into the cache: ``autograder data fetch``."""

from __future__ import annotations

import hashlib
import shutil
import tarfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path, PurePosixPath

from autograder.assignment import DataSpec
from autograder.data.download import Progress, download
from autograder.data.find import fetched_folder
from autograder.data.places import made_once
from autograder.errors import DataError

EXPANSION = 4  # the unpacked files may be this many times as large as the archive


def fetch_data(spec: DataSpec, beside: Path | None = None) -> Path:
    """Download and unpack the data set unless it is there already, and give its folder.

    It goes into the folder `beside`, or into the cache.

    Raises `DataError` if there is nothing to fetch, the network, the server or the disk fails, or the file
    has another hash.
    """
    if not spec.url:
        what = f"{spec.folder}: [data] names no url, so there is nothing to fetch"
        raise DataError(what, f"It is made by {spec.generator} when it is needed.")
    folder = fetched_folder(spec) if beside is None else beside / spec.folder
    return made_once(folder, lambda half: _fetch_into(half, spec, folder.parent))


def _fetch_into(half: Path, spec: DataSpec, kept: Path) -> None:
    """Fill a folder. The archive lies in `kept` until it is whole, so that a broken download can go on."""
    name, size = PurePosixPath(spec.url).name, spec.bytes or 0
    archive = kept / f"{name}.part"
    with _progress(name, size) as progress:
        download(spec.url, archive, size, progress)
    try:
        _require_md5(archive, spec)
        unpack(archive, spec.folder, half, EXPANSION * size)
    finally:
        archive.unlink()
    if not (half / spec.marker).exists():
        what = f"{spec.url}: the archive has no {spec.folder}/{spec.marker}"
        raise DataError(what, "Correct [data] in assignment.toml.")


def _require_md5(archive: Path, spec: DataSpec) -> None:
    """Refuse a damaged archive; MD5 is no guard against fraud, but TLS is."""
    with archive.open("rb") as file:
        digest = hashlib.file_digest(file, lambda: hashlib.md5(usedforsecurity=False)).hexdigest()
    if digest != spec.md5.lower():
        what = f"the file is damaged or not the expected one: its MD5 is not {spec.md5}. It was not kept"
        advice = "Try again; if that does not help, correct [data] in assignment.toml."
        raise DataError(f"{spec.url}: {what}", advice)


@contextmanager
def _progress(name: str, total: int) -> Iterator[Progress]:
    """Show a progress bar with the speed and the time left."""
    from rich.progress import DownloadColumn, Progress, TransferSpeedColumn

    with Progress(*Progress.get_default_columns(), DownloadColumn(), TransferSpeedColumn()) as bar:
        task = bar.add_task(name, total=total)
        yield lambda done: bar.update(task, completed=done)


def unpack(archive: Path, folder: str, into: Path, largest: int) -> None:
    """Unpack the files of one folder of a tar archive into another folder, `largest` bytes at most.

    Raises `DataError` if the archive is damaged or too large, or the folder has anything but plain files.
    """
    left = largest
    try:
        with tarfile.open(archive) as tar:
            for member in tar:
                path = PurePosixPath(member.name)
                if member.isdir() or str(path.parent) != folder:
                    continue
                left -= member.size
                _unpack_one(tar, member, into / path.name, left)
    except (tarfile.TarError, EOFError, OSError) as error:
        what = f"{archive}: can't be unpacked: {error}"
        raise DataError(what, "Try again: autograder data fetch") from error


def _unpack_one(tar: tarfile.TarFile, member: tarfile.TarInfo, target: Path, left: int) -> None:
    if left < 0:
        what = "the archive holds far more than its size suggests, so it was not unpacked"
        raise DataError(f"{member.name}: {what}")
    source = tar.extractfile(member) if member.isfile() else None
    if source is None or target.name in ("", "..", "."):
        raise DataError(f"{member.name}: expected a plain file, so the archive was not unpacked")
    with source, target.open("wb") as file:
        shutil.copyfileobj(source, file)
