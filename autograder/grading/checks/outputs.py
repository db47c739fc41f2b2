"""Checks of outputs: against reference outputs, and against numerical gradients."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from msgspec.structs import replace

from autograder.assignment import Outputs
from autograder.authoring.context import CheckContext
from autograder.authoring.findings import status_of_fault
from autograder.authoring.questions import Answer, Comparison
from autograder.authoring.student import StudentFault
from autograder.errors import AssignmentError
from autograder.grading.checks.asking import answers_to
from autograder.grading.checks.smallest import Shrunk, search_smallest
from autograder.grading.compare import Mismatch, compare
from autograder.model import Cause, Diagnosis, Finding, Status, Struct


class Miss(Struct):
    """A case that was not right, and why."""

    answer: Answer
    message: str
    cause: Cause


def check_outputs(spec: Outputs, context: CheckContext) -> Finding:
    """Ask the check's questions, judge the answers, and name the mistake where it is a known one.

    Where not all is right, the finding has what the code printed for the first of the questions.
    """
    asked = (answers_to(name, spec.limits, context).answers for name in spec.questions)
    finding = judge_outputs(spec, asked)
    if finding.status is Status.PASSED:
        return finding
    printed = answers_to(spec.questions[0], spec.limits, context).printed
    finding = replace(finding, output=printed if printed.text else None)
    if finding.status is not Status.FAILED:
        return finding
    shrunk = _smallest(spec, context)
    return replace(
        finding,
        diagnosis=_diagnosis(spec, context),
        smallest=shrunk.smallest if shrunk else None,
        pictures=(shrunk.drawing,) if shrunk and shrunk.drawing else (),
    )


def _smallest(spec: Outputs, context: CheckContext) -> Shrunk | None:
    """Search the smallest failing case by the first of the check's questions that has small ones."""
    for name in spec.questions:
        answers = answers_to(name, spec.limits, context).answers
        output = spec.output or next((name for answer in answers for name in answer.expected), "")
        if output and (shrunk := _searched(name, output, spec.limits, context)) is not None:
            return shrunk
    return None


def _searched(question: str, output: str, limits: str, context: CheckContext) -> Shrunk | None:
    def search() -> Shrunk | None:
        with context.handles(limits, alone=True) as handles:
            return search_smallest(context.question(question, Comparison), handles, output)

    return context.once(("smallest", question, output), search)


def _diagnosis(spec: Outputs, context: CheckContext) -> Diagnosis | None:
    for name in spec.questions:
        answers = answers_to(name, spec.limits, context).answers
        outputs = {output for answer in answers for output in answer.expected}
        for output in [spec.output] if spec.output else sorted(outputs):
            if (found := context.diagnose(output, answers)) is not None:
                return found
    return None


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
        wanted = f" of the regimes {', '.join(spec.regimes)}" if spec.regimes else ""
        raise AssignmentError(f"`{spec.id}`: a question has no case{wanted}, so nothing is compared")
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
