"""Find mistakes in an assignment before anything is graded by it.

By then ``assignment.toml`` has been read and its keys fit one another. This module compares it with the
assignment's notebook, questions and files.
"""

from __future__ import annotations

import fnmatch
import json
import re
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np

from autograder.assignment import Assignment, ItemSpec, Outputs, Place, Problem, located
from autograder.authoring.kinds import CheckKind
from autograder.authoring.loading import Authored
from autograder.authoring.questions import Comparison, Timing
from autograder.authoring.specs import CheckSpec
from autograder.course import Course
from autograder.errors import AssignmentError, suggestion
from autograder.extract import extract
from autograder.files import read_text
from autograder.intake import read_notebook
from autograder.model import Notebook, Struct

_POINTS = re.compile(r"(\d+(?:\.\d+)?)\s*(?:points?|pts?)\b", re.IGNORECASE)
_WORD = re.compile(r"[A-Za-z_]\w*")
_HIDDEN = "BEGIN HIDDEN TESTS"


class AuthoredCell(Struct):
    """A cell of the author's notebook with nbgrader's metadata.

    label      the file and the cell, counted from 1, for messages
    grade_id   nbgrader's name of the cell, or nothing
    points     its points, None where it is not graded
    """

    label: str
    grade_id: str
    points: float | None
    source: str


def require_sound(course: Course, kinds: Mapping[str, CheckKind]) -> None:
    """Refuse an assignment that contradicts itself, its notebook, its questions or its files.

    Parameters
    ----------
    course : Course
        The assignment and its files.
    kinds : mapping of str to CheckKind
        The kinds of checks by name: the engine's own, and the assignment's.

    Raises
    ------
    AssignmentError
        For each mistake with the file, the line or cell, the item, and what was expected there.
    """
    own = course.definition.with_name(course.assignment.notebook)
    path = own if own.exists() else course.given_notebook
    if not path.exists():
        raise AssignmentError(f"{own}: no such file", f"`notebook` in {course.definition} names it.")
    cells = authored_cells(path)
    notebook = read_notebook(path)
    problems = [
        *_question_problems(course.assignment, course.authored, kinds),
        *_name_problems(course.assignment, notebook, path.name),
        *_item_problems(course.assignment, cells, path.name),
        *_withheld_problems(course),
    ]
    others = [*_cell_problems(course.assignment, cells), *_file_problems(course)]
    if problems:
        error = located(course.definition, problems)
        raise AssignmentError("\n".join([error.message, *others]), error.hint)
    if others:
        raise AssignmentError("\n".join(others), f"The items stand in {course.definition}.")


def authored_cells(path: Path) -> tuple[AuthoredCell, ...]:
    """Read the cells of an author's notebook.

    Raises
    ------
    AssignmentError
        It is no notebook.
    """
    try:
        raws = json.loads(read_text(path))["cells"]
        return tuple(_authored_cell(f"{path}, cell {number}", raw) for number, raw in enumerate(raws, 1))
    except (ValueError, LookupError, TypeError, AttributeError) as error:
        raise AssignmentError(f"{path}: is not a notebook: {error}", "Save it anew in Jupyter.") from error


def _authored_cell(label: str, raw: Mapping[str, Any]) -> AuthoredCell:
    metadata = raw.get("metadata", {}).get("nbgrader", {})
    points = float(metadata.get("points") or 0)
    is_graded = metadata.get("grade") or (metadata.get("task") and points > 0)
    return AuthoredCell(
        label=label,
        grade_id=metadata.get("grade_id", ""),
        points=points if is_graded else None,
        source="".join(raw["source"]),
    )


# --- questions ---------------------------------------------------------------------------------------


def _checks(assignment: Assignment) -> Iterator[tuple[Place, CheckSpec]]:
    """Give the checks with their places in ``assignment.toml``."""
    for number, item in enumerate(assignment.items):
        for place, check in enumerate(item.checks):
            yield ("items", number, "checks", place), check


def _question_problems(
    assignment: Assignment, authored: Authored, kinds: Mapping[str, CheckKind]
) -> Iterator[Problem]:
    regimes: dict[str, frozenset[str]] = {}
    for at, check in _checks(assignment):
        key = (*at, "questions" if isinstance(check, Outputs) else "question")
        for name in check.asks:
            problem = _asked_problem(check, name, authored, kinds)
            if problem:
                yield Problem(at=key, message=f"`{check.id}`: {problem}")
            elif isinstance(check, Outputs):
                question = authored.questions[name]
                assert isinstance(question, Comparison)  # `_asked_problem` has looked
                if name not in regimes:
                    regimes[name] = _regimes(name, question)
                yield from _outputs_problems(at, check, name, question, regimes[name])


def _asked_problem(check: CheckSpec, name: str, authored: Authored, kinds: Mapping[str, CheckKind]) -> str:
    question, wanted = authored.questions.get(name), kinds[check.kind].question
    if question is None:
        return f"there is no question `{name}`; {suggestion(name, authored.questions)}"
    if wanted is not None and not isinstance(question, wanted):
        found = type(question).__name__
        return f"the question `{name}` is a {found}, but the kind `{check.kind}` asks a {wanted.__name__}"
    if check.visible and name not in authored.visible:
        return f"is visible and asks the hidden question `{name}`, which students do not have"
    if isinstance(question, Timing) and not question.comparisons:
        return f"the question `{name}` has nothing to time"
    return ""


