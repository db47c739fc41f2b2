"""Numerical gradients and the sizes of rounding errors: pure functions on arrays."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from autograder.authoring.student import Array

Evaluate = Callable[[Sequence[Array]], Sequence[Array]]


def numerical_gradient(evaluate: Evaluate, x: Array, upstream: Array, step: float = 1e-5) -> Array:
    """Compute the gradient of ``sum(f(x) * upstream)`` with respect to `x`, by central differences.

    Parameters
    ----------
    evaluate : callable
        Maps a sequence of inputs, each of `x`'s shape, to the outputs of f, each of `upstream`'s
        shape. It gets all the inputs at once, so that a remote f costs one round trip.
    x : array, float64
        Where the gradient is taken.
    upstream : array
        The derivative of the loss with respect to f's output.
    step : float
        Half the distance between the two points of a difference.

    Returns
    -------
    array of `x`'s shape, float64
    """
    nudged = []
    for index in np.ndindex(x.shape):
        for sign in (step, -step):
            point = x.copy()
            point[index] += sign
            nudged.append(point)
    outputs = evaluate(nudged)
    slopes = [
        float(np.sum((np.asarray(up) - np.asarray(down)) * upstream)) / (2 * step)
        for up, down in zip(outputs[::2], outputs[1::2], strict=True)
    ]
    return np.array(slopes, dtype=np.float64).reshape(x.shape)


def directional_derivatives(
    evaluate: Evaluate, x: Array, upstream: Array, directions: Array, step: float = 1e-5
) -> Array:
    """Compute how fast ``sum(f(x) * upstream)`` grows along some directions, by central differences.

    These are the inner products of the directions with the gradient. Each costs two evaluations, instead of
    two for every element of `x`, and a direction without zeros sees every element. The step is that of
    `numerical_gradient`: for an f that is not linear, both leave out terms of the same order, and for an f
    with kinks, both are equally unlikely to straddle one.

    Parameters
    ----------
    evaluate, x, upstream
        As in `numerical_gradient`.
    directions : array of shape (P, *x.shape)
        The directions.
    step : float
        Half the distance between the two points of a difference, in units of a direction.

    Returns
    -------
    array of shape (P,), float64
    """
    points = [x + sign * direction for direction in directions for sign in (step, -step)]
    outputs = evaluate(points)
    slopes = [
        float(np.sum((np.asarray(up) - np.asarray(down)) * upstream)) / (2 * step)
        for up, down in zip(outputs[::2], outputs[1::2], strict=True)
    ]
    return np.array(slopes, dtype=np.float64)


# The loss of a transform in units of rounding: log2 of the longest (some hundred elements), with room.
_TRANSFORM = 8.0


def rounding_bound(
    terms: int, magnitude: Array, dtype: np.dtype[np.floating[Any]] | type[np.floating[Any]]
) -> Array:
    """Bound the error of a sum of `terms` products in any order, element by element.

    The classical bound is ``terms * eps / 2 * sum(|a| * |b|)`` (Higham, Accuracy and Stability of
    Numerical Algorithms, section 3.1); it is taken eight times. A transform (FFT) mixes all elements,
    so each element has an error in proportion to the largest, even one whose sum has no terms. A few units
    in the last place of the largest are added for it. The bound is never below the smallest normal number.

    Parameters
    ----------
    terms : int
        The length of the sums.
    magnitude : array
        The same sum of products taken of absolute values.
    dtype : dtype
        The precision in which the student's code may compute.
    """
    precision = np.finfo(dtype)
    largest = np.max(magnitude, initial=0.0)
    allowed: Array = 4.0 * float(precision.eps) * (terms * magnitude + _TRANSFORM * largest)
    return np.asarray(np.maximum(allowed, float(precision.tiny)))
