"""Group what cost points: by what a check said, whatever numbers are in it, and by the mistake's name."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence

from autograder.model import Struct
from autograder.pages.dashboard.records import StudentRecord

_NUMBER = re.compile(r"-?\d+(?:[.,]\d+)*(?:e[-+]?\d+)?", re.IGNORECASE)
# Characters of a reason that are compared and shown: a student's code may write any number of them.
_MOST = 400


class ReasonGroup(Struct):
    """Students who lost points for one reason.

    `source` is the check that said it, the person who did, or the mistake's name; `text` is the commonest
    wording.
    """

    item: str
    source: str
    text: str
    students: tuple[StudentRecord, ...]


def by_reason(item: str, students: Iterable[StudentRecord]) -> list[ReasonGroup]:
    """Group students by the first reason why they lost points on an item, the commonest first.

    Sentences of a check that differ in their numbers alone are one reason.
    """
    found: dict[tuple[str, str], list[tuple[str, StudentRecord]]] = defaultdict(list)
    for one in students:
        result = one.results.get(item)
        if result is not None and result.reason:
            text = result.reason[:_MOST]
            found[result.check, _NUMBER.sub("#", text)].append((text, one))
    return _groups(item, found)


def by_mistake(item: str, students: Iterable[StudentRecord]) -> list[ReasonGroup]:
    """Group students by the known mistakes in their work on an item, the commonest first."""
    found: dict[tuple[str, str], list[tuple[str, StudentRecord]]] = defaultdict(list)
    for one in students:
        result = one.results.get(item)
        for mistake in result.mistakes if result is not None else ():
            found[mistake.id, ""].append((mistake.message[:_MOST], one))
    return _groups(item, found)


def _groups(
    item: str, found: Mapping[tuple[str, str], Sequence[tuple[str, StudentRecord]]]
) -> list[ReasonGroup]:
    groups = []
    for (source, _), pairs in found.items():
        wordings = Counter(text for text, _ in pairs)
        # of equally common wordings the first in the alphabet, so that equal classes give equal pages
        text = min(wordings, key=lambda one: (-wordings[one], one))
        students = tuple(sorted((one for _, one in pairs), key=lambda one: (one.id, one.learner)))
        groups.append(ReasonGroup(item=item, source=source, text=text, students=students))
    return sorted(groups, key=lambda one: (-len(one.students), one.source, one.text))
