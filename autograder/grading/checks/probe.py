"""Check by a question that judges its own answer."""

from __future__ import annotations

import numpy as np

from autograder.assignment import ProbeSpec
from autograder.authoring.context import CheckContext
from autograder.authoring.findings import faulted, found, nothing_done
from autograder.authoring.questions import Judgement, Probe
from autograder.authoring.student import StudentFault
from autograder.model import Cause, Finding, Status


def check_probe(spec: ProbeSpec, context: CheckContext) -> Finding:
    """Ask a probe. An answer that the probe can't read fails the check; it is no fault of the grader."""
    if context.untouched and not spec.earns_untouched:
        return nothing_done(spec)
    probe = context.question(spec.question, Probe)
    data = context.data(probe.samples) if probe.samples else None
    try:
        with context.handles(spec.limits) as handles, np.errstate(all="ignore"):
            judgement = probe.judge(handles, context.generator(spec.question), data)
    except StudentFault as fault:
        return faulted(spec, fault)
    except (ValueError, TypeError, AttributeError, LookupError, ArithmeticError) as error:
        return found(spec, Status.FAILED, f"The answer is not what was asked for: {error}")
    return _judged(spec, judgement, data.name if data else "")


def _judged(spec: ProbeSpec, judgement: Judgement, data: str) -> Finding:
    right = judgement.fraction >= 1.0
    return found(
        spec,
        Status.PASSED if right else Status.FAILED,
        judgement.message,
        judgement.fraction,
        cause=None if right else Cause(expected=judgement.expected, actual=judgement.actual),
        metrics=judgement.metrics,
        data=data,
    )