def _regimes(name: str, question: Comparison) -> frozenset[str]:
    """Give the regimes of a question's cases."""
    try:
        return frozenset(case.regime for case in question.cases(np.random.default_rng(0)))
    except (Exception, SystemExit) as error:  # an author's code may raise anything
        raise AssignmentError(
            f"the question `{name}` can't draw its cases: {type(error).__name__}: {error}"
        ) from error


def _outputs_problems(
    at: Place, check: Outputs, name: str, question: Comparison, regimes: frozenset[str]
) -> Iterator[Problem]:
    if not question.outputs or not regimes:
        lack = "no case" if not regimes else "no output"
        message = f"`{check.id}`: the question `{name}` has {lack}, so nothing is compared"
        yield Problem(at=at, message=message)
    elif check.output and check.output not in question.outputs:
        message = f"`{check.id}`: the question `{name}` has no output `{check.output}`; "
        yield Problem(at=(*at, "output"), message=message + suggestion(check.output, question.outputs))
    for regime in check.regimes:
        if regimes and regime not in regimes:
            message = f"`{check.id}`: the question `{name}` has no case of the regime `{regime}`; "
            yield Problem(at=(*at, "regimes"), message=message + suggestion(regime, regimes))


# --- the notebook ------------------------------------------------------------------------------------


def _name_problems(assignment: Assignment, notebook: Notebook, file: str) -> Iterator[Problem]:
    """Find names of definitions and cells that the notebook does not have."""
    ids = {cell.grade_id or cell.id for cell in notebook.cells}
    named: list[tuple[Place, str]] = [(("definitions",), name) for name in assignment.definitions]
    named += [((*at, "kind"), name) for at, check in _checks(assignment) for name in check.names_definitions]
    found = extract(notebook, sorted({name for _, name in named}), assignment.compat).names
    for place, name in named:
        if name not in found:
            yield Problem(at=place, message=f"{file} defines no `{name}`; {suggestion(name, found)}")
    for at, check in _checks(assignment):
        for name in check.names_cells:
            if name not in ids:
                message = f"`{check.id}`: no cell of {file} is called `{name}`; {suggestion(name, ids)}"
                yield Problem(at=at, message=message)


def _item_problems(assignment: Assignment, cells: Iterable[AuthoredCell], file: str) -> Iterator[Problem]:
    graded = {cell.grade_id: cell for cell in cells if cell.points is not None}
    for number, item in enumerate(assignment.items):
        cell = graded.get(item.id)
        if cell is None:
            message = f"no graded cell of {file} has this grade_id; {suggestion(item.id, graded)}"
            yield Problem(at=("items", number, "id"), message=message)
        elif cell.points != item.points:
            message = f"points = {item.points:g}, but the metadata of {cell.label} says {cell.points:g}"
            yield Problem(at=("items", number, "points"), message=message)
        elif (said := _POINTS.search(cell.source)) is not None and float(said[1]) != item.points:
            message = f"points = {item.points:g}, but the text of {cell.label} says “{said[0]}”"
            yield Problem(at=("items", number, "points"), message=message)


def _cell_problems(assignment: Assignment, cells: Iterable[AuthoredCell]) -> Iterator[str]:
    items = {item.id: item for item in assignment.items}
    for cell in cells:
        item = items.get(cell.grade_id)
        if cell.points is not None and item is None:
            yield (
                f"{cell.label}: is graded as `{cell.grade_id}`, but no item has this id; "
                f"{suggestion(cell.grade_id, items)}"
            )
        elif _HIDDEN in cell.source and (item is None or not _has_hidden_check(item)):
            yield (
                f"{cell.label}: only nbgrader runs the HIDDEN TESTS of `{cell.grade_id}`; expected a hidden "
                "check of the item, whose question in reference/ asks the same"
            )


def _has_hidden_check(item: ItemSpec) -> bool:
    return any(not check.visible for check in item.checks)


# --- files -------------------------------------------------------------------------------------------


def _file_problems(course: Course) -> Iterator[str]:
    """Find files that the definition names and that do not exist."""
    assignment, reference = course.assignment, course.reference
    for folder in course.support:
        if not folder.is_dir():
            yield f"{folder}: no such folder; [sandbox] support names it"
    if assignment.data is not None:
        source = course.definition.parent
        named = [("generator", source, assignment.data.generator)]
        named += [("reader", reference, assignment.data.reader)] if reference else []
        for key, beside, name in named:
            if name and not (beside / name).is_file():
                yield f"{beside / name}: no such file; [data] {key} names it"
    for name in course.authored.frozen:
        if reference and not (reference / name).is_file():
            yield f"{reference / name}: no such file; `autograder freeze {assignment.id}` writes it"


def _withheld_problems(course: Course) -> Iterator[Problem]:
    """Find patterns that withhold nothing: students could call the function that was meant."""
    modules = {
        name.removesuffix(".py").replace("/", ".").removesuffix(".__init__"): set(_WORD.findall(text))
        for name, text in course.support_sources().items()
    }
    compiled = course.assignment.sandbox.extension
    for pattern in course.assignment.sandbox.withheld:
        module, _, names = pattern.rpartition(".")
        if module.rpartition(".")[2] == compiled:
            continue  # its source is not Python
        if not fnmatch.filter(modules.get(module, ()), names):
            meant = "" if module in modules else f"; {suggestion(module, modules)}"
            message = f"[sandbox] withheld = {pattern!r} names nothing in the support code{meant}"
            yield Problem(at=("sandbox", "withheld"), message=message)
