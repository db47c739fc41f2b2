"""Generate the report's JSON Schema (2020-12) from the types, and validate reports against it."""

from __future__ import annotations

import functools
import json
import re
import sys
from typing import Any

import msgspec

from autograder.errors import ReportError
from autograder.model import JSON, SAFE_ID, Report

SCHEMA_VERSION = "2.1"
SCHEMA_ID = "urn:autograder:report:2"
# Version 2 only adds to version 1, so both fit the schema; see `autograder.report.upgrade`.
_READ = ("1", "2")
# What the schema says of texts and numbers beside their types. Reports before 2.1 were not held to it.
_CONSTRAINTS = frozenset({"format", "pattern", "minimum", "maximum"})


def report_schema() -> JSON:
    """Give the schema that every report fits; ``docs/report.schema.json`` is its committed copy."""
    (reference,), components = msgspec.json.schema_components([Report], ref_template="#/$defs/{name}")
    schema: JSON = {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": SCHEMA_ID,
        "title": "autograder report",
        **reference,
        "$defs": components,
    }
    plain: JSON = json.loads(json.dumps(schema))  # turns tuples into lists
    return plain


def _without_constraints(schema: Any) -> Any:
    if isinstance(schema, list):
        return [_without_constraints(part) for part in schema]
    if not isinstance(schema, dict):
        return schema
    # an id names files, so it is held to its pattern whichever version wrote it
    dropped = frozenset() if schema.get("pattern") == SAFE_ID else _CONSTRAINTS
    return {key: _without_constraints(part) for key, part in schema.items() if key not in dropped}


@functools.cache
def _validator(*, constrained: bool) -> Any:
    # jsonschema would import a checker of a format that no report has, which takes each worker two seconds.
    sys.modules.setdefault("rfc3987_syntax", None)  # type: ignore[arg-type]
    import jsonschema

    schema = report_schema()
    return jsonschema.Draft202012Validator(schema if constrained else _without_constraints(schema))


def validate(document: object, name: str = "report") -> None:
    """Check a decoded JSON document against the schema.

    Raises `ReportError` if the document does not fit.
    """
    version = document.get("schema_version") if isinstance(document, dict) else None
    if isinstance(version, str) and version.split(".")[0] not in _READ:
        raise ReportError(
            f"{name}: schema_version is {version}, but this autograder reads up to {SCHEMA_VERSION}",
            "Use the autograder that wrote it, or grade again.",
        )
    constrained = not isinstance(version, str) or not re.match(r"1\.|2\.0$", version)
    problems = sorted(
        _validator(constrained=constrained).iter_errors(document),
        key=lambda e: list(map(str, e.absolute_path)),
    )
    if problems:
        first = problems[0]
        raise ReportError(
            f"{name}: at {first.json_path}: {first.message[:300]}",
            "docs/report-format.md describes every field.",
        )
