"""Pairs of a submission's cells with the release's, even if the metadata is lost."""

from __future__ import annotations

import difflib
import functools
import heapq
import re
from collections import Counter
from collections.abc import Callable, Mapping, Sequence

from msgspec.structs import replace

from autograder.model import Cell, CellKind, Notebook, Notice

# A cell with a smaller share of the lines of a release's cell is another cell.
ALIKE = 0.6
# So many cells are compared line by line with one of the release's; the others have fewer of its lines.
MOST_COMPARED = 20
_MADE_UP = re.compile(r"cell-\d+-*")


def match_cells(notebook: Notebook, given: Notebook) -> Mapping[str, Cell]:
    """Give the submission's cells by the release's names (grade id, else cell id).

    Cells are paired by grade id, then by cell id, and the rest by the likeness of their text among cells of
    the same kind, the most alike first. Of several cells with one grade id, the most alike is taken.
    """
    matched: dict[str, Cell] = {}
    _match_by(lambda cell: cell.grade_id, matched, notebook, given)
    _match_by(_own_id, matched, notebook, given)
    _match_by_likeness(matched, notebook, given)
    return matched


def with_code_cells(notebook: Notebook, given: Notebook) -> tuple[Notebook, tuple[Notice, ...]]:
    """Make cells code again that the release has as code, and that were turned into text.

    Returns
    -------
    notebook : Notebook
        The same notebook, with these cells as code.
    notices : tuple of Notice
        One for each such cell.
    """
    names = {_name(cell) for cell in given.code_cells}
    there = {_name(cell) for cell in notebook.code_cells}
    turned = {
        cell.index
        for cell in notebook.cells
        if cell.kind is not CellKind.CODE and _name(cell) in names - there and _own_id(cell) is not None
    }
    if not turned:
        return notebook, ()
    cells = tuple(replace(c, kind=CellKind.CODE) if c.index in turned else c for c in notebook.cells)
    notices = tuple(
        Notice(
            code="cell-type-changed",
            message=f"{cell.label} is a text cell here and a code cell in the release; it was read as code.",
            where=cell.label,
        )
        for cell in notebook.cells
        if cell.index in turned
    )
    return replace(notebook, cells=cells), notices


def _own_id(cell: Cell) -> str | None:
    """Give a cell's id, unless intake made it up from the cell's place."""
    return None if _MADE_UP.fullmatch(cell.id) else cell.id


def _match_by(
    key: Callable[[Cell], str | None], matched: dict[str, Cell], notebook: Notebook, given: Notebook
) -> None:
    """Pair the cells of one kind that have the same key."""
    taken = {cell.index for cell in matched.values()}
    by_key: dict[str | None, list[Cell]] = {}
    for cell in notebook.cells:
        if cell.index not in taken:
            by_key.setdefault(key(cell), []).append(cell)
    for original in given.cells:
        if _name(original) not in matched and key(original) is not None:
            alike = [c for c in by_key.get(key(original), ()) if c.kind is original.kind]
            if alike:
                matched[_name(original)] = _best(original, alike)


def _match_by_likeness(matched: dict[str, Cell], notebook: Notebook, given: Notebook) -> None:
    """Pair the cells that are left, the most alike pair first."""
    taken = {cell.index for cell in matched.values()}
    left = [cell for cell in notebook.cells if cell.index not in taken]
    originals = [cell for cell in given.cells if _name(cell) not in matched]
    texts = [_Text(cell) for cell in left]
    pairs = [(o, text.cell, likeness) for o in originals for text, likeness in _most_alike(o, texts)]
    for original, cell, likeness in sorted(pairs, key=lambda pair: -pair[2]):
        if likeness > ALIKE and _name(original) not in matched and cell.index not in taken:
            matched[_name(original)] = cell
            taken.add(cell.index)


def _name(cell: Cell) -> str:
    return cell.grade_id or cell.id


def _best(original: Cell, cells: Sequence[Cell]) -> Cell:
    """Give the most alike; the first of equals."""
    if len(cells) == 1:
        return cells[0]
    found = _most_alike(original, [_Text(cell) for cell in cells])
    return max(found, key=lambda pair: pair[1])[0].cell if found else cells[0]


class _Text:
    """A cell with its lines, counted once."""

    def __init__(self, cell: Cell) -> None:
        self.cell = cell
        self.lines = _lines(cell)
        self.counts = Counter(self.lines)


def _most_alike(original: Cell, texts: Sequence[_Text]) -> list[tuple[_Text, float]]:
    """Give the cells of the original's kind that have most of its lines, in their order, with their likeness.

    Counting the lines that two cells share is fast; comparing their order is not, and is done for few.
    """
    ours = _Text(original)
    same = [text for text in texts if text.cell.kind is original.kind]
    near = [text for text in same if not ours.counts.keys().isdisjoint(text.counts)]
    shared = {text.cell.index: (ours.counts & text.counts).total() for text in near}
    best = heapq.nlargest(MOST_COMPARED, near, key=lambda text: (shared[text.cell.index], -text.cell.index))
    kept = sorted(best, key=lambda text: text.cell.index)
    return [(text, _likeness(ours.lines, text.lines)) for text in kept]


def _likeness(ours: Sequence[str], theirs: Sequence[str]) -> float:
    """Measure the share of the original's lines that a cell still has; a little more where it has no others.

    A cell into which code was written still has the lines that it was given.
    """
    common = len(ours) if ours == theirs else _common(tuple(ours), tuple(theirs))
    return common / len(ours) + 0.01 * common / len(theirs)


@functools.lru_cache(maxsize=1024)
def _common(ours: tuple[str, ...], theirs: tuple[str, ...]) -> int:
    matcher = difflib.SequenceMatcher(None, theirs, ours, autojunk=False)
    return sum(block.size for block in matcher.get_matching_blocks())


def _lines(cell: Cell) -> list[str]:
    return [line.strip() for line in cell.source.split("\n") if line.strip()]


def untouched(notebook: Notebook, given: Notebook) -> bool:
    """Say whether nothing was done: the release's code, except for white space and empty cells, never run."""
    if any(cell.execution_count is not None or cell.outputs for cell in notebook.code_cells):
        return False
    return has_given_code(notebook, given)


def has_given_code(notebook: Notebook, given: Notebook) -> bool:
    """Say whether the code is the release's, except for white space and empty cells, run or not."""
    return _code(notebook) == _code(given)


def _code(notebook: Notebook) -> list[list[str]]:
    return [lines for cell in notebook.code_cells if (lines := _lines(cell))]
