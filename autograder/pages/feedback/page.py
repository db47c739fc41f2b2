"""Render feedback as one page. All of it comes from the student's view of the report."""

from __future__ import annotations

import datetime
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from markupsafe import Markup
from msgspec.structs import replace

from autograder.delivery.participants import Points
from autograder.grades.compute import written
from autograder.grades.records import Grade, exact
from autograder.model import CheckReport, ItemReport, Report, Status, Struct
from autograder.pages.feedback.gather import Feedback
from autograder.pages.single import SinglePage
from autograder.report.html import details, mark, points_of, prose
from autograder.report.html_style import STYLE
from autograder.report.late import spoken
from autograder.report.student import NOT_SHOWN, student_view
from autograder.report.totals import is_lost


def _mark(status: Status) -> Markup:
    return Markup(mark(status))


def _prose(text: str) -> Markup:
    return Markup(prose(text))


_FILTERS: Mapping[str, Callable[..., Any]] = {
    "mark": _mark,
    "prose": _prose,
    "worth": points_of,
    "written": written,
}
_PAGE = SinglePage(Path(__file__).parent, "feedback.css", more=STYLE, filters=_FILTERS)


class ShownItem(Struct):
    """An item as its reader sees it.

    `points` is None where they are not shown yet. `said` is a person's comment, `lost` are the checks that
    cost points, each with all that is known about it, `passed` names those that passed, and `others` are the
    remaining ones that say something. `unseen` has the points of all that are not shown.
    """

    item: ItemReport
    points: str | None
    is_whole: bool
    by_person: bool
    said: str
    lost: tuple[tuple[CheckReport, Markup], ...]
    others: tuple[CheckReport, ...]
    passed: tuple[str, ...]
    unseen: CheckReport | None


def feedback_page(feedback: Feedback, now: datetime.datetime, *, published: bool = False) -> str:
    """Render a student's feedback as they may see it at a moment.

    Parameters
    ----------
    feedback : Feedback
        The report with all that belongs to it.
    now : datetime.datetime
        The moment, with its zone.
    published : bool, optional
        Whether grades are published.
    """
    view = student_view(feedback.report, now, published=published)
    named = [name for item in view.items for check in item.checks for name in check.pictures]
    pictures = feedback.pictures(named)
    items = [_item(item, feedback.points.get(item.id), pictures) for item in view.items]
    return _PAGE.render(
        "feedback.html",
        report=view,
        good=Status.PASSED,
        items=items,
        grade=feedback.grade if _is_whole(feedback.report, view) else None,
        total=_total(view),
        late=_late(view, feedback.grade),
        day=f"{now:%Y-%m-%d %H:%M} {now.tzname() or ''}".strip(),
        submitted=_clock(view.submission.submitted_at),
    )


def _item(item: ItemReport, points: Points | None, pictures: Mapping[str, bytes]) -> ShownItem:
    shown = [check for check in item.checks if check.id != NOT_SHOWN]
    lost = [check for check in shown if is_lost(check)]
    judged = points is not None and points.person is not None and bool(item.checks)
    counted = None if item.score is None else exact(item.score) if points is None else points.counted
    if judged and points is not None:
        counted = points.counted  # also where nothing was judged before
    maximum = exact(item.max_score) if points is None else points.item.maximum
    return ShownItem(
        item=item,
        points=None if counted is None else f"{written(counted)} of {written(maximum)}",
        is_whole=counted is not None and counted >= maximum,
        by_person=judged,
        said=(points.comment or "") if points is not None and judged else "",
        lost=tuple((check, Markup(details(check, pictures))) for check in _named_once(lost)),
        others=tuple(
            check
            for check in shown
            if check not in lost and check.status is not Status.PASSED and check.message != item.message
        ),
        passed=tuple(check.id for check in shown if check.status is Status.PASSED),
        unseen=next((check for check in item.checks if check.id == NOT_SHOWN and check.max_score), None),
    )


def _named_once(checks: Sequence[CheckReport]) -> Iterator[CheckReport]:
    """Explain each known mistake once; where it shows again, its name will do."""
    seen = set()
    for check in checks:
        mistake = check.diagnosis
        if mistake is not None and mistake.id in seen:
            yield replace(check, diagnosis=replace(mistake, message="see above."))
        else:
            yield check
        seen.add(mistake.id if mistake is not None else "")


def _is_whole(report: Report, view: Report) -> bool:
    """Say whether all items are shown. Else nobody may see the grade: points that are not shown follow."""
    return all(seen.checks or not one.checks for one, seen in zip(report.items, view.items, strict=True))


def _total(view: Report) -> str:
    score = view.score
    return "" if score is None else f"{written(exact(score.final))} of {written(exact(score.max))}"


def _late(view: Report, grade: Grade | None) -> str:
    if grade is not None:
        return f"Late by {spoken(int(grade.late.total_seconds()))}." if grade.late is not None else ""
    return f"Late: {view.submission.late.message}." if view.submission.late else ""


def _clock(text: str | None) -> str:
    try:
        return f"{datetime.datetime.fromisoformat(text or ''):%Y-%m-%d %H:%M %Z}".strip()
    except ValueError:
        return ""
