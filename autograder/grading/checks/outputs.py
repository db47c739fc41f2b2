"""Check outputs against those of the reference, or against numerical gradients."""

from __future__ import annotations

import functools
import itertools
from collections.abc import Iterable, Sequence

import numpy as np
from msgspec.structs import replace

from autograder.assignment import Outputs
from autograder.authoring.context import CheckContext
from autograder.authoring.findings import found, reason_of, status_of_fault
from autograder.authoring.questions import Answer, Comparison, Mistake
from autograder.errors import AssignmentError
from autograder.grading.checks.asking import answers_to
from autograder.grading.checks.smallest import Shrunk, search_smallest
from autograder.grading.compare import Mismatch, compare
from autograder.model import Cause, Finding, Status, Struct


def check_outputs(spec: Outputs, context: CheckContext) -> Finding:
    """Ask the check's questions, judge the answers, and name the mistake if it has a name.

    A finding that did not pass includes what the code printed for the first question.
    """
    asked = (answers_to(name, spec.limits, context).answers for name in spec.questions)
    spoilt = (_spoilt_elsewhere(spec, name, context) for name in spec.questions)
    judged = judge_outputs(spec, asked, spoilt)
    finding = judged.finding
    if finding.status is Status.PASSED:
        return finding
    printed = answers_to(spec.questions[0], spec.limits, context).printed
    finding = replace(finding, output=printed if printed.text else None)
    judged = replace(judged, finding=finding)
    return finding if finding.status is Status.TIMEOUT else _with_mistake(spec, judged, context)


def _spoilt_elsewhere(spec: Outputs, question: str, context: CheckContext) -> frozenset[str]:
    """Give the cases in which a call raises for a mistake in another output than the check's.

    That mistake costs the other output's checks. Had the code returned its wrong array, this output would
    have been judged.
    """
    answers = answers_to(question, spec.limits, context)
    if not spec.output or all(one.fault is None for one in answers.answers):
        return frozenset()
    others = context.question(question, Comparison).outputs
    named = (context.mistakes(question, one, answers) for one in others if one != spec.output)
    raising = {one.case.id for one in answers.answers if one.fault is not None}
    own = context.mistakes(question, spec.output, answers)
    excusable = raising - {case for case, mistake in own.items() if mistake.output == spec.output}
    return frozenset(
        case
        for each in named
        for case, mistake in each.items()
        if mistake.output not in ("", spec.output) and case in excusable
    )


class Judged(Struct):
    """A finding, the number of the question that it is about, and the answers that missed."""

    finding: Finding
    question: int = 0
    missed: tuple[Answer, ...] = ()


def judge_outputs(
    spec: Outputs,
    answers_by_question: Iterable[Sequence[Answer]],
    spoilt_by_question: Iterable[frozenset[str]] = itertools.repeat(frozenset()),
) -> Judged:
    """Judge the answers to a check's questions. The code is right if all cases of any one question are right.

    A check covers a few regimes, such as "stride 2 and 3", and a regime either works or does not: one wrong
    case costs the whole check. A question is asked only if the code was not right by the ones before it.
    Cases that are spoilt elsewhere don't count, unless there are no others.
    """
    judged: list[Judged] = []
    for number, (answers, spoilt) in enumerate(zip(answers_by_question, spoilt_by_question, strict=False)):
        judged.append(_judge(spec, number, answers, spoilt))
        if judged[-1].finding.status is Status.PASSED:
            break
    return max(judged, key=_tells)


def _tells(judged: Judged) -> tuple[bool, float | int | str, bool]:
    """Rank a judgement: by the cases that are right, then by a wrong value, which says more than a fault."""
    finding = judged.finding
    return (
        finding.status is Status.PASSED,
        finding.metrics["right"],
        any(one.fault is None for one in judged.missed),
    )


def _judge(spec: Outputs, number: int, answers: Sequence[Answer], spoilt: frozenset[str]) -> Judged:
    asked = [a for a in answers if not spec.regimes or a.case.regime in spec.regimes]
    chosen = [a for a in asked if a.case.id not in spoilt] or asked
    misses = [(a, wrong) for a in chosen if (wrong := _mismatch(spec.output, a)) is not None]
    if not chosen:
        wanted = f" of the regimes {', '.join(spec.regimes)}" if spec.regimes else ""
        raise AssignmentError(f"`{spec.id}`: a question has no case{wanted}, so nothing is compared")
    finding = _finding(spec, len(chosen), len(asked) - len(chosen), misses)
    return Judged(finding=finding, question=number, missed=tuple(answer for answer, _ in misses))


def _mismatch(output: str, answer: Answer) -> Mismatch | None:
    if answer.fault is not None:
        return Mismatch(message=answer.fault.message, cause=Cause(actual=answer.fault.traceback))
    for name, expected in answer.expected.items():
        if output in ("", name) and (wrong := compare(name, answer.outputs.get(name), expected)):
            return wrong
    return None


