"""Check the stored run of a notebook: its order, its outputs, and work for a person to judge."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence

from autograder.assignment import Manual, RunOrder, Written
from autograder.authoring.context import CheckContext
from autograder.authoring.findings import found
from autograder.model import Cell, CellKind, Finding, OutputKind, OutputText, Passage, Status, shortened

MAX_PICTURES = 12
# Characters of a written answer that a report holds.
MAX_ANSWER = 20_000


def check_run_order(spec: RunOrder, context: CheckContext) -> Finding:
    """Judge the stored run: a third each for cells that ran, for their order, and for outputs without errors.

    Cells from `optional_from` on are optional and not judged. A cell that was never run costs credit only if
    the check names it.
    """
    asked = _asked(spec, context)
    missing = [label for label, cell in asked if cell is None or cell.execution_count is None]
    judged = _judged_cells(spec, context)
    counts = [cell.execution_count for cell in judged if cell.execution_count is not None]
    disordered = [(a, b) for a, b in itertools.pairwise(counts) if b <= a]
    errors = [cell for cell in judged if any(o.kind is OutputKind.ERROR for o in cell.outputs)]
    # Each named cell prints something: without an output, somebody removed it.
    silent = [
        label for label, c in asked if c is not None and c.execution_count is not None and not c.outputs
    ]
    if not counts:
        return _without_counts(spec, asked, errors)
    run_share = 1 - len(missing) / max(1, len(asked))
    fraction = (run_share + (not disordered) + (not errors and not silent)) / 3
    problems = _problems(missing, disordered, errors, silent)
    status = Status.FAILED if problems else Status.PASSED
    message = " ".join(problems) or f"All {len(asked)} cells ran in order, without an error."
    metrics = {"cells_run": len(counts), "errors": len(errors)}
    return found(spec, status, message, round(fraction, 4), metrics=metrics)


def _without_counts(
    spec: RunOrder, asked: Sequence[tuple[str, Cell | None]], errors: Sequence[Cell]
) -> Finding:
    """Give the finding on a notebook without execution counts: its outputs show whether it ran."""
    shown = [label for label, cell in asked if cell is not None and cell.outputs]
    if not shown:
        message = "No cell was ever run: run the notebook from the top, save it, and hand that in."
        return found(spec, Status.FAILED, message)
    share = len(shown) / len(asked)
    message = (
        f"{len(shown)} of {len(asked)} cells have outputs, but no cell has an execution count: the order of "
        "the run can't be seen, so a person decides."
    )
    return found(spec, Status.MANUAL, message, round((share + (share == 1.0 and not errors)) / 3, 4))


def _asked(spec: RunOrder, context: CheckContext) -> list[tuple[str, Cell | None]]:
    """Give the cells that should have run, with their names for messages; None for one that is missing."""
    cells = context.notebook.cells
    return [
        (f"`{name}`", cells[i] if (i := context.cells.get(name)) is not None else None) for name in spec.cells
    ]


def _judged_cells(spec: RunOrder, context: CheckContext) -> list[Cell]:
    end = context.cells.get(spec.optional_from, len(context.notebook.cells))
    return [cell for cell in context.notebook.code_cells if cell.index < end]


def _problems(
    missing: Sequence[str],
    disordered: Sequence[tuple[int, int]],
    errors: Sequence[Cell],
    silent: Sequence[str],
) -> list[str]:
    problems = []
    if missing:
        problems.append(f"Not run or not found: {', '.join(missing)}.")
    if disordered:
        before, after = disordered[0]
        problems.append(f"The cells ran out of order: [{before}] stands above [{after}].")
    if errors:
        problems.append(f"The stored output has an error in {', '.join(cell.label for cell in errors)}.")
    if silent:
        problems.append(f"No output is stored for {', '.join(silent)}.")
    return problems


def check_manual(spec: Manual, context: CheckContext) -> Finding:
    """Hand the cells after the named one, with their pictures, to a person."""
    start = context.cells.get(spec.after_cell)
    cells = [c for c in context.notebook.code_cells if start is None or c.index > start]
    done = [c for c in cells if c.execution_count is not None or c.outputs]
    pictures = [o.png for c in done for o in c.outputs if o.png is not None][:MAX_PICTURES]
    if not done:
        return found(spec, Status.SKIPPED, "Nothing was run here, so there is nothing to judge.")
    texts = sum(len(output.text) for c in done for output in c.outputs)
    message = f"{spec.question_for_grader} Cells run: {len(done)}; pictures kept: {len(pictures)}."
    metrics = {"cells_run": len(done), "pictures": len(pictures), "characters_printed": texts}
    return found(
        spec,
        Status.MANUAL,
        message,
        metrics=metrics,
        pictures=tuple(pictures),
        evidence=shortened(_to_read(context, done, start)),
    )


def _to_read(context: CheckContext, done: Sequence[Cell], start: int | None) -> Iterator[Passage]:
    """Give the source and the printed text of cells that ran, and the student's own text between them."""
    given, ran = {cell.source for cell in context.given.cells}, {cell.index for cell in done}
    for cell in context.notebook.cells[0 if start is None else start + 1 :]:
        is_own_text = cell.kind is CellKind.MARKDOWN and cell.source not in given
        if cell.index in ran or is_own_text:
            yield Passage(where=cell.label, text=cell.source)
        printed = "".join(output.text for output in cell.outputs)
        if cell.index in ran and printed:
            yield Passage(where=f"{cell.label}, printed", text=printed)


def check_written(spec: Written, context: CheckContext) -> Finding:
    """Hand the written answer to a person; the release's own text does not count as one."""
    place = context.cells.get(spec.cell)
    if place is None:
        message = (
            f"{spec.question_for_grader} The cell `{spec.cell}` was not found; look for the answer elsewhere."
        )
        return found(spec, Status.MANUAL, message)
    text = context.notebook.cells[place].source.strip()
    given = next((cell.source for cell in context.given.cells if cell.grade_id == spec.cell), "")
    words = len(text.split())
    if text.split() == given.split() or not words:
        return found(spec, Status.FAILED, "Nothing was written here.")
    output = OutputText(text=text[:MAX_ANSWER], truncated=len(text) > MAX_ANSWER)
    message = f"{spec.question_for_grader} The answer has {words} words."
    return found(spec, Status.MANUAL, message, metrics={"words": words}, output=output)
