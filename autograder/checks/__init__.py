"""Checks: plain functions ``(spec, bench) -> Finding``, one kind a file.

They import no clock, file, process or socket: what they need is on the bench.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from msgspec.structs import replace

from autograder.assignment import (
    CheckSpec,
    Comments,
    Files,
    Manual,
    Network,
    Outputs,
    Pdf,
    Rerun,
    RunOrder,
    Speed,
    Training,
)
from autograder.checks.bench import Bench
from autograder.checks.comments import check_comments
from autograder.checks.files import check_files, check_pdf
from autograder.checks.network import check_network, check_training
from autograder.checks.outputs import judge_outputs
from autograder.checks.rerun import check_rerun
from autograder.checks.smallest import Shrunk
from autograder.checks.speed import check_speed
from autograder.checks.stored import check_manual, check_run_order
from autograder.diagnosis import diagnose
from autograder.model import Diagnosis, Finding, Status


def check_outputs(spec: Outputs, bench: Bench) -> Finding:
    """Ask the check's questions, judge the answers, and name the mistake where it is a known one.

    Where not all is right, the finding has what the code printed for the first of the questions.
    """
    finding = judge_outputs(spec, (bench.answers(name, spec.limits) for name in spec.questions))
    if finding.status is Status.PASSED:
        return finding
    finding = replace(finding, output=bench.printed(spec.questions[0]))
    if finding.status is not Status.FAILED:
        return finding
    shrunk = _smallest(spec, bench)
    return replace(
        finding,
        diagnosis=_diagnosis(spec, bench),
        smallest=shrunk.smallest if shrunk else None,
        pictures=(shrunk.drawing,) if shrunk and shrunk.drawing else (),
    )


def _smallest(spec: Outputs, bench: Bench) -> Shrunk | None:
    """The smallest failing case by the first of the check's questions that has small ones."""
    for name in spec.questions:
        answers = bench.answers(name, spec.limits)
        output = spec.output or next((name for answer in answers for name in answer.expected), "")
        if output and (shrunk := bench.smallest(name, output, spec.limits)) is not None:
            return shrunk
    return None


def _diagnosis(spec: Outputs, bench: Bench) -> Diagnosis | None:
    if bench.hint_level == "none":
        return None
    for name in spec.questions:
        answers = bench.answers(name, spec.limits)
        outputs = {output for answer in answers for output in answer.expected}
        for output in [spec.output] if spec.output else sorted(outputs):
            if (found := diagnose(output, answers, bench.suspects)) is not None:
                message = found.explain if bench.hint_level == "explain" else found.nudge
                return Diagnosis(id=found.id, message=message)
    return None


# A kind's function takes that kind's spec; the table can't say so in types.
_KINDS: dict[type, Callable[[Any, Bench], Finding]] = {
    Outputs: check_outputs,
    Speed: check_speed,
    Network: check_network,
    Training: check_training,
    Comments: check_comments,
    RunOrder: check_run_order,
    Rerun: check_rerun,
    Files: check_files,
    Pdf: check_pdf,
    Manual: check_manual,
}


def run_check(spec: CheckSpec, bench: Bench) -> Finding:
    """Run one check, whatever its kind."""
    return _KINDS[type(spec)](spec, bench)


__all__ = ["Bench", "run_check"]
