"""Decide whether one output is right: its shape, dtype, NaN, inf and closeness, here and nowhere else."""

from __future__ import annotations

import numpy as np

from autograder.authoring.questions import Expected
from autograder.authoring.student import Array, Value
from autograder.authoring.unpack import kind_of
from autograder.model import Cause, Struct


class Mismatch(Struct):
    """A sentence that says why an output is wrong, the numbers around the first error, and its index."""

    message: str
    cause: Cause
    place: tuple[int, ...] = ()


def compare(name: str, actual: Value, expected: Expected) -> Mismatch | None:
    """Compare one output with the expected one; give None if it is right.

    `name` is the output's name in messages: ``out``, ``dx``.
    """
    shape, dtype = expected.shape, expected.value.dtype
    if not isinstance(actual, np.ndarray | float | int) or isinstance(actual, bool):
        return _mismatch(f"`{name}` is {kind_of(actual)}, expected an array of shape {shape}")
    values = np.asarray(actual)
    if values.dtype.kind not in "fiu":
        return _mismatch(f"`{name}` has dtype {values.dtype}, expected real numbers such as {dtype}")
    if values.shape != shape:
        reason = f": {expected.reason}" if expected.reason else ""
        message = f"`{name}` has shape {values.shape}, expected {shape}{reason}"
        return _mismatch(message, str(shape), str(values.shape))
    if not np.isfinite(expected.allowed).all():
        return _mismatch(f"`{name}` can't be compared: the right value is not finite, or has no error bound")
    if expected.along is not None:
        return _compare_along(name, values.astype(np.float64), expected.along, expected)
    return _compare_values(name, values.astype(np.float64), expected)


def _wrong(values: Array, expected: Expected) -> Array:
    with np.errstate(invalid="ignore", over="ignore"):
        error = np.abs(values - expected.value)
        return np.asarray(~(error <= expected.allowed))  # written so that a NaN is wrong


def _compare_along(name: str, values: Array, directions: Array, expected: Expected) -> Mismatch | None:
    """Compare inner products with random arrays: they show that some element is wrong, but not which one."""
    with np.errstate(invalid="ignore", over="ignore"):
        products = directions.reshape(len(directions), -1) @ values.reshape(-1)
    wrong = _wrong(products, expected)
    if not wrong.any():
        return None
    first = int(np.argmax(wrong))
    given, wanted = told_apart(float(products[first]), float(expected.value[first]))
    message = (
        f"`{name}` is wrong: the sum of `{name} * r`, where `r` is an array of random numbers, "
        f"is {given} instead of {wanted}"
    )
    return Mismatch(message=message, cause=_cause(expected.value, products))


def _compare_values(name: str, values: Array, expected: Expected) -> Mismatch | None:
    wrong = _wrong(values, expected)
    if not wrong.any():
        return None
    first = tuple(int(i) for i in np.argwhere(wrong)[0])
    place = f"{name}[{', '.join(map(str, first))}]" if first else name
    count = int(wrong.sum())
    given, wanted = told_apart(float(values[first]), float(expected.value[first]))
    message = (
        f"`{place}` is {given} instead of {wanted}"
        if wrong.size == 1
        else f"{count} of {wrong.size} elements of `{name}` {'is' if count == 1 else 'are'} wrong, "
        f"the first at {place}: {given} instead of {wanted}"
    )
    cause = _cause(_around(expected.value, first), _around(values, first), place)
    return Mismatch(message=message, cause=cause, place=first)


def _mismatch(message: str, expected: str = "", actual: str = "") -> Mismatch:
    return Mismatch(message=message, cause=Cause(expected=expected, actual=actual))


def told_apart(one: float, other: float) -> tuple[str, str]:
    """Write two numbers with enough digits to show that they differ, and with at least 6.

    >>> told_apart(1.5, 2.0), told_apart(1.9375701, 1.9375702)
    (('1.5', '2'), ('1.9375701', '1.9375702'))
    """
    texts = ((f"{one:.{digits}g}", f"{other:.{digits}g}") for digits in range(6, 18))
    return next(((a, b) for a, b in texts if a != b), (str(one), str(other)))


def _around(values: Array, index: tuple[int, ...], reach: int = 4) -> Array:
    """Cut the matrix that holds the element to a few rows and columns around it."""
    if values.ndim < 2:
        start = max(0, index[0] - reach) if index else 0
        return values[start : start + 2 * reach + 1] if values.ndim else values
    row, column = (max(0, i - reach) for i in index[-2:])
    return np.asarray(values[index[:-2]])[row : row + 2 * reach + 1, column : column + 2 * reach + 1]


def _cause(expected: Array, actual: Array, place: str = "") -> Cause:
    """Write both arrays with enough digits to show that they differ."""
    texts = ((_text(expected, digits), _text(actual, digits)) for digits in (4, 8, 16))
    shown = next((pair for pair in texts if pair[0] != pair[1]), None)
    wanted, given = shown or (str(expected.tolist()), str(actual.tolist()))
    return Cause(expected=wanted, actual=given, at=place)


def _text(values: Array, digits: int) -> str:
    return np.array2string(values, precision=digits, suppress_small=True, threshold=200, max_line_width=100)
