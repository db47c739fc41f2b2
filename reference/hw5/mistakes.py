"""Compute the outputs of wrong variants of the convolution on a case.

Each variant is the reference with one thing changed. If the sizes do not fit a variant, it raises an error,
as a student's code would. ``ALSO`` has other ways to make the same mistake, and ``REGIMES`` the cases that
fail together. ``mistakes.toml`` has the sentences for students.
"""

from __future__ import annotations

import contextlib
import itertools
from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

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


# --- the forward pass ----------------------------------------------------------------------------


def padded(of: Layer, before: int, after: int, **how: Any) -> Array:
    """Put the same number of border pixels elsewhere."""
    widths = ((0, 0), (0, 0), (before, after), (before, after))
    return forward(of, x=np.pad(of.x, widths, **how), pad=0)


def border_on_all_axes(of: Layer) -> Array:
    """Pad the axes of images and channels too."""
    n, c = of.x.shape[:2]
    return forward(of, x=np.pad(of.x, of.pad)[:n, :c], pad=0)


def bias_by_image(of: Layer) -> Array:
    """Choose the bias by the image's number."""
    n, f = len(of.x), len(of.b)
    return forward(of, b=0 * of.b) + of.b[np.arange(n) % f][:, None, None, None]


def bias_in_every_product(of: Layer) -> Array:
    """Add the bias once for each product."""
    return forward(of, b=of.b * np.prod(of.w.shape[1:]))


def sum_of_sums(of: Layer) -> Array:
    """Add the factors instead of multiplying them."""
    return forward(of, w=np.ones_like(of.w), b=of.b + of.w.sum(axis=(1, 2, 3)))


def largest_product(of: Layer) -> Array:
    """Take the largest product instead of the sum."""
    fields = windows(of, of.stride, of.pad)
    products = np.einsum("ncijhw,fchw->nfijchw", fields, of.w)
    return np.asarray(products.max(axis=(4, 5, 6)) + of.b[:, None, None])


def _without_last(w: Array, axis: int) -> Array:
    """Give ones, with zeros in the last place of an axis."""
    kept = np.ones_like(w)
    kept[(slice(None),) * axis + (-1,)] = 0.0
    return kept


def last_weights(of: Layer) -> Layer:
    """Keep the weights in a filter's last row and column alone."""
    kept = np.zeros_like(of.w)
    kept[..., -1, -1] = of.w[..., -1, -1]
    return of.replace(w=kept)


def transposed_filter(of: Layer) -> Array:
    """Exchange rows and columns of a filter."""
    need(of.w.shape[2] == of.w.shape[3])
    return forward(of, w=of.w.swapaxes(2, 3))


def neighbouring_fields(of: Layer, rows: bool = True, columns: bool = True) -> Array:
    """Move fields by one pixel along rows, columns or both, but keep the number that the stride gives."""
    (_, _, height, width), pad = of.w.shape, of.pad
    right = forward(of)
    x = np.pad(of.x, ((0, 0), (0, 0), (pad, pad), (pad, pad)))
    fields = sliding_window_view(x, (height, width), axis=(2, 3))
    fields = fields[:, :, :: 1 if rows else of.stride, :: 1 if columns else of.stride]
    fields = fields[:, :, : right.shape[2], : right.shape[3]]
    return np.asarray(np.einsum("ncijhw,fchw->nfij", fields, of.w) + of.b[:, None, None])


def zeros_at(of: Layer, *places: Any) -> Array:
    """Leave zeros where the output was never written."""
    out = forward(of)
    out[places] = 0.0
    return out


def width_from_height(of: Layer) -> Array:
    """Give an output with as many columns as rows."""
    out = forward(of)
    need(out.shape[3] >= out.shape[2])
    return out[:, :, :, : out.shape[2]]


def one_image_for_all(of: Layer) -> Array:
    """Give every image the first one's output."""
    return np.repeat(forward(of)[:1], len(of.x), axis=0)


