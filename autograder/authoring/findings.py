"""Findings that every kind of check may give: on a notebook in which nothing was done, and on a fault."""

from __future__ import annotations

import re
from typing import Any

from autograder.authoring.specs import CheckSpec
from autograder.authoring.student import FaultKind, StudentFault
from autograder.model import Cause, Finding, Status

UNTOUCHED = "Nothing was done here yet: the code is the release's, and no cell was ever run."


def found(
    spec: CheckSpec, status: Status, message: str, fraction: float | None = None, **more: Any
) -> Finding:
    """Make a check's finding. Unless given, `fraction` is 1 or 0; the hints go along with a failure."""
    lost = status in (Status.FAILED, Status.ERROR, Status.TIMEOUT)
    earned = float(status is Status.PASSED) if fraction is None else fraction
    return Finding(
        check=spec.id,
        status=status,
        fraction=earned,
        message=message,
        hints=spec.hints if lost else (),
        **more,
    )


def nothing_done(spec: CheckSpec) -> Finding:
    """Give the finding on an untouched notebook."""
    return Finding(check=spec.id, status=Status.FAILED, fraction=0.0, message=UNTOUCHED)


def faulted(spec: CheckSpec, fault: StudentFault) -> Finding:
    """Give the finding where a call into the student's code did not return."""
    cause = Cause(actual=fault.traceback) if fault.traceback else None
    return found(spec, status_of_fault(fault), fault.message, cause=cause, reason=reason_of(fault))


def reason_of(fault: StudentFault) -> str:
    """Give a fault as a reason that a report says once: the same for all sizes."""
    return re.sub(r"\d+", "#", fault.message)


def status_of_fault(fault: StudentFault) -> Status:
    """Give the status of a check that a fault ended."""
    if fault.is_timeout:
        return Status.TIMEOUT
    return Status.FAILED if fault.kind is FaultKind.MISSING else Status.ERROR
