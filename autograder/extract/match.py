"""Which of a submission's cells stands for which of the release's, whatever became of the metadata."""

from __future__ import annotations

import difflib
from collections.abc import Mapping

from autograder.model import Cell, Notebook

# Below this share of common text two cells are different ones.
ALIKE = 0.6


def match_cells(notebook: Notebook, given: Notebook) -> Mapping[str, Cell]:
    """The submission's cells by the release's names (grade id, else cell id).

    By grade id first, then by cell id, then, for what is left, by likeness of the text among cells of
    the same kind.
    """
    matched: dict[str, Cell] = {}
    taken: set[int] = set()
    by_grade = {cell.grade_id: cell for cell in notebook.cells if cell.grade_id}
    by_id = {cell.id: cell for cell in notebook.cells}
    for original in given.cells:
        cell = by_grade.get(original.grade_id or "") or by_id.get(original.id)
        if cell is not None and cell.kind is original.kind and cell.index not in taken:
            matched[_name(original)] = cell
            taken.add(cell.index)
    for original in given.cells:
        if _name(original) not in matched:
            cell = _most_alike(original, [c for c in notebook.cells if c.index not in taken])
            if cell is not None:
                matched[_name(original)] = cell
                taken.add(cell.index)
    return matched


def _name(cell: Cell) -> str:
    return cell.grade_id or cell.id


def _most_alike(original: Cell, cells: list[Cell]) -> Cell | None:
    best, likeness = None, ALIKE
    matcher = difflib.SequenceMatcher(autojunk=False)
    matcher.set_seq2(_lines(original))
    for cell in cells:
        if cell.kind is not original.kind:
            continue
        if _lines(cell) == _lines(original):
            return cell
        matcher.set_seq1(_lines(cell))
        # a cell into which code was written still has the lines that it was given
        share = sum(block.size for block in matcher.get_matching_blocks()) / max(1, len(_lines(original)))
        if share > likeness:
            best, likeness = cell, share
    return best


def _lines(cell: Cell) -> list[str]:
    return [line.strip() for line in cell.source.splitlines() if line.strip()]


def untouched(notebook: Notebook, given: Notebook) -> bool:
    """Whether nothing was done: the same code, but for white space, and no cell ever run."""
    if any(cell.execution_count is not None or cell.outputs for cell in notebook.code_cells):
        return False
    return [_lines(c) for c in notebook.code_cells] == [_lines(c) for c in given.code_cells]
