"""Fingerprints: enough of an array to recognise it, and too little to learn its elements; keys of cases."""

from __future__ import annotations

import functools
import hashlib
import math

import numpy as np

from autograder.authoring.questions import Case
from autograder.authoring.student import Array
from autograder.model import Struct

PROJECTIONS = 3
# The allowed error of an inner product, in roundings of the array's length.
ROUNDINGS = 1e4
# A direction's largest element, nearly always.
LARGEST = 4.0


class Fingerprint(Struct):
    """An array's shape, its inner products with a few random directions, and their allowed error."""

    shape: tuple[int, ...]
    products: tuple[float, ...]
    allowed: float

    @property
    def is_broken(self) -> bool:
        """True if there is no array: the code raises."""
        return not self.products


BROKEN = Fingerprint(shape=(), products=(), allowed=0.0)


def case_key(case: Case) -> str:
    """Name a case's inputs by their hash: equal inputs have the same name everywhere."""
    digest = hashlib.sha256()
    for name, value in sorted(case.inputs.items()):
        array = np.ascontiguousarray(value)
        digest.update(f"{name} {array.dtype.str} {array.shape} ".encode() + array.tobytes())
    return digest.hexdigest()[:16]


def fingerprint_of(array: Array, dtype: type[np.floating]) -> Fingerprint | None:
    """Take the fingerprint of an array computed with `dtype`; give None if an element is not finite."""
    values = np.asarray(array, dtype=np.float64)
    if not np.isfinite(values).all():
        return None
    length = math.sqrt(float(np.sum(values * values)))
    allowed = ROUNDINGS * float(np.finfo(dtype).eps) * (length + 1e-3)
    return Fingerprint(shape=values.shape, products=_products(values), allowed=allowed)


def has_fingerprint(array: Array, fingerprint: Fingerprint, error: float = 0.0) -> bool:
    """Decide whether an array has the fingerprint, up to rounding and to an `error` of each element."""
    if array.shape != fingerprint.shape or fingerprint.is_broken:
        return False
    values = np.asarray(array, dtype=np.float64)
    if not np.isfinite(values).all():
        return False
    pairs = zip(_products(values), fingerprint.products, strict=True)
    allowed = fingerprint.allowed + LARGEST * error * array.size
    return all(abs(one - other) <= allowed for one, other in pairs)


def _products(values: Array) -> tuple[float, ...]:
    return tuple(float(product) for product in _directions(values.shape) @ values.reshape(-1))


@functools.lru_cache(maxsize=256)
def _directions(shape: tuple[int, ...]) -> Array:
    """Draw directions, (3, size): the same for the same shape on every machine."""
    return np.random.default_rng([231, *shape]).standard_normal((PROJECTIONS, math.prod(shape)))
