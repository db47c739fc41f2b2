"""Make findings for every kind of check, among them those on an untouched notebook and on a fault."""

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
    """Make a check's finding, with the hints if it failed. `fraction` is 1 or 0 by default."""
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
    """Give the finding of a check whose call into the student's code did not return."""
    cause = Cause(actual=fault.traceback) if fault.traceback else None
    return found(spec, status_of_fault(fault), fault.message, cause=cause, reason=reason_of(fault))


def reason_of(fault: StudentFault) -> str:
    """Give a fault's reason, which a report says once: the message with `#` for each number."""
    return re.sub(r"\d+", "#", fault.message)


def status_of_fault(fault: StudentFault) -> Status:
    """Give the status of a check that a fault ended."""
    if fault.is_timeout:
        return Status.TIMEOUT
    return Status.FAILED if fault.kind is FaultKind.MISSING else Status.ERROR
