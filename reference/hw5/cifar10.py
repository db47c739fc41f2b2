"""Read HW5's data set, CIFAR-10 or its stand-in, by the support code's own safe reader."""

from __future__ import annotations

import functools
from pathlib import Path
from typing import Any

import numpy as np

from autograder.authoring import DataSet
from autograder.authoring.loading import load_module
from autograder.errors import DataError

SUPPORT = Path(__file__).parents[2] / "source" / "hw5" / "HW5_code" / "data_utils.py"
UNPACK_AGAIN = "Unpack the data set again, or fetch it: autograder data fetch"


@functools.cache
def _support() -> Any:
    return load_module(SUPPORT)


def read(folder: Path, train: int, test: int) -> DataSet:
    """Read images for training and for measuring, float32, with the mean of the training images subtracted.

    Parameters
    ----------
    folder : Path
        The unpacked data set.
    train, test : int
        The numbers of images. The first ones are taken, and only the files that hold them are read.

    Raises
    ------
    DataError
        A file is missing or damaged, or has too few images; names it and what was expected.
    """
    try:
        batches = next(n for n in range(1, 6) if n == 5 or train <= n * _support().batch_size(folder))
        x, y, x_test, y_test = _support().load_CIFAR10(folder, batches)
        name = _support().data_set_name(folder)
    except (OSError, ValueError) as error:
        raise DataError(str(error), UNPACK_AGAIN) from error
    for kind, wanted, there in (("training", train, len(x)), ("test", test, len(x_test))):
        if wanted > there:
            raise DataError(f"{folder}: has {there} {kind} images, and {wanted} are wanted")
    x_train = x[:train].astype(np.float32)
    mean = x_train.mean(axis=0, dtype=np.float64).astype(np.float32)
    return DataSet(
        x_train=x_train - mean,
        y_train=y[:train],
        x_test=x_test[:test].astype(np.float32) - mean,
        y_test=y_test[:test],
        name=name,
    )
