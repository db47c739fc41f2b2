"""Compute wrong outputs of the forward pass: each variant is the reference with one thing changed."""

from __future__ import annotations

import contextlib
import itertools
from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from autograder.authoring import Array

from .layers import (
    ALL,
    LAST,
    Layer,
    Places,
    as_given,
    bounds,
    by_column,
    by_row,
    forward,
    in_place,
    need,
    over_the_input,
    size_of,
    swapped,
    windows,
)


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
    "last-filter-missing": lambda of: zeros_at(of, ALL, LAST),
    "as-many-filters-as-channels": lambda of: zeros_at(of, ALL, slice(of.x.shape[1], None)),
    "last-row-missing": lambda of: zeros_at(of, ALL, ALL, LAST),
    "last-column-missing": lambda of: zeros_at(of, ALL, ALL, ALL, LAST),
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
