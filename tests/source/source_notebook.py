"""The instructor's notebook, and short ways to its cells."""

from __future__ import annotations

from pathlib import Path

from nbformat import NotebookNode

SOURCE = Path(__file__).parents[2] / "source" / "hw5"
NOTEBOOK = SOURCE / "HW5.ipynb"
STUB = "# TODO: your code goes here"

GRADED = {
    "conv-forward": 20,
    "conv-backward-dx": 12,
    "conv-backward-dw": 8,
    "conv-backward-db": 5,
    "fast-layers": 10,
    "net": 10,
    "training": 15,
}


def cell(notebook: NotebookNode, cell_id: str) -> NotebookNode:
    return next(c for c in notebook.cells if c.id == cell_id)


def code_cells(notebook: NotebookNode) -> list[NotebookNode]:
    return [c for c in notebook.cells if c.cell_type == "code"]


def text_cells(notebook: NotebookNode) -> list[NotebookNode]:
    return [c for c in notebook.cells if c.cell_type == "markdown"]
