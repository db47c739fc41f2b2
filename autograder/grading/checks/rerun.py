"""Check the stored outputs against a new run of the notebook's code."""

from __future__ import annotations

import math
import re
from collections import defaultdict
from collections.abc import Iterator, Sequence

from msgspec.structs import replace

from autograder.assignment import CompatSpec, Rerun
from autograder.authoring.context import CheckContext
from autograder.authoring.findings import found
from autograder.authoring.student import Student, StudentFault
from autograder.extract import extract
from autograder.model import Cell, Chunk, Definitions, Finding, Status

_NUMBER = re.compile(r"[-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?|\bnan\b|\binf\b")
_RUN = "_run_cell_{}"
# Two linear algebra libraries agree on a network's loss to many more digits than `RELATIVE`. Numbers below
# `NEGLIGIBLE` are rounding errors, which differ between machines.
RELATIVE, NEGLIGIBLE = 1e-3, 1e-6


def check_rerun(spec: Rerun, context: CheckContext) -> Finding:
    """Run the release's cells with the submission's definitions, and compare the numbers they print."""
    stored = [
        (name, context.notebook.cells[place])
        for name in spec.cells
        if (place := context.cells.get(name)) is not None and _printed(context.notebook.cells[place])
    ]
    try:
        with context.run(_definitions(spec, context, [name for name, _ in stored]), spec.limits) as student:
            pairs = [(cell, _run(student, name)) for name, cell in stored]
    except StudentFault as fault:
        return found(
            spec, Status.SKIPPED, f"The cells do not run here, so nothing is compared: {fault.message}"
        )
    lines = [(cell, *pair) for cell, again in pairs for pair in same_lines(_printed(cell), again)]
    if not lines:
        return found(
            spec, Status.SKIPPED, "The stored outputs share no numbers with a re-run, so nothing is compared."
        )
    for cell, before, now in lines:
        if not numbers_agree(before, now):
            message = (
                f"The stored output of {cell.label} says “{before}”, but a re-run prints “{now}”. "
                "Run the cell again and save the notebook."
            )
            return found(spec, Status.FAILED, message)
    return found(spec, Status.PASSED, f"A re-run prints the same numbers in all {len(lines)} lines compared.")


def _definitions(spec: Rerun, context: CheckContext, names: Sequence[str]) -> Definitions:
    """Join the helpers that the cells need, the submission's definitions, and the cells as functions."""
    helpers = extract(context.given, spec.needs, CompatSpec()).chunks
    sources = {cell.grade_id: cell.source for cell in context.given.code_cells}
    cells = tuple(_as_function(name, sources[name]) for name in names)
    return replace(context.definitions, chunks=(*helpers, *context.definitions.chunks, *cells))


def _as_function(name: str, source: str) -> Chunk:
    run = _RUN.format(re.sub(r"\W", "_", name))
    body = "\n".join(f"    {line}" for line in source.split("\n"))
    return Chunk(source=f"def {run}():\n{body}", names=(run,), cell=0)


def _run(student: Student, name: str) -> str:
    """Run a cell and give its output."""
    before = len(student.printed().text)
    student.call(_RUN.format(re.sub(r"\W", "_", name)))
    return student.printed().text[before:]


def _printed(cell: Cell) -> str:
    return "\n".join(output.text for output in cell.outputs)


def same_lines(stored: str, again: str) -> Iterator[tuple[str, str]]:
    """Pair the lines of two outputs that differ in nothing but their numbers, in order."""
    waiting: dict[str, list[str]] = defaultdict(list)
    for line in _lines(stored):
        waiting[_NUMBER.sub("#", line)].append(line)
    for line in _lines(again):
        if before := waiting[_NUMBER.sub("#", line)]:
            yield before.pop(0), line


def _lines(text: str) -> list[str]:
    return [" ".join(line.split()) for line in text.splitlines() if _NUMBER.search(line)]


def numbers_agree(one: str, other: str) -> bool:
    """Decide whether the numbers in two lines are the same up to rounding."""
    ours, others = ([float(number) for number in _NUMBER.findall(line)] for line in (one, other))
    return len(ours) == len(others) and all(map(_agree, ours, others))


def _agree(a: float, b: float) -> bool:
    near = max(NEGLIGIBLE, RELATIVE * max(abs(a), abs(b)))
    return a == b or (math.isnan(a) and math.isnan(b)) or abs(a - b) <= near
