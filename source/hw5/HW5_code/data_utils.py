"""Find CIFAR-10 on this machine, read it with care, and split it for training.

These places are searched in order: the folder that the caller names; the folder that the environment
variable CIFAR10_DIR names; cifar-10-batches-py in the current folder; the same in this package's folder. If
CIFAR-10 is in none of them, a stand-in is made (`synthetic_data`) and kept for the next time.
"""

import os
import pickle
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from . import synthetic_data

__all__ = ["find_CIFAR10", "get_CIFAR10_data", "load_CIFAR10"]

Array = NDArray[Any]

FOLDER = "cifar-10-batches-py"
TRAINING = [f"data_batch_{number}" for number in range(1, 6)]
TEST, META = "test_batch", "batches.meta"
IMAGE = (3, 32, 32)
CLASSES = 10


def get_CIFAR10_data(
    num_training: int = 49000,
    num_validation: int = 1000,
    num_test: int = 1000,
    folder: str | Path | None = None,
) -> dict[str, Array]:
    """Load images and labels for training, validation and test.

    The first `num_training` of the training images are for training, the next `num_validation` for
    validation. The mean of the training images is subtracted from all.

    Parameters
    ----------
    num_training, num_validation, num_test : int
        The numbers of images.
    folder : path, optional
        The folder of CIFAR-10, if it is in none of the usual places.

    Returns
    -------
    dict of arrays
        X_train, X_val, X_test of shape (N, 3, 32, 32), float32; y_train, y_val, y_test of shape (N,),
        int64, from 0 to 9.

    Raises
    ------
    FileNotFoundError
        There is no data in the named folder.
    ValueError
        A file is damaged, or has too few images.
    """
    where = find_CIFAR10(folder)
    X, y, X_test, y_test = load_CIFAR10(where)
    _enough(where, "training and validation", num_training + num_validation, len(X))
    _enough(where, "test", num_test, len(X_test))
    val = slice(num_training, num_training + num_validation)
    mean = X[:num_training].mean(axis=0, dtype=np.float64).astype(np.float32)
    return {
        "X_train": _centred(X[:num_training], mean),
        "y_train": y[:num_training],
        "X_val": _centred(X[val], mean),
        "y_val": y[val],
        "X_test": _centred(X_test[:num_test], mean),
        "y_test": y_test[:num_test],
    }


def _enough(where: Path, what: str, wanted: int, there: int) -> None:
    if not 1 <= wanted <= there:
        raise ValueError(f"{where}: has {there} images for {what}; ask for 1 to {there}, not {wanted}")


def _centred(images: Array, mean: Array) -> Array:
    """Subtract the mean as float32; make only one new array, since all images take 600 MB."""
    centred = images.astype(np.float32)
    centred -= mean
    return centred


# --- where it is -----------------------------------------------------------------------------------


def find_CIFAR10(folder: str | Path | None = None) -> Path:
    """Find the folder with CIFAR-10's files; print a message if it is a stand-in.

    Raises
    ------
    FileNotFoundError
        The named folder, or the one that CIFAR10_DIR names, has no such files.
    """
    if folder is not None:
        return _with_batches(Path(folder), "the folder that was asked for")
    if os.environ.get("CIFAR10_DIR"):
        return _with_batches(Path(os.environ["CIFAR10_DIR"]), "the folder that CIFAR10_DIR names")
    for place in (Path(FOLDER), Path(__file__).resolve().parent / FOLDER):
        if (place / TEST).exists():
            return place
    return _stand_in()


def _with_batches(folder: Path, what: str) -> Path:
    for place in (folder, folder / FOLDER):
        if (place / TEST).exists():
            return place
    raise FileNotFoundError(
        f"{folder}: {what} has no file {TEST}. It should be the unpacked {FOLDER}, with {TRAINING[0]} to "
        f"{TRAINING[-1]}, {TEST} and batches.meta."
    )


def _stand_in() -> Path:
    """Make the stand-in once, and give its folder; announce every use, since results are not CIFAR-10's."""
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    folder = cache / "HW5_code" / synthetic_data.NAME.replace(" ", "-").replace(",", "")
    new = "" if folder.is_dir() else "; they are made once, now, which takes some seconds"
    print(f"CIFAR-10 is not here: generated pictures of shapes stand in for it{new} ({folder}).", flush=True)
    try:
        return synthetic_data.write(folder)
    except OSError as error:
        raise OSError(
            f"{folder}: the stand-in for CIFAR-10 can't be written there ({error.strerror}). Set "
            f"XDG_CACHE_HOME to a folder that can be written, or CIFAR10_DIR to CIFAR-10's folder."
        ) from error


# --- what is in its files --------------------------------------------------------------------------


