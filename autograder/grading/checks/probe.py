"""Check by a question that judges its own answer."""

from __future__ import annotations

import numpy as np

from autograder.assignment import ProbeSpec
from autograder.authoring.context import CheckContext
from autograder.authoring.findings import faulted, nothing_done
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
        return Finding(
            check=spec.id,
            status=Status.FAILED,
            fraction=0.0,
            message=f"The answer is not what was asked for: {error}",
            hints=spec.hints,
        )
    return _judged(spec, judgement, data.name if data else "")


def _judged(spec: ProbeSpec, judgement: Judgement, data: str) -> Finding:
    right = judgement.fraction >= 1.0
    return Finding(
        check=spec.id,
        status=Status.PASSED if right else Status.FAILED,
        fraction=judgement.fraction,
        message=judgement.message,
        hints=() if right else spec.hints,
        cause=None if right else Cause(expected=judgement.expected, actual=judgement.actual),
        metrics=judgement.metrics,
        data=data,
    )
