"""CTRF, the Common Test Report Format, held against its published schema ``ctrf.schema.json`` by a test.

CTRF has no points: they are in each test's ``extra``.
"""

from __future__ import annotations

import datetime
import json
from collections import Counter

from autograder.model import CheckReport, ItemReport, Report, Status

_STATUS = {
    Status.PASSED: "passed",
    Status.FAILED: "failed",
    Status.ERROR: "failed",
    Status.TIMEOUT: "failed",
    Status.SKIPPED: "skipped",
    Status.MANUAL: "pending",
}


def to_ctrf(report: Report) -> str:
    """Render one report as CTRF."""
    tests = [_test(item, check) for item in report.items for check in item.checks]
    counts = Counter(test["status"] for test in tests)
    stop = _milliseconds(datetime.datetime.fromisoformat(report.generated_at).timestamp())
    took = _milliseconds(sum(item.duration for item in report.items))
    score = report.score_to_export
    document = {
        "reportFormat": "CTRF",
        "specVersion": "0.1.0",
        "timestamp": report.generated_at,
        "generatedBy": f"{report.grader.name} {report.grader.version}",
        "results": {
            "tool": {"name": report.grader.name, "version": report.grader.version},
            "summary": {
                "tests": len(tests),
                **{name: counts[name] for name in ("passed", "failed", "skipped", "pending", "other")},
                "start": stop - took,
                "stop": stop,
            },
            "tests": tests,
            "extra": {
                "submission": report.submission.id,
                "learner": report.learner.id,
                "outcome": report.outcome.value,
                "message": report.message,
                "score": None if score is None else score.final,
                "max_score": report.assignment.max_score,
            },
        },
    }
    return json.dumps(document, indent=2, ensure_ascii=False, allow_nan=False) + "\n"


def _test(item: ItemReport, check: CheckReport) -> dict[str, object]:
    return {
        "name": check.id,
        "status": _STATUS[check.status],
        "rawStatus": check.status.value,
        "duration": _milliseconds(check.duration),
        "suite": [item.title or item.id],
        "message": check.message,
        "extra": {"score": check.score, "max_score": check.max_score},
    }


def _milliseconds(seconds: float) -> int:
    return round(seconds * 1000)
