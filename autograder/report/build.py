"""From item reports to the whole report: pure, and complete whatever happened."""

from __future__ import annotations

from collections.abc import Sequence

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
    Submission,
    SubmissionFacts,
)
from autograder.report.schema import SCHEMA_VERSION
from autograder.report.totals import outcome_of, total


def build_report(
    *,
    assignment: Assignment,
    submission: Submission,
    items: Sequence[ItemReport],
    grader: Grader,
    environment: Environment,
    generated_at: str,
    fault: str = "",
    given_up: str = "",
    notices: Sequence[Notice] = (),
    integrity: Sequence[Notice] = (),
) -> Report:
    """Assemble the report of a submission.

    A `fault` of the grader takes the score away and says so; a submission with a problem is
    ungradable and says why. Where the grader has `given_up` waiting, what was judged stays, without a
    score. In every other case the items decide.
    """
    outcome, message = _ending(submission, items, fault, given_up)
    scored = outcome in (Outcome.GRADED, Outcome.PENDING_MANUAL)
    return Report(
        schema_version=SCHEMA_VERSION,
        generated_at=generated_at,
        outcome=outcome,
        message=message,
        grader=grader,
        environment=environment,
        assignment=AssignmentFacts(
            id=assignment.id,
            title=assignment.title,
            version=assignment.version,
            max_score=assignment.max_score,
            due_at=assignment.due_at,
        ),
        submission=SubmissionFacts(
            id=submission.id,
            origin=submission.origin,
            files=submission.files,
            attempt=submission.attempt,
            submitted_at=submission.submitted_at,
        ),
        learner=Learner(id=submission.learner),
        score=total(assignment, items) if scored else None,
        items=tuple(items),
        notices=(*submission.notices, *notices),
        integrity=tuple(integrity),
    )


def _ending(
    submission: Submission, items: Sequence[ItemReport], fault: str, given_up: str
) -> tuple[Outcome, str]:
    if fault:
        return Outcome.GRADER_ERROR, f"The grader failed, not the submission; nothing was scored. {fault}"
    if submission.problem is not None:
        return Outcome.UNGRADABLE, submission.problem.message
    if given_up:
        return Outcome.TIMEOUT, f"Given up before the end, without a score; a person decides. {given_up}"
    outcome = outcome_of(items)
    if outcome is Outcome.PENDING_MANUAL:
        waiting = ", ".join(item.id for item in items if item.status.value == "manual")
        return outcome, f"Graded; a person has yet to judge: {waiting}."
    return outcome, "Graded."
