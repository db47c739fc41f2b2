"""Notices: wanted names that are missing, repeated or reassigned, and code that is never read."""

from __future__ import annotations

import ast
import difflib
import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import PurePosixPath

from autograder.extract.binding import Bound, Code
from autograder.extract.code import parse, shown
from autograder.extract.effects import FUNCTIONS, nodes
from autograder.extract.magics import magic_of, python_of
from autograder.model import Cell, CellKind, Chunk, FileRecord, Notebook, Notice, capped

# The most names compared with a missing one, and the most places in one message.
MOST_NAMES = 1_000
MOST_PLACES = 10
_DEFINES = re.compile(r"^[ \t]*(?:def|cdef|cpdef|class)[ \t]", re.MULTILINE)
_INSTEAD = "put its definitions into the notebook."
_RUN = re.compile(r"^%(?:run|load)[ \t]+(\S+)", re.MULTILINE)


def missing(
    wanted: Sequence[str], code: Code, texts: Sequence[Cell] = (), broken: Sequence[Cell] = ()
) -> Iterator[Notice]:
    """Notice each wanted name that no statement binds, with a guess at the name that was meant.

    `texts` are the notebook's cells that are not code. `broken` are cells with statements that are not valid
    Python: another notice says that, so nothing is guessed about a name that one of them defines.
    """
    absent = [name for name in wanted if not code.binding(name)]
    places: dict[str, str] = {}
    for one in code.all_bound() if absent else ():
        if len(places) < MOST_NAMES:
            places.update(dict.fromkeys(one.defines - set(wanted), one.statement.cell.label))
    for name in absent:
        defined = re.compile(rf"\b(?:def|class)\s+{re.escape(name)}\b")
        explained = any(defined.search(cell.source) for cell in broken)
        hint = "" if explained else _in_a_text(name, texts) or _hint(name, code, places)
        message = f"`{name}` is not defined at the left edge of any cell.{hint}"
        yield Notice(code="missing-definition", message=message)


def _in_a_text(name: str, texts: Sequence[Cell]) -> str:
    """Name the cell that defines a name but is not code; an empty string if there is none."""
    defined = re.compile(rf"^(?:async\s+)?(?:def|class)\s+{re.escape(name)}\b", re.MULTILINE)
    for cell in texts:
        if name in cell.source and defined.search(cell.source):
            kind = "Markdown" if cell.kind is CellKind.MARKDOWN else "raw"
            return f" It is in a {kind} cell ({cell.label}): make that a code cell."
    return ""


def _hint(name: str, code: Code, places: Mapping[str, str]) -> str:
    for index in code.mentioning(name):
        one = code.bound(index)
        outer = one.statement.node
        if isinstance(outer, FUNCTIONS) and name in (
            n.name for n in nodes(outer) if isinstance(n, FUNCTIONS)
        ):
            return f" It is inside `{outer.name}` in {one.statement.cell.label}: move it out."
    alike = difflib.get_close_matches(name, places, n=1, cutoff=0.75)
    return f" Did you mean `{alike[0]}` in {places[alike[0]]}? Rename it." if alike else ""


def twice(wanted: Sequence[str], code: Code) -> Iterator[Notice]:
    """Notice each wanted name that is defined more than once."""
    for name in wanted:
        found = [code.bound(index) for index in code.binding(name)]
        places = [one.statement.cell.label for one in found if name in one.defines]
        if len(places) > 1:
            more = f", … and {len(places) - MOST_PLACES:,} more" if len(places) > MOST_PLACES else ""
            listed = ", ".join(places[:MOST_PLACES]) + more
            message = f"`{name}` is defined {len(places):,} times ({listed}); the last one counts."
            yield Notice(code="duplicate-definition", message=message, where=places[-1])


def unfollowed(wanted: Sequence[str], code: Code, chosen: Sequence[Bound]) -> Iterator[Notice]:
    """Notice each wanted name that is reassigned in a way that extraction does not follow."""
    followed = set(map(id, chosen))
    for name in wanted:
        places = [code.bound(index) for index in code.binding(name)]
        last = max((place for place, one in enumerate(places) if name in one.defines), default=len(places))
        for one in places[last:]:
            if id(one) not in followed:
                where = f"{one.statement.cell.label}, line {one.statement.line}"
                defined = places[last].statement.cell.label
                message = f"`{name}` is reassigned in {where}, which is not followed: "
                message += f"its definition in {defined} counts."
                yield Notice(code="set-anew", message=message, where=where)


# --- code outside the notebook, or in cells that are not Python ----------------------------------


def outside(notebook: Notebook, chunks: Sequence[Chunk], files: Sequence[FileRecord]) -> tuple[Notice, ...]:
    """Notice a notebook's code in cells that are not Python, and the handed-in files that it imports."""
    in_cells = (notice for cell in notebook.code_cells for notice in _in_cell(cell))
    return capped((*in_cells, *_in_files(chunks, files)))


def _in_cell(cell: Cell) -> Iterator[Notice]:
    magic = magic_of(cell.source)
    if magic and not python_of(cell.source).strip() and _DEFINES.search(cell.source):
        message = f"{cell.label} begins with `{magic}`: its definitions are not part of the notebook's code."
        yield Notice(code="not-read", message=message, where=cell.label)
    if not magic:
        for name in _RUN.findall(cell.source):
            message = f"{cell.label} runs `{shown(name, 60)}`, which is not read: {_INSTEAD}"
            yield Notice(code="not-read", message=message, where=cell.label)


def _in_files(chunks: Sequence[Chunk], files: Sequence[FileRecord]) -> Iterator[Notice]:
    """Notice each file that the code imports."""
    paths = {PurePosixPath(file.path).stem: file.path for file in files if file.path.endswith(".py")}
    for chunk in (chunk for chunk in chunks if chunk.cell and paths):
        for name in sorted(paths.keys() & imported(chunk.source)):
            message = f"`{shown(paths[name], 120)}` was handed in but is not read: {_INSTEAD}"
            yield Notice(code="not-read", message=message, where=f"cell {chunk.cell}, line {chunk.line}")


def imported(source: str, tried: bool = True) -> frozenset[str]:
    """Give the top-level packages and modules that some code imports; without `tried`, those not in `try`."""
    tree = parse(source)
    inside = nodes(tree) if isinstance(tree, ast.Module) else ()
    if not tried:
        left_out = {id(one) for node in inside if isinstance(node, ast.Try) for one in ast.walk(node)}
        inside = tuple(node for node in inside if id(node) not in left_out)
    modules = [alias.name for node in inside if isinstance(node, ast.Import) for alias in node.names]
    modules += [node.module or "" for node in inside if isinstance(node, ast.ImportFrom)]
    return frozenset(module.partition(".")[0] for module in modules) - {""}
