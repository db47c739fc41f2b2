"""Say what goes out: a line for each change, old beside new, and everybody who is left behind, by name."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal

from autograder.delivery.outgoing import Outgoing, SendPlan
from autograder.grades.compute import written
from autograder.text import few

_SHOWN = 20


def changes(plan: SendPlan) -> Iterator[str]:
    """Say each change in a line: the points that are there, and those that come.

    >>> from autograder.delivery.outgoing import There, Transfer
    >>> one = Outgoing(learner="s001", identities=(), points=Decimal("8.50"), maximum=Decimal(10))
    >>> list(changes(SendPlan(transfers=(Transfer(outgoing=one, there=There(key="7")),))))
    ['s001  – → 8.5']
    """
    width = max((len(one.outgoing.learner) for one in plan.transfers), default=0)
    for one in plan.transfers:
        new, old = _points(one.outgoing.points), _points(one.there.points)
        said = f"{old}, with another comment" if old == new else f"{old} → {new}"
        yield f"{one.outgoing.learner:<{width}}  {said}"


def left_behind(plan: SendPlan) -> Iterator[str]:
    """Say who is not sent: those who wait, each with the reason, and learners there who are unknown here."""
    for result in plan.held:
        yield f"held back: {result.learner}: {result.why or 'It has no points.'}"
    if plan.missing:
        keys = [one.identities[0] if one.identities else one.key for one in plan.missing]
        yield f"{len(keys)} there of whom nothing is known here: {few(keys, _SHOWN)}"


def failures(plan: SendPlan, refused: tuple[tuple[Outgoing, str], ...] = ()) -> Iterator[str]:
    """Say whose result has no place there, and whose the place does not take."""
    for result, why in plan.unmatched:
        yield f"unmatched: {result.learner}: {why}"
    for result, why in refused:
        yield f"refused: {result.learner}: {why}"


def counted(plan: SendPlan, refused: tuple[tuple[Outgoing, str], ...] = ()) -> str:
    """Count all of them in a line."""
    parts = [f"{len(plan.transfers)} changed", f"{len(plan.unchanged)} as before"]
    parts += [f"{len(plan.held)} held back"] if plan.held else []
    parts += [f"{len(plan.unmatched)} unmatched"] if plan.unmatched else []
    parts += [f"{len(refused)} refused"] if refused else []
    return ", ".join(parts) + "."


def _points(value: Decimal | None) -> str:
    return "–" if value is None else written(value)
