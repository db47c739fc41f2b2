"""Reports to test with: a small one of two checks, and the parts that it is made of."""

import msgspec

from autograder.assignment import Files, ItemSpec
from autograder.model import (
    AssignmentFacts,
    Cause,
    Environment,
    Finding,
    Grader,
    Learner,
    Outcome,
    Report,
    Status,
    SubmissionFacts,
)
from autograder.report import SCHEMA_VERSION
from autograder.report.scoring import score_item
from autograder.report.totals import total

GRADER = Grader(name="autograder", version="1", config_sha256="0" * 64, cases_sha256="0" * 64, seed=0)
PLACE = Environment(os="x", arch="y", python="3", numpy="2", sandbox="none")


def item(**checks: float) -> ItemSpec:
    return ItemSpec(
        id="f",
        title="f",
        step=1,
        points=8,
        checks=tuple(Files(kind="files", id=name, weight=weight) for name, weight in checks.items()),
    )


def finding(name: str, fraction: float, status: Status | None = None) -> Finding:
    state = status or (Status.PASSED if fraction == 1 else Status.FAILED)
    return Finding(check=name, status=state, fraction=fraction, message=f"{name}: {fraction}")


def make_report(**changes) -> Report:
    assignment = AssignmentFacts(id="tiny", title="Tiny", version="1", max_score=8)
    one = score_item(item(a=1, b=1), {"a": finding("a", 1), "b": finding("b", 0)})
    bad = msgspec.structs.replace(
        one.checks[1], cause=Cause(expected="[1 2]", actual="[3 4]"), hints=("look again",)
    )
    one = msgspec.structs.replace(one, checks=(one.checks[0], bad))
    fields = {
        "schema_version": SCHEMA_VERSION,
        "generated_at": "2020-01-01T00:00:00+00:00",
        "outcome": Outcome.GRADED,
        "message": "Graded.",
        "grader": GRADER,
        "environment": PLACE,
        "assignment": assignment,
        "submission": SubmissionFacts(id="s001", origin="s001/tiny.ipynb"),
        "learner": Learner(id="s001"),
        "score": total_of([one]),
        "items": (one,),
    }
    return Report(**{**fields, **changes})


def total_of(items):
    class Spec:
        max_score = 8

    return total(Spec(), items)
