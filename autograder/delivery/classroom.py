"""GitHub Classroom's result of a test runner, as its grading reporter reads it.

The reporter takes JSON in Base64 from the environment (``NAME_RESULTS``), adds ``score`` of all ``tests`` up,
and says ``Points total/max_score``. A test passed where its ``status`` is ``pass``. Its source is
``autograding-grading-reporter``, ``src/main.js`` and ``src/notify-classroom.js``.
"""

from __future__ import annotations

import json

from autograder.model import ItemReport, Report, Status


def to_classroom(report: Report) -> str:
    """Render one report as the JSON that a step hands to the reporter in Base64."""
    score = report.score_to_export
    items = report.items if score is not None else ()
    result = {
        "version": 1,
        "status": _status(report),
        "max_score": report.assignment.max_score if score is not None else 0,
        "tests": [_test(item) for item in items] or [_nothing(report)],
    }
    return json.dumps(result, indent=2, ensure_ascii=False, allow_nan=False) + "\n"


def _status(report: Report) -> str:
    if report.score_to_export is None:
        return "error"
    lost = any(item.status is not Status.PASSED and not item.extra_credit for item in report.items)
    return "fail" if lost else "pass"


def _test(item: ItemReport) -> dict[str, object]:
    return {
        "name": item.title,
        "status": "pass" if item.status is Status.PASSED else "fail",
        "score": item.score or 0.0,
        "message": item.message,
        "test_code": item.id,
        "filename": "",
        "line_no": 0,
        "execution_time": f"{item.duration:.3f}s",
    }


def _nothing(report: Report) -> dict[str, object]:
    return {"name": report.assignment.title, "status": "error", "score": 0, "message": report.message}
