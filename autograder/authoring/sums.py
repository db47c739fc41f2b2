"""Explain one element of an output that is a sum of products: in numbers, and as a picture.

The picture shows the matrices whose numbers are in the sum, the sum term by term, and the element in the
right output beside the student's.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

import numpy as np

from autograder.authoring.figures import (
    BORDER,
    LINE,
    MARGIN,
    MARK,
    MARK_EDGE,
    RIGHT,
    SOFT,
    WRONG,
    Area,
    Matrix,
    arrow,
    drawing,
    flow,
    label,
    legend,
    number,
    rectangle,
    text,
)
from autograder.authoring.questions import Answer, Explanation
from autograder.authoring.student import Array
from autograder.model import Struct

Index = tuple[int, ...]
# The factors of one product: the name of an array, and an index in it.
Product = tuple[tuple[str, Index], ...]

# The most terms that are written out, and the most cells of a side, and matrices of an array, that are drawn.
MOST_TERMS, MOST_CELLS, MOST_MATRICES = 12, 12, 2
_GAP, _ARROWS, _TERM, _LETTER = 44, 44, 30, 8.0


class Sum(Struct):
    """An element of an output as a sum of products.

    output, index   the element
    arrays          the arrays by name
    products        the places of the factors of each product
    constant        a number that is added, with what it is; None if there is none
    borders         the width of the rim that was put around an array, and what it is
    """

    output: str
    index: Index
    arrays: Mapping[str, Array]
    products: Sequence[Product]
    constant: tuple[float, str] | None = None
    borders: Mapping[str, tuple[int, str]] = {}

    def values(self, product: Product) -> list[float]:
        """Give the factors of a product."""
        return [float(self.arrays[name][index]) for name, index in product]

    @property
    def telling(self) -> list[Product]:
        """The products that are not zero."""
        return [product for product in self.products if np.prod(self.values(product))]

    @property
    def total(self) -> float:
        """The sum."""
        added = self.constant[0] if self.constant else 0.0
        return sum((float(np.prod(self.values(product))) for product in self.products), added)

    @property
    def name(self) -> str:
        """The element as code writes it."""
        return f"{self.output}[{', '.join(map(str, self.index))}]"


def explain_sum(made: Sum, answer: Answer) -> Explanation:
    """Write and draw a sum, beside the right output and the student's."""
    return Explanation(terms=_say(made), drawing=_draw(made, answer))


def _say(made: Sum) -> str:
    """Write the sum in numbers, without terms that are zero."""
    terms = [" * ".join(f"{value:g}" for value in made.values(product)) for product in made.telling]
    if made.constant is not None:
        terms.append(f"{made.constant[0]:g} ({made.constant[1]})")
    shown = terms if len(terms) <= MOST_TERMS else [*terms[: MOST_TERMS - 1], "…"]
    return f"{made.name} = {' + '.join(shown) or '0'} = {made.total:g}"


# --- the picture ----------------------------------------------------------------------------------------


def _draw(made: Sum, answer: Answer) -> str:
    """Draw the factors' matrices, the sum below them, and the element in both outputs."""
    factors = [_matrices(made, position) for position in range(len(made.products[0]) if made.products else 0)]
    results = _results(made, answer)
    every = [matrix for column in (*factors, results) for matrix in column]
    if not results or any(max(one.values.shape) > MOST_CELLS for one in every):
        return ""
    columns = [*factors, *([one] for one in results)]
    lefts = _lefts(columns)
    width = max(lefts[-1] + columns[-1][0].width + MARGIN, 680)
    below = MARGIN + max(sum(one.height + 10 for one in column) for column in columns)
    parts = list(_placed(columns, lefts, len(factors)))
    sums, height = _terms(made, below + _ARROWS, width - 2 * MARGIN)
    parts += sums
    top = below + _ARROWS
    ends = [*(column[0] for column in factors), results[0]]
    parts += _arrows(ends, columns, lefts, top)
    entries = _legend(made)
    key, key_height = legend(entries, MARGIN, top + height + 14, width - 2 * MARGIN)
    whole = top + height + 14 + key_height + 8
    actual = number(results[-1].values[results[-1].framed or (0, 0)])
    title = f"{made.name} is {number(made.total)}, and yours is {actual}"
    return drawing(width, whole, title, _say(made), [*parts, *key])


def _matrices(made: Sum, position: int) -> list[Matrix]:
    """Give the matrices in which the factors at a position of the products are, the first ones alone."""
    name = made.products[0][position][0]
    array = made.arrays[name]
    labels = {product: str(n) for n, product in enumerate(made.telling[: MOST_TERMS - 1], 1)}
    marked: dict[Index, dict[tuple[int, int], str]] = {}
    for product in made.products:
        *outer, row, column = product[position][1]
        marked.setdefault(tuple(outer), {})[row, column] = labels.get(product, "")
    border, _ = made.borders.get(name, (0, ""))
    titled = {place: f"{name}[{', '.join(map(str, place))}]" if place else name for place in marked}
    left = len(marked) - MOST_MATRICES
    if left > 0:
        titled[[*marked][MOST_MATRICES - 1]] += f", {left} more"
    return [
        Matrix(title=titled[place], values=array[place], marked=cells, border=border)
        for place, cells in list(marked.items())[:MOST_MATRICES]
    ]