def sum_of_images(of: Layer) -> Array:
    """Sum every output over all images: (F, H', W')."""
    return np.asarray(forward(of, b=0 * of.b).sum(axis=0) + of.b[:, None, None])


def size_of(of: Layer, border: int) -> tuple[int, int]:
    """Give H' and W' for that many border pixels on both sides together."""
    (height, width), (rows, columns) = of.x.shape[2:], of.w.shape[2:]
    return 1 + (height + border - rows) // of.stride, 1 + (width + border - columns) // of.stride


def border_counted_once(of: Layer) -> Array:
    """Count the border of both sides once for the output's size."""
    rows, columns = size_of(of, of.pad)
    return forward(of)[:, :, :rows, :columns]


def looped(
    of: Layer,
    loops: tuple[int, int],
    size: tuple[int, int] | None = None,
    *,
    border: int = -1,
    places: Places = in_place,
    steps: tuple[int, int] = (1, 1),
) -> Array:
    """Convolve in plain loops, with other bounds, steps, size or border, or with fields in other places.

    A field at the edge may be cut off, and then NumPy decides whether it can be multiplied.
    """
    (n, f), (height, width), p = (len(of.x), len(of.w)), of.w.shape[2:], of.pad if border < 0 else border
    x = np.pad(of.x, ((0, 0), (0, 0), (p, p), (p, p)))[:, None]
    out = np.zeros((n, f, *(size or loops)))
    for i, j in itertools.product(*map(range, (0, 0), loops, steps)):
        row, column = (k * of.stride for k in places(i, j))
        field = x[..., row : row + height, column : column + width]
        out[:, :, i, j] = (field * of.w).sum(axis=(2, 3, 4)) + of.b
    return out


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


def reshaped_to_swapped(of: Layer) -> Array:
    """Give the output H' and W' in the other order, and leave its numbers in theirs."""
    return forward(of).reshape(len(of.x), len(of.w), *swapped(of))


def allocated(of: Layer, size: tuple[int, int]) -> Array:
    """Make room for another number of outputs. A single row or column fills it, others do not fit in."""
    out = forward(of)
    room = np.zeros((*out.shape[:2], *size))
    with contextlib.suppress(ValueError):
        room[...] = out
    return room


def square(of: Layer, axis: int) -> tuple[int, int]:
    """Give H' twice (axis 2), or W' (axis 3)."""
    return bounds(of, (axis, axis), (axis, axis))


_LAST, _ALL = slice(-1, None), slice(None)

