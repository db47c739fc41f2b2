"""Frozen outputs: arrays that a reference gave once, kept beside it, and read instead of computed anew.

They hold a reference to its word: whoever changes its code sees the numbers change. The file is an
uncompressed ``.npz`` with one fixed date, so that equal numbers give equal bytes, and its SHA-256 stands
beside it.
"""

from __future__ import annotations

import hashlib
import io
import zipfile
from collections.abc import Callable, Mapping
from pathlib import Path

import numpy as np

from autograder.authoring.student import Array
from autograder.errors import AssignmentError

# Gives the arrays of one file, by name.
Freeze = Callable[[], Mapping[str, Array]]

_NO_DATE = (1980, 1, 1, 0, 0, 0)


def frozen_bytes(arrays: Mapping[str, Array]) -> bytes:
    """Give the bytes of an ``.npz`` file with these arrays, in their order."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_STORED) as archive:
        for name, value in arrays.items():
            content = io.BytesIO()
            np.lib.format.write_array(content, np.asarray(value, order="C"), allow_pickle=False)
            archive.writestr(zipfile.ZipInfo(f"{name}.npy", date_time=_NO_DATE), content.getvalue())
    return buffer.getvalue()


def hash_path(path: Path) -> Path:
    """Give the place of a frozen file's SHA-256."""
    return path.with_name(path.name + ".sha256")


def read_frozen(path: Path) -> dict[str, Array]:
    """Read frozen outputs, by name.

    Parameters
    ----------
    path : Path
        The ``.npz`` file that ``autograder freeze`` wrote.

    Raises
    ------
    AssignmentError
        There is no such file, or it is not the one that was frozen.
    """
    remedy = f"Write it anew: autograder freeze {path.parent.name}"
    try:
        content, wanted = path.read_bytes(), hash_path(path).read_text(encoding="ascii").strip()
    except (OSError, UnicodeDecodeError) as error:
        raise AssignmentError(f"{path}: the frozen outputs can't be read: {error}", remedy) from error
    if hashlib.sha256(content).hexdigest() != wanted:
        raise AssignmentError(f"{path}: is not the file that was frozen: its SHA-256 differs", remedy)
    with np.load(io.BytesIO(content), allow_pickle=False) as arrays:
        return {name: arrays[name] for name in arrays.files}
