"""Say a result in a few lines of plain text, with nothing that the learner may not see."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from decimal import Decimal

from autograder.delivery.participants import Points, plain
from autograder.grades.compute import written
from autograder.grades.records import Grade, exact
from autograder.model import ItemReport, Report
from autograder.report.late import spoken
from autograder.report.student import WITHOUT_TOTAL
from autograder.text import clean

# A platform's field for a comment is small, and a learner reads the first lines.
LONGEST = 2_000
_LONGEST_LINE = 240
_FIRST_LINE = re.compile(r"[\d.]+ of [\d.]+ points\.")


def comment_on(view: Report, points: Mapping[str, Points] | None = None, grade: Grade | None = None) -> str:
    """Give the comment on a result: the total, lateness, and a line for each item that lost points.

    Parameters
    ----------
    view : Report
        The student's view of the report that counts.
    points : mapping of str to Points, optional
        The items' points with what people decided, by id; else the report's own count.
    grade : Grade, optional
        The grade; without it, the report's total stands in the first line.
    """
    lines = [*_total(view, grade), *_late(view, grade)]
    for item in view.items:
        line = _item(item, (points or {}).get(item.id))
        lines += [line] if line else []
    return clean(plain("\n".join(lines)), LONGEST)


def in_points(value: Decimal) -> str:
    """Say a number of points.

    >>> in_points(Decimal("1.0")), in_points(Decimal("2.5"))
    ('1 point', '2.5 points')
    """
    return f"{written(value)} point{'' if value == 1 else 's'}"


def is_ours(comment: str) -> bool:
    r"""Say whether a comment was made here, so that a newer one may stand for it.

    >>> is_ours("8 of 10 points.\nconv: 3 of 5. out: another shape"), is_ours("Well done!")
    (True, False)
    """
    first = comment.partition("\n")[0].strip()
    return bool(_FIRST_LINE.fullmatch(first)) or first in WITHOUT_TOTAL


def _total(view: Report, grade: Grade | None) -> Iterator[str]:
    """Give the total, if the learner may know it: the items that are not shown yet follow from it."""
    if view.score is None:
        yield view.message
    elif grade is None:
        yield f"{written(exact(view.score.final))} of {written(exact(view.score.max))} points."
    elif grade.points is not None:
        yield f"{written(grade.points)} of {written(grade.maximum)} points."


def _late(view: Report, grade: Grade | None) -> Iterator[str]:
    if grade is None:
        yield from [f"Late by {spoken(view.submission.late.seconds)}."] if view.submission.late else []
    elif grade.late is not None:
        taken = f", which takes {in_points(grade.taken)}" if grade.taken and view.score is not None else ""
        yield f"Late by {spoken(int(grade.late.total_seconds()))}{taken}."


def _item(item: ItemReport, points: Points | None) -> str:
    """Give the line of an item; empty where there is nothing to say, or its points are not shown."""
    if item.score is None:
        return ""
    score, words = exact(item.score), item.message
    if points is not None:
        score = points.counted
        words = item.message if points.person is None else points.comment or ""
    maximum = exact(item.max_score) if points is None else points.item.maximum
    by_person = points is not None and points.comment
    if score >= maximum and not by_person:
        return ""
    if item.extra_credit and not score:
        return ""
    said = f"{item.title}: {written(score)} of {written(maximum)}. {' '.join(words.split())}"
    return clean(said.rstrip(), _LONGEST_LINE)