FORWARD: dict[str, Callable[[Layer], Array]] = {
    "bias-left-out": lambda of: forward(of, b=0 * of.b),
    "bias-subtracted": lambda of: forward(of, b=-of.b),
    "bias-in-every-product": bias_in_every_product,
    "bias-at-every-offset": lambda of: forward(of, b=of.b * np.prod(of.w.shape[2:])),
    "bias-for-each-channel": lambda of: forward(of, b=of.b * of.x.shape[1]),
    "bias-of-the-first-filter": lambda of: forward(of, b=np.full_like(of.b, of.b[0])),
    "bias-by-image": bias_by_image,
    "filter-flipped": lambda of: forward(of, w=of.w[:, :, ::-1, ::-1]),
    "filter-transposed": transposed_filter,
    "channels-reversed": lambda of: forward(of, w=of.w[:, ::-1]),
    "first-channel-only": lambda of: forward(of, x=of.x[:, :1], w=of.w[:, :1]),
    "last-channel-only": lambda of: forward(of, x=of.x[:, -1:], w=of.w[:, -1:]),
    "last-row-of-the-filter-missing": lambda of: forward(of, w=of.w * _without_last(of.w, 2)),
    "last-column-of-the-filter-missing": lambda of: forward(of, w=of.w * _without_last(of.w, 3)),
    "last-product-only": lambda of: forward(last_weights(of)),
    "one-filter-for-all": lambda of: forward(of, w=np.repeat(of.w[:1], len(of.w), axis=0)),
    "mean-for-sum": lambda of: forward(of, w=of.w / np.prod(of.w.shape[1:])),
    "plus-for-times": sum_of_sums,
    "largest-for-sum": largest_product,
    "relu-applied": lambda of: np.maximum(forward(of), 0.0),
    "first-image-for-all": one_image_for_all,
    "images-added-up": lambda of: np.repeat(sum_of_images(of)[None], len(of.x), axis=0),
    "first-image-alone": lambda of: zeros_at(of, slice(1, None)),
    "last-filter-missing": lambda of: zeros_at(of, _ALL, _LAST),
    "as-many-filters-as-channels": lambda of: zeros_at(of, _ALL, slice(of.x.shape[1], None)),
    "last-row-missing": lambda of: zeros_at(of, _ALL, _ALL, _LAST),
    "last-column-missing": lambda of: zeros_at(of, _ALL, _ALL, _ALL, _LAST),
    "size-one-too-small": lambda of: forward(of)[:, :, :-1, :-1],
    "size-counts-the-border-once": border_counted_once,
    "stride-always-one": lambda of: forward(of, stride=1),
    "stride-always-two": lambda of: forward(of, stride=2),
    "stride-left-out": neighbouring_fields,
    "stride-along-rows-only": lambda of: neighbouring_fields(of, rows=False),
    "stride-along-columns-only": lambda of: neighbouring_fields(of, columns=False),
    "border-left-out": lambda of: forward(of, pad=0),
    "border-of-one-pixel": lambda of: looped(of, size_of(of, 2), border=1),
    "border-twice": lambda of: forward(of, pad=2 * of.pad),
    "border-before-only": lambda of: padded(of, 2 * of.pad, 0),
    "border-after-only": lambda of: padded(of, 0, 2 * of.pad),
    "border-of-ones": lambda of: padded(of, of.pad, of.pad, constant_values=1.0),
    "border-repeats-the-edge": lambda of: padded(of, of.pad, of.pad, mode="edge"),
    "border-reflects": lambda of: padded(of, of.pad, of.pad, mode="reflect"),
    "border-on-all-axes": border_on_all_axes,
    "rows-and-columns-swapped": lambda of: forward(of).swapaxes(2, 3),
    "columns-from-the-row": lambda of: looped(of, as_given(of), places=by_row),
    "rows-from-the-column": lambda of: looped(of, as_given(of), places=by_column),
    "sizes-in-the-other-order": reshaped_to_swapped,
    "width-from-height": width_from_height,
    "channels-last": lambda of: forward(of).transpose(0, 2, 3, 1),
    "filters-before-images": lambda of: forward(of).swapaxes(0, 1),
    "whole-numbers-kept": lambda of: np.trunc(forward(of)),
    "height-from-width": lambda of: looped(of, bounds(of, (3, 3), (2, 3))),
    "width-from-the-filters-height": lambda of: looped(of, bounds(of, (2, 3), (2, 2))),
    "height-from-the-filters-width": lambda of: looped(of, bounds(of, (2, 3), (3, 3))),
    "loops-over-the-input": lambda of: looped(of, over_the_input(of), size_of(of, 2 * of.pad)),
    "out-left-at-zero": lambda of: np.zeros_like(forward(of)),
}


# --- the gradient by the images ------------------------------------------------------------------


def with_border(of: Layer, **changes: Any) -> Array:
    """Give the gradient of the padded images with the border: (N, C, H + 2 pad, W + 2 pad)."""
    p = of.pad
    return backward(of, x=np.pad(of.x, ((0, 0), (0, 0), (p, p), (p, p))), pad=0, **changes)[0]


def cropped(of: Layer, gradient: Array) -> Array:
    """Cut the border off."""
    (height, width), p = of.x.shape[2:], of.pad
    return gradient[:, :, p : p + height, p : p + width]


