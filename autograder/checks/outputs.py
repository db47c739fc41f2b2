"""Checks of outputs: against reference outputs, and against numerical gradients."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from autograder.assignment import Outputs
from autograder.compare import Mismatch, compare
from autograder.errors import AssignmentError
from autograder.model import Cause, Finding, Status, Struct
from autograder.questions import Answer
from autograder.student import FaultKind, StudentFault


class Miss(Struct):
    """A case that was not right, and why."""

    answer: Answer
    message: str
    cause: Cause


def judge_outputs(spec: Outputs, answers_by_question: Iterable[Sequence[Answer]]) -> Finding:
    """Judge the answers to a check's questions: right by any of the questions is right.

    A check names one regime or more, so that what it tells is one thing ("stride 2 and 3"), and a
    regime works or does not: one wrong case costs the check, whatever luck the others had. A question
    is only looked at where those before did not show that all is right.
    """
    findings: list[Finding] = []
    for answers in answers_by_question:
        findings.append(_judge(spec, answers))
        if findings[-1].status is Status.PASSED:
            break
    return max(findings, key=_merit)


def _merit(finding: Finding) -> tuple[bool, int]:
    return finding.status is Status.PASSED, int(finding.metrics.get("right", 0))


def _judge(spec: Outputs, answers: Sequence[Answer]) -> Finding:
    chosen = [a for a in answers if not spec.regimes or a.case.regime in spec.regimes]
    misses = [miss for a in chosen if (miss := _miss(spec.output, a)) is not None]
    if not chosen:
        raise AssignmentError(f"`{spec.id}`: its questions have no case in {', '.join(spec.regimes)}")
    return _finding(spec.id, len(chosen), misses, spec.hints)


def _miss(output: str, answer: Answer) -> Miss | None:
    if answer.fault is not None:
        return Miss(answer=answer, message=answer.fault.message, cause=_fault_cause(answer.fault))
    for name, expected in answer.expected.items():
        if output and name != output:
            continue
        mismatch: Mismatch | None = compare(name, answer.outputs.get(name), expected)
        if mismatch is not None:
            return Miss(answer=answer, message=mismatch.message, cause=mismatch.cause)
    return None


def _fault_cause(fault: StudentFault) -> Cause:
    return Cause(actual=fault.traceback)


def _finding(check: str, total: int, misses: Sequence[Miss], hints: tuple[str, ...]) -> Finding:
    right = total - len(misses)
    metrics: dict[str, float | int | str] = {"cases": total, "right": right}
    if not misses:
        message = "The one case is right." if total == 1 else f"All {total} cases are right."
        return Finding(check=check, status=Status.PASSED, fraction=1.0, message=message, metrics=metrics)
    first = misses[0]
    return Finding(
        check=check,
        status=_status(misses),
        fraction=0.0,
        message=f"{_count(right, total)}{first.answer.case.about}: {first.message}",
        hints=hints,
        cause=Cause(
            case=first.answer.case.about,
            expected=first.cause.expected,
            actual=first.cause.actual,
            at=first.cause.at,
        ),
        metrics=metrics,
    )


def _count(right: int, total: int) -> str:
    return "" if total == 1 else f"{right} of {total} cases are right. "


def _status(misses: Sequence[Miss]) -> Status:
    """A wrong value outranks a fault: it says more about the code."""
    faults = [miss.answer.fault for miss in misses]
    if any(fault is None for fault in faults):
        return Status.FAILED
    return status_of_fault(next(fault for fault in faults if fault is not None))


def status_of_fault(fault: StudentFault) -> Status:
    """The status of a check that a fault ended."""
    if fault.is_timeout:
        return Status.TIMEOUT
    return Status.FAILED if fault.kind is FaultKind.MISSING else Status.ERROR
