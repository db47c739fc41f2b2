"""The checks of outputs, networks and comments, on a student in this process."""

import numpy as np
import pytest
from check_context import FakeContext, run_check

from autograder.assignment import Comments, Outputs, ProbeSpec
from autograder.authoring import Case, Expected, FaultKind, Judgement, Probe, StudentFault
from autograder.authoring.questions import Answer
from autograder.errors import AssignmentError
from autograder.extract import CommentFacts
from autograder.model import OutputText, Status

# --- outputs --------------------------------------------------------------------------------------


def answer(regime="a", value=1.0, fault=None):
    case = Case(id="c", about=f"the case of {regime}", regime=regime, inputs={})
    if fault:
        return Answer(
            case=case, outputs={}, expected={}, fault=StudentFault(fault, "it ended badly", "cell 4")
        )
    wanted = {"out": Expected(value=np.ones(1), allowed=1e-9)}
    return Answer(case=case, outputs={"out": np.full(1, value)}, expected=wanted)


def outputs(*questions, **more):
    return Outputs(kind="outputs", id="o", questions=questions or ("q",), **more)


def test_all_cases_right():
    finding = run_check(outputs(), FakeContext(known={"q": [answer(), answer("b")]}))
    assert finding.output is None
    assert (finding.status, finding.fraction) == (Status.PASSED, 1.0)
    assert finding.message == "All 2 cases are right."


def test_one_wrong_case_costs_the_check_and_is_shown():
    finding = run_check(outputs(hints=("look",)), FakeContext(known={"q": [answer(), answer("b", 2.0)]}))
    assert finding.output == OutputText(text="for q")
    assert (finding.status, finding.fraction, finding.hints) == (Status.FAILED, 0.0, ("look",))
    assert finding.message.startswith("1 of 2 cases is right. the case of b: `out[0]` is")
    assert finding.cause.at == "out[0]"


def test_only_the_regimes_that_are_named_count():
    context = FakeContext(known={"q": [answer("a"), answer("b", 2.0)]})
    assert run_check(outputs(regimes=("a",)), context).status is Status.PASSED
    with pytest.raises(AssignmentError, match="no case of the regimes z, so nothing is compared"):
        run_check(outputs(regimes=("z",)), context)


def test_right_by_any_of_the_questions():
    context = FakeContext(known={"q": [answer(value=2.0)], "r": [answer()]})
    assert run_check(outputs("q", "r"), context).status is Status.PASSED
    assert run_check(outputs("q"), context).status is Status.FAILED


@pytest.mark.parametrize(
    ("fault", "status"),
    [
        (FaultKind.RAISED, Status.ERROR),
        (FaultKind.CPU, Status.TIMEOUT),
        (FaultKind.WALL, Status.TIMEOUT),
        (FaultKind.MISSING, Status.FAILED),
        (FaultKind.CRASHED, Status.ERROR),
    ],
)
def test_a_fault_has_a_state_and_its_traceback(fault, status):
    finding = run_check(outputs(), FakeContext(known={"q": [answer(fault=fault)]}))
    assert (finding.status, finding.fraction) == (status, 0.0)
    assert "it ended badly" in finding.message
    assert finding.cause.actual == "cell 4"


# --- the network ----------------------------------------------------------------------------------


def probe_context(judge, **more):
    return FakeContext(asked=Probe(judge=judge), **more)


PROBE = ProbeSpec(kind="probe", id="n", question="q", hints=("look",))


def test_a_probe_that_is_satisfied():
    finding = run_check(PROBE, probe_context(lambda *_: Judgement(fraction=1.0, message="fine")))
    assert (finding.status, finding.fraction, finding.hints) == (Status.PASSED, 1.0, ())


def test_a_probe_that_is_not():
    judgement = Judgement(fraction=0.5, message="half", expected="2", actual="1")
    finding = run_check(PROBE, probe_context(lambda *_: judgement))
    assert (finding.status, finding.fraction, finding.cause.expected) == (Status.FAILED, 0.5, "2")


def test_what_can_not_be_understood_is_said():
    def judge(*_):
        raise ValueError("`params` must be a dict")

    finding = run_check(PROBE, probe_context(judge))
    assert finding.message == "The answer is not what was asked for: `params` must be a dict"


def test_a_network_that_ends_in_a_fault():
    def judge(handles, *_):
        return handles.student.call("ThreeLayerConvNet")

    finding = run_check(PROBE, probe_context(judge))
    assert finding.status is Status.FAILED
    assert "`ThreeLayerConvNet` is not defined" in finding.message


def test_nothing_done_earns_nothing():
    context = probe_context(lambda *_: Judgement(fraction=1.0, message="fine"), untouched=True)
    assert run_check(PROBE, context).fraction == 0
    generous = ProbeSpec(kind="probe", id="n", question="q", counts_untouched=True)
    assert run_check(generous, context).fraction == 1


# --- comments -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("commented", "familiar", "status"),
    [(0, 0.0, Status.FAILED), (1, 0.9, Status.MANUAL), (3, 0.9, Status.PASSED), (3, 0.1, Status.MANUAL)],
)
def test_enough_comments_in_the_homework_s_words_pass_and_others_wait_for_a_person(
    commented, familiar, status
):
    facts = CommentFacts(statements=10, commented=commented, comments=("a b",) * commented, familiar=familiar)
    spec = Comments(kind="comments", id="c", definitions=("f",), full_coverage=0.3)
    assert run_check(spec, FakeContext(readings={"c": facts})).status is status