def spread(
    of: Layer, step: int, border: int = -1, overwrite: bool = False, places: Places = in_place
) -> Array:
    """Spread each output's gradient over its field, `step` apart; with `overwrite` later fields win."""
    (n, c, height, width), (rows, columns) = of.x.shape, of.w.shape[2:]
    p = of.pad if border < 0 else border
    gradient = np.zeros((n, c, height + 2 * p, width + 2 * p))
    for i, j in np.ndindex(*of.dout.shape[2:]):
        row, column = (k * step for k in places(i, j))
        place = gradient[:, :, row : row + rows, column : column + columns]
        part = np.einsum("nf,fchw->nchw", of.dout[:, :, i, j], of.w)
        place[...] = part if overwrite else place + part
    return gradient[:, :, p : p + height, p : p + width]


def spread_beyond(of: Layer, places: Places) -> Array:
    """Spread the gradients over fields in other places, and drop what lies beyond the image."""
    return spread(extended(of), of.stride, places=places)[:, :, : of.x.shape[2], : of.x.shape[3]]


def overwritten_by_offset(of: Layer) -> Array:
    """Spread the gradients weight by weight, and let later weights win."""
    gradient = np.zeros_like(with_border(of))
    high, wide = (of.stride * (size - 1) + 1 for size in of.dout.shape[2:])
    for i, j in np.ndindex(*of.w.shape[2:]):
        part = np.einsum("nfij,fc->ncij", of.dout, of.w[:, :, i, j])
        gradient[:, :, i : i + high : of.stride, j : j + wide : of.stride] = part
    return cropped(of, gradient)


def of_the_padded_image(of: Layer) -> Array:
    """Give the gradient of images that have the border already: it goes around them once more."""
    (height, width), p = of.x.shape[2:], of.pad
    gradient = np.pad(with_border(of), ((0, 0), (0, 0), (0, 2 * p), (0, 2 * p)))
    return gradient[:, :, p : p + height + 2 * p, p : p + width + 2 * p]


def across(of: Layer) -> Layer:
    """Exchange the indices of dout's rows and columns; the first follows the last."""
    rows, columns = of.dout.shape[2:]
    i, j = np.indices((rows, columns))
    return of.replace(dout=of.dout[:, :, j % rows, i % columns])


def counted(of: Layer, loops: tuple[int, int]) -> tuple[Array, Array, Array]:
    """Give the gradients of loops with other bounds, which find no dout beyond its last row or column."""
    rows, columns = loops
    need(rows <= of.dout.shape[2] and columns <= of.dout.shape[3])
    kept = np.zeros_like(of.dout)
    kept[:, :, :rows, :columns] = of.dout[:, :, :rows, :columns]
    return backward(of, dout=kept)


def masked(of: Layer, image: int) -> Layer:
    """Give the upstream gradient of one image alone."""
    kept = np.zeros_like(of.dout)
    kept[image] = of.dout[image]
    return of.replace(dout=kept)


def into_first_image(of: Layer) -> Array:
    """Add the gradients of all images to the first one's."""
    dx = backward(of)[0]
    gathered = np.zeros_like(dx)
    gathered[0] = dx.sum(axis=0)
    return gathered


def last_filter(of: Layer) -> Layer:
    """Keep the last filter alone."""
    return of.replace(w=of.w[-1:], dout=of.dout[:, -1:])


def first_filter_for_all(of: Layer) -> Array:
    """Use the first filter's weights for every filter."""
    return backward(of, w=np.repeat(of.w[:1], len(of.w), axis=0))[0]


def ones_above(of: Layer) -> Layer:
    """Take an upstream gradient of 1 everywhere."""
    return of.replace(dout=np.ones_like(of.dout))


