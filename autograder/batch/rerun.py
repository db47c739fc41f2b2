"""Grade the submission of a report again, and say where the new report differs."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from msgspec.structs import replace

from autograder.assignment import Assignment
from autograder.batch.grading_run import RunOptions, open_pipeline, plan_run
from autograder.course import find_course
from autograder.errors import UsageError
from autograder.intake import Candidate, discover
from autograder.intake.isolation import limited_search
from autograder.model import Report, Submission, SubmissionFacts
from autograder.report import to_json
from autograder.report.late import first_handed_in
from autograder.report.stable import stable

_MOST_SHOWN = 160


def _options_of(report: Report, options: RunOptions) -> RunOptions:
    """Give the options with what the report says of its own run: assignment, seed and limits of time."""
    slowness = report.environment.limits.get("slowness")
    return replace(
        options,
        assignment=report.assignment.id,
        seed=report.grader.seed,
        slowness=float(slowness) if slowness is not None else None,
    )


def grade_again(report: Report, options: RunOptions, paths: Sequence[Path]) -> Report:
    """Grade the files of a report again, from `paths` or else from where they were found.

    Raises `UsageError` if no submission there has the files of the report.
    """
    options = _options_of(report, options)
    wanted = report.submission
    if not wanted.files:
        raise UsageError(
            f"the report of {wanted.id} names no files", "Grade the submission with a new batch."
        )
    # names are looked for before anything is measured: a wrong place is said at once
    assignment = find_course(options.root, options.assignment).assignment
    candidates = list(_candidates(wanted, assignment, paths))
    if not candidates:
        raise UsageError(f"{wanted.origin}: no submission is there any more", "Name its place after --rerun.")
    pipeline = open_pipeline(plan_run(options))
    others = []
    for candidate in candidates:
        # what it is called stands in the report; the place may be named otherwise today
        named = replace(candidate, id=wanted.id, learner=report.learner.id, attempt=wanted.attempt)
        reading = pipeline.read(named)
        if _hashes(reading.submission) == _hashes(wanted):
            again = pipeline.grade_reading(reading).report
            # the files may have come in again since
            facts = first_handed_in(again.submission, wanted.submitted_at, again.assignment.due_at)
            return replace(again, submission=facts)
        others.append(f"{candidate.origin}: {_first_other(_hashes(wanted), _hashes(reading.submission))}")
    raise UsageError(
        f"no submission has the files of the report of {wanted.id}; {others[0]}",
        "Name the place of the files that were graded after --rerun.",
    )


def _candidates(
    wanted: SubmissionFacts, assignment: Assignment, paths: Sequence[Path]
) -> Iterator[Candidate]:
    """Find the submissions in the named paths, or around the report's origin; the likeliest come first."""
    search = limited_search()
    for group in [paths] if paths else [[place] for place in _around(Path(wanted.origin))]:
        try:
            found = discover(group, assignment, *search).candidates
        except UsageError:
            if paths:
                raise
            continue
        yield from sorted(found, key=lambda c: (c.origin != wanted.origin, c.id != wanted.id))


def _around(origin: Path) -> Iterator[Path]:
    """Give the origin, the zip that it is in, and its folder: files of one learner may lie beside others'."""
    if origin.exists():
        yield origin
    yield from (place for place in origin.parents if place.is_file())
    if origin.parent.is_dir():
        yield origin.parent


def _hashes(submission: Submission | SubmissionFacts) -> dict[str, str]:
    return {file.path: file.sha256 for file in submission.files}


def _first_other(wanted: dict[str, str], found: dict[str, str]) -> str:
    """Say which file is the first that is not the same."""
    name = min(name for name in wanted.keys() | found.keys() if wanted.get(name) != found.get(name))
    if name not in found:
        return f"{name} is missing"
    return f"{name} has changed" if name in wanted else f"{name} is new"


def differences(old: Report, new: Report) -> list[str]:
    """List where two reports differ, but for times, measured speeds and the place of the submission."""
    return list(_differences("", _comparable(old), _comparable(new)))


def _comparable(report: Report) -> Any:
    return stable(json.loads(to_json(report)))


def _differences(where: str, old: Any, new: Any) -> Iterator[str]:
    old, new = _by_id(old), _by_id(new)
    if isinstance(old, dict) and isinstance(new, dict):
        for key in [*old, *(key for key in new if key not in old)]:
            yield from _differences(f"{where}.{key}" if where else key, old.get(key), new.get(key))
    elif old != new:
        yield f"{where}: {_shown(old)} → {_shown(new)}"


def _by_id(value: Any) -> Any:
    """Give a list as a dict: items and checks by their ids, others by their places from 1."""
    if not isinstance(value, list):
        return value
    ids = [part.get("id") if isinstance(part, dict) else None for part in value]
    return dict(zip(ids if all(ids) else range(1, len(value) + 1), value, strict=True))


def _shown(value: Any) -> str:
    text = json.dumps(value, ensure_ascii=False)
    return text if len(text) <= _MOST_SHOWN else f"{text[:_MOST_SHOWN]} …"
