"""Write what the formgrader shows: cleaned copies of the notebooks that were handed in.

The formgrader renders a notebook in a person's session, and runs the HTML and JavaScript in it. A copy has
none: code and markdown are plain text, outputs plain text and PNG pictures. What nbgrader has to know of the
cells comes from the release.
"""

from __future__ import annotations

import base64
import contextlib
import datetime
import json
import re
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

from nbgrader.utils import parse_utc

from autograder.delivery.nbgrader.participants import Class, second
from autograder.delivery.nbgrader.reading import ReadAgain
from autograder.delivery.nbgrader.released import Released, ReleasedCell
from autograder.files import PRIVATE, write_atomically
from autograder.model import Cell, CellKind, Output, OutputKind, Report

_FENCES = re.compile(r"`{3,}")
_MARK = "autograder"
_STAMP = "timestamp.txt"


def write_copies(
    given: Class,
    times: Mapping[str, datetime.datetime | None],
    root: Path,
    released: Released,
    read: Callable[[Report], ReadAgain | None],
) -> tuple[int, list[str]]:
    """Write the copies that are not there yet; gives their number, and whose can't be made.

    Parameters
    ----------
    given : Class
        What the gradebook says.
    times : mapping
        The times of the submissions in nbgrader's database, by learner.
    root : Path
        nbgrader's course folder; the copies are in its folder ``autograded``.
    released : Released
        The release's notebook.
    read : callable
        Reads the notebook of a report; gives None if it is not there any more as it was graded.
    """
    points = {item.id: 0 if item.extra_credit else item.points for item in given.rubric.items}
    written, missing = 0, []
    for one in given.participants:
        folder = root / "autograded" / one.learner / given.rubric.assignment
        _stamp(folder, times[one.learner])
        submitted = _submitted(root, given.rubric.assignment, one.learner)
        if submitted.parent.is_dir() and not submitted.exists():
            _stamp(submitted.parent, times[one.learner])  # else the formgrader takes it for one not graded
        path = folder / released.path.name
        mark = {"attempt": one.counting.key, "points": points}
        if _mark(path) == mark:
            continue
        handed_in = read(given.reports[one.learner])
        if handed_in is None:
            missing.append(one.learner)
            path.unlink(missing_ok=True)  # that of another attempt would mislead
        else:
            write_atomically(path, cleaned(handed_in, released, points, mark), PRIVATE)
            written += 1
    return written, missing


def exact_time(root: Path, assignment: str, learner: str, moment: datetime.datetime) -> datetime.datetime:
    """Give a time to the fraction of a second, as in nbgrader's own file: the formgrader compares them."""
    path = _submitted(root, assignment, learner)
    if not path.is_file():
        return moment
    with contextlib.suppress(OSError, ValueError, OverflowError):
        with path.open(encoding="utf-8") as file:
            found: datetime.datetime = parse_utc(file.read(100).strip())
        if second(found) == second(moment):
            return found
    return moment


def _submitted(root: Path, assignment: str, learner: str) -> Path:
    return root / "submitted" / learner / assignment / _STAMP


def _stamp(folder: Path, time: datetime.datetime | None) -> None:
    text = f"{time.isoformat(' ')} UTC" if time else ""
    path = folder / _STAMP
    if not text:
        path.unlink(missing_ok=True)
    elif not path.exists() or path.read_text(encoding="utf-8") != text:
        write_atomically(path, text, PRIVATE)


def _mark(path: Path) -> Any:
    """Give what a copy that is there was made from."""
    try:
        return json.loads(path.read_text(encoding="utf-8"))["metadata"][_MARK]
    except (OSError, ValueError, KeyError, TypeError):
        return None


# --- the copy -------------------------------------------------------------------------------------------


def cleaned(
    handed_in: ReadAgain, released: Released, points: Mapping[str, float], mark: Mapping[str, Any]
) -> str:
    """Render a notebook without anything that a browser would run, with nbgrader's metadata."""
    names = {index: name for name, index in handed_in.cells.items()}
    known = {cell.name: cell for cell in released.cells}
    cells = [_cell(cell, known.get(names.get(cell.index, ""))) for cell in handed_in.notebook.cells]
    there = set(names.values())
    # a person gives points in these boxes, also where the cell was deleted
    cells += [_released(cell) for cell in released.cells if cell.types and cell.name not in there]
    for number, cell in enumerate(cells):
        cell["id"] = f"cell-{number}"
        data = cell["metadata"].get("nbgrader", {})
        if "points" in data:
            data["points"] = points.get(data["grade_id"], data["points"])
    metadata = {**released.metadata, _MARK: mark}
    document = {"cells": cells, "metadata": metadata, "nbformat": 4, "nbformat_minor": 5}
    return json.dumps(document, indent=1, ensure_ascii=False) + "\n"


def _cell(cell: Cell, known: ReleasedCell | None) -> dict[str, Any]:
    metadata = {} if known is None else {"nbgrader": dict(known.nbgrader)}
    if cell.kind is CellKind.CODE:
        outputs = [made for one in cell.outputs for made in _outputs(one)]
        return {
            "cell_type": "code",
            "execution_count": cell.execution_count,
            "metadata": metadata,
            "outputs": outputs,
            "source": cell.source,
        }
    if known is not None and known.locked and known.kind == "markdown":
        return {"cell_type": "markdown", "metadata": metadata, "source": known.source}
    return {"cell_type": "markdown", "metadata": metadata, "source": fenced(cell.source)}


def _released(cell: ReleasedCell) -> dict[str, Any]:
    made = {"cell_type": cell.kind, "metadata": {"nbgrader": dict(cell.nbgrader)}, "source": cell.source}
    return made | ({"execution_count": None, "outputs": []} if cell.kind == "code" else {})


def fenced(text: str) -> str:
    """Make a block of plain text: its fence is longer than any in the text.

    >>> print(fenced("<b> ```"))
    ````
    <b> ```
    ````
    """
    fence = "`" * (1 + max(map(len, _FENCES.findall(text)), default=2))
    return f"{fence}\n{text}\n{fence}"


def _outputs(output: Output) -> Iterator[dict[str, Any]]:
    if output.kind is OutputKind.STREAM:
        yield {"output_type": "stream", "name": "stdout", "text": output.text}
    elif output.kind is OutputKind.ERROR:
        name, _, value = output.text.partition(": ")
        yield {"output_type": "error", "ename": name, "evalue": value, "traceback": [output.text]}
    else:
        data = {"text/plain": output.text}
        if output.png is not None:
            data["image/png"] = base64.b64encode(output.png).decode("ascii")
        yield {"output_type": "display_data", "data": data, "metadata": {}}