DX: dict[str, Callable[[Layer], Array]] = {
    "dx-border-kept": with_border,
    "dx-empty-without-pad": lambda of: with_border(of)[:, :, of.pad : -of.pad, of.pad : -of.pad],
    "dx-border-of-one-pixel": lambda of: with_border(of)[:, :, 1:-1, 1:-1],
    "dx-cropped-at-the-end": lambda of: with_border(of)[:, :, : of.x.shape[2], : of.x.shape[3]],
    "dx-cropped-at-the-start": lambda of: with_border(of)[:, :, 2 * of.pad :, 2 * of.pad :],
    "dx-cropped-in-rows-only": lambda of: with_border(of)[:, :, of.pad : of.pad + of.x.shape[2]],
    "dx-width-from-height": lambda of: with_border(of)[
        :, :, of.pad : of.pad + of.x.shape[2], of.pad : of.pad + of.x.shape[2]
    ],
    "dx-overwritten": lambda of: spread(last_filter(of), of.stride, overwrite=True),
    "dx-stride-left-out": lambda of: spread(of, 1),
    "dx-border-twice": of_the_padded_image,
    "dx-transposed": lambda of: backward(of)[0].swapaxes(2, 3),
    "dx-rows-and-columns-swapped": lambda of: spread(of, of.stride, places=exchanged),
    "dx-columns-from-the-row": lambda of: spread(of, of.stride, places=by_row),
    "dx-filter-flipped": lambda of: backward(of, w=of.w[:, :, ::-1, ::-1])[0],
    "dx-one-filter-for-all": first_filter_for_all,
    "dx-first-filter-only": lambda of: backward(of, w=of.w[:1], dout=of.dout[:, :1])[0],
    "dx-last-filter-only": lambda of: backward(last_filter(of))[0],
    "dx-of-the-first-image": lambda of: backward(masked(of, 0))[0],
    "dx-of-the-last-image": lambda of: backward(masked(of, -1))[0],
    "dx-gathered-in-the-first-image": into_first_image,
    "dx-averaged": lambda of: backward(of)[0] / len(of.x),
    "dx-without-dout": lambda of: backward(ones_above(of))[0],
    "dx-is-dw": lambda of: backward(of)[1],
    "dx-height-from-width": lambda of: counted(of, bounds(of, (3, 3), (2, 3)))[0],
    "dx-width-from-the-filters-height": lambda of: counted(of, bounds(of, (2, 3), (2, 2)))[0],
    "dx-height-from-the-filters-width": lambda of: counted(of, bounds(of, (2, 3), (3, 3)))[0],
    "dx-loops-over-the-input": lambda of: counted(of, over_the_input(of))[0],
    "dx-left-at-zero": lambda of: np.zeros_like(of.x),
}


# --- the gradient by the filters -----------------------------------------------------------------


def last_fields(of: Layer, images: slice) -> Array:
    """Keep the last field of some images alone."""
    kept = np.zeros_like(of.dout)
    kept[images, :, -1, -1] = of.dout[images, :, -1, -1]
    return backward(of, dout=kept)[1]


def first_fields(of: Layer, stride: int, pad: int) -> Array:
    """Take as many fields as there are outputs from images with another stride or border."""
    rows, columns = of.dout.shape[2:]
    fields = windows(of, stride, pad)[:, :, :rows, :columns]
    return np.asarray(np.einsum("nfij,ncijhw->fchw", of.dout, fields))


def transposed_fields(of: Layer) -> Array:
    """Take fields that go HH pixels to the right and WW pixels down."""
    x = np.pad(of.x, ((0, 0), (0, 0), (of.pad, of.pad), (of.pad, of.pad)))
    fields = sliding_window_view(x, of.w.shape[2:], axis=(3, 2))[:, :, :: of.stride, :: of.stride]
    return np.asarray(np.einsum("nfij,ncijhw->fchw", of.dout, fields))


def gathered(of: Layer, places: Places) -> Array:
    """Add the fields up in plain loops, from other places."""
    (height, width), p = of.w.shape[2:], of.pad
    x = np.pad(of.x, ((0, 0), (0, 0), (p, p), (p, p)))
    dw = np.zeros_like(of.w)
    for i, j in np.ndindex(*of.dout.shape[2:]):
        row, column = (k * of.stride for k in places(i, j))
        field = x[:, :, row : row + height, column : column + width]
        dw += np.einsum("nf,nchw->fchw", of.dout[:, :, i, j], field)
    return dw


