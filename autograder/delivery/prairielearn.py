"""PrairieLearn's ``results.json`` of an external grader (https://docs.prairielearn.com/externalGrading/).

``score`` is a share from 0 to 1. Where there is no score, the submission is not ``gradable``: it costs the
student no attempt. The file may have 1 MB, so outputs are cut.
"""

from __future__ import annotations

import json

from autograder.model import CheckReport, ItemReport, Report
from autograder.text import clean

_MOST_OUTPUT = 4_000


def to_prairielearn(report: Report) -> str:
    """Render one report as the text of a ``results.json``."""
    score = report.score_to_export
    if score is None:
        result: dict[str, object] = {"gradable": False, "format_errors": [report.message]}
    else:
        result = {"gradable": True, "score": min(1.0, score.final / score.max) if score.max else 0.0}
    notices = [f"{notice.where}: {notice.message}".removeprefix(": ") for notice in report.notices]
    result |= {
        "message": report.message,
        "output": clean("\n".join(notices), _MOST_OUTPUT),
        "tests": [_test(item, check) for item in report.items for check in item.checks],
    }
    return json.dumps(result, indent=2, ensure_ascii=False, allow_nan=False) + "\n"


def _test(item: ItemReport, check: CheckReport) -> dict[str, object]:
    return {
        "name": f"{item.title}: {check.id}",
        "points": check.score,
        "max_points": check.max_score,
        "message": check.message,
        "output": clean(check.output.text, _MOST_OUTPUT) if check.output is not None else "",
    }
