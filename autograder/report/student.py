"""Show a report as its learner may see it at a moment: nothing hidden, nothing of the grader's machine.

Three rules decide, and nothing else:

- The rubric is no secret: each item keeps its id, its title and its maximum.
- Points are shown with the item, and with the grades. An item that is hidden until then has none, and there
  is no total either, since the difference would say them.
- All else about a check is shown where both the item and the check may be seen. Of the other checks of an
  item, one entry remains: it has their points together, so that the sums stay true.

Texts are taken from the parts that are shown, or written anew; no text of a hidden part is copied.
"""

from __future__ import annotations

import datetime
import re
from collections.abc import Sequence

import msgspec
from msgspec.structs import replace

from autograder.model import (
    CheckReport,
    ItemReport,
    Outcome,
    Report,
    Status,
    Visibility,
)
from autograder.report.late import in_full, moment
from autograder.report.schema import SCHEMA_VERSION
from autograder.report.scoring import seen_message, worst
from autograder.text import in_texts

# The id of the entry that stands for all checks of an item that are not shown.
NOT_SHOWN = "not-shown"
_LATER = {
    Visibility.AFTER_DUE_DATE: "Shown after the due date.",
    Visibility.AFTER_PUBLISHED: "Shown after grades are published.",
}
_NEVER = "Not shown."
_MESSAGES = {
    Outcome.GRADED: "Graded.",
    Outcome.PENDING_MANUAL: "Graded, except for what a person has yet to judge.",
    Outcome.PARTIAL: "Some checks have not been run yet, so this is no grade.",
    Outcome.TIMEOUT: "Not graded to the end, so there is no score; a person decides.",
    Outcome.GRADER_ERROR: "The grader failed, not the submission; nothing was scored.",
}
_NO_TOTAL = "The total is shown after grades are published."
# All messages of a view that has points and no total.
WITHOUT_TOTAL = frozenset(f"{said} {_NO_TOTAL}" for said in _MESSAGES.values())
# A path from the root with two parts or more; after a scheme, a name or a number it is something else.
_PATH = re.compile(r"(?<![\w.:/~…)\]])(?:/[\w.@+~-]+){2,}/?|\b[A-Za-z]:(?:[\\/]+[\w.@+~ -]+)+")


def student_view(report: Report, now: datetime.datetime, *, published: bool = False) -> Report:
    """Give the report as its learner may see it.

    Parameters
    ----------
    report : Report
        The whole report.
    now : datetime.datetime
        The moment of reading, with its zone.
    published : bool, optional
        Whether grades are published.

    Returns
    -------
    Report
        A report that fits the same schema, and whose `view` is ``"student"``.
    """
    seen = _seen(report.assignment.due_at, now, published=published)
    items = tuple(_item(item, seen, published=published) for item in report.items)
    whole = all(published or item.visibility in seen for item in report.items)
    view = Report(
        schema_version=SCHEMA_VERSION,
        view="student",
        generated_at=report.generated_at,
        outcome=report.outcome,
        message=_message(report, whole=whole),
        grader=replace(report.grader, seed=None),
        environment=report.environment,
        assignment=replace(report.assignment, due_at=in_full(report.assignment.due_at)),
        submission=replace(
            report.submission,
            origin=_last(report.submission.origin),
            submitted_at=in_full(report.submission.submitted_at),
        ),
        learner=report.learner,
        score=report.score if whole else None,
        items=items,
        notices=report.notices,
        run_id=report.run_id,
    )
    place = report.submission.origin

    def plain(text: str) -> str:
        return _without_paths(text.replace(place, _last(place)) if place else text)

    return msgspec.convert(in_texts(plain, msgspec.to_builtins(view)), Report)


def _seen(due_at: str | None, now: datetime.datetime, *, published: bool) -> frozenset[Visibility]:
    """Give the kinds of visibility that a learner sees. A due date that is not known never passes."""
    due = moment(due_at)
    seen = {Visibility.VISIBLE}
    if published or (due is not None and now > due):
        seen.add(Visibility.AFTER_DUE_DATE)
    if published:
        seen.add(Visibility.AFTER_PUBLISHED)
    return frozenset(seen)


def _item(item: ItemReport, seen: frozenset[Visibility], *, published: bool) -> ItemReport:
    if item.visibility not in seen and not published:
        said = _LATER.get(item.visibility, _NEVER)
        return replace(item, status=Status.SKIPPED, score=None, message=said, checks=(), duration=0.0)
    shown = [check for check in item.checks if {item.visibility, check.visibility} <= seen]
    hidden = [check for check in item.checks if not {item.visibility, check.visibility} <= seen]
    together = [_together(hidden)] if hidden else []
    checks = [*(replace(check, evidence=()) for check in shown), *together]
    counted = [check for check in checks if check.max_score > 0] or checks
    telling = [check for check in counted if check.id != NOT_SHOWN]
    return replace(
        item,
        status=worst(check.status for check in counted) if counted else item.status,
        message=seen_message(telling, len(counted)) if telling else "".join(c.message for c in together),
        checks=tuple(checks),
        duration=round(sum(check.duration for check in checks), 4),
    )


def _together(hidden: Sequence[CheckReport]) -> CheckReport:
    """Give one entry with the points of several checks, and nothing else of them."""
    score = round(sum(check.score for check in hidden), 4)
    most = round(sum(check.max_score for check in hidden), 4)
    return CheckReport(
        id=NOT_SHOWN,
        status=_status_together(hidden),
        score=score,
        max_score=most,
        visibility=Visibility.HIDDEN,
        message=_LATER[Visibility.AFTER_PUBLISHED] if _all_come(hidden) else _NEVER,
        fraction=min(1.0, score / most) if most else None,
        switched_off=any(check.switched_off and check.max_score for check in hidden),
    )


def _all_come(hidden: Sequence[CheckReport]) -> bool:
    return all(check.visibility is not Visibility.HIDDEN for check in hidden)


def _status_together(hidden: Sequence[CheckReport]) -> Status:
    """Say of several checks no more than their points do, and whether somebody has yet to judge."""
    counted = [check for check in hidden if check.max_score > 0]
    lost = {check.status for check in counted if check.score < check.max_score}
    if Status.MANUAL in {check.status for check in counted}:
        return Status.MANUAL
    if not lost:
        return Status.PASSED
    return Status.SKIPPED if lost == {Status.SKIPPED} else Status.FAILED


def _message(report: Report, *, whole: bool) -> str:
    if report.outcome is Outcome.UNGRADABLE:
        return report.message  # about files alone
    said = _MESSAGES[report.outcome]
    return said if whole or report.score is None else f"{said} {_NO_TOTAL}"


def _without_paths(text: str) -> str:
    """Shorten absolute paths to their last part.

    >>> _without_paths("/home/ta1/hw/s001.zip: is no zip; see https://example.org/a/b or 1/2/3")
    '…/s001.zip: is no zip; see https://example.org/a/b or 1/2/3'
    """
    return _PATH.sub(lambda found: f"…/{_last(found.group())}", text)


def _last(path: str) -> str:
    return re.split(r"[\\/]", path.rstrip("\\/"))[-1]
