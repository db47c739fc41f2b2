"""Take out of a report whatever a second run on the same kind of machine may change."""

from __future__ import annotations

import re
from typing import Any, cast

from autograder.model import JSON
from autograder.text import in_texts

_TIMES = frozenset({"generated_at", "duration", "run_id"})
# Limits of time grow with the slowness that a batch measures.
_MEASURED_LIMITS = frozenset({"slowness", "cpu_seconds", "wall_seconds"})
# What `speed` checks measure: see `autograder.grading.checks.speed`.
_MEASURED = re.compile(r".*_(speedup|speedup_range|ns_per_element)")
_RATIO = re.compile(r"\b\d+(?= times\b)")


def stable(document: JSON) -> JSON:
    """Give a report's JSON without times, measured speeds, and the place where the submission was found.

    Two reports of the same files are equal then if one engine graded them with one seed, whether a roster was
    given or not.
    """
    submission, environment = document.get("submission", {}), document.get("environment", {})
    origin, speeds = submission.get("origin", ""), _spoken_speeds(document)

    def settled(text: str) -> str:
        text = _RATIO.sub("#", text) if text in speeds else text
        return text.replace(origin, "") if origin.startswith("/") else text

    limits = {k: v for k, v in environment.get("limits", {}).items() if k not in _MEASURED_LIMITS}
    result = {
        **document,
        "submission": {key: value for key, value in submission.items() if key != "origin"},
        "environment": {**environment, "limits": limits},
        "learner": {key: value for key, value in document.get("learner", {}).items() if key != "ids"},
    }
    return cast(JSON, in_texts(settled, _without(result)))


def _spoken_speeds(document: JSON) -> set[str]:
    """Give the messages that say what was measured; an item repeats its check's."""
    checks = (check for item in document.get("items", []) for check in item.get("checks", []))
    return {check["message"] for check in checks if any(map(_MEASURED.fullmatch, check["metrics"]))}


def _without(value: Any) -> Any:
    """Drop times and measured numbers, wherever they are."""
    if isinstance(value, list):
        return [_without(item) for item in value]
    if not isinstance(value, dict):
        return value
    dropped = {key for key in value if key in _TIMES or _MEASURED.fullmatch(key)}
    return {key: _without(item) for key, item in value.items() if key not in dropped}
