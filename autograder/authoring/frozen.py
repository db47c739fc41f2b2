"""Frozen outputs: arrays that the reference computed once, stored in a file beside it.

Checks read the file and do not run the reference. If a change of the reference's code changes its numbers,
``autograder freeze --check`` says so. The file is an uncompressed ``.npz`` with a fixed date, so that equal
numbers give equal bytes. A second file has its SHA-256.
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

# Computes the arrays of one file, by name.
Freeze = Callable[[], Mapping[str, Array]]

_NO_DATE = (1980, 1, 1, 0, 0, 0)


def frozen_bytes(arrays: Mapping[str, Array]) -> bytes:
    """Give the bytes of an ``.npz`` file with these arrays, in this order."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_STORED) as archive:
        for name, value in arrays.items():
            content = io.BytesIO()
            np.lib.format.write_array(content, np.asarray(value, order="C"), allow_pickle=False)
            archive.writestr(zipfile.ZipInfo(f"{name}.npy", date_time=_NO_DATE), content.getvalue())
    return buffer.getvalue()


def hash_path(path: Path) -> Path:
    """Give the path of the file with a frozen file's SHA-256."""
    return path.with_name(path.name + ".sha256")


def read_frozen(path: Path) -> dict[str, Array]:
    """Read the arrays of an ``.npz`` file that ``autograder freeze`` wrote, by name.

    Raises `AssignmentError` if the file is missing or was changed.
    """
    remedy = f"Write it again: autograder freeze {path.parent.name}"
    try:
        content, wanted = path.read_bytes(), hash_path(path).read_text(encoding="ascii").strip()
    except (OSError, UnicodeDecodeError) as error:
        raise AssignmentError(f"{path}: the frozen outputs can't be read: {error}", remedy) from error
    if hashlib.sha256(content).hexdigest() != wanted:
        raise AssignmentError(f"{path}: was changed after it was frozen: its SHA-256 differs", remedy)
    with np.load(io.BytesIO(content), allow_pickle=False) as arrays:
        return {name: arrays[name] for name in arrays.files}