def _finding(spec: Outputs, total: int, spoilt: int, misses: Sequence[tuple[Answer, Mismatch]]) -> Finding:
    right = total - len(misses)
    metrics: dict[str, float | int | str] = {"cases": total, "right": right}
    if not misses:
        message = "The one case is right." if total == 1 else f"All {total} cases are right."
        left = f" Not judged: {spoilt} in which the call raises for a mistake in another output."
        return found(spec, Status.PASSED, message + (left if spoilt else ""), metrics=metrics)
    answer, wrong = misses[0]
    counted = f"{right} of {total} cases {'is' if right == 1 else 'are'} right. " if total > 1 else ""
    # A wrong value outranks a fault: it says more about the code.
    fault = None if any(one.fault is None for one, _ in misses) else answer.fault
    status = status_of_fault(fault) if fault else Status.FAILED
    cause = replace(wrong.cause, case=answer.case.about)
    message = f"{counted}{answer.case.about}: {wrong.message}"
    return found(spec, status, message, cause=cause, metrics=metrics)


# --- the mistake, and the smallest case that shows it ----------------------------------------------


def _with_mistake(spec: Outputs, judged: Judged, context: CheckContext) -> Finding:
    """Add the mistake's name to a finding, a smallest case that shows it, and only hints that fit."""
    finding, first = judged.finding, judged.missed[0]
    output = spec.output or _wrong_output(first)
    mistake = _named(spec, judged, output, context)
    answers = answers_to(spec.questions[judged.question], spec.limits, context).answers
    hopeless = all(one.fault is not None for one in answers)
    finding = replace(finding, reason=_reason(judged, mistake))
    if mistake is not None and mistake.says:
        finding = replace(finding, message=mistake.says, cause=None)
    if hopeless or (mistake is not None and mistake.diagnosis is not None):
        finding = replace(finding, hints=())  # they are about the peculiarities of this check
    diagnosis = mistake.diagnosis if mistake else None
    if mistake is not None and mistake.shows is None:
        return replace(finding, diagnosis=diagnosis)
    shrunk = _smallest(spec, output, first, mistake, context)
    return replace(
        finding,
        diagnosis=diagnosis,
        smallest=shrunk.smallest if shrunk else None,
        pictures=(shrunk.drawing,) if shrunk and shrunk.drawing else (),
    )


def _wrong_output(answer: Answer) -> str:
    wrong = (name for name in answer.expected if _mismatch(name, answer) is not None)
    return next(wrong, "")


def _named(spec: Outputs, judged: Judged, output: str, context: CheckContext) -> Mistake | None:
    """Give the named mistake of the first miss.

    A question with few cases names nothing. Then a mistake that another check found in this output will do.
    """
    first, question = judged.missed[0], spec.questions[judged.question]
    found: dict[str, Mistake] = context.once(("found", output), dict)
    named = context.mistakes(question, output, answers_to(question, spec.limits, context))
    found.update({one.id: one for one in named.values()})
    known = (one for one in found.values() if one.output == output and one.shows is not None)
    return named.get(first.case.id) or next((one for one in known if one.shows and one.shows(first)), None)


def _reason(judged: Judged, mistake: Mistake | None) -> str:
    """Give the cause that a report says once: the exception that ends all that missed."""
    if mistake is not None and mistake.says:
        return mistake.says
    texts = {reason_of(one.fault) if one.fault else "" for one in judged.missed}
    return texts.pop() if len(texts) == 1 else ""


def _smallest(
    spec: Outputs, output: str, first: Answer, mistake: Mistake | None, context: CheckContext
) -> Shrunk | None:
    """Search for the smallest case that fails in the same way as the first miss."""

    def same(answer: Answer) -> bool:
        shows = mistake.shows(answer) if mistake is not None and mistake.shows is not None else None
        return _form(output, answer) == _form(output, first) if shows is None else shows

    def search(name: str) -> Shrunk | None:
        with context.handles(spec.limits, alone=True) as handles:
            return search_smallest(context.question(name, Comparison), handles, output, same)

    way = mistake.id if mistake is not None else _form(output, first)
    keys = [("smallest", name, output, way) for name in spec.questions if output]
    shrunk = (context.once(key, functools.partial(search, key[1])) for key in keys)
    return next((one for one in shrunk if one is not None), None)


def _form(output: str, answer: Answer) -> str:
    """Give the way in which an answer is wrong: the exception's type, another shape, or other values."""
    if answer.fault is not None:
        return answer.fault.message.partition(":")[0]
    actual = answer.outputs.get(output)
    shape = np.shape(actual) if isinstance(actual, np.ndarray | float | int) else None
    return "values" if shape == answer.expected[output].shape else "shape"