def load_CIFAR10(folder: str | Path, batches: int = 5) -> tuple[Array, Array, Array, Array]:
    """Read the images and labels.

    Parameters
    ----------
    folder : path
        The unpacked data set.
    batches : int
        The number of files with training images, up to five.

    Returns
    -------
    X_train, y_train, X_test, y_test
        Images (N, 3, 32, 32) uint8, labels (N,) int64.

    Raises
    ------
    FileNotFoundError, ValueError
        A file is missing, or not one of CIFAR-10's; names it and what was expected.
    """
    parts = [_read_batch(Path(folder) / name) for name in TRAINING[:batches]]
    X_test, y_test = _read_batch(Path(folder) / TEST)
    X, y = zip(*parts, strict=True)
    return np.concatenate(X), np.concatenate(y), X_test, y_test


def data_set_name(folder: str | Path) -> str:
    """Give the name of the data set in a folder: a stand-in's own, or CIFAR-10 if it has none."""
    named = _read_pickle(Path(folder) / META).get(b"data_set", b"CIFAR-10")
    return named.decode("utf-8", "replace") if isinstance(named, bytes) else "CIFAR-10"


def batch_size(folder: str | Path) -> int:
    """Give the number of images in each file of the training part.

    Raises
    ------
    FileNotFoundError, ValueError
        `batches.meta` is missing, damaged, or says something impossible.
    """
    path = Path(folder) / META
    count = _read_pickle(path).get(b"num_cases_per_batch")
    if type(count) is not int or count < 1:
        raise ValueError(f"{path}: 'num_cases_per_batch' should be a number of images, got {count!r}")
    return count


def _read_batch(path: Path) -> tuple[Array, Array]:
    """Read the images and the labels of one file."""
    content = _read_pickle(path)
    rows, labels = content.get(b"data"), content.get(b"labels")
    size = int(np.prod(IMAGE))
    if not isinstance(rows, _Rows) or rows.shape[1:] != (size,) or len(rows.data) != rows.shape[0] * size:
        raise ValueError(f"{path}: 'data' should be an array (N, {size}) of uint8; the file is damaged")
    if not isinstance(labels, list) or len(labels) != rows.shape[0] or not all(map(_is_label, labels)):
        raise ValueError(
            f"{path}: 'labels' should be {rows.shape[0]} numbers from 0 to 9; the file is damaged"
        )
    return np.frombuffer(rows.data, dtype=np.uint8).reshape(-1, *IMAGE), np.array(labels, dtype=np.int64)


def _is_label(value: Any) -> bool:
    return type(value) is int and 0 <= value < CLASSES


def _read_pickle(path: Path) -> dict[Any, Any]:
    try:
        with path.open("rb") as file:
            content = _Reader(file, encoding="bytes").load()
    except FileNotFoundError:
        raise FileNotFoundError(f"{path}: is missing; unpack CIFAR-10 again") from None
    except Exception as error:  # a damaged pickle can raise any error
        raise ValueError(f"{path}: is not a file of CIFAR-10, or damaged: {error}") from error
    if not isinstance(content, dict):
        raise ValueError(f"{path}: should hold a dict, holds {type(content).__name__}")
    return content


class _Kind:
    """Stands for a dtype of NumPy's: its code. Its state only tells the order of bytes."""

    def __init__(self, code: str | bytes, align: bool, copy: bool) -> None:
        self.code = code

    def __setstate__(self, state: tuple[Any, ...]) -> None:
        """Keep nothing."""


class _Rows:
    """Stands for an array of NumPy's: its shape and its bytes."""

    shape: tuple[int, ...] = ()
    data: bytes = b""

    def __setstate__(self, state: tuple[int, tuple[int, ...], _Kind, bool, bytes]) -> None:
        _, shape, kind, fortran, data = state
        if kind.code not in ("u1", b"u1") or fortran or not isinstance(data, bytes):
            raise pickle.UnpicklingError("an array in it should be of uint8, row by row")
        self.shape, self.data = shape, data


def _to_bytes(text: str, encoding: str) -> bytes:
    """Give bytes as older pickles write them."""
    if encoding != "latin1":
        raise pickle.UnpicklingError(f"bytes in it should be written as latin1, not {encoding}")
    return text.encode("latin1")


class _Reader(pickle.Unpickler):
    """Reads plain values and arrays of bytes, and runs nothing.

    A pickle can call any function. Here it gets harmless stand-ins for the four names that an array needs;
    every other name is refused.
    """

    ADMITTED: Mapping[tuple[str, str], Callable[..., Any]] = {
        ("numpy.core.multiarray", "_reconstruct"): lambda *_: _Rows(),
        ("numpy", "ndarray"): _Rows,
        ("numpy", "dtype"): _Kind,
        ("_codecs", "encode"): _to_bytes,
    }

    def find_class(self, module: str, name: str) -> Callable[..., Any]:
        """Give the stand-in for a name in the file."""
        try:
            return self.ADMITTED[module.replace("numpy._core", "numpy.core"), name]
        except KeyError:
            raise pickle.UnpicklingError(f"it asks for {module}.{name}, which no data needs") from None
