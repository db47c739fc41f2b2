"""Checks of what the notebook stores: the run's order, its outputs, and pictures for a person."""

from __future__ import annotations

import itertools
from collections.abc import Sequence

from autograder.assignment import Manual, RunOrder, Written
from autograder.authoring.context import CheckContext
from autograder.model import Cell, Finding, Output, OutputKind, OutputText, Status

MAX_PICTURES = 12
# Characters of a written answer that a report holds.
MAX_ANSWER = 20_000


def check_run_order(spec: RunOrder, context: CheckContext) -> Finding:
    """Judge the stored run: a third each for run cells, for their order, and for outputs without errors.

    Cells after `optional_from` are extra play and not judged; a cell that was never run is only
    missed where it is one of the named ones.
    """
    asked = _asked(spec, context)
    missing = [label for label, cell in asked if cell is None or cell.execution_count is None]
    judged = _judged_cells(spec, context)
    counts = [cell.execution_count for cell in judged if cell.execution_count is not None]
    disordered = [(a, b) for a, b in itertools.pairwise(counts) if b <= a]
    errors = [cell for cell in judged if any(o.kind is OutputKind.ERROR for o in cell.outputs)]
    silent = [label for label, cell in asked if cell is not None and _ran_silently(cell)]
    if not counts:
        return Finding(
            check=spec.id,
            status=Status.FAILED,
            fraction=0.0,
            message="No cell was ever run: run the notebook from the top, save it, and hand that in.",
            hints=spec.hints,
        )
    run_share = 1 - len(missing) / max(1, len(asked))
    fraction = (run_share + (not disordered) + (not errors and not silent)) / 3
    problems = _problems(missing, disordered, errors, silent)
    return Finding(
        check=spec.id,
        status=Status.PASSED if not problems else Status.FAILED,
        fraction=round(fraction, 4),
        message=" ".join(problems) or f"All {len(asked)} cells ran in order, without an error.",
        hints=spec.hints if problems else (),
        metrics={"cells_run": len(counts), "errors": len(errors)},
    )


def _asked(spec: RunOrder, context: CheckContext) -> list[tuple[str, Cell | None]]:
    """The cells that should have run, with the names by which messages call them."""
    cells = context.notebook.cells
    return [
        (f"`{name}`", cells[i] if (i := context.cells.get(name)) is not None else None) for name in spec.cells
    ]


def _judged_cells(spec: RunOrder, context: CheckContext) -> list[Cell]:
    end = context.cells.get(spec.optional_from, len(context.notebook.cells))
    return [cell for cell in context.notebook.code_cells if cell.index < end]


def _ran_silently(cell: Cell) -> bool:
    """A named cell is one that shows something; one that ran and shows nothing had its output removed."""
    return cell.execution_count is not None and not cell.outputs


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
        problems.append(f"Cells ran out of order: [{before}] stands above [{after}].")
    if errors:
        problems.append(f"An error is stored in {', '.join(cell.label for cell in errors)}.")
    if silent:
        problems.append(f"No output is stored for {', '.join(silent)}.")
    return problems


def check_manual(spec: Manual, context: CheckContext) -> Finding:
    """Hand a person what there is to judge: the cells after the named one, and their pictures."""
    start = context.cells.get(spec.after_cell)
    cells = [c for c in context.notebook.code_cells if start is None or c.index > start]
    done = [c for c in cells if c.execution_count is not None]
    pictures = [o.png for c in done for o in c.outputs if o.png is not None][:MAX_PICTURES]
    if not done:
        return Finding(
            check=spec.id,
            status=Status.SKIPPED,
            fraction=0.0,
            message="Nothing was run here, so there is nothing to judge.",
        )
    texts = sum(len(_text(c.outputs)) for c in done)
    return Finding(
        check=spec.id,
        status=Status.MANUAL,
        fraction=0.0,
        message=f"{spec.question_for_grader} {len(done)} cells were run, {len(pictures)} pictures are kept.",
        metrics={"cells_run": len(done), "pictures": len(pictures), "characters_printed": texts},
        pictures=tuple(pictures),
    )


def _text(outputs: Sequence[Output]) -> str:
    return "".join(output.text for output in outputs)


def check_written(spec: Written, context: CheckContext) -> Finding:
    """Hand a person the answer that was written; the release's own text is none."""
    place = context.cells.get(spec.cell)
    if place is None:
        message = f"{spec.question_for_grader} The cell `{spec.cell}` was not found: look for the answer."
        return Finding(check=spec.id, status=Status.MANUAL, fraction=0.0, message=message)
    text = context.notebook.cells[place].source.strip()
    given = next((cell.source for cell in context.given.cells if cell.grade_id == spec.cell), "")
    words = len(text.split())
    if text.split() == given.split() or not words:
        message = "Nothing was written here."
        return Finding(check=spec.id, status=Status.FAILED, fraction=0.0, message=message, hints=spec.hints)
    return Finding(
        check=spec.id,
        status=Status.MANUAL,
        fraction=0.0,
        message=f"{spec.question_for_grader} The answer has {words} words.",
        metrics={"words": words},
        output=OutputText(text=text[:MAX_ANSWER], truncated=len(text) > MAX_ANSWER),
    )
