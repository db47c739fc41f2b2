"""``autograder data fetch``: download the real data set, verify it, and unpack it into the cache."""

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

EXPANSION = 4  # a data set's files together are less than that many times the archive


def fetch_data(spec: DataSpec) -> Path:
    """Download and unpack the data set where it is not in the cache yet; gives its folder.

    Raises
    ------
    DataError
        The network, the server, the file's hash or the disk: says which, and what to do.
    """
    folder = fetched_folder(spec)
    return made_once(folder, lambda half: _fetch_into(half, spec, folder.parent))


def _fetch_into(half: Path, spec: DataSpec, kept: Path) -> None:
    """Fill a folder; the archive and its part are kept beside it for as long as they are needed."""
    archive = download(spec, kept / PurePosixPath(spec.url).name)
    try:
        unpack(archive, spec.folder, half, EXPANSION * spec.bytes)
    finally:
        archive.unlink()
    if not (half / spec.marker).exists():
        raise DataError(
            f"{spec.url}: has no {spec.folder}/{spec.marker}", "Correct [data] in assignment.toml."
        )


def download(spec: DataSpec, archive: Path) -> Path:
    """Download the archive and verify its MD5 (which guards against damage; the URL's TLS against fraud).

    Raises
    ------
    DataError
        It can't be had, or is not the file that was expected; a wrong file is not kept.
    """
    try:
        import pooch
    except ImportError as error:
        raise DataError(
            "pooch is missing, which downloads are made with",
            "pip install -e '.[grader]' in the course's folder",
        ) from error
    pooch.utils.get_logger().setLevel("WARNING")
    part = archive.with_name(archive.name + ".part")
    try:
        with _progress(archive.name, spec.bytes) as progress:
            path = pooch.core.retrieve(
                spec.url,
                known_hash=f"md5:{spec.md5}",
                fname=archive.name,
                path=archive.parent,
                downloader=Downloader(part, spec.bytes, progress),
            )
    except ValueError as error:  # so pooch reports another hash
        raise DataError(
            f"{spec.url}: arrived damaged, or is another file: its MD5 is not {spec.md5}; it was thrown away",
            "Run it again; if that does not help, correct [data] in assignment.toml.",
        ) from error
    return Path(path)


@contextmanager
def _progress(name: str, total: int) -> Iterator[Progress]:
    """A bar with the speed and the time that is left."""
    from rich.progress import (
        BarColumn,
        DownloadColumn,
        Progress,
        TextColumn,
        TimeRemainingColumn,
        TransferSpeedColumn,
    )

    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        DownloadColumn(),
        TransferSpeedColumn(),
        TimeRemainingColumn(),
    )
    with Progress(*columns) as bar:
        task = bar.add_task(name, total=total)
        yield lambda done: bar.update(task, completed=done)


def unpack(archive: Path, folder: str, into: Path, largest: int) -> None:
    """Unpack the files that stand in one folder of a tar archive.

    Only plain files are written, under their last names; together at most `largest` bytes.

    Raises
    ------
    DataError
        The archive is damaged, too large, or has anything but plain files in the folder.
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
            f"{archive}: can't be unpacked: {error}", "Run it again: autograder data fetch"
        ) from error


def _unpack_one(tar: tarfile.TarFile, member: tarfile.TarInfo, target: Path, left: int) -> None:
    if left < 0:
        raise DataError(
            f"{member.name}: the archive holds far more than its size suggests; it is not unpacked"
        )
    source = tar.extractfile(member) if member.isfile() else None
    if source is None or target.name in ("", "..", "."):
        raise DataError(f"{member.name}: should be a plain file; the archive is not unpacked")
    with source, target.open("wb") as file:
        shutil.copyfileobj(source, file)
