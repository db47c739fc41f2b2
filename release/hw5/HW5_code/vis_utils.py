"""Draw pictures of filters and images."""

from math import ceil, sqrt
from typing import Any

import numpy as np
from numpy.typing import NDArray

__all__ = ["visualize_grid"]

Array = NDArray[Any]


def visualize_grid(Xs: Array, ubound: float = 255.0, padding: int = 1) -> Array:
    """Lay pictures out in a nearly square grid, each scaled to the full range.

    Parameters
    ----------
    Xs : (N, H, W, C) array
        Pictures, or filters after ``w.transpose(0, 2, 3, 1)``.
    ubound : float
        The upper end of the range; the lower end is 0.
    padding : int
        Pixels between neighbours; they stay 0, as do the grid's empty places.

    Returns
    -------
    grid : (height, width, C) array of floats

    Raises
    ------
    ValueError
        Xs is not a stack of pictures.
    """
    if Xs.ndim != 4:
        raise ValueError(f"visualize_grid: Xs should be (N, H, W, C), got {Xs.shape}")
    N, H, W, C = Xs.shape
    side = ceil(sqrt(N))
    height, width = H + padding, W + padding
    grid = np.zeros((max(0, side * height - padding), max(0, side * width - padding), C))
    for place, picture in enumerate(Xs):
        top, left = place // side * height, place % side * width
        grid[top : top + H, left : left + W] = _scaled(picture, ubound)
    return grid


def _scaled(picture: Array, ubound: float) -> Array:
    """Scale a picture to the range from 0 to ubound; one of a single colour becomes 0."""
    low, high = np.min(picture), np.max(picture)
    return ubound * (picture - low) / (high - low) if high > low else np.zeros(picture.shape)
