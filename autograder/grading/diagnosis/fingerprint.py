"""Traces: enough of an array to know it again, and too little to learn its elements."""

from __future__ import annotations

import functools
import math

import numpy as np

from autograder.authoring.student import Array
from autograder.model import Struct

PROJECTIONS = 3
# How many roundings of the least exact number an array's inner products may be off by, of its length.
ROUNDINGS = 1e4


class Fingerprint(Struct):
    """An array's shape, its inner products with a few random directions, and how far others may be off."""

    shape: tuple[int, ...]
    products: tuple[float, ...]
    allowed: float


def fingerprint_of(array: Array, dtype: type[np.floating]) -> Fingerprint | None:
    """The fingerprint of an array computed in a precision; None where it has no finite numbers to keep."""
    values = np.asarray(array, dtype=np.float64)
    if not np.isfinite(values).all():
        return None
    length = math.sqrt(float(np.sum(values * values)))
    allowed = ROUNDINGS * float(np.finfo(dtype).eps) * (length + 1e-3)
    return Fingerprint(shape=values.shape, products=_products(values), allowed=allowed)


def has_fingerprint(array: Array, fingerprint: Fingerprint) -> bool:
    """Whether an array is the one that left the fingerprint, but for rounding."""
    if array.shape != fingerprint.shape:
        return False
    values = np.asarray(array, dtype=np.float64)
    if not np.isfinite(values).all():
        return False
    pairs = zip(_products(values), fingerprint.products, strict=True)
    return all(abs(one - other) <= fingerprint.allowed for one, other in pairs)


def _products(values: Array) -> tuple[float, ...]:
    return tuple(float(product) for product in _directions(values.shape) @ values.reshape(-1))


@functools.lru_cache(maxsize=256)
def _directions(shape: tuple[int, ...]) -> Array:
    """Directions (3, size), the same for the same shape on every machine."""
    return np.random.default_rng([231, *shape]).standard_normal((PROJECTIONS, math.prod(shape)))
