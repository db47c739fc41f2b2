"""Check outputs against those of the reference, or against numerical gradients."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from msgspec.structs import replace

from autograder.assignment import Outputs
from autograder.authoring.context import CheckContext
from autograder.authoring.findings import found, status_of_fault
from autograder.authoring.questions import Answer, Comparison
from autograder.errors import AssignmentError
from autograder.grading.checks.asking import answers_to
from autograder.grading.checks.smallest import Shrunk, search_smallest
from autograder.grading.compare import Mismatch, compare
from autograder.model import Cause, Diagnosis, Finding, Status


def check_outputs(spec: Outputs, context: CheckContext) -> Finding:
    """Ask the check's questions, judge the answers, and name the mistake if it is a known one.

    A finding that did not pass includes what the code printed for the first question.
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
    """Search for the smallest failing case with the first of the check's questions that finds one."""
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
            if (diagnosis := context.diagnose(output, answers)) is not None:
                return diagnosis
    return None


def judge_outputs(spec: Outputs, answers_by_question: Iterable[Sequence[Answer]]) -> Finding:
    """Judge the answers to a check's questions. The code is right if all cases of any one question are right.

    A check covers a few regimes, such as "stride 2 and 3", and a regime either works or does not: one wrong
    case costs the whole check. A question is asked only if the code was not right by the ones before it.
    """
    findings: list[Finding] = []
    for answers in answers_by_question:
        findings.append(_judge(spec, answers))
        if findings[-1].status is Status.PASSED:
            break
    return max(findings, key=lambda finding: (finding.status is Status.PASSED, finding.metrics["right"]))


def _judge(spec: Outputs, answers: Sequence[Answer]) -> Finding:
    chosen = [a for a in answers if not spec.regimes or a.case.regime in spec.regimes]
    misses = [(a, wrong) for a in chosen if (wrong := _mismatch(spec.output, a)) is not None]
    if not chosen:
        wanted = f" of the regimes {', '.join(spec.regimes)}" if spec.regimes else ""
        raise AssignmentError(f"`{spec.id}`: a question has no case{wanted}, so nothing is compared")
    return _finding(spec, len(chosen), misses)


def _mismatch(output: str, answer: Answer) -> Mismatch | None:
    if answer.fault is not None:
        return Mismatch(message=answer.fault.message, cause=Cause(actual=answer.fault.traceback))
    for name, expected in answer.expected.items():
        if output in ("", name) and (wrong := compare(name, answer.outputs.get(name), expected)):
            return wrong
    return None


def _finding(spec: Outputs, total: int, misses: Sequence[tuple[Answer, Mismatch]]) -> Finding:
    right = total - len(misses)
    metrics: dict[str, float | int | str] = {"cases": total, "right": right}
    if not misses:
        message = "The one case is right." if total == 1 else f"All {total} cases are right."
        return found(spec, Status.PASSED, message, metrics=metrics)
    answer, wrong = misses[0]
    counted = f"{right} of {total} cases {'is' if right == 1 else 'are'} right. " if total > 1 else ""
    # A wrong value outranks a fault: it says more about the code.
    fault = None if any(one.fault is None for one, _ in misses) else answer.fault
    status = status_of_fault(fault) if fault else Status.FAILED
    cause = replace(wrong.cause, case=answer.case.about)
    message = f"{counted}{answer.case.about}: {wrong.message}"
    return found(spec, status, message, cause=cause, metrics=metrics)