def fields_of(of: Layer, before: int, after: int) -> Array:
    """Take the fields of images with another border."""
    widths = ((0, 0), (0, 0), (before, after), (before, after))
    return backward(of, x=np.pad(of.x, widths), pad=0)[1]


def fields_of_the_first_image(of: Layer) -> Array:
    """Multiply every image's gradient with the first image's fields."""
    return backward(of, x=np.repeat(of.x[:1], len(of.x), axis=0))[1]


def first_channel_for_all(of: Layer) -> Array:
    """Multiply every channel's weights with the first channel."""
    return backward(of, x=np.repeat(of.x[:, :1], of.x.shape[1], axis=1))[1]


DW: dict[str, Callable[[Layer], Array]] = {
    "dw-overwritten": lambda of: last_fields(of, _LAST),
    "dw-stride-left-out": lambda of: first_fields(of, 1, of.pad),
    "dw-border-twice": lambda of: first_fields(of, of.stride, 2 * of.pad),
    "dw-border-left-out": lambda of: fields_of(of, 0, 2 * of.pad),
    "dw-border-of-one-pixel": lambda of: first_fields(of, of.stride, 1),
    "dw-filter-flipped": lambda of: backward(of)[1][:, :, ::-1, ::-1],
    "dw-fields-of-the-first-image": fields_of_the_first_image,
    "dw-of-the-first-image": lambda of: backward(masked(of, 0))[1],
    "dw-of-the-last-image": lambda of: backward(masked(of, -1))[1],
    "dw-averaged": lambda of: backward(of)[1] / len(of.x),
    "dw-averaged-over-outputs": lambda of: backward(of)[1] / (of.dout.size / len(of.b)),
    "dw-without-dout": lambda of: backward(ones_above(of))[1],
    "dw-first-channel-for-all": first_channel_for_all,
    "dw-transposed": lambda of: backward(of)[1].swapaxes(2, 3),
    "dw-rows-and-columns-swapped": lambda of: gathered(of, exchanged),
    "dw-columns-from-the-row": lambda of: gathered(of, by_row),
    "dw-is-dx": lambda of: backward(of)[0],
    "dw-width-from-height": lambda of: counted(of, bounds(of, (2, 2), (2, 3)))[1],
    "dw-height-from-width": lambda of: counted(of, bounds(of, (3, 3), (2, 3)))[1],
    "dw-width-from-the-filters-height": lambda of: counted(of, bounds(of, (2, 3), (2, 2)))[1],
    "dw-height-from-the-filters-width": lambda of: counted(of, bounds(of, (2, 3), (3, 3)))[1],
    "dw-loops-over-the-input": lambda of: counted(of, over_the_input(of))[1],
    "dw-left-at-zero": lambda of: np.zeros_like(of.w),
}


# --- the gradient by the biases ------------------------------------------------------------------

