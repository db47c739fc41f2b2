"""Compute the convolution that submissions are compared with, in float64, in plainly correct code.

Notation of the homework: ``x`` (N, C, H, W), ``w`` (F, C, HH, WW), ``b`` (F,), ``dout`` (N, F, H', W')
with ``H' = 1 + (H + 2 pad - HH) // stride``, and W' alike.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

Array = NDArray[Any]


def windows(x: Array, height: int, width: int, stride: int, pad: int) -> Array:
    """Give the receptive fields of a padded x: a view of shape (N, C, H', W', HH, WW)."""
    padded = np.pad(x, ((0, 0), (0, 0), (pad, pad), (pad, pad)))
    return sliding_window_view(padded, (height, width), axis=(2, 3))[:, :, ::stride, ::stride]


def forward(x: Array, w: Array, b: Array, stride: int, pad: int) -> Array:
    """Convolve: (N, F, H', W'), float64."""
    x, w, b = (a.astype(np.float64) for a in (x, w, b))
    fields = windows(x, w.shape[2], w.shape[3], stride, pad)
    sums: Array = np.einsum("ncijhw,fchw->nfij", fields, w, optimize=True)
    return sums + b[:, None, None]


def backward(dout: Array, x: Array, w: Array, stride: int, pad: int) -> tuple[Array, Array, Array]:
    """Give the gradients of ``sum(out * dout)`` with respect to x, w and b, float64."""
    dout, x, w = (a.astype(np.float64) for a in (dout, x, w))
    height, width = w.shape[2:]
    dw = np.einsum("nfij,ncijhw->fchw", dout, windows(x, height, width, stride, pad), optimize=True)
    n, c, rows, columns = x.shape
    padded = np.zeros((n, c, rows + 2 * pad, columns + 2 * pad))
    for i in range(dout.shape[2]):
        for j in range(dout.shape[3]):
            field = np.einsum("nf,fchw->nchw", dout[:, :, i, j], w)
            padded[:, :, i * stride : i * stride + height, j * stride : j * stride + width] += field
    return padded[:, :, pad : pad + rows, pad : pad + columns], dw, dout.sum(axis=(0, 2, 3))


def terms(w: Array, dout_shape: tuple[int, ...]) -> dict[str, int]:
    """Give the number of terms in the sum of one element of out, dx, dw and db."""
    n, _, rows, columns = dout_shape
    return {
        "out": int(np.prod(w.shape[1:])) + 1,
        "dx": int(np.prod(w.shape[2:])) * w.shape[0],
        "dw": n * rows * columns,
        "db": n * rows * columns,
    }
