"""Download the real data set, verify it, and unpack it into the cache: ``autograder data fetch``."""

from __future__ import annotations

import shutil
import tarfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path, PurePosixPath

from autograder.assignment import DataSpec
from autograder.data.download import Downloader, Progress
from autograder.data.find import fetched_folder
from autograder.data.places import made_once
from autograder.errors import DataError

EXPANSION = 4  # the unpacked files together are at most this many times as large as the archive


def fetch_data(spec: DataSpec) -> Path:
    """Download and unpack the data set unless it is in the cache, and give its folder.

    Raises
    ------
    DataError
        There is nothing to fetch; the network, the server or the disk fails; or the file has another hash.
    """
    if not spec.url:
        raise DataError(
            f"{spec.folder}: [data] names no url, so there is nothing to fetch",
            f"It is made by {spec.generator} where it is needed.",
        )
    folder = fetched_folder(spec)
    return made_once(folder, lambda half: _fetch_into(half, spec, folder.parent))


def _fetch_into(half: Path, spec: DataSpec, kept: Path) -> None:
    """Fill a folder. The archive lies in `kept` until it is unpacked, so that a broken download can go on."""
    archive = download(spec, kept / PurePosixPath(spec.url).name)
    try:
        unpack(archive, spec.folder, half, EXPANSION * (spec.bytes or 0))
    finally:
        archive.unlink()
    if not (half / spec.marker).exists():
        raise DataError(
            f"{spec.url}: the archive has no {spec.folder}/{spec.marker}",
            "Correct [data] in assignment.toml.",
        )


def download(spec: DataSpec, archive: Path) -> Path:
    """Download the archive and verify its MD5, which guards against damage (TLS guards against fraud).

    Raises
    ------
    DataError
        The download fails, or brings another file than expected; a wrong file is not kept.
    """
    try:
        import pooch
    except ImportError as error:
        raise DataError(
            "a download needs pooch, which is not installed",
            "pip install -e '.[grader]' in the course's folder",
        ) from error
    size = spec.bytes or 0
    pooch.utils.get_logger().setLevel("WARNING")
    part = archive.with_name(archive.name + ".part")
    try:
        with _progress(archive.name, size) as progress:
            path = pooch.core.retrieve(
                spec.url,
                known_hash=f"md5:{spec.md5}",
                fname=archive.name,
                path=archive.parent,
                downloader=Downloader(part, size, progress),
            )
    except ValueError as error:  # the hash differs
        raise DataError(
            f"{spec.url}: the file is damaged or another one: its MD5 is not {spec.md5}. It was not kept",
            "Try again; if that does not help, correct [data] in assignment.toml.",
        ) from error
    return Path(path)


@contextmanager
def _progress(name: str, total: int) -> Iterator[Progress]:
    """Show a progress bar with the speed and the time left."""
    from rich.progress import DownloadColumn, Progress, TransferSpeedColumn

    with Progress(*Progress.get_default_columns(), DownloadColumn(), TransferSpeedColumn()) as bar:
        task = bar.add_task(name, total=total)
        yield lambda done: bar.update(task, completed=done)


def unpack(archive: Path, folder: str, into: Path, largest: int) -> None:
    """Unpack the files of one folder of a tar archive, without their folders.

    Parameters
    ----------
    archive, folder
        The archive, and the folder in it whose files are wanted.
    into : Path
        The folder to write to.
    largest : int
        The most bytes that the files may have together.

    Raises
    ------
    DataError
        The archive is damaged or too large, or the folder has anything but plain files.
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
        raise DataError(
            f"{archive}: can't be unpacked: {error}", "Try again: autograder data fetch"
        ) from error


def _unpack_one(tar: tarfile.TarFile, member: tarfile.TarInfo, target: Path, left: int) -> None:
    if left < 0:
        raise DataError(
            f"{member.name}: the archive holds far more than its size suggests, so it was not unpacked"
        )
    source = tar.extractfile(member) if member.isfile() else None
    if source is None or target.name in ("", "..", "."):
        raise DataError(f"{member.name}: expected a plain file, so the archive was not unpacked")
    with source, target.open("wb") as file:
        shutil.copyfileobj(source, file)
