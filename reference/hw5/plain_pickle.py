"""Reading pickles of plain values and arrays of bytes, and running nothing, whatever they ask for.

A pickle can have any function called. Here the few names that an array needs stand for harmless
collectors of this module, and every other name is refused. Not even NumPy's own reconstruction sees
the file's content: an array is made from its bytes after they were counted.
"""

from __future__ import annotations

import math
import pickle
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import IO, Any

import numpy as np
from numpy.typing import NDArray

from autograder.errors import DataError


def read_plain_pickle(path: Path, largest: int) -> dict[Any, Any]:
    """Read a file that holds a dict of plain values and of arrays of uint8.

    Parameters
    ----------
    path : Path
        Any protocol of Python 2 or 3; byte strings stay bytes.
    largest : int
        More bytes than that are not read.

    Returns
    -------
    dict
        With arrays as `numpy.ndarray` of uint8.

    Raises
    ------
    DataError
        The file is missing, too large, damaged, or wants something run; names it.
    """
    try:
        content = _read(path, largest)
    except OSError as error:
        raise DataError(f"{path}: can't be read: {error.strerror}", UNPACK_AGAIN) from error
    except _Refused as error:
        raise DataError(
            f"{path}: {error}; such a file was not made to hold data, and nothing of it was run", UNPACK_AGAIN
        ) from error
    except Exception as error:  # a damaged pickle fails in every way there is
        raise DataError(f"{path}: damaged: {type(error).__name__}: {error}", UNPACK_AGAIN) from error
    if not isinstance(content, dict):
        raise DataError(f"{path}: should hold a dict, holds {_kind(content)}", UNPACK_AGAIN)
    return {key: _as_array(path, value) for key, value in content.items()}


UNPACK_AGAIN = "Unpack the data set again, or fetch it: autograder data fetch"


def _kind(value: Any) -> str:
    return "an array" if isinstance(value, _Rows) else f"a {type(value).__name__}"


def _read(path: Path, largest: int) -> Any:
    with path.open("rb") as file:
        size = file.seek(0, 2)
        if size > largest:
            raise DataError(f"{path}: has {size} bytes, more than the {largest} that such a file can have")
        file.seek(0)
        return _Reader(file).load()


def _as_array(path: Path, value: Any) -> Any:
    """An array from what was collected of it, after its size was checked; other values as they are."""
    if not isinstance(value, _Rows):
        return value
    shape = value.shape
    if not isinstance(shape, tuple) or not all(type(side) is int and side >= 0 for side in shape):
        raise DataError(f"{path}: an array has the shape {shape!r}", UNPACK_AGAIN)
    if math.prod(shape) != len(value.data):
        raise DataError(f"{path}: an array of shape {shape} has {len(value.data)} bytes", UNPACK_AGAIN)
    array: NDArray[np.uint8] = np.frombuffer(value.data, dtype=np.uint8).reshape(shape)
    return array


class _Refused(pickle.UnpicklingError):
    """The file wants something that data has no need of."""


class _Kind:
    """What a dtype becomes: its code. Its state only tells the order of bytes."""

    def __init__(self, code: str | bytes, align: bool, copy: bool) -> None:
        self.code = code

    def __setstate__(self, state: tuple[Any, ...]) -> None:
        """Nothing is kept."""


class _Rows:
    """What an array becomes: its shape and its bytes."""

    shape: tuple[int, ...] = ()
    data: bytes = b""

    def __setstate__(self, state: tuple[int, tuple[int, ...], _Kind, bool, bytes]) -> None:
        _, shape, kind, fortran, data = state
        if kind.code not in ("u1", b"u1") or fortran or not isinstance(data, bytes):
            raise _Refused("an array should be of uint8, row by row")
        self.shape, self.data = shape, data


def _reconstruct(*_: Any) -> _Rows:
    """An array whose state will arrive later."""
    return _Rows()


def _encode(text: str, encoding: str) -> bytes:
    """How newer pickles of older protocols write bytes."""
    if encoding != "latin1":
        raise _Refused(f"it encodes bytes as {encoding!r}, not as 'latin1'")
    return text.encode("latin1")


_ADMITTED: Mapping[tuple[str, str], Callable[..., Any]] = {
    ("numpy.core.multiarray", "_reconstruct"): _reconstruct,
    ("numpy._core.multiarray", "_reconstruct"): _reconstruct,
    ("numpy", "ndarray"): _Rows,
    ("numpy", "dtype"): _Kind,
    ("_codecs", "encode"): _encode,
}


class _Reader(pickle.Unpickler):
    def __init__(self, file: IO[bytes]) -> None:
        super().__init__(file, encoding="bytes")

    def find_class(self, module: str, name: str) -> Callable[..., Any]:
        """What a name in the file stands for."""
        try:
            return _ADMITTED[module, name]
        except KeyError:
            raise _Refused(f"it wants to run {module}.{name}") from None

    def persistent_load(self, pid: Any) -> Any:
        """Refuse references to things outside the file."""
        raise _Refused(f"it refers to {pid!r} outside itself")
