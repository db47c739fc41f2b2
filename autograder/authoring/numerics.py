"""Compute numerical gradients and bounds of rounding errors."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from autograder.authoring.student import Array, Value

Evaluate = Callable[[Sequence[Array]], Sequence[Value]]


def numerical_gradient(evaluate: Evaluate, x: Array, upstream: Array, step: float = 1e-5) -> Array:
    """Compute the gradient of ``sum(f(x) * upstream)`` with respect to `x`, by central differences.

    Parameters
    ----------
    evaluate : callable
        Maps a sequence of inputs, each of `x`'s shape, to the outputs of f. It gets all the inputs at once,
        so that a remote f costs one round trip. An output that is no array of real numbers of `upstream`'s
        shape, or no real number where that is ``()``, counts as NaN.
    x : array, float64
        The point at which the gradient is taken; the result has its shape.
    upstream : array
        The derivative of the loss with respect to f's output.
    step : float
        Half the distance between the two points of a difference.
    """
    units = np.eye(x.size).reshape(x.size, *x.shape)
    return directional_derivatives(evaluate, x, upstream, units, step).reshape(x.shape)


def directional_derivatives(
    evaluate: Evaluate, x: Array, upstream: Array, directions: Array, step: float = 1e-5
) -> Array:
    """Compute how fast ``sum(f(x) * upstream)`` grows along some directions, by central differences.

    The result, (P,) for `directions` of shape (P, *x.shape), has the inner products of the directions with
    the gradient. Each costs two evaluations, instead of two for every element of `x`, and a direction without
    zeros depends on every element. The other arguments are those of `numerical_gradient`; `step` is in units
    of a direction. Both methods have errors of the same order in a smooth f, and are equally unlikely to
    straddle a kink.
    """
    points = [np.asarray(x + sign * direction) for direction in directions for sign in (step, -step)]
    return _slopes(evaluate(points), upstream, step)


def _slopes(outputs: Sequence[Value], upstream: Array, step: float) -> Array:
    """Compute the central differences of outputs that stand in pairs."""
    numbers = [_numbers(output, upstream.shape) for output in outputs]
    pairs = zip(numbers[::2], numbers[1::2], strict=True)
    return np.array([float(np.sum((up - down) * upstream)) / (2 * step) for up, down in pairs])


def _numbers(output: Value, shape: tuple[int, ...]) -> Array:
    """Give an output of a student's code that can be subtracted, or else NaN, which no gradient fits."""
    found = np.asarray(output) if type(output) in (int, float) else output
    is_right = isinstance(found, np.ndarray) and found.dtype.kind in "fiu" and found.shape == shape
    return np.asarray(found, dtype=np.float64) if is_right else np.full(shape, np.nan)


# The error of a transform in units of rounding: log2 of its length, which is some hundred, with a margin.
_TRANSFORM = 8.0


def rounding_bound(
    terms: int, magnitude: Array, dtype: np.dtype[np.floating[Any]] | type[np.floating[Any]]
) -> Array:
    """Bound the error of a sum of `terms` products in any order, element by element.

    The classical bound is ``terms * eps / 2 * sum(|a| * |b|)`` (Higham, Accuracy and Stability of
    Numerical Algorithms, section 3.1); the result is eight times as large. A transform (FFT) mixes all
    elements, so that the error of each is proportional to the largest element, even if its own sum has no
    terms. For this, a few units in the last place of the largest are added. The bound is never below the
    smallest normal number.

    Parameters
    ----------
    terms : int
        The length of the sums.
    magnitude : array
        The sums of the products' absolute values.
    dtype : dtype
        The precision in which the student's code may compute.
    """
    precision = np.finfo(dtype)
    largest = np.max(magnitude, initial=0.0)
    allowed: Array = 4.0 * float(precision.eps) * (terms * magnitude + _TRANSFORM * largest)
    return np.asarray(np.maximum(allowed, float(precision.tiny)))
