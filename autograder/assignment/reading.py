"""Reading ``assignment.toml``: strictly, and with the line of whatever is wrong."""

from __future__ import annotations

import datetime
import re
import tomllib
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import msgspec
from msgspec.structs import replace

from autograder.assignment.consistency import Problem, inconsistencies
from autograder.assignment.definition import (
    Assignment,
    CompatSpec,
    DataSpec,
    FilesSpec,
    ItemSpec,
    SandboxSpec,
)
from autograder.assignment.kinds import SPECS
from autograder.assignment.lines import Place, line_of
from autograder.assignment.policy import Attempts, ExtraCredit, Late, Rounding
from autograder.authoring.specs import CheckSpec, FileRule
from autograder.authoring.student import Limits
from autograder.errors import AssignmentError, suggestion
from autograder.files import read_text

MANUAL = "docs/assignments.md describes every key."
# The tables by their places, without the numbers of arrays and the names of limits.
_TABLES: Mapping[Place, type[msgspec.Struct]] = {
    (): Assignment,
    ("files",): FilesSpec,
    ("files", "rules"): FileRule,
    ("sandbox",): SandboxSpec,
    ("compat",): CompatSpec,
    ("data",): DataSpec,
    ("late",): Late,
    ("attempts",): Attempts,
    ("extra_credit",): ExtraCredit,
    ("rounding",): Rounding,
    ("limits", "..."): Limits,
    ("items",): ItemSpec,
}
_AT = re.compile(r"(?P<what>.*?)(?: - at `\$(?P<path>[^`]*)`)?$", re.DOTALL)
_STEP = re.compile(r"\.([\w-]+)|\[(\d+)\]|\[(\.\.\.)\]")
_UNKNOWN = re.compile(r"Object contains unknown field `(.*)`$")


def read_assignment(path: Path, specs: Mapping[str, type[CheckSpec]] = SPECS) -> Assignment:
    """Read and check an ``assignment.toml``.

    Parameters
    ----------
    path : Path
        The file.
    specs : mapping of str to type
        The kinds of checks by name: the engine's own, and the assignment's.

    Raises
    ------
    AssignmentError
        With the file, the line, the item, and what was expected there, for everything that is wrong.
    """
    table = read_table(path)
    rows = [dict(row) for row in _tables(path, table.get("items", []), ("items",))]
    checks = [
        _tables(path, row.pop("checks", []), ("items", number, "checks")) for number, row in enumerate(rows)
    ]
    try:
        bare = msgspec.convert({**table, **_due(table), "items": rows}, Assignment)
    except msgspec.ValidationError as error:
        raise located(path, [_explained(error, (), _TABLES)]) from error
    problems: list[Problem] = []
    items = tuple(
        replace(item, checks=_checks(wanted, ("items", number), specs, problems))
        for number, (item, wanted) in enumerate(zip(bare.items, checks, strict=True))
    )
    assignment = replace(bare, items=items)
    if problems := problems or list(inconsistencies(assignment)):
        raise located(path, problems)
    return assignment


def read_table(path: Path) -> dict[str, Any]:
    """Read a TOML file.

    Raises `AssignmentError` if it can't be read, or is no TOML.
    """
    try:
        return tomllib.loads(read_text(path))
    except tomllib.TOMLDecodeError as error:
        line = re.search(r"at line (\d+)", str(error))
        raise AssignmentError(f"{path}:{line[1] if line else 1}: not valid TOML: {error}") from error


def _due(table: Mapping[str, Any]) -> dict[str, str]:
    """Give `due_at` as ISO 8601 where the file has one of TOML's own times."""
    due = table.get("due_at")
    return {"due_at": due.isoformat()} if isinstance(due, datetime.date) else {}


def _tables(path: Path, value: Any, at: Place) -> list[dict[str, Any]]:
    """Require a list of tables."""
    if isinstance(value, list) and all(isinstance(one, dict) for one in value):
        return value
    name = ".".join(str(step) for step in at if isinstance(step, str))
    raise located(path, [Problem(at=at, message=f"expected a list of tables: [[{name}]]")])


def located(path: Path, problems: Iterable[Problem]) -> AssignmentError:
    """Give the error that says each problem with its file, line and item."""
    text = read_text(path)
    table = read_table(path)
    return AssignmentError(
        "\n".join(f"{path}:{line_of(text, one.at)}: {_item(table, one.at)}{one.message}" for one in problems),
        MANUAL,
    )


def _item(table: Mapping[str, Any], at: Place) -> str:
    """Name the item that a place is in, where it is in one."""
    try:
        return f"`{table['items'][at[1]]['id']}`: " if at[0] == "items" else ""
    except (LookupError, TypeError):
        return ""


def _checks(
    tables: Sequence[Mapping[str, Any]],
    at: Place,
    specs: Mapping[str, type[CheckSpec]],
    problems: list[Problem],
) -> tuple[CheckSpec, ...]:
    """Read an item's checks; what is wrong with them is added to the problems."""
    read = []
    for number, table in enumerate(tables):
        place = (*at, "checks", number)
        kind = table.get("kind")
        if not isinstance(kind, str) or kind not in specs:
            message = f"kind = {kind!r}; {suggestion(str(kind), specs)}"
            problems.append(Problem(at=(*place, "kind"), message=message))
            continue
        try:
            read.append(msgspec.convert(table, specs[kind]))
        except msgspec.ValidationError as error:
            problem = _explained(error, place, {(): specs[kind]})
            label = f"check {table.get('id', number + 1)} of kind {kind}: "
            problems.append(replace(problem, message=label + problem.message))
    return tuple(read)


def _explained(error: Exception, at: Place, tables: Mapping[Place, type[msgspec.Struct]]) -> Problem:
    """Give msgspec's error its place, and an unknown key its nearest known one."""
    found = _AT.match(str(error))
    assert found is not None  # every text matches
    steps = _STEP.findall(found["path"] or "")
    inside: Place = tuple(name or (int(number) if number else other) for name, number, other in steps)
    what = found["what"]
    if (unknown := _UNKNOWN.match(what)) is not None:
        table = tables.get(tuple(one for one in inside if not isinstance(one, int)))
        known = [field.encode_name for field in msgspec.structs.fields(table)] if table else []
        known += ["checks"] if table is ItemSpec else []
        return Problem(
            at=(*at, *inside, unknown[1]),
            message=f"unknown key `{unknown[1]}`; {suggestion(unknown[1], known)}",
        )
    return Problem(at=(*at, *inside), message=what)
