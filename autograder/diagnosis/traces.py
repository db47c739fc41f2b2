"""Traces: enough of an array to know it again, and too little to learn its elements."""

from __future__ import annotations

import functools
import math

import numpy as np

from autograder.model import Struct
from autograder.student import Array

PROJECTIONS = 3
# How many roundings of the least exact number an array's inner products may be off by, of its length.
ROUNDINGS = 1e4


class Trace(Struct):
    """An array's shape, its inner products with a few random directions, and how far others may be off."""

    shape: tuple[int, ...]
    products: tuple[float, ...]
    allowed: float


def trace_of(array: Array, dtype: type[np.floating]) -> Trace | None:
    """The trace of an array computed in a precision; None where it has no finite numbers to keep."""
    values = np.asarray(array, dtype=np.float64)
    if not np.isfinite(values).all():
        return None
    length = math.sqrt(float(np.sum(values * values)))
    allowed = ROUNDINGS * float(np.finfo(dtype).eps) * (length + 1e-3)
    return Trace(shape=values.shape, products=_products(values), allowed=allowed)


def has_trace(array: Array, trace: Trace) -> bool:
    """Whether an array is the one that left the trace, but for rounding."""
    if array.shape != trace.shape:
        return False
    values = np.asarray(array, dtype=np.float64)
    if not np.isfinite(values).all():
        return False
    pairs = zip(_products(values), trace.products, strict=True)
    return all(abs(one - other) <= trace.allowed for one, other in pairs)


def _products(values: Array) -> tuple[float, ...]:
    return tuple(float(product) for product in _directions(values.shape) @ values.reshape(-1))


@functools.lru_cache(maxsize=256)
def _directions(shape: tuple[int, ...]) -> Array:
    """Directions (3, size), the same for the same shape on every machine."""
    return np.random.default_rng([231, *shape]).standard_normal((PROJECTIONS, math.prod(shape)))
