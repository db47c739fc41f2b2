"""Ask a comparison. Each question is asked once for a submission, and its checks share the answers."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from autograder.authoring.context import CheckContext
from autograder.authoring.questions import Answer, Answers, Case, Comparison, Handles
from autograder.authoring.student import StudentFault
from autograder.errors import AssignmentError


def answers_to(question: str, limits: str, context: CheckContext) -> Answers:
    """Give the answers to all cases of a comparison."""

    def ask() -> Answers:
        asked = context.question(question, Comparison)
        with context.handles(limits, alone=True) as handles:
            answers = tuple(_ask_all(asked, handles, asked.cases(context.generator(question))))
            for answer in answers:
                _require_comparable(question, asked, answer)
            return Answers(answers=answers, printed=handles.student.printed())

    return context.once(("answers", question), ask)


def _ask_all(question: Comparison, handles: Handles, cases: Sequence[Case]) -> Iterator[Answer]:
    """Ask case by case. A case that meets a limit ends it: the rest would meet it too, and get its fault."""
    over: StudentFault | None = None
    for case in cases:
        answer = _faulted(case, over) if over else _ask(question, handles, case)
        if answer.fault is not None and answer.fault.is_limit:
            over = answer.fault
        yield answer


def _ask(question: Comparison, handles: Handles, case: Case) -> Answer:
    try:
        outputs = question.ask(handles, case)
        return Answer(case=case, outputs=outputs, expected=question.expect(handles, case))
    except StudentFault as fault:
        return _faulted(case, _explained(question, case, fault))


def _require_comparable(name: str, question: Comparison, answer: Answer) -> None:
    """Refuse an expectation that compares nothing."""
    if answer.fault is not None:
        return
    place = f"the question `{name}`, case `{answer.case.id}`"
    if set(answer.expected) != set(question.outputs):
        raise AssignmentError(
            f"{place}: `expect` gives {_listed(answer.expected)}, its outputs are {_listed(question.outputs)}"
        )
    if not any(expected.value.size for expected in answer.expected.values()):
        raise AssignmentError(f"{place}: the expected arrays are empty, so nothing is compared")


def _listed(names: Iterable[str]) -> str:
    return ", ".join(f"`{name}`" for name in names) or "nothing"


def _explained(question: Comparison, case: Case, fault: StudentFault) -> StudentFault:
    why = question.explain_fault(case, fault) if question.explain_fault is not None else ""
    return StudentFault(fault.kind, f"{fault.message} {why}", fault.traceback) if why else fault


def _faulted(case: Case, fault: StudentFault) -> Answer:
    return Answer(case=case, outputs={}, expected={}, fault=fault)
