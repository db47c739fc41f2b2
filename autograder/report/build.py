"""Build the whole report from the reports on its items, whatever happened to the submission."""

from __future__ import annotations

import datetime
from collections.abc import Mapping, Sequence
from typing import TypeVar

import msgspec
from msgspec.structs import replace

from autograder.assignment import Assignment
from autograder.model import (
    AssignmentFacts,
    Environment,
    Grader,
    ItemReport,
    Learner,
    Notice,
    Outcome,
    Report,
    Struct,
    Submission,
    SubmissionFacts,
)
from autograder.report.late import in_full, lateness
from autograder.report.schema import SCHEMA_VERSION
from autograder.report.totals import ending, total
from autograder.text import harmless, in_texts

Record = TypeVar("Record", bound=Struct)


class ReportFacts(Struct):
    """The facts that all reports of a batch share: who graded, and where the code ran.

    `run_id` is the batch's own. `ids` are the texts by which platforms know the roster's learners.
    """

    grader: Grader
    environment: Environment
    run_id: str = ""
    ids: Mapping[str, tuple[str, ...]] = {}


def build_report(
    assignment: Assignment,
    submission: Submission,
    facts: ReportFacts,
    *,
    items: Sequence[ItemReport] = (),
    fault: str = "",
    given_up: str = "",
    notices: Sequence[Notice] = (),
    integrity: Sequence[Notice] = (),
) -> Report:
    """Build the report on a submission, as of now.

    A `fault` of the grader takes the score away. A submission with a problem is ungradable. If the grader has
    `given_up` waiting for the code, the items stay and there is no score. Otherwise the items decide.
    """
    score = total(assignment, items)
    failure = _failure(submission, fault, given_up)
    outcome, message = failure or ending(items, score)
    return Report(
        schema_version=SCHEMA_VERSION,
        generated_at=datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds"),
        outcome=outcome,
        message=harmless(message),
        grader=facts.grader,
        environment=facts.environment,
        assignment=replace(
            msgspec.convert(assignment, AssignmentFacts, from_attributes=True),
            due_at=in_full(assignment.due_at),
        ),
        submission=replace(
            msgspec.convert(submission, SubmissionFacts, from_attributes=True),
            submitted_at=in_full(submission.submitted_at),
            late=lateness(submission.submitted_at, assignment.due_at),
        ),
        learner=Learner(id=submission.learner, ids=facts.ids.get(submission.learner, ())),
        score=None if failure else score,
        items=_harmless(items, ItemReport),
        notices=_harmless((*submission.notices, *notices), Notice),
        integrity=_harmless(integrity, Notice),
        run_id=facts.run_id,
    )


def _harmless(records: Sequence[Record], kind: type[Record]) -> tuple[Record, ...]:
    """Give the records with texts that are harmless to show, whichever of a student's words are in them."""
    plain = in_texts(harmless, msgspec.to_builtins(records))
    return tuple(msgspec.convert(plain, list[kind]))  # type: ignore[valid-type]


def _failure(submission: Submission, fault: str, given_up: str) -> tuple[Outcome, str] | None:
    """Give the outcome without a score and its message; None if there is a score."""
    if fault:
        return Outcome.GRADER_ERROR, f"The grader failed, not the submission; nothing was scored. {fault}"
    if submission.problem is not None:
        return Outcome.UNGRADABLE, submission.problem.message
    if given_up:
        return Outcome.TIMEOUT, f"Not graded to the end, so there is no score; a person decides. {given_up}"
    return None