def _results(made: Sum, answer: Answer) -> list[Matrix]:
    """Give the matrix with the element, in the right output and in the student's."""
    *outer, column = made.index
    row = outer.pop() if outer else 0
    where = f"[{', '.join(map(str, outer))}]" if outer else ""
    found = []
    for whose, array, colour in (
        ("expected", answer.expected[made.output].value, RIGHT),
        ("your", answer.outputs.get(made.output), WRONG),
    ):
        if not isinstance(array, np.ndarray) or array.dtype.kind not in "fiub":
            return []
        plane = np.atleast_2d(array[tuple(outer)])
        title = f"{whose} {made.output}{where}"
        found.append(Matrix(title=title, values=plane, framed=(row, column), frame=colour))
    return found


def _lefts(columns: Sequence[Sequence[Matrix]]) -> list[float]:
    lefts, at = [], float(MARGIN)
    for column in columns:
        lefts.append(at)
        at += max(one.width for one in column) + _GAP
    return lefts


def _placed(columns: Sequence[Sequence[Matrix]], lefts: Sequence[float], factors: int) -> Iterator[str]:
    """Draw the columns, with signs between them: a product gives a sum, and the outputs differ."""
    for position, (column, left) in enumerate(zip(columns, lefts, strict=True)):
        y = float(MARGIN)
        for matrix in column:
            yield from matrix.draw(left, y)
            y += matrix.height + 10
        sign = "≠" if position == len(columns) - 1 else "×" if 0 < position < factors else ""
        if sign:
            yield text(left - _GAP / 2, MARGIN + 46, sign, size=20, anchor="middle", colour=SOFT)


def _terms(made: Sum, top: float, room: float) -> tuple[list[str], float]:
    """Draw the sum: each term in a box with its number; gives its height, too."""
    shown = made.telling if len(made.telling) < MOST_TERMS else made.telling[: MOST_TERMS - 2]
    boxes = [(str(n), " × ".join(number(v) for v in made.values(p))) for n, p in enumerate(shown, 1)]
    if len(shown) < len(made.telling):
        boxes.append(("", f"… {len(made.telling) - len(shown)} more"))
    if made.constant is not None:
        boxes.append(("", f"{number(made.constant[0])} ({made.constant[1]})"))
    if not boxes:
        boxes.append(("", "nothing: no product has it"))
    words = [f"{made.name} =", *(term for _, term in boxes), f"= {number(made.total)}"]
    widths = [len(one) * _LETTER + (22 if 0 < n < len(words) - 1 else 4) for n, one in enumerate(words)]
    placed = flow(widths, room, 16)
    parts: list[str] = []
    for n, ((at, row), one, wide) in enumerate(zip(placed, words, widths, strict=True)):
        x, y = MARGIN + at, top + row * (_TERM + 12)
        if 0 < n < len(words) - 1:
            name = boxes[n - 1][0]
            parts.append(rectangle(Area(x=x, y=y, width=wide, height=_TERM), "#ffffff", LINE, 1, 5))
            parts.append(text(x + wide / 2, y + 20, one, anchor="middle"))
            if name:
                parts.append(label(x + 1, y + 2, name))
            if n > 1:
                parts.append(text(x - 8, y + 20, "+", anchor="middle"))
        else:
            parts.append(text(x, y + 20, one, weight="bold", colour=RIGHT if n else "#1d1f23"))
    return parts, (placed[-1][1] + 1) * (_TERM + 12) - 12


def _arrows(
    ends: Sequence[Matrix], columns: Sequence[Sequence[Matrix]], lefts: Sequence[float], top: float
) -> Iterator[str]:
    """Draw arrows from the factors into the sum, and from the sum to the element of the right output."""
    for column, left in zip(columns[: len(ends) - 1], lefts, strict=False):
        bottom = MARGIN + sum(one.height + 10 for one in column) - 10
        x = left + column[-1].values.shape[1] * column[-1].cell_width / 2
        yield arrow((x, bottom + 6), (x, top - 6))
    result, left = ends[-1], lefts[len(ends) - 1]
    place = result.framed or (0, 0)
    box = result.cell_box(left, MARGIN, place)
    bottom = MARGIN + result.height
    yield arrow((box.x + box.width / 2, top - 6), (box.x + box.width / 2, bottom + 6), RIGHT)


def _legend(made: Sum) -> list[tuple[str, str, str]]:
    entries = [(MARK, MARK_EDGE, "in the sum, with the number of its term")] if made.products else []
    drawn = {name for product in made.products for name, _ in product}
    rims = [words for name, (width, words) in made.borders.items() if width and name in drawn]
    entries += [(BORDER, LINE, words) for words in rims]
    return [*entries, ("#ffffff", RIGHT, "the right value"), ("#ffffff", WRONG, "yours")]
