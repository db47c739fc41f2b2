"""Compute numerical gradients by central differences: slow, but simple enough to judge a backward pass."""

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

__all__ = ["eval_numerical_gradient", "eval_numerical_gradient_array"]

Array = NDArray[Any]


def eval_numerical_gradient(
    f: Callable[[Array], float], x: Array, verbose: bool = False, h: float = 1e-5
) -> Array:
    """Compute the gradient of a function that gives one number.

    Parameters
    ----------
    f : callable
        Takes `x`, gives a number.
    x : array of floats
        Where the gradient is wanted. It is changed while this runs and restored at the end.
    verbose : bool
        Print every component.
    h : float
        Half the distance between the two points of a difference.

    Returns
    -------
    array of x's shape, float64
    """
    grad = np.zeros(x.shape)
    for place in _nudged(x):
        up, down = _both_sides(f, x, place, h)
        grad[place] = (up - down) / (2 * h)
        if verbose:
            print(place, grad[place])
    return grad


def eval_numerical_gradient_array(f: Callable[[Array], Array], x: Array, df: Array, h: float = 1e-5) -> Array:
    """Compute the gradient of ``np.sum(f(x) * df)``, for a function that gives an array.

    Parameters
    ----------
    f : callable
        Takes `x`, gives an array of `df`'s shape.
    x : array of floats
        Where the gradient is wanted. It is changed while this runs and restored at the end.
    df : array
        The upstream gradient, by f's output.
    h : float
        Half the distance between the two points of a difference.

    Returns
    -------
    array of x's shape, float64
    """
    grad = np.zeros(x.shape)
    for place in _nudged(x):
        up, down = _both_sides(lambda value: np.array(f(value)), x, place, h)
        grad[place] = np.sum((up - down) * df) / (2 * h)
    return grad


def _nudged(x: Array) -> Iterator[tuple[int, ...]]:
    """Give every index of x; integers can't be moved by a small step, so they are refused."""
    if not np.issubdtype(x.dtype, np.floating):
        raise ValueError(f"x must be an array of floats, got {x.dtype}")
    return iter(np.ndindex(x.shape))


def _both_sides(f: Callable[[Array], Any], x: Array, place: tuple[int, ...], h: float) -> tuple[Any, Any]:
    """Give f with one entry of x a step up, and a step down."""
    value = x[place]
    x[place] = value + h
    up = f(x)
    x[place] = value - h
    down = f(x)
    x[place] = value
    return up, down
