"""Find the data set.

The first of these is used:

1. the folder that the command line names;
2. the folder that the assignment's environment variable names;
3. a folder beside the assignment's support code;
4. the folder that ``autograder data fetch`` left in the cache;
5. a stand-in that the assignment's generator made, once, in the cache.
"""

from __future__ import annotations

import hashlib
import os
from pathlib import Path
from typing import Literal

from autograder.assignment import DataSpec
from autograder.authoring.loading import load_module
from autograder.data.places import made_once
from autograder.errors import DataError
from autograder.files import cache_dir


def find_data(explicit: Path | None, spec: DataSpec, root: Path) -> Path:
    """Give the folder with the data set's files; generate a stand-in if there is none.

    `explicit` is the folder that was asked for; it, or `spec.folder` in it, must have the files. `root` is
    the folder of the support code and the generator.

    Raises `DataError` if a named folder has no data, or there is no data set and none can be generated,
    and `AssignmentError` if the generator can't be loaded.
    """
    return _real(explicit, spec, root) or _stand_in(spec, root)


def describe_data(spec: DataSpec, root: Path | None = None) -> tuple[Literal["real", "stand-in"], Path]:
    """Say which data set would be used, and where it is or will be, without generating anything."""
    real = _real(None, spec, root)
    return ("stand-in", cache_dir()) if real is None else ("real", real)


def fetched_folder(spec: DataSpec) -> Path:
    """Give the folder in which the downloaded data set is, or will be."""
    return cache_dir() / f"fetched-{spec.md5[:12]}" / spec.folder


def _real(explicit: Path | None, spec: DataSpec, root: Path | None) -> Path | None:
    if explicit is not None:
        return _with_files(explicit, spec, "asked for")
    if spec.variable and os.environ.get(spec.variable):
        return _with_files(Path(os.environ[spec.variable]), spec, f"named by {spec.variable}")
    places = [fetched_folder(spec)] if root is None else [root / spec.folder, fetched_folder(spec)]
    return next((place for place in places if (place / spec.marker).exists()), None)


def _with_files(folder: Path, spec: DataSpec, why: str) -> Path:
    for place in (folder, folder / spec.folder):
        if (place / spec.marker).exists():
            return place
    what = f"{folder}: was {why} and has no {spec.marker}; expected the unpacked {spec.folder}"
    raise DataError(what, "Name the folder with the data set's files, or fetch them: autograder data fetch")


def _stand_in(spec: DataSpec, root: Path) -> Path:
    """Give the generated data set. Its name has the generator's hash, so a changed generator runs again."""
    path = root / spec.generator
    if not spec.generator or not path.is_file():
        missing = "it has no generator"
        if spec.generator:
            missing = f"{path}, which generates a stand-in, is missing"
        by_name = "--data DIR" + (f", or {spec.variable}=DIR" if spec.variable else "")
        what = f"{spec.folder} is not on this machine, and {missing}"
        raise DataError(what, f"Fetch it (autograder data fetch), or name its folder: {by_name}")
    version = hashlib.sha256(path.read_bytes()).hexdigest()[:12]
    return made_once(cache_dir() / f"stand-in-{version}", lambda folder: _generate(path, folder))


def _generate(path: Path, folder: Path) -> None:
    """Have the assignment's generator write its files into the folder."""
    write = getattr(load_module(path), "write", None)
    if not callable(write):
        what = f"{path}: expected a function write(folder)"
        raise DataError(what, "docs/assignments.md describes generators.")
    write(folder)