DB: dict[str, Callable[[Layer], Array]] = {
    "db-overwritten": lambda of: of.dout[-1, :, -1, -1],
    "db-subtracted": lambda of: -of.dout.sum(axis=(0, 2, 3)),
    "db-for-each-image": lambda of: of.dout.sum(axis=(2, 3)),
    "db-of-the-first-image": lambda of: of.dout[0].sum(axis=(1, 2)),
    "db-of-the-last-image": lambda of: of.dout[-1].sum(axis=(1, 2)),
    "db-averaged": lambda of: of.dout.sum(axis=(0, 2, 3)) / len(of.x),
    "db-averaged-over-outputs": lambda of: of.dout.mean(axis=(0, 2, 3)),
    "db-of-images": lambda of: of.dout.sum(axis=(1, 2, 3)),
    "db-not-over-places": lambda of: of.dout.sum(axis=0),
    "db-over-filters": lambda of: of.dout.sum(axis=(0, 1)),
    "db-of-columns": lambda of: of.dout.sum(axis=(0, 1, 2)),
    "db-one-number": lambda of: of.dout.sum(),
    "db-the-same-for-all": lambda of: np.full_like(of.b, of.dout.sum()),
    "db-as-a-column": lambda of: of.dout.sum(axis=(0, 2, 3))[:, None],
    "db-as-a-row": lambda of: of.dout.sum(axis=(0, 2, 3))[None],
    "db-without-dout": lambda of: np.full_like(of.b, of.dout.size / len(of.b)),
    "db-rows-and-columns-swapped": lambda of: backward(across(of))[2],
    "db-times-b": lambda of: of.dout.sum(axis=(0, 2, 3)) * of.b,
    "db-width-from-height": lambda of: counted(of, bounds(of, (2, 2), (2, 3)))[2],
    "db-height-from-width": lambda of: counted(of, bounds(of, (3, 3), (2, 3)))[2],
    "db-width-from-the-filters-height": lambda of: counted(of, bounds(of, (2, 3), (2, 2)))[2],
    "db-height-from-the-filters-width": lambda of: counted(of, bounds(of, (2, 3), (3, 3)))[2],
    "db-loops-over-the-input": lambda of: counted(of, over_the_input(of))[2],
    "db-left-at-zero": lambda of: np.zeros_like(of.b),
}


# --- other ways to make the same mistakes --------------------------------------------------------

OTHER_WAYS: dict[str, tuple[Callable[[Layer], Array], ...]] = {
    "images-added-up": (
        sum_of_images,
        lambda of: forward(of).sum(axis=0),
        lambda of: sum_of_images(of)[None],
    ),
    "last-product-only": (
        lambda of: forward(last_weights(of), x=of.x[:, -1:], w=last_weights(of).w[:, -1:]),
    ),
    "size-one-too-small": (
        lambda of: forward(of)[:, :, :-1],
        lambda of: forward(of)[:, :, :, :-1],
    ),
    "width-from-height": (
        lambda of: looped(of, bounds(of, (2, 2), (2, 3))),
        lambda of: looped(of, square(of, 2)),
        lambda of: looped(of, square(of, 2), size_of(of, 2 * of.pad)),
        lambda of: allocated(of, bounds(of, (2, 2), (2, 3))),
    ),
    "height-from-width": (
        lambda of: looped(of, square(of, 3)),
        lambda of: allocated(of, bounds(of, (3, 3), (2, 3))),
    ),
    "width-from-the-filters-height": (
        lambda of: allocated(of, bounds(of, (2, 3), (2, 2))),
        lambda of: looped(of, bounds(of, (2, 3), (2, 2))),
    ),
    "height-from-the-filters-width": (
        lambda of: allocated(of, bounds(of, (2, 3), (3, 3))),
        lambda of: looped(of, bounds(of, (2, 3), (3, 3))),
    ),
    "loops-over-the-input": (
        # the pixel's number is taken for the output's
        lambda of: looped(of, of.x.shape[2:], as_given(of), steps=(of.stride, of.stride)),
        lambda of: looped(of, (of.x.shape[2], as_given(of)[1]), as_given(of), steps=(of.stride, 1)),
    ),
    "rows-and-columns-swapped": (
        lambda of: looped(of, swapped(of)),
        lambda of: looped(extended(of), as_given(of), places=exchanged),
    ),
    "columns-from-the-row": (lambda of: looped(extended(of), as_given(of), places=by_row),),
    "rows-from-the-column": (lambda of: looped(extended(of), as_given(of), places=by_column),),
    "border-of-one-pixel": (
        lambda of: looped(of, size_of(of, 2 * of.pad), border=1),
        lambda of: looped(of, size_of(of, 2)),
    ),
    "dx-border-of-one-pixel": (
        # assigned to dx: a single pixel that is left fills it
        lambda of: np.broadcast_to(with_border(of)[:, :, 1:-1, 1:-1], of.x.shape),
        lambda of: with_border(of)[:, :, 1 : 1 + of.x.shape[2], 1 : 1 + of.x.shape[3]],
        lambda of: spread(of, of.stride, border=1),
    ),
    "dx-overwritten": (lambda of: spread(of, of.stride, overwrite=True), overwritten_by_offset),
    "dx-rows-and-columns-swapped": (
        lambda of: backward(across(of))[0],
        lambda of: spread_beyond(of, exchanged),
    ),
    "dx-columns-from-the-row": (lambda of: spread_beyond(of, by_row),),
    "dw-overwritten": (lambda of: last_fields(of, _ALL),),
    "dw-rows-and-columns-swapped": (
        lambda of: backward(across(of))[1],
        lambda of: gathered(extended(of), exchanged),
    ),
    "dw-transposed": (transposed_fields,),
    "dw-columns-from-the-row": (lambda of: gathered(extended(of), by_row),),
    "db-overwritten": (lambda of: of.dout[:, :, -1, -1].sum(axis=0),),
    "dx-width-from-height": (
        lambda of: counted(of, bounds(of, (2, 2), (2, 3)))[0],
        lambda of: counted(of, square(of, 2))[0],
    ),
    "dw-width-from-height": (lambda of: counted(of, square(of, 2))[1],),
    "db-width-from-height": (lambda of: counted(of, square(of, 2))[2],),
    "dx-height-from-width": (lambda of: counted(of, square(of, 3))[0],),
    "dw-height-from-width": (lambda of: counted(of, square(of, 3))[1],),
    "db-height-from-width": (lambda of: counted(of, square(of, 3))[2],),
}


