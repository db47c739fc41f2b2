"""Name the page that a learner's feedback is on."""

from __future__ import annotations

from autograder.intake.candidates import TOGETHER, safe_id
from autograder.model import Report


def page_name(report: Report, learner: str) -> str:
    """Give the name of a learner's page: the submission's id.

    Each of a group has a page of their own, since grades and extensions are each one's own.
    """
    name = report.submission.id
    return f"{name}-{safe_id(learner)}" if learner and TOGETHER in report.learner.id else name
