"""A stand-in for STL-10, in its files: ten classes, each of a colour of its own, with noise."""

from pathlib import Path

import numpy as np

SIDE = 96


def write(folder, train=400, test=120):
    """Write train_X.bin, train_y.bin, test_X.bin and test_y.bin."""
    folder = Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    rng = np.random.default_rng(10)
    colours = rng.integers(60, 196, size=(10, 3, 1, 1))
    for part, count in (("test", test), ("train", train)):
        classes = rng.integers(0, 10, size=count)
        noise = rng.integers(-50, 51, size=(count, 3, SIDE // 8, SIDE // 8))
        noise = noise.repeat(8, axis=2).repeat(8, axis=3)
        (colours[classes] + noise).astype(np.uint8).tofile(folder / f"{part}_X.bin")
        (classes + 1).astype(np.uint8).tofile(folder / f"{part}_y.bin")
