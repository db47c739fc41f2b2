"""Export the summary of a batch: a CSV file with one row for each submission."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence

from autograder.model import Report

_ABOUT = ("learner", "submission", "attempt", "submitted_at", "late", "outcome")
_POINTS = ("final", "max", "extra_credit", "pending")
# Spreadsheets recognise UTF-8 by it.
BYTE_ORDER_MARK = "\ufeff"


def to_csv(reports: Sequence[Report], absent: Sequence[str] = ()) -> str:
    """Render the outcome, the points, a column for each item, and the number of passages to read.

    A report without a score to export has empty fields, never zeros. The `absent` are learners who handed in
    nothing. An apostrophe stands before text that a spreadsheet would take for a formula.
    """
    items = list(dict.fromkeys(item.id for report in reports for item in report.items))
    text = io.StringIO(BYTE_ORDER_MARK)
    text.seek(0, io.SEEK_END)
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow([*_ABOUT, *_POINTS, *items, "to_read", "message"])
    for report in sorted(reports, key=lambda r: (r.learner.id, r.submission.id, r.submission.attempt)):
        writer.writerow([_safe(value) for value in _row(report, items)])
    blank = [""] * (len(_POINTS) + len(items) + 1)
    for learner in absent:
        writer.writerow([_safe(learner), "", "", "", "", "not_submitted", *blank, "Handed in nothing."])
    return text.getvalue()


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


def _safe(value: str) -> str:
    return f"'{value}" if value[:1] in ("=", "+", "-", "@", "\t", "\r") else value
