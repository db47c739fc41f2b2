"""The reader of STL-10's binary files: uint8, pictures (3, 96, 96), classes from 1."""

from pathlib import Path

import numpy as np

from autograder.authoring import DataSet
from autograder.errors import DataError

SIDE, BLOCK = 96, 8


def read(folder, train, test):
    """Read so many pictures for training and for measuring: (N, 432), means of 8 x 8 pixels in [0, 1]."""
    x_train, y_train = _part(Path(folder), "train", train)
    x_test, y_test = _part(Path(folder), "test", test)
    return DataSet(x_train=x_train, y_train=y_train, x_test=x_test, y_test=y_test, name="STL-10")


def _part(folder, part, count):
    size = 3 * SIDE * SIDE
    pixels = np.fromfile(folder / f"{part}_X.bin", dtype=np.uint8, count=count * size)
    classes = np.fromfile(folder / f"{part}_y.bin", dtype=np.uint8, count=count)
    if len(pixels) < count * size or len(classes) < count:
        raise DataError(f"{folder}: has fewer than {count} pictures for {part}")
    side = SIDE // BLOCK
    blocks = pixels.reshape(count, 3, side, BLOCK, side, BLOCK).mean(axis=(3, 5)) / 255
    return blocks.reshape(count, -1), classes.astype(np.int64) - 1
