"""Check that the keys of ``assignment.toml`` fit one another."""

from __future__ import annotations

import datetime
from collections import Counter
from collections.abc import Iterator

import msgspec

from autograder.assignment.definition import Assignment, DataSpec, ItemSpec
from autograder.assignment.kinds import Pdf
from autograder.assignment.lines import Place
from autograder.assignment.policy import Late
from autograder.authoring.specs import CheckSpec
from autograder.errors import suggestion
from autograder.model import Struct

# The least ratio of clock time to processor time: code that waits for a busy machine has done nothing wrong.
LEAST_WALL = 3


class Problem(Struct):
    """A mistake in an assignment: its place in ``assignment.toml``, and a sentence about it."""

    at: Place
    message: str


def inconsistencies(assignment: Assignment) -> Iterator[Problem]:
    """Find keys that do not fit one another."""
    yield from _repeated_ids(assignment)
    for number, item in enumerate(assignment.items):
        yield from _item_problems(item, ("items", number))
        for place, check in enumerate(item.checks):
            yield from _check_problems(check, ("items", number, "checks", place), assignment)
    yield from _limit_problems(assignment)
    yield from _time_problems(assignment)
    yield from _late_problems(assignment)
    yield from _data_problems(assignment.data)
    if not any(rule.suffix == ".ipynb" for rule in assignment.files.rules):
        yield Problem(at=("files", "rules"), message='one of the rules must have suffix = ".ipynb"')


def _repeated_ids(assignment: Assignment) -> Iterator[Problem]:
    items = [(item.id, ("items", n)) for n, item in enumerate(assignment.items)]
    checks = [
        (check.id, ("items", n, "checks", m))
        for n, item in enumerate(assignment.items)
        for m, check in enumerate(item.checks)
    ]
    for what, named in (("item", items), ("check", checks)):
        counts = Counter(name for name, _ in named)
        last = dict(named)
        for name in sorted(name for name, count in counts.items() if count > 1):
            yield Problem(at=(*last[name], "id"), message=f"two {what}s are called `{name}`")


def _item_problems(item: ItemSpec, at: Place) -> Iterator[Problem]:
    if not item.checks or sum(check.weight for check in item.checks) <= 0:
        yield Problem(at=at, message="needs at least one check with a positive weight")


def _check_problems(check: CheckSpec, at: Place, assignment: Assignment) -> Iterator[Problem]:
    for field in msgspec.structs.fields(check):
        if field.required and getattr(check, field.name) == ():
            message = f"`{check.id}`: {field.name} is empty, so nothing would be judged"
            yield Problem(at=(*at, field.name), message=message)
    if check.limits not in assignment.limits:
        known = suggestion(check.limits, assignment.limits)
        yield Problem(at=(*at, "limits"), message=f"`{check.id}`: limits = {check.limits!r}; {known}")
    there = (*assignment.sandbox.imports, *assignment.sandbox.tools)
    if isinstance(check, Pdf) and "pypdf" not in there:
        message = f"`{check.id}`: a check of kind `pdf` needs `pypdf` among the tools of [sandbox]"
        yield Problem(at=(*at, "kind"), message=message)


def _limit_problems(assignment: Assignment) -> Iterator[Problem]:
    if "default" not in assignment.limits:
        yield Problem(at=("limits",), message="[limits.default] is missing")
    for name, one in assignment.limits.items():
        if one.wall_seconds < LEAST_WALL * one.cpu_seconds:
            message = (
                f"[limits.{name}]: wall_seconds = {one.wall_seconds:g} must be at least {LEAST_WALL} times "
                f"cpu_seconds = {one.cpu_seconds:g}, since a busy machine makes code wait"
            )
            yield Problem(at=("limits", name, "wall_seconds"), message=message)


def _time_problems(assignment: Assignment) -> Iterator[Problem]:
    longest = max((one.wall_seconds for one in assignment.limits.values()), default=0.0)
    if assignment.budget_seconds < longest:
        message = (
            f"budget_seconds = {assignment.budget_seconds:g} must be at least the longest "
            f"wall_seconds = {longest:g}"
        )
        yield Problem(at=("budget_seconds",), message=message)
    if assignment.due_at is not None and not _has_zone(assignment.due_at):
        message = f"due_at = {assignment.due_at!r}, expected a time with its zone: 2027-03-01T23:59:00+01:00"
        yield Problem(at=("due_at",), message=message)


def _late_problems(assignment: Assignment) -> Iterator[Problem]:
    late = assignment.late
    if late.points and late.percent:
        message = "[late]: points and percent can't both be taken"
        yield Problem(at=("late", "percent"), message=message)
    if late.most is not None and not (late.points or late.percent):
        yield Problem(at=("late", "most"), message="[late]: most needs points or percent")
    if late != Late() and assignment.due_at is None:
        yield Problem(at=("late",), message="[late] needs due_at, a time with its zone")


def _data_problems(data: DataSpec | None) -> Iterator[Problem]:
    if data is None:
        return
    if not data.url and not data.generator:
        yield Problem(at=("data",), message="[data] needs a url or a generator")
    if bool(data.url) != bool(data.md5) or bool(data.url) != bool(data.bytes):
        message = "[data]: url, md5 and bytes belong together: all of them, or none for a generated data set"
        yield Problem(at=("data", "url"), message=message)


def _has_zone(text: str) -> bool:
    try:
        return datetime.datetime.fromisoformat(text).tzinfo is not None
    except ValueError:
        return False
