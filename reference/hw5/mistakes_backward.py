"""Compute wrong gradients: each variant is the reference with one thing changed."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from autograder.authoring import Array

from .layers import (
    LAST,
    Layer,
    Places,
    backward,
    bounds,
    by_row,
    exchanged,
    extended,
    in_place,
    need,
    over_the_input,
    windows,
)


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
    "dw-overwritten": lambda of: last_fields(of, LAST),
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
