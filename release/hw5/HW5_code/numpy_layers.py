"""The fast layers in NumPy alone, for machines where the compiled ones are not built.

The functions have the names and arguments of the compiled module `fastconv`; `fast_layers` checks
their arguments and chooses between the two. Arrays are C-contiguous and all of one float type.
"""

from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

from .im2col import col2im, im2col, output_size

Array = NDArray[Any]

CHUNK_BYTES = 4 << 20  # columns of that many bytes at a time stay in the processor's cache


def _chunks(images: int, column_bytes: int) -> Iterator[slice]:
    """Slices over the images, each of as many as unfold into `CHUNK_BYTES`."""
    step = max(1, CHUNK_BYTES // max(1, column_bytes))
    return (slice(first, min(first + step, images)) for first in range(0, images, step))


def conv_forward(x: Array, w: Array, b: Array, stride: int, pad: int) -> Array:
    """Convolve x (N, C, H, W) with w (F, C, HH, WW), add b (F,): gives (N, F, H', W')."""
    N, C, H, W = x.shape
    F, _, HH, WW = w.shape
    rows, columns = output_size(H, HH, stride, pad), output_size(W, WW, stride, pad)
    filters = w.reshape(F, C * HH * WW)
    out = np.empty((N, F, rows * columns), dtype=x.dtype)
    for part in _chunks(N, filters[:1].nbytes * rows * columns):
        np.matmul(filters, im2col(x[part], HH, WW, stride, pad), out=out[part])
    out += b[:, None]
    return out.reshape(N, F, rows, columns)


def conv_backward(
    dout: Array, x: Array, w: Array, stride: int, pad: int, need_dx: bool = True
) -> tuple[Array | None, Array, Array]:
    """Gradients by x (None unless `need_dx`), w and b, from dout (N, F, H', W')."""
    N, F, rows, columns = dout.shape
    C, HH, WW = w.shape[1:]
    filters, upstream = w.reshape(F, C * HH * WW), dout.reshape(N, F, rows * columns)
    dx = np.empty_like(x) if need_dx else None
    dw = np.zeros_like(filters)
    for part in _chunks(N, filters[:1].nbytes * rows * columns):
        cols = im2col(x[part], HH, WW, stride, pad)
        dw += np.matmul(upstream[part], cols.swapaxes(1, 2)).sum(axis=0)
        if dx is not None:
            dcols = np.matmul(filters.T, upstream[part])
            dx[part] = col2im(dcols, x[part].shape, HH, WW, stride, pad)
    return dx, dw.reshape(w.shape), upstream.sum(axis=(0, 2))


def max_pool_forward(x: Array, height: int, width: int, stride: int) -> tuple[Array, Array]:
    """The largest entry of every window, and its place in the window (row by row, int32)."""
    windows = sliding_window_view(x, (height, width), axis=(2, 3))[:, :, ::stride, ::stride]
    out = windows[..., 0, 0].copy()
    winner = np.zeros(out.shape, dtype=np.int32)
    for tap, (i, j) in enumerate(np.ndindex(height, width)):
        values = windows[..., i, j]
        # Like np.max: a NaN wins over every number, and the first of equals stays.
        larger = (values > out) | (np.isnan(values) & ~np.isnan(out))
        np.copyto(out, values, where=larger)
        np.copyto(winner, np.int32(tap), where=larger)
    return out, winner


def max_pool_backward(
    dout: Array, winner: Array, shape: tuple[int, int, int, int], height: int, width: int, stride: int
) -> Array:
    """Give every window's gradient to the window's winner; `shape` is (N, C, H, W)."""
    rows, columns = dout.shape[2:]
    dx = np.zeros(shape, dtype=dout.dtype)
    # The last tap first: where windows overlap, a pixel then adds up as the naive layer's loops do.
    for tap in reversed(range(height * width)):
        i, j = divmod(tap, width)
        below, right = i + (rows - 1) * stride + 1, j + (columns - 1) * stride + 1
        dx[:, :, i:below:stride, j:right:stride] += np.where(winner == tap, dout, 0)
    return dx


def conv_relu_pool_forward(
    x: Array, w: Array, b: Array, stride: int, pad: int, height: int, width: int, pool_stride: int
) -> tuple[Array, Array]:
    """Convolution, ReLU and max pooling; the winner is -1 where ReLU lets no gradient through."""
    out, winner = max_pool_forward(conv_forward(x, w, b, stride, pad), height, width, pool_stride)
    winner[~(out > 0)] = -1
    return np.maximum(out, 0), winner


def conv_relu_pool_backward(
    dout: Array,
    winner: Array,
    x: Array,
    w: Array,
    stride: int,
    pad: int,
    height: int,
    width: int,
    pool_stride: int,
    need_dx: bool = True,
) -> tuple[Array | None, Array, Array]:
    """Gradients by x (None unless `need_dx`), w and b, of `conv_relu_pool_forward`."""
    (N, _, H, W), (F, _, HH, WW) = x.shape, w.shape
    shape = (N, F, output_size(H, HH, stride, pad), output_size(W, WW, stride, pad))
    dconv = max_pool_backward(dout, winner, shape, height, width, pool_stride)
    return conv_backward(dconv, x, w, stride, pad, need_dx)
