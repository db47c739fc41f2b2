"""Pair a submission's cells with the release's, even if the metadata is lost."""

from __future__ import annotations

import difflib
import functools
import heapq
import re
from collections import Counter
from collections.abc import Callable, Mapping, Sequence

from msgspec.structs import replace

from autograder.model import Cell, CellKind, Notebook, Notice

# A cell that has a smaller share of a release cell's lines is a different cell.
ALIKE = 0.6
# The most cells that are compared line by line with a cell of the release: those that share most lines.
MOST_COMPARED = 20
_MADE_UP = re.compile(r"cell-\d+-*")

# A cell, and how often it has each of its lines.
_Counted = tuple[Cell, Counter[str]]


def match_cells(notebook: Notebook, given: Notebook) -> Mapping[str, Cell]:
    """Give the submission's cells by the names of the release's cells (grade id, else cell id).

    Cells are paired by grade id, then by cell id. The rest are paired by the likeness of their text, the most
    alike first, with cells of the same kind. Of several cells with one grade id, the most alike is taken.
    """
    matched: dict[str, Cell] = {}
    _match_by(lambda cell: cell.grade_id, matched, notebook, given)
    _match_by(_own_id, matched, notebook, given)
    _match_by_likeness(matched, notebook, given)
    return matched


def last_uses(notebook: Notebook, given: Notebook, names: Sequence[str]) -> dict[str, int]:
    """Give the index of the last cell of the release that uses each name, in the submission's notebook."""
    matched = {} if notebook is given else match_cells(notebook, given)
    found: dict[str, int] = {}
    for name in names:
        used = re.compile(rf"\b{re.escape(name)}\b")
        cells = (cell for cell in given.code_cells if used.search(cell.source))
        places = (cell if notebook is given else matched.get(_name(cell)) for cell in cells)
        found[name] = max((cell.index for cell in places if cell is not None), default=-1)
    return found


def with_code_cells(notebook: Notebook, given: Notebook) -> tuple[Notebook, tuple[Notice, ...]]:
    """Turn cells back into code that are code in the release; give a notice for each."""
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
    notices = (_type_changed(cell.label) for cell in cells if cell.index in turned)
    return replace(notebook, cells=cells), tuple(notices)


def _type_changed(label: str) -> Notice:
    message = f"{label} is a text cell here and a code cell in the release; it was read as code."
    return Notice(code="cell-type-changed", message=message, where=label)


def _own_id(cell: Cell) -> str | None:
    """Give a cell's id, or None if intake made it up from the cell's place."""
    return None if _MADE_UP.fullmatch(cell.id) else cell.id


def _match_by(
    key: Callable[[Cell], str | None], matched: dict[str, Cell], notebook: Notebook, given: Notebook
) -> None:
    """Pair the cells of the same kind that have the same key."""
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
    counted = [_counted(cell) for cell in left]
    pairs = [(o, cell, likeness) for o in originals for cell, likeness in _most_alike(o, counted)]
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
    found = _most_alike(original, list(map(_counted, cells)))
    return max(found, key=lambda pair: pair[1])[0] if found else cells[0]


def _counted(cell: Cell) -> _Counted:
    return cell, Counter(_lines(cell))


def _most_alike(original: Cell, cells: Sequence[_Counted]) -> list[tuple[Cell, float]]:
    """Give the cells of the original's kind that have most of its lines, in their order, with their likeness.

    Counting the lines that two cells share is fast. Comparing their order is slow, so it is done for few.
    """
    _, ours = _counted(original)
    same = [(cell, theirs) for cell, theirs in cells if cell.kind is original.kind]
    near = [(cell, theirs) for cell, theirs in same if not ours.keys().isdisjoint(theirs)]
    shared = [((ours & theirs).total(), -cell.index, cell) for cell, theirs in near]
    best = heapq.nlargest(MOST_COMPARED, shared, key=lambda found: found[:2])
    kept = sorted((cell for _, _, cell in best), key=lambda cell: cell.index)
    return [(cell, _likeness(_lines(original), _lines(cell))) for cell in kept]


def _likeness(ours: Sequence[str], theirs: Sequence[str]) -> float:
    """Measure the share of the original's lines that a cell still has, a little higher if it has no others.

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
    """Say whether the code is the release's, except for white space and empty cells, and was never run."""
    if any(cell.execution_count is not None or cell.outputs for cell in notebook.code_cells):
        return False
    return has_given_code(notebook, given)


def has_given_code(notebook: Notebook, given: Notebook) -> bool:
    """Say whether the code is the release's, except for white space and empty cells."""
    return _code(notebook) == _code(given)


def _code(notebook: Notebook) -> list[list[str]]:
    return [lines for cell in notebook.code_cells if (lines := _lines(cell))]
