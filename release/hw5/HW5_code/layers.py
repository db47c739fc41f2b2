"""Compute layers, each by a forward and a backward function.

A forward function gives its output and a cache; the backward function takes the gradient of the
loss by that output, and the cache, and gives the gradients by the forward function's inputs.
N is the number of images of a minibatch. The convolution is missing here: it is the homework.
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from . import fast_layers

__all__ = [
    "fc_backward",
    "fc_forward",
    "max_pool_backward_naive",
    "max_pool_forward_naive",
    "relu_backward",
    "relu_forward",
    "softmax_loss",
]

Array = NDArray[Any]
Cache = tuple[Any, ...]


def fc_forward(x: Array, w: Array, b: Array) -> tuple[Array, Cache]:
    """Compute a fully connected layer: every output sees every input.

    Parameters
    ----------
    x : (N, ...) array
        Each example is flattened to a vector of length D.
    w : (D, M) array
        Weights.
    b : (M,) array
        Biases.

    Returns
    -------
    out : (N, M) array
    cache : (x, w, b)

    Raises
    ------
    ValueError
        The shapes don't fit.
    """
    return affine(x, w, b), (x, w, b)


def affine(x: Array, w: Array, b: Array, relu: bool = False) -> Array:
    """Compute the output of a fully connected layer, followed by ReLU if asked for; see `fc_forward`."""
    size = int(np.prod(x.shape[1:]))
    if w.ndim != 2 or w.shape[0] != size or b.shape != w.shape[1:]:
        raise ValueError(
            f"fc_forward: x {x.shape} has {size} numbers for each example, so w should be ({size}, M) "
            f"and b (M,); got w {w.shape}, b {b.shape}"
        )
    x, w, b = fast_layers.as_floats(x.reshape(len(x), size), w, b)
    out: Array = fast_layers.layers.affine_forward(x, w, b, relu)
    return out


def fc_backward(dout: Array, cache: Cache) -> tuple[Array, Array, Array]:
    """Compute the gradients of a fully connected layer.

    Parameters
    ----------
    dout : (N, M) array
    cache : the cache of `fc_forward`

    Returns
    -------
    dx, dw, db : arrays with the shapes of x, w and b
    """
    x, w, _ = cache
    arrays = fast_layers.as_floats(dout, x.reshape(len(x), w.shape[0]), w)
    dx, dw, db = fast_layers.layers.affine_backward(*arrays)
    return dx.reshape(x.shape), dw, db


def relu_forward(x: Array) -> tuple[Array, Cache]:
    """Compute rectified linear units: negative numbers become zero.

    Returns
    -------
    out : array of x's shape
    cache : (x,)
    """
    return np.maximum(x, 0), (x,)


def relu_backward(dout: Array, cache: Cache) -> Array:
    """Compute the gradient of rectified linear units: dout where x is positive, else zero."""
    (x,) = cache
    dx: Array = dout * (x > 0)
    return dx


def max_pool_forward_naive(x: Array, pool_param: dict[str, int]) -> tuple[Array, Cache]:
    """Compute max pooling, written for clarity: each window gives its largest entry.

    Parameters
    ----------
    x : (N, C, H, W) array
    pool_param : dict
        'pool_height' and 'pool_width' of a window, and 'stride', the distance between windows.

    Returns
    -------
    out : (N, C, H', W') array
        H' = 1 + (H - pool_height) // stride, W' alike.
    cache : (x, pool_param)
    """
    height, width, stride = (pool_param[key] for key in ("pool_height", "pool_width", "stride"))
    N, C, H, W = x.shape
    out = np.zeros((N, C, 1 + (H - height) // stride, 1 + (W - width) // stride), dtype=x.dtype)
    for n, c, i, j in np.ndindex(out.shape):
        top, left = i * stride, j * stride
        out[n, c, i, j] = np.max(x[n, c, top : top + height, left : left + width])
    return out, (x, pool_param)


def max_pool_backward_naive(dout: Array, cache: Cache) -> Array:
    """Compute the gradient of max pooling, written for clarity.

    The largest entry of a window gets the window's gradient; the first of several equal ones.

    Parameters
    ----------
    dout : (N, C, H', W') array
    cache : the cache of `max_pool_forward_naive`

    Returns
    -------
    dx : (N, C, H, W) array
    """
    x, pool_param = cache
    height, width, stride = (pool_param[key] for key in ("pool_height", "pool_width", "stride"))
    dx: Array = np.zeros_like(x)
    for n, c, i, j in np.ndindex(dout.shape):
        top, left = i * stride, j * stride
        window = x[n, c, top : top + height, left : left + width]
        row, column = np.unravel_index(np.argmax(window), window.shape)
        dx[n, c, top + row, left + column] += dout[n, c, i, j]
    return dx


def softmax_loss(x: Array, y: Array) -> tuple[float, Array]:
    """Compute the mean cross-entropy of the softmax of the scores.

    Parameters
    ----------
    x : (N, C) array
        Score of every class for every example.
    y : (N,) array of integers
        The right classes, from 0 to C - 1.

    Returns
    -------
    loss : float
    dx : (N, C) array
        Gradient of the loss by x.

    Raises
    ------
    ValueError
        The labels don't fit the scores.
    """
    if y.shape != x.shape[:1] or (len(y) and not 0 <= y.min() <= y.max() < x.shape[1]):
        raise ValueError(
            f"softmax_loss: for scores {x.shape} y should hold {len(x)} labels from 0 to {x.shape[1] - 1}; "
            f"got y {y.shape}" + (f" from {y.min()} to {y.max()}" if y.size else "")
        )
    rows = np.arange(len(x))
    # Moving all scores by the same amount changes nothing; with a maximum of 0 no exponential overflows.
    moved = x - x.max(axis=1, keepdims=True)
    log_probabilities = moved - np.log(np.exp(moved).sum(axis=1, keepdims=True))
    dx = np.exp(log_probabilities)
    dx[rows, y] -= 1
    return float(-log_probabilities[rows, y].mean()), dx / len(x)
