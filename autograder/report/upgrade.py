"""Upgrade reports of version 0.1, whose schema is 1.0 or 1.1, to the schema of today."""

from __future__ import annotations

import msgspec

from autograder.model import JSON, ItemReport, Outcome, Score
from autograder.report.late import in_full, lateness
from autograder.report.schema import SCHEMA_VERSION
from autograder.report.totals import ending

# How the messages of checks began that were switched off.
_SWITCHED_OFF = "Not judged: "


def upgrade(document: JSON) -> JSON:
    """Give a report that fits the schema as one of today; one of today is given back as it is.

    A learner had one report then, so it is attempt 1, whichever number the platform named. Checks that were
    switched off make it `partial`.
    """
    if not document["schema_version"].startswith("1."):
        return document
    submission, assignment = document["submission"], document["assignment"]
    late = lateness(submission.get("submitted_at"), assignment.get("due_at"))
    items = [
        {**item, "checks": [_check(check) for check in item.get("checks", [])]}
        for item in document.get("items", [])
    ]
    return {
        **document,
        "schema_version": SCHEMA_VERSION,
        **_ending(items, document["score"]),
        "assignment": {**assignment, "due_at": in_full(assignment.get("due_at"))},
        "submission": {
            **submission,
            "attempt": 1,
            "submitted_at": in_full(submission.get("submitted_at")),
            "late": msgspec.to_builtins(late),
        },
        "items": items,
    }


def _check(check: JSON) -> JSON:
    skipped = check["status"] == "skipped" and check["message"].startswith(_SWITCHED_OFF)
    return {**check, "switched_off": skipped}


def _ending(items: list[JSON], score: JSON | None) -> JSON:
    """Give the outcome and message of a partial report; those of others stand."""
    if score is None:
        return {}
    read = msgspec.convert(items, tuple[ItemReport, ...])
    outcome, message = ending(read, msgspec.convert(score, Score))
    return {"outcome": outcome.value, "message": message} if outcome is Outcome.PARTIAL else {}
