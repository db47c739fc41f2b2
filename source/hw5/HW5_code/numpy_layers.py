"""Compute the fast layers in NumPy alone, for machines without the compiled ones.

The functions have the names and arguments of the compiled module `fastconv`; `fast_layers` checks
their arguments and chooses between the two. Arrays are C-contiguous and all of one float type.
"""

from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

from .im2col import col2im, output_size

Array = NDArray[Any]

CHUNK_BYTES = 1 << 20  # so many bytes of columns at a time stay in the processor's cache


def _unfolded(x: Array, w: Array, stride: int, pad: int) -> Iterator[tuple[slice, Array]]:
    """Unfold some images at a time, as `im2col.im2col` does, always into the same memory.

    Yields
    ------
    part : slice
        The images.
    columns : (n, C * HH * WW, H' * W') array
        Their columns. The caller may write into the array; the next images overwrite it.
    """
    N, C, H, W = x.shape
    HH, WW = w.shape[2:]
    rows, columns = output_size(H, HH, stride, pad), output_size(W, WW, stride, pad)
    column_bytes = C * HH * WW * rows * columns * x.itemsize
    step = min(N, max(1, CHUNK_BYTES // max(1, column_bytes)))
    padded = np.zeros((step, C, H + 2 * pad, W + 2 * pad), dtype=x.dtype)
    reach = ((rows - 1) * stride + 1, (columns - 1) * stride + 1)
    taps = sliding_window_view(padded, reach, axis=(2, 3))[:, :, :HH, :WW, ::stride, ::stride]
    unfolded = np.empty(taps.shape, dtype=x.dtype)
    for first in range(0, N, max(1, step)):
        part = slice(first, min(first + step, N))
        count = part.stop - first
        padded[:count, :, pad : pad + H, pad : pad + W] = x[part]
        np.copyto(unfolded[:count], taps[:count])
        yield part, unfolded[:count].reshape(count, C * HH * WW, rows * columns)


def conv_forward(x: Array, w: Array, b: Array, stride: int, pad: int) -> Array:
    """Convolve x (N, C, H, W) with w (F, C, HH, WW) and add b (F,); give (N, F, H', W')."""
    N, C, H, W = x.shape
    F, _, HH, WW = w.shape
    rows, columns = output_size(H, HH, stride, pad), output_size(W, WW, stride, pad)
    filters = w.reshape(F, C * HH * WW)
    out = np.empty((N, F, rows * columns), dtype=x.dtype)
    for part, unfolded in _unfolded(x, w, stride, pad):
        np.matmul(filters, unfolded, out=out[part])
        out[part] += b[:, None]
    return out.reshape(N, F, rows, columns)


def conv_backward(
    dout: Array, x: Array, w: Array, stride: int, pad: int, need_dx: bool = True
) -> tuple[Array | None, Array, Array]:
    """Compute the gradients by x (None unless `need_dx`), w and b, from dout (N, F, H', W')."""
    N, F, rows, columns = dout.shape
    C, HH, WW = w.shape[1:]
    filters, upstream = w.reshape(F, C * HH * WW), dout.reshape(N, F, rows * columns)
    dx = np.empty_like(x) if need_dx else None
    dw = np.zeros_like(filters)
    for part, unfolded in _unfolded(x, w, stride, pad):
        dw += np.matmul(upstream[part], unfolded.swapaxes(1, 2)).sum(axis=0)
        if dx is not None:
            np.matmul(filters.T, upstream[part], out=unfolded)
            dx[part] = col2im(unfolded, x[part].shape, HH, WW, stride, pad)
    return dx, dw.reshape(w.shape), upstream.sum(axis=(0, 2))


def max_pool_forward(x: Array, height: int, width: int, stride: int) -> tuple[Array, Array]:
    """Give the largest entry of every window, and its place in the window, row by row."""
    windows = sliding_window_view(x, (height, width), axis=(2, 3))[:, :, ::stride, ::stride]
    taps = [windows[..., i, j] for i, j in np.ndindex(height, width)]
    out = taps[0].copy()
    for tap in taps[1:]:
        np.maximum(out, tap, out=out)
    winner = np.zeros(out.shape, dtype=np.min_scalar_type(height * width))
    unknown = np.isnan(out)
    hidden = bool(unknown.any())
    # The last tap comes first, so that the first of equals stays; as in np.argmax, a NaN wins over numbers.
    for place in reversed(range(height * width)):
        wins = taps[place] == out
        if hidden:
            wins |= unknown & np.isnan(taps[place])
        np.copyto(winner, place, where=wins, casting="unsafe")
    return out, winner


def max_pool_backward(
    dout: Array, winner: Array, shape: tuple[int, int, int, int], height: int, width: int, stride: int
) -> Array:
    """Give every window's gradient to the window's winner; `shape` is (N, C, H, W)."""
    rows, columns = dout.shape[2:]
    dx = np.zeros(shape, dtype=dout.dtype)
    overlap = stride < max(height, width)
    # The last tap comes first: a pixel in several windows then adds up in the naive layer's order.
    for tap in reversed(range(height * width)):
        i, j = divmod(tap, width)
        below, right = i + (rows - 1) * stride + 1, j + (columns - 1) * stride + 1
        seen = dx[:, :, i:below:stride, j:right:stride]
        if overlap:
            seen += np.where(winner == tap, dout, 0)
        else:
            np.copyto(seen, dout, where=winner == tap)
    return dx


def conv_relu_pool_forward(
    x: Array, w: Array, b: Array, stride: int, pad: int, height: int, width: int, pool_stride: int
) -> tuple[Array, Array]:
    """Compute convolution, ReLU and max pooling; a window without a positive number has no winner."""
    out, winner = max_pool_forward(conv_forward(x, w, b, stride, pad), height, width, pool_stride)
    winner[~(out > 0)] = height * width  # no place in the window
    return np.maximum(out, 0, out=out), winner


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
    """Compute the gradients of `conv_relu_pool_forward` by x (None unless `need_dx`), w and b."""
    (N, _, H, W), (F, _, HH, WW) = x.shape, w.shape
    shape = (N, F, output_size(H, HH, stride, pad), output_size(W, WW, stride, pad))
    dconv = max_pool_backward(dout, winner, shape, height, width, pool_stride)
    return conv_backward(dconv, x, w, stride, pad, need_dx)


def affine_forward(x: Array, w: Array, b: Array, relu: bool = False) -> Array:
    """Compute x (N, D) times w (D, M), plus b (M,); `relu` sets negative numbers to zero."""
    out = x @ w
    out += b
    return np.maximum(out, 0, out=out) if relu else out


def affine_backward(dout: Array, x: Array, w: Array) -> tuple[Array, Array, Array]:
    """Compute the gradients by x, w and b, from dout (N, M)."""
    return dout @ w.T, x.T @ dout, dout.sum(axis=0)


def adam_step(
    w: Array,
    dw: Array,
    m: Array,
    v: Array,
    step_size: float,
    beta1: float,
    beta2: float,
    epsilon: float,
    correction: float,
) -> None:
    """Change the weights w and Adam's means m and v in place.

    m = beta1 m + (1 - beta1) dw, v = beta2 v + (1 - beta2) dw ** 2, and then
    w -= step_size * m / (sqrt(correction * v) + epsilon).
    """
    room = np.multiply(dw, 1 - beta1, dtype=w.dtype, casting="same_kind")
    m *= beta1
    m += room
    np.multiply(dw, dw, out=room, casting="same_kind")
    room *= 1 - beta2
    v *= beta2
    v += room
    np.multiply(v, correction, out=room)
    np.sqrt(room, out=room)
    room += epsilon
    np.divide(m, room, out=room)
    room *= step_size
    w -= room
