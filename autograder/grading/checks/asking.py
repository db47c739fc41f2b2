"""Ask a comparison. Each question is asked once for a submission, and its checks share the answers."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence

from autograder.authoring.context import CheckContext
from autograder.authoring.questions import Answer, Answers, Case, Comparison, Expected, Handles
from autograder.authoring.student import Around, Ask, Request, StudentFault, Value
from autograder.errors import AssignmentError


def answers_to(question: str, limits: str, context: CheckContext) -> Answers:
    """Give the answers to all cases of a comparison."""

    def ask() -> Answers:
        asked = context.question(question, Comparison)
        called: list[str] = []
        with context.handles(limits, alone=True) as handles:
            recorded = Handles(handles.student.through(_noting(called)), lambda: handles.given)
            cases = asked.cases(context.generator(question))
            answers = tuple(_ask_all(asked, (recorded, handles), cases))
            for answer in answers:
                _require_comparable(question, asked, answer)
            printed = handles.student.printed()
        return Answers(answers=answers, printed=printed, function=called[-1] if called else "")

    return context.once(("answers", question), ask)


def _noting(called: list[str]) -> Around:
    """Note the functions that are called by name."""

    def around(request: Request, ask: Ask) -> Value:
        if request.function is not None:
            called.append(request.function)
        return ask(request)

    return around


def _ask_all(
    question: Comparison, handles: tuple[Handles, Handles], cases: Sequence[Case]
) -> Iterator[Answer]:
    """Ask case by case. A case that meets a limit ends it: the rest would meet it too, and get its fault."""
    over: StudentFault | None = None
    for case in cases:
        answer = _faulted(case, over) if over else _ask(question, handles, case)
        if answer.fault is not None and answer.fault.is_limit:
            over = answer.fault
        yield answer


def _ask(question: Comparison, handles: tuple[Handles, Handles], case: Case) -> Answer:
    """Ask about one case; only what `ask` calls through the first handles is noted."""
    asking, expecting = handles
    try:
        outputs = question.ask(asking, case)
    except StudentFault as fault:
        limit = fault.is_limit
        expected = {} if limit else _expected_despite(question, expecting, case)
        return _faulted(case, _explained(question, case, fault), expected)
    try:
        return Answer(case=case, outputs=outputs, expected=question.expect(expecting, case))
    except StudentFault as fault:
        return _faulted(case, _explained(question, case, fault))


def _expected_despite(question: Comparison, handles: Handles, case: Case) -> Mapping[str, Expected]:
    """Give the expected outputs of a call that failed: they tell one mistake from another."""
    try:
        return question.expect(handles, case)
    except StudentFault:
        return {}


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


def _faulted(case: Case, fault: StudentFault, expected: Mapping[str, Expected] | None = None) -> Answer:
    return Answer(case=case, outputs={}, expected=expected or {}, fault=fault)
