"""A layer's arguments, the right results with other arguments, and the sizes that mistaken code takes."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np

from autograder.authoring import Array, Case

from . import convolution

# Where a loop puts the field of the output (i, j): the numbers of strides down and to the right.
Places = Callable[[int, int], tuple[int, int]]


class Layer(NamedTuple):
    """A case's arguments, float64: x (N, C, H, W), w (F, C, HH, WW), b (F,), dout (N, F, H', W')."""

    x: Array
    w: Array
    b: Array
    dout: Array
    stride: int
    pad: int

    def replace(self, **changes: Any) -> Layer:
        """Give the layer with other arguments."""
        return self._replace(**changes)


def layer_of(case: Case) -> Layer:
    """Give the arguments of a case; a case of the forward pass alone has no dout."""
    arrays = {name: np.asarray(case.inputs.get(name, np.nan), dtype=np.float64) for name in Layer._fields[:4]}
    return Layer(**arrays, stride=case.inputs["stride"], pad=case.inputs["pad"])


def forward(of: Layer, **changes: Any) -> Array:
    """Give the right output of a layer with other arguments: (N, F, H', W')."""
    one = of.replace(**changes)
    return convolution.forward(one.x, one.w, one.b, one.stride, one.pad)


def backward(of: Layer, **changes: Any) -> tuple[Array, Array, Array]:
    """Give the right gradients of a layer with other arguments."""
    one = of.replace(**changes)
    return convolution.backward(one.dout, one.x, one.w, one.stride, one.pad)


def windows(of: Layer, stride: int, pad: int) -> Array:
    """Give the receptive fields of a layer's images with another stride and border."""
    height, width = of.w.shape[2:]
    return convolution.windows(of.x, height, width, stride, pad)


def need(condition: bool) -> None:
    """Raise an error if a variant has no output for this case."""
    if not condition:
        raise ValueError


def in_place(i: int, j: int) -> tuple[int, int]:
    """Put each field where it belongs."""
    return i, j


def exchanged(i: int, j: int) -> tuple[int, int]:
    """Take rows for columns."""
    return j, i


def by_row(i: int, _: int) -> tuple[int, int]:
    """Take the row's number for the column's, too."""
    return i, i


def by_column(_: int, j: int) -> tuple[int, int]:
    """Take the column's number for the row's, too."""
    return j, j


def size_of(of: Layer, border: int) -> tuple[int, int]:
    """Give H' and W' for that many border pixels on both sides together."""
    (height, width), (rows, columns) = of.x.shape[2:], of.w.shape[2:]
    return 1 + (height + border - rows) // of.stride, 1 + (width + border - columns) // of.stride


def bounds(of: Layer, x: tuple[int, int], w: tuple[int, int]) -> tuple[int, int]:
    """Give H' and W' from other axes: 2 for rows and 3 for columns of x and of w."""
    rows, columns = (
        1 + (of.x.shape[of_x] + 2 * of.pad - of.w.shape[of_w]) // of.stride
        for of_x, of_w in zip(x, w, strict=True)
    )
    return rows, columns


def swapped(of: Layer) -> tuple[int, int]:
    """Give H' and W' of a layer whose rows are taken for columns."""
    return bounds(of, (3, 2), (2, 3))


def over_the_input(of: Layer) -> tuple[int, int]:
    """Count the pixels of the image, a stride apart, instead of the fields."""
    rows, columns = (-(-size // of.stride) for size in of.x.shape[2:])
    return rows, columns


def as_given(of: Layer) -> tuple[int, int]:
    """Give H' and W' as they are."""
    return bounds(of, (2, 3), (2, 3))


def extended(of: Layer) -> Layer:
    """Go on with zeros beyond the last row and column, where code may cut its fields instead of failing."""
    more = of.stride * max(as_given(of))
    return of.replace(x=np.pad(of.x, ((0, 0), (0, 0), (0, more), (0, more))))


def square(of: Layer, axis: int) -> tuple[int, int]:
    """Give H' twice (axis 2), or W' (axis 3)."""
    return bounds(of, (axis, axis), (axis, axis))


LAST, ALL = slice(-1, None), slice(None)
