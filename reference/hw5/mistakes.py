"""Compute the outputs of wrong variants of the convolution on a case.

Each variant is the reference with one thing changed. If the sizes do not fit a variant, it raises an error,
as a student's code would. ``ALSO`` has other ways to make the same mistake, and ``REGIMES`` the cases that
fail together. ``mistakes.toml`` has the sentences for students.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from autograder.authoring import Array, Case

from .layers import (
    ALL,
    Layer,
    as_given,
    backward,
    bounds,
    by_column,
    by_row,
    exchanged,
    extended,
    forward,
    layer_of,
    size_of,
    square,
    swapped,
)
from .mistakes_backward import (
    DB,
    DW,
    DX,
    across,
    counted,
    gathered,
    last_fields,
    overwritten_by_offset,
    spread,
    spread_beyond,
    transposed_fields,
    with_border,
)
from .mistakes_forward import FORWARD, allocated, last_weights, looped, sum_of_images

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
    "dw-overwritten": (lambda of: last_fields(of, ALL),),
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
