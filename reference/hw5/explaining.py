"""Explain one wrong element: the terms of its sum, and a drawing of the numbers in them.

Formulas as in `convolution`: an element of out sums over its field, one of dx over the outputs whose fields
hold the pixel, one of dw over the pixels that the weight met, and one of db over its filter's outputs.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from html import escape

import numpy as np

from autograder.authoring import Array, Case, Explanation

MOST_TERMS = 12
CELL, GAP, TOP = 34, 28, 26

Index = tuple[int, ...]
# a factor of x (in the padded image), of w or of dout: its name, its index, its value
Factor = tuple[str, Index, float]
Term = tuple[Factor, ...]


def explain(case: Case, output: str, index: Index) -> Explanation:
    """Write and draw the terms of the element at `index` of an output."""
    terms = list(_TERMS[output](case, index))
    return Explanation(terms=_say(case, output, index, terms), drawing=_draw(case, output, terms))


# --- the terms -----------------------------------------------------------------------------------


def _padded(case: Case) -> Array:
    pad = case.inputs["pad"]
    return np.pad(case.inputs["x"], ((0, 0), (0, 0), (pad, pad), (pad, pad)))


def _out_terms(case: Case, index: Index) -> Iterator[Term]:
    (n, f, i, j), x, w, stride = index, _padded(case), case.inputs["w"], case.inputs["stride"]
    for c, k, m in np.ndindex(w.shape[1:]):
        pixel, weight = (n, c, i * stride + k, j * stride + m), (f, c, k, m)
        yield ("x", pixel, x[pixel]), ("w", weight, w[weight])


def _dx_terms(case: Case, index: Index) -> Iterator[Term]:
    (n, c, row, column), w, dout = index, case.inputs["w"], case.inputs["dout"]
    stride, pad = case.inputs["stride"], case.inputs["pad"]
    for f, i, j in np.ndindex(dout.shape[1:]):
        k, m = row + pad - i * stride, column + pad - j * stride
        if 0 <= k < w.shape[2] and 0 <= m < w.shape[3]:
            above, weight = (n, f, i, j), (f, c, k, m)
            yield ("dout", above, dout[above]), ("w", weight, w[weight])


def _dw_terms(case: Case, index: Index) -> Iterator[Term]:
    (f, c, k, m), x, dout, stride = index, _padded(case), case.inputs["dout"], case.inputs["stride"]
    for n, i, j in np.ndindex(len(dout), *dout.shape[2:]):
        above, pixel = (n, f, i, j), (n, c, i * stride + k, j * stride + m)
        yield ("dout", above, dout[above]), ("x", pixel, x[pixel])


def _db_terms(case: Case, index: Index) -> Iterator[Term]:
    (f,), dout = index, case.inputs["dout"]
    for n, i, j in np.ndindex(len(dout), *dout.shape[2:]):
        yield (("dout", (n, f, i, j), dout[n, f, i, j]),)


_TERMS = {"out": _out_terms, "dx": _dx_terms, "dw": _dw_terms, "db": _db_terms}


def _say(case: Case, output: str, index: Index, terms: Sequence[Term]) -> str:
    """Write the sum in numbers, without terms that are zero."""
    products = [" * ".join(f"{value:g}" for _, _, value in term) for term in terms if _product(term)]
    total = sum(map(_product, terms))
    if output == "out":
        bias = case.inputs["b"][index[1]]
        products.append(f"{bias:g} (the bias)")
        total += bias
    shown = products if len(products) <= MOST_TERMS else [*products[: MOST_TERMS - 1], "…"]
    place = ", ".join(map(str, index))
    return f"{output}[{place}] = {' + '.join(shown) or '0'} = {total:g}"


def _product(term: Term) -> float:
    return float(np.prod([value for _, _, value in term]))


# --- the drawing ---------------------------------------------------------------------------------


def _draw(case: Case, output: str, terms: Sequence[Term]) -> str:
    """Draw the planes of the first term's factors, and mark all factors in them."""
    arrays = {**case.inputs, "x": _padded(case)}
    planes = [(name, index[:2]) for name, index, _ in (terms[0] if terms else ())]
    parts, left, height = [], GAP, 0.0
    for name, (first, second) in planes:
        marked = {
            index[2:]
            for term in terms
            for of, index, _ in term
            if of == name and index[:2] == (first, second)
        }
        plane = arrays[name][first, second]
        border = case.inputs["pad"] if name == "x" else 0
        title = f"{name}[{first}, {second}]" + (" and its border" if border else "")
        parts.append(_grid(title, plane, marked, border, left))
        left += max(plane.shape[1] * CELL, 7 * len(title)) + GAP
        height = max(height, plane.shape[0] * CELL + TOP + GAP)
    label = escape(f"what an element of {output} is made of")
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{left}" height="{height:g}" '
        f'font-family="sans-serif" font-size="13" role="img" aria-label="{label}">'
        f'<rect width="100%" height="100%" fill="white"/>{"".join(parts)}</svg>'
    )


def _grid(title: str, plane: Array, marked: set[Index], border: int, left: int) -> str:
    rows, columns = plane.shape
    cells = [f'<text x="{left}" y="{TOP - 8}" font-weight="bold">{escape(title)}</text>']
    for i, j in np.ndindex(rows, columns):
        inside = border <= i < rows - border and border <= j < columns - border
        fill = "#ffd166" if (i, j) in marked else "#ffffff" if inside else "#e5e5e5"
        x, y = left + j * CELL, TOP + i * CELL
        cells.append(
            f'<rect x="{x}" y="{y}" width="{CELL}" height="{CELL}" fill="{fill}" stroke="#555555"/>'
            f'<text x="{x + CELL / 2:g}" y="{y + CELL / 2 + 5:g}" text-anchor="middle">{plane[i, j]:g}</text>'
        )
    return "".join(cells)
