# ruff: noqa: PLR0917 - the functions of the layers have that many arguments
"""Compute the right results of the layers, straight from their definitions, in float64.

Every function gives a value, the number of its terms and the sum of their absolute values. From these follows
the largest error of a sum that is rounded after every term.
"""

from typing import Any, NamedTuple

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

Array = np.ndarray[Any, Any]


class Expected(NamedTuple):
    """A result: the sum of `terms` numbers or products, whose absolute values add up to `size`."""

    value: Array
    size: Array
    terms: int

    def bound(self, dtype: np.dtype[Any]) -> Array:
        """Give the largest error of a result of that type, in the worst order of adding.

        Higham, Accuracy and Stability of Numerical Algorithms, 2002, equation 3.4: terms * u * size, with
        twice that for the rounding of the expected value itself, and some more for denormals.
        """
        info = np.finfo(dtype)
        bound: Array = (self.terms + 4) * (info.eps * self.size + float(info.smallest_subnormal))
        return bound


def _taps(
    x: Array, field: tuple[int, ...], stride: int, pad: int
) -> tuple[Array, dict[tuple[int, ...], Array]]:
    """Give for every tap (i, j) of a field its view (N, C, H', W') of the padded images."""
    padded = np.pad(x, ((0, 0), (0, 0), (pad, pad), (pad, pad)))
    return padded, _views(padded, field, stride)


