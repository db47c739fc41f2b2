"""Unfold images into columns, and fold columns back, with NumPy alone.

A column is the receptive field of a filter at one place, flattened. With the fields as columns of a matrix, a
convolution is one product of matrices.
"""

from typing import Any

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

__all__ = ["col2im", "im2col", "output_size"]

Array = NDArray[Any]


def output_size(size: int, field: int, stride: int, pad: int) -> int:
    """Count the fields of length `field` that fit into `size` pixels with `pad` more at either end."""
    return 1 + (size + 2 * pad - field) // stride


def im2col(x: Array, height: int, width: int, stride: int, pad: int) -> Array:
    """Unfold images.

    Parameters
    ----------
    x : (N, C, H, W) array
    height, width : int
        Size of a receptive field.
    stride, pad : int
        Distance between neighbouring fields, and width of the border of zeros.

    Returns
    -------
    cols : (N, C * height * width, H' * W') array
        A column for every place, one matrix for every image.
    """
    N, C, H, W = x.shape
    rows, columns = output_size(H, height, stride, pad), output_size(W, width, stride, pad)
    padded = np.zeros((N, C, H + 2 * pad, W + 2 * pad), dtype=x.dtype)
    padded[:, :, pad : pad + H, pad : pad + W] = x
    # Windows as large as the reach of one weight of the filter: weight (i, j) sees [..., i, j, :, :].
    reach = ((rows - 1) * stride + 1, (columns - 1) * stride + 1)
    taps = sliding_window_view(padded, reach, axis=(2, 3))[:, :, :height, :width, ::stride, ::stride]
    return taps.reshape(N, C * height * width, rows * columns)


def col2im(
    cols: Array, shape: tuple[int, int, int, int], height: int, width: int, stride: int, pad: int
) -> Array:
    """Fold columns back into images; pixels that several fields share are added up.

    Parameters
    ----------
    cols : (N, C * height * width, H' * W') array
    shape : tuple
        (N, C, H, W) of the images.
    height, width, stride, pad : int
        As in `im2col`.

    Returns
    -------
    x : (N, C, H, W) array
    """
    N, C, H, W = shape
    rows, columns = output_size(H, height, stride, pad), output_size(W, width, stride, pad)
    taps = cols.reshape(N, C, height, width, rows, columns)
    padded = np.zeros((N, C, H + 2 * pad, W + 2 * pad), dtype=cols.dtype)
    for i, j in np.ndindex(height, width):
        below, right = i + (rows - 1) * stride + 1, j + (columns - 1) * stride + 1
        padded[:, :, i:below:stride, j:right:stride] += taps[:, :, i, j]
    return padded[:, :, pad : pad + H, pad : pad + W]
