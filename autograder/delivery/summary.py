"""Export the summary of a batch: a CSV file with one row for each submission."""

from __future__ import annotations

from collections.abc import Sequence

from autograder.model import Report
from autograder.text import spreadsheet

_ABOUT = ("learner", "submission", "attempt", "submitted_at", "late", "outcome")
_POINTS = ("final", "max", "extra_credit", "pending")


def to_csv(reports: Sequence[Report], absent: Sequence[str] = ()) -> str:
    """Render the outcome, the points, a column for each item, and the number of passages to read.

    A report without a score to export has empty fields, never zeros. The `absent` are learners who handed in
    nothing. An apostrophe stands before text that a spreadsheet would take for a formula.
    """
    items = list(dict.fromkeys(item.id for report in reports for item in report.items))
    header = [*_ABOUT, *_POINTS, *items, "to_read", "message"]
    ordered = sorted(reports, key=lambda r: (r.learner.id, r.submission.id, r.submission.attempt))
    blank = [""] * (len(_POINTS) + len(items) + 1)
    nothing = ([one, "", "", "", "", "not_submitted", *blank, "Handed in nothing."] for one in absent)
    return spreadsheet([header, *(_row(report, items) for report in ordered), *nothing])


def _row(report: Report, items: Sequence[str]) -> list[str]:
    scores = {item.id: item.score for item in report.items}
    one, score = report.submission, report.score_to_export
    points = (score.final, score.max, score.extra_credit, score.pending) if score else (None,) * 4
    return [
        report.learner.id,
        one.id,
        str(one.attempt),
        one.submitted_at or "",
        one.late.message if one.late else "",
        report.outcome.value,
        *map(_number, points),
        *(_number(scores.get(item)) for item in items),
        str(len(report.integrity)),
        report.message,
    ]


def _number(value: float | None) -> str:
    return "" if value is None else f"{value:g}"
