"""Export to Gradescope's ``results.json`` (https://gradescope-autograders.readthedocs.io/en/latest/specs/).

Each check becomes a test, numbered by its item and with the check's visibility. On Gradescope a hidden test
also hides the total from students until grades are published. Where there is no score to export, neither the
result nor a test has a ``score``: Gradescope would add up those of the tests.
"""

from __future__ import annotations

import datetime
import json

import msgspec

from autograder.model import CheckReport, ItemReport, Report, Smallest, Status
from autograder.report.student import student_view


def to_gradescope(report: Report) -> str:
    """Render one report as the text of a ``results.json``."""
    tests = [
        _test(item, check, f"{number}.{part}")
        for number, item in enumerate(report.items, 1)
        for part, check in enumerate(item.checks, 1)
    ]
    # Gradescope decides what of a test is shown; the rest is shown to students at once, or may be
    view = student_view(report, datetime.datetime.fromisoformat(report.generated_at))
    result: dict[str, object] = {
        "output": _summary(view),
        "output_format": "text",
        "visibility": "visible",
        "stdout_visibility": "hidden",
        "execution_time": round(sum(item.duration for item in report.items), 2),
        "tests": tests,
        "extra_data": {"autograder": msgspec.to_builtins(view)},
    }
    score = report.score_to_export
    if score is not None:
        result["score"] = score.final
    else:
        for test in tests:
            del test["score"], test["max_score"]
    return json.dumps(result, indent=2, ensure_ascii=False, allow_nan=False) + "\n"


def _summary(report: Report) -> str:
    lines = [report.message]
    lines += [f"Late: {report.submission.late.message}."] if report.submission.late else []
    lines += [f"{notice.where}: {notice.message}".removeprefix(": ") for notice in report.notices]
    return "\n".join(lines)


def _test(item: ItemReport, check: CheckReport, number: str) -> dict[str, object]:
    test: dict[str, object] = {
        "name": f"{item.title}: {check.id}",
        "number": number,
        "score": check.score,
        "max_score": check.max_score,
        "output": _output(check),
        "output_format": "text",
        "visibility": check.visibility.value,
        "tags": [item.id],
    }
    if check.status not in (Status.MANUAL, Status.SKIPPED):
        test["status"] = "passed" if check.status is Status.PASSED else "failed"
    if item.extra_credit:
        test["max_score"] = 0
    return test


def _output(check: CheckReport) -> str:
    parts = [check.message]
    if check.diagnosis is not None:
        parts.append(f"It looks like {check.diagnosis.id}: {check.diagnosis.message}")
    if check.smallest is not None:
        parts.append(_smallest(check.smallest))
    parts += [f"Hint: {hint}" for hint in check.hints]
    if check.cause is not None:
        parts += [f"expected:\n{check.cause.expected}"] if check.cause.expected else []
        parts += [f"got:\n{check.cause.actual}"] if check.cause.actual else []
    return "\n".join(parts)


def _smallest(found: Smallest) -> str:
    inputs = "\n".join(f"{name} =\n{value}" for name, value in found.inputs.items())
    outputs = f"\nexpected:\n{found.expected}\ngot:\n{found.actual}" if found.expected else ""
    head = f"The smallest case that fails: {found.case}"
    return f"{head}\n{inputs}{outputs}\n{found.message}\n{found.terms}".rstrip()