def _on_case(variant: Callable[[Layer], Array]) -> Callable[[Case], Array]:
    return lambda case: variant(layer_of(case))


VARIANTS = {name: _on_case(variant) for name, variant in {**FORWARD, **DX, **DW, **DB}.items()}
ALSO = {name: tuple(map(_on_case, ways)) for name, ways in OTHER_WAYS.items()}


# --- cases that fail together --------------------------------------------------------------------


def _is_square(case: Case) -> bool:
    return _has_square_filters(case) and case.inputs["x"].shape[2] == case.inputs["x"].shape[3]


def _has_filters_of_three_by_three(case: Case) -> bool:
    return bool(case.inputs["w"].shape[2:] == (3, 3))


def _has_square_filters(case: Case) -> bool:
    return bool(case.inputs["w"].shape[2] == case.inputs["w"].shape[3])


def _unless_one_field(case: Case, fails: bool) -> bool | None:
    """Say nothing where a row or a column has one field only, as no stride leads from it to another."""
    x, w, stride, pad = (case.inputs[name] for name in ("x", "w", "stride", "pad"))
    spaces = (x.shape[axis] + 2 * pad - w.shape[axis] for axis in (2, 3))
    return None if fails and any(space < stride for space in spaces) else fails


# If two have the same cases, the first one claims less, and its sentence is true for both.
REGIMES: dict[str, Callable[[Case], bool | None]] = {
    "fails-without-pad": lambda case: case.inputs["pad"] == 0,
    "fails-unless-pad-is-one": lambda case: case.inputs["pad"] != 1,
    "fails-with-pad": lambda case: case.inputs["pad"] > 0,
    "fails-with-stride": lambda case: _unless_one_field(case, case.inputs["stride"] > 1),
    "fails-unless-stride-is-two": lambda case: _unless_one_field(case, case.inputs["stride"] != 2),
    "fails-unless-square": lambda case: not _is_square(case),
    "fails-unless-filters-are-square": lambda case: not _has_square_filters(case),
    "fails-unless-filters-are-three-by-three": lambda case: not _has_filters_of_three_by_three(case),
    "fails-unless-as-many-filters-as-rows": lambda case: len(case.inputs["w"]) != case.inputs["w"].shape[2],
    "fails-with-several-images": lambda case: len(case.inputs["x"]) > 1,
}
