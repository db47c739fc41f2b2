"""Data sets in CIFAR-10's own files: five batches for training, one for tests, and the labels' names.

The format is described at https://www.cs.toronto.edu/~kriz/cifar.html: every batch is a pickled dict
with ``data``, (N, 3072) uint8, an image a row (1024 red values row by row, then green, then blue), and
``labels``, N numbers from 0 to 9; ``batches.meta`` has ``label_names`` and ``num_cases_per_batch``.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from autograder.authoring import DataSet, Struct
from autograder.errors import DataError

from .plain_pickle import UNPACK_AGAIN, read_plain_pickle

TRAINING = tuple(f"data_batch_{number}" for number in range(1, 6))
TEST, META = "test_batch", "batches.meta"
IMAGE = (3, 32, 32)
ROW = 3 * 32 * 32
LARGEST_FILE = 64 << 20  # a batch of CIFAR-10 has 31 MB
OFFICIAL_NAMES = ("airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck")
OFFICIAL_CASES = 10_000

Images = NDArray[np.uint8]
Labels = NDArray[np.int64]


class Dataset(Struct):
    """Images and labels, whole or in part.

    Images are (N, 3, 32, 32) uint8, labels (N,) int64 from 0 to ``len(label_names) - 1``. `sha256` is
    the hash of the images and labels, in the files' order.
    """

    x_train: Images
    y_train: Labels
    x_test: Images
    y_test: Labels
    label_names: tuple[str, ...]
    name: str
    sha256: str


class Meta(Struct):
    """What ``batches.meta`` says; `name` is the data set's own, or CIFAR-10 where its labels are."""

    label_names: tuple[str, ...]
    cases_per_batch: int
    name: str


def read(folder: Path, train: int, test: int) -> DataSet:
    """Read images for training and for measuring, float32, with the mean of the training images subtracted.

    Raises
    ------
    DataError
        As `load_subset`.
    """
    subset = load_subset(folder, train, test)
    x_train = subset.x_train.astype(np.float32)
    mean = x_train.mean(axis=0, dtype=np.float64).astype(np.float32)
    return DataSet(
        x_train=x_train - mean,
        y_train=subset.y_train,
        x_test=subset.x_test.astype(np.float32) - mean,
        y_test=subset.y_test,
        name=subset.name,
    )


def load(folder: Path) -> Dataset:
    """Read a whole data set (50,000 and 10,000 images for CIFAR-10: 184 MB).

    Raises
    ------
    DataError
        A file is missing, damaged, or holds something else; names the file and what was expected.
    """
    return _load(folder, TRAINING, None, None)


def load_subset(folder: Path, train: int, test: int) -> Dataset:
    """Read the first `train` training images and the first `test` test images, and only their files.

    `sha256` is the hash of this part.

    Raises
    ------
    DataError
        As `load`; also where there are not as many images.
    """
    cases = read_meta(folder).cases_per_batch
    wanted = max(1, -(-train // cases))
    if wanted > len(TRAINING):
        raise DataError(f"{folder}: has {len(TRAINING) * cases} training images; {train} are wanted")
    return _load(folder, TRAINING[:wanted], train, test)


def read_meta(folder: Path) -> Meta:
    """Read ``batches.meta``.

    Raises
    ------
    DataError
        It is missing, damaged, or says something impossible.
    """
    path = folder / META
    content = read_plain_pickle(path, LARGEST_FILE)
    names = content.get(b"label_names")
    if not isinstance(names, list) or not names or not all(isinstance(name, bytes) for name in names):
        raise DataError(f"{path}: `label_names` should be a list of the classes' names", UNPACK_AGAIN)
    cases = content.get(b"num_cases_per_batch")
    if type(cases) is not int or cases < 1:
        raise DataError(
            f"{path}: `num_cases_per_batch` should be a number of images, got {cases!r}", UNPACK_AGAIN
        )
    words = tuple(name.decode("utf-8", "replace") for name in names)
    if words == OFFICIAL_NAMES and cases != OFFICIAL_CASES:
        raise DataError(
            f"{path}: CIFAR-10 has batches of {OFFICIAL_CASES} images, not of {cases}", UNPACK_AGAIN
        )
    return Meta(label_names=words, cases_per_batch=cases, name=_name(content.get(b"data_set"), words, folder))


def _name(given: Any, words: tuple[str, ...], folder: Path) -> str:
    """What the data set calls itself; CIFAR-10 does not say, so that its labels must."""
    if isinstance(given, bytes):
        return given.decode("utf-8", "replace")
    return "CIFAR-10" if words == OFFICIAL_NAMES else folder.name


def _load(folder: Path, batches: Sequence[str], train: int | None, test: int | None) -> Dataset:
    meta = read_meta(folder)
    parts = [_read_batch(folder / name, len(meta.label_names), meta.cases_per_batch) for name in batches]
    x_test, y_test = _read_batch(folder / TEST, len(meta.label_names), None)
    if test is not None and test > len(x_test):
        raise DataError(f"{folder / TEST}: has {len(x_test)} images; {test} are wanted")
    x_train = np.concatenate([images for images, _ in parts])[:train]
    y_train = np.concatenate([labels for _, labels in parts])[:train]
    arrays = (x_train, y_train, x_test[:test], y_test[:test])
    return Dataset(
        x_train=x_train,
        y_train=y_train,
        x_test=arrays[2],
        y_test=arrays[3],
        label_names=meta.label_names,
        name=meta.name,
        sha256=_hash(arrays),
    )


def _hash(arrays: Sequence[NDArray[Any]]) -> str:
    """A hash that says the same on machines of either byte order."""
    digest = hashlib.sha256()
    for array in arrays:
        digest.update(array.astype(array.dtype.newbyteorder("<")).tobytes())
    return digest.hexdigest()


def _read_batch(path: Path, classes: int, cases: int | None) -> tuple[Images, Labels]:
    """The images and labels of one file, of exactly `cases` images where that is given."""
    content = read_plain_pickle(path, LARGEST_FILE)
    rows = content.get(b"data")
    if not isinstance(rows, np.ndarray) or rows.ndim != 2 or rows.shape[1] != ROW or len(rows) < 1:
        raise DataError(
            f"{path}: `data` should be an array (N, {ROW}) of uint8, is {_describe(rows)}", UNPACK_AGAIN
        )
    if cases is not None and len(rows) != cases:
        raise DataError(f"{path}: has {len(rows)} images; {META} says {cases}", UNPACK_AGAIN)
    return rows.reshape(-1, *IMAGE), _labels(path, content.get(b"labels"), len(rows), classes)


def _labels(path: Path, labels: Any, count: int, classes: int) -> Labels:
    if not isinstance(labels, list) or len(labels) != count:
        raise DataError(
            f"{path}: `labels` should be a list of {count} numbers, is {_describe(labels)}", UNPACK_AGAIN
        )
    for place, label in enumerate(labels):
        if type(label) is not int or not 0 <= label < classes:
            raise DataError(
                f"{path}: label {place} should be from 0 to {classes - 1}, is {label!r:.40}", UNPACK_AGAIN
            )
    return np.array(labels, dtype=np.int64)


def _describe(value: Any) -> str:
    if value is None:
        return "missing"
    if isinstance(value, np.ndarray):
        return f"an array {value.shape}"
    return f"a {type(value).__name__}" + (f" of {len(value)}" if isinstance(value, list) else "")
