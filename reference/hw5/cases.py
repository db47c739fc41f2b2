"""Give the inputs on which submissions of HW5 are tested.

Fixed cases are the same for all. The others are drawn for each submission from its own seed, so that no table
of answers helps.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from msgspec.structs import replace

from autograder.authoring import Case, Generator

from . import visible

ARRAYS = ("x", "w", "b", "dout")

# regime: (x, (F, HH, WW), stride, pad, dtype), shapes at which a naive loop takes about a millisecond.
# A regime has one peculiarity, so that one mistake costs one check; only `mixed` has several. Of two sizes
# that may be mixed up, each is the smaller one in some case: H and C, H' and HH, pad and C, and so on.
Recipe = tuple[tuple[int, int, int, int], tuple[int, int, int], int, int, str]
RECIPES: dict[str, tuple[Recipe, ...]] = {
    "basic": (
        ((2, 3, 5, 5), (4, 3, 3), 1, 1, "float64"),
        ((3, 1, 4, 4), (2, 3, 3), 1, 1, "float64"),
    ),
    "stride": (
        ((2, 3, 7, 7), (2, 3, 3), 2, 1, "float64"),
        ((2, 2, 8, 8), (3, 4, 4), 3, 1, "float64"),
        ((1, 2, 7, 7), (2, 3, 3), 3, 1, "float64"),
        ((2, 3, 4, 4), (2, 2, 2), 4, 1, "float64"),  # pixels that no field sees
    ),
    "pad": (
        ((2, 2, 4, 4), (3, 5, 5), 1, 2, "float64"),
        ((1, 3, 4, 4), (2, 7, 7), 1, 3, "float64"),
        ((2, 2, 4, 4), (3, 1, 1), 1, 2, "float64"),  # fields that see the border alone
        ((3, 1, 2, 2), (4, 7, 7), 1, 3, "float64"),  # a border wider than the image
    ),
    "no-pad": (
        ((2, 2, 5, 5), (3, 3, 3), 1, 0, "float64"),
        ((1, 3, 6, 6), (2, 2, 2), 1, 0, "float64"),
        ((1, 2, 5, 5), (2, 4, 4), 1, 0, "float64"),  # fewer outputs than the filter has rows
        ((2, 4, 3, 3), (2, 3, 3), 1, 0, "float64"),  # one field, the whole image
    ),
    "rectangular": (
        ((2, 2, 5, 8), (3, 3, 3), 1, 1, "float64"),
        ((1, 3, 6, 4), (2, 2, 4), 1, 1, "float64"),
        ((2, 2, 7, 6), (2, 3, 2), 1, 1, "float64"),
    ),
    "float32": (
        ((2, 3, 5, 5), (2, 3, 3), 1, 1, "float32"),
        ((1, 2, 6, 6), (3, 3, 3), 1, 1, "float32"),
    ),
    "mixed": (
        ((2, 2, 5, 8), (3, 3, 2), 2, 1, "float64"),
        ((1, 3, 8, 6), (2, 3, 4), 3, 2, "float64"),
        ((1, 3, 7, 2), (2, 3, 4), 3, 1, "float64"),  # strides larger than the image's width,
        ((1, 3, 2, 7), (2, 4, 3), 3, 1, "float64"),  # and than its height
        ((1, 3, 8, 2), (2, 2, 2), 3, 3, "float64"),  # three fields along two columns
    ),
}
# The homework leaves these cases open, so they are asked as notes: sizes that the stride does not divide (the
# pixels left over are not used), integer images with float weights, and integers in the backward pass.
UNEVEN: tuple[Recipe, ...] = (
    ((2, 2, 6, 6), (3, 3, 3), 2, 1, "float64"),
    ((1, 2, 6, 7), (2, 3, 3), 3, 1, "float64"),
    ((1, 3, 7, 6), (2, 3, 3), 3, 1, "float64"),
    ((3, 1, 5, 5), (2, 2, 2), 2, 0, "float64"),
)


def draw(rng: Generator, name: str, regime: str, recipe: Recipe) -> Case:
    """Draw one case of a recipe, with standard normal values."""
    (n, c, rows, columns), filters, stride, pad, dtype = recipe
    return visible.convolution_case(rng, name, regime, (n, c, rows, columns), filters, stride, pad, dtype)


def _cast(case: Case, dtype: str, names: Sequence[str]) -> Case:
    """Give the case with some of its arrays rounded to integers up to about ten."""
    cast = {name: (case.inputs[name] * 4.0).astype(dtype) for name in names}
    about = f"{case.about}, {', '.join(names)} {dtype}"
    return replace(case, about=about, inputs={**case.inputs, **cast})


def odd_cases(rng: Generator) -> Sequence[Case]:
    """Draw cases that the homework leaves open or only implies; each has a regime and a check of its own."""
    uneven = [draw(rng, f"uneven-{number}", "uneven", recipe) for number, recipe in enumerate(UNEVEN, 1)]
    # first all arrays hold integers, so that their sums are exact; then only the images do
    integers = _cast(draw(rng, "integers", "integers", RECIPES["basic"][0]), "int64", ARRAYS)
    images = _cast(draw(rng, "integer-images", "integer-images", RECIPES["basic"][0]), "int64", ("x",))
    return [*uneven, integers, images]


def repeated_cases(rng: Generator) -> Sequence[Case]:
    """Draw a case that is asked twice in a row; its message says so."""
    case = draw(rng, "repeated", "repeated", vary(rng, RECIPES["basic"][0]))
    return [replace(case, about=f"{case.about}, called again with the same arrays")]


def fixed_cases() -> Sequence[Case]:
    """Draw the cases that every submission gets, from one fixed seed."""
    rng = np.random.default_rng(20231)
    return [
        draw(rng, f"fixed-{regime}-{number}", regime, recipe)
        for regime, recipes in RECIPES.items()
        for number, recipe in enumerate(recipes, 1)
    ]


def vary(rng: Generator, recipe: Recipe) -> Recipe:
    """Give another recipe of the same regime, with up to one more image, channel and filter."""
    (n, c, rows, columns), (f, height, width), stride, pad, dtype = recipe
    more = [int(k) for k in rng.integers(0, 2, size=3)]
    grow = stride * int(rng.integers(0, 2))
    image = (n + more[0], c + more[1], rows + grow, columns + grow)
    return image, (f + more[2], height, width), stride, pad, dtype


def all_cases(rng: Generator) -> Sequence[Case]:
    """Give the fixed cases, and one of each regime for this submission alone."""
    drawn = [
        draw(rng, f"drawn-{regime}", regime, vary(rng, recipes[int(rng.integers(len(recipes)))]))
        for regime, recipes in RECIPES.items()
    ]
    return [*fixed_cases(), *drawn]


def gradient_cases(rng: Generator) -> Sequence[Case]:
    """Draw one small case for numerical gradients, which take two calls for each number."""
    recipe = ((1, 2, 4, 4), (2, 3, 3), 1, 1, "float64")
    return [draw(rng, "drawn-gradient", "gradient", recipe)]