def _views(padded: Array, field: tuple[int, ...], stride: int) -> dict[tuple[int, ...], Array]:
    rows, columns = ((size - taps) // stride for size, taps in zip(padded.shape[2:], field, strict=True))
    return {
        (i, j): padded[:, :, i : i + rows * stride + 1 : stride, j : j + columns * stride + 1 : stride]
        for i, j in np.ndindex(*field)
    }


def _forward(x: Array, w: Array, b: Array, stride: int, pad: int) -> Array:
    _, views = _taps(x, w.shape[2:], stride, pad)
    taps = [np.tensordot(w[:, :, i, j], view, (1, 1)) for (i, j), view in views.items()]
    out: Array = np.sum(taps, axis=0).swapaxes(0, 1) + b[:, None, None]
    return out


def _backward(dout: Array, x: Array, w: Array, stride: int, pad: int) -> tuple[Array, Array, Array]:
    padded, views = _taps(x, w.shape[2:], stride, pad)
    dpadded, dw = np.zeros_like(padded), np.zeros_like(w)
    for (i, j), seen in _views(dpadded, w.shape[2:], stride).items():
        seen[...] += np.tensordot(w[:, :, i, j], dout, (0, 1)).swapaxes(0, 1)
        dw[:, :, i, j] = np.tensordot(dout, views[i, j], ((0, 2, 3), (0, 2, 3)))
    dx = dpadded[:, :, pad : pad + x.shape[2], pad : pad + x.shape[3]]
    return dx, dw, dout.sum(axis=(0, 2, 3))


def conv_forward(x: Array, w: Array, b: Array, stride: int, pad: int) -> Expected:
    """The output of a convolution."""
    x, w, b = (array.astype(np.float64) for array in (x, w, b))
    size = _forward(abs(x), abs(w), abs(b), stride, pad)
    return Expected(_forward(x, w, b, stride, pad), size, w[:1].size + 1)


def conv_backward(
    dout: Array, x: Array, w: Array, stride: int, pad: int
) -> tuple[Expected, Expected, Expected]:
    """The gradients dx, dw and db of a convolution."""
    dout, x, w = (array.astype(np.float64) for array in (dout, x, w))
    values = _backward(dout, x, w, stride, pad)
    sizes = _backward(abs(dout), abs(x), abs(w), stride, pad)
    outputs = dout[:, :1].size
    terms = (w[:, :1].size, outputs, outputs)
    dx, dw, db = map(Expected, values, sizes, terms)
    return dx, dw, db


def winners(x: Array, height: int, width: int, stride: int) -> tuple[Array, Array]:
    """The largest entry of every window and its place in it: the first of several, or the first NaN."""
    windows = sliding_window_view(x, (height, width), axis=(2, 3))[:, :, ::stride, ::stride]
    flat = windows.reshape(*windows.shape[:4], height * width)
    place = flat.argmax(axis=4) if flat.size else np.zeros(flat.shape[:4], dtype=np.intp)
    return np.take_along_axis(flat, place[..., None], axis=4)[..., 0], place


def spread(dout: Array, place: Array, shape: tuple[int, ...], width: int, stride: int) -> Array:
    """Put every window's gradient at the place of its winner; a place below zero gets none."""
    dx = np.zeros(shape)
    n, c, i, j = np.nonzero(place >= 0)
    won = place[n, c, i, j]
    np.add.at(dx, (n, c, i * stride + won // width, j * stride + won % width), dout[n, c, i, j])
    return dx


def pool_backward(dout: Array, x: Array, height: int, width: int, stride: int) -> Expected:
    """The gradient dx of a max pooling of x."""
    dout, place = dout.astype(np.float64), winners(x, height, width, stride)[1]
    value, size = (spread(each, place, x.shape, width, stride) for each in (dout, abs(dout)))
    return Expected(value, size, height * width)


def conv_relu_pool_forward(
    x: Array, w: Array, b: Array, stride: int, pad: int, height: int, width: int, pool_stride: int
) -> tuple[Array, Array]:
    """The output of convolution, ReLU and pooling, and every window's winner: -1 if nothing is positive."""
    features = conv_forward(x, w, b, stride, pad).value
    out, place = winners(features, height, width, pool_stride)
    return np.maximum(out, 0), np.where(out > 0, place, -1)


def conv_relu_pool_backward(
    dout: Array, place: Array, x: Array, w: Array, stride: int, pad: int, width: int, pool_stride: int
) -> tuple[Expected, Expected, Expected]:
    """The gradients dx, dw and db; `place` as the forward pass gave it."""
    sizes = ((size + 2 * pad - f) // stride + 1 for size, f in zip(x.shape[2:], w.shape[2:], strict=True))
    shape = (len(x), len(w), *sizes)
    return conv_backward(spread(dout.astype(np.float64), place, shape, width, pool_stride), x, w, stride, pad)


def affine_forward(x: Array, w: Array, b: Array, relu: bool) -> Expected:
    """The output of a fully connected layer."""
    x, w, b = (array.astype(np.float64) for array in (x, w, b))
    value = x @ w + b
    return Expected(np.maximum(value, 0) if relu else value, abs(x) @ abs(w) + abs(b), len(w) + 1)


def affine_backward(dout: Array, x: Array, w: Array) -> tuple[Expected, Expected, Expected]:
    """The gradients dx, dw and db of a fully connected layer."""
    dout, x, w = (array.astype(np.float64) for array in (dout, x, w))
    return (
        Expected(dout @ w.T, abs(dout) @ abs(w).T, w.shape[1]),
        Expected(x.T @ dout, abs(x).T @ abs(dout), len(x)),
        Expected(dout.sum(axis=0), abs(dout).sum(axis=0), len(x)),
    )


def adam_step(
    w: Array, dw: Array, m: Array, v: Array, step: float, beta1: float, beta2: float, epsilon: float,
    correction: float,
) -> tuple[Expected, Expected, Expected]:  # fmt: skip
    """The next w, m and v; v is not negative. The error of m goes into that of w."""
    w, dw, m, v = (array.astype(np.float64) for array in (w, dw, m, v))
    mean, square = beta1 * m + (1 - beta1) * dw, beta2 * v + (1 - beta2) * dw**2
    mean_size = abs(beta1 * m) + abs((1 - beta1) * dw)
    divisor = np.sqrt(square * correction) + epsilon
    new, moved = w - step * mean / divisor, abs(step) * mean_size / divisor
    return Expected(new, abs(w) + moved, 12), Expected(mean, mean_size, 4), Expected(square, square, 4)
