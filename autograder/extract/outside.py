"""Find code that is never read: in other files, or in cells that are not Python."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator, Sequence
from pathlib import PurePosixPath

from autograder.extract.code import parse, shown
from autograder.extract.effects import nodes
from autograder.extract.magics import magic_of, python_of
from autograder.model import Cell, Chunk, FileRecord, Notebook, Notice, capped

_DEFINES = re.compile(r"^[ \t]*(?:def|cdef|cpdef|class)[ \t]", re.MULTILINE)
_INSTEAD = "put what it defines into the notebook."
_RUN = re.compile(r"^%(?:run|load)[ \t]+(\S+)", re.MULTILINE)


def outside(notebook: Notebook, chunks: Sequence[Chunk], files: Sequence[FileRecord]) -> tuple[Notice, ...]:
    """Notice a notebook's code in cells that are not Python, and the handed-in files that it imports."""
    in_cells = (notice for cell in notebook.code_cells for notice in _in_cell(cell))
    return capped((*in_cells, *_in_files(chunks, files)))


def _in_cell(cell: Cell) -> Iterator[Notice]:
    magic = magic_of(cell.source)
    if magic and not python_of(cell.source).strip() and _DEFINES.search(cell.source):
        message = f"{cell.label} begins with `{magic}`: what it defines is not part of the notebook's code."
        yield Notice(code="not-read", message=message, where=cell.label)
    if not magic:
        for name in _RUN.findall(cell.source):
            message = f"{cell.label} runs `{shown(name, 60)}`, which is not read: {_INSTEAD}"
            yield Notice(code="not-read", message=message, where=cell.label)


def _in_files(chunks: Sequence[Chunk], files: Sequence[FileRecord]) -> Iterator[Notice]:
    """Notice each file that the code imports."""
    paths = {PurePosixPath(file.path).stem: file.path for file in files if file.path.endswith(".py")}
    for chunk in (chunk for chunk in chunks if chunk.cell and paths):
        for name in sorted(paths.keys() & _imported(chunk.source)):
            message = f"`{shown(paths[name], 120)}` was handed in and is not read: {_INSTEAD}"
            yield Notice(code="not-read", message=message, where=f"cell {chunk.cell}, line {chunk.line}")


def _imported(source: str) -> frozenset[str]:
    """Give the top-level packages and modules that some code imports."""
    tree = parse(source)
    inside = nodes(tree) if isinstance(tree, ast.Module) else ()
    modules = [alias.name for node in inside if isinstance(node, ast.Import) for alias in node.names]
    modules += [node.module or "" for node in inside if isinstance(node, ast.ImportFrom)]
    return frozenset(module.partition(".")[0] for module in modules)
