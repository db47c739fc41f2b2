import io
import json
import math
from pathlib import Path

import msgspec
import pytest
from rich.console import Console

from autograder.assignment import Files, ItemSpec
from autograder.delivery import FORMATS, to_csv, to_gradescope
from autograder.errors import ReportError
from autograder.grading.scoring import score_item
from autograder.model import (
    AssignmentFacts,
    Cause,
    Environment,
    Finding,
    Grader,
    Learner,
    Notice,
    Outcome,
    Report,
    Status,
    Submission,
    SubmissionFacts,
    Visibility,
)
from autograder.report import (
    ReportFacts,
    build_report,
    read_report,
    report_schema,
    to_json,
    validate,
    write_report,
)
from autograder.report.terminal import render
from autograder.report.totals import outcome_of, total

ROOT = Path(__file__).parents[2]
GRADER = Grader(name="autograder", version="1", config_sha256="0", cases_sha256="0", seed=0)
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


def test_a_metric_that_is_no_number_becomes_a_word():
    metrics = {"loss": math.nan, "error": math.inf, "count": 3, "rate": 0.5}
    found = Finding(check="a", status=Status.FAILED, fraction=0, message="", metrics=metrics)
    (check,) = score_item(item(a=1), {"a": found}).checks
    assert check.metrics == {"loss": "nan", "error": "inf", "count": 3, "rate": 0.5}


def test_weights_share_the_points():
    report = score_item(item(a=3, b=1), {"a": finding("a", 1), "b": finding("b", 0.5)})
    assert report.score == 7
    assert [c.max_score for c in report.checks] == [6, 2]
    assert report.status is Status.FAILED
    assert report.message == "b: 0.5"


def test_an_item_of_which_nothing_was_judged_has_no_score():
    report = score_item(item(a=1), {"a": finding("a", 0, Status.SKIPPED)})
    assert report.score is None


def test_a_proposal_counts_and_the_rest_is_pending():
    report = score_item(item(a=1), {"a": finding("a", 0.25, Status.MANUAL)})
    assert report.score == 2
    assert outcome_of([report]) is Outcome.PENDING_MANUAL
    assert outcome_of([score_item(item(a=1), {"a": finding("a", 1)})]) is Outcome.GRADED


def test_the_worst_state_shows():
    states = {"a": Status.PASSED, "b": Status.TIMEOUT, "c": Status.ERROR}
    report = score_item(item(a=1, b=1, c=1), {n: finding(n, 0, s) for n, s in states.items()})
    assert report.status is Status.ERROR


def test_a_check_of_weight_zero_is_a_note():
    report = score_item(item(a=1, b=0), {"a": finding("a", 1), "b": finding("b", 0)})
    assert (report.score, report.status, report.message) == (8, Status.PASSED, "a: 1")
    assert (report.checks[1].status, report.checks[1].max_score) == (Status.FAILED, 0)


def test_hidden_checks_are_seen_after_publication_only():
    report = score_item(item(a=1), {"a": finding("a", 1)})
    assert report.checks[0].visibility is Visibility.AFTER_PUBLISHED


def make_report(**changes) -> Report:
    assignment = AssignmentFacts(id="tiny", title="Tiny", version="1", max_score=8)
    one = score_item(item(a=1, b=1), {"a": finding("a", 1), "b": finding("b", 0)})
    bad = msgspec.structs.replace(
        one.checks[1], cause=Cause(expected="[1 2]", actual="[3 4]"), hints=("look again",)
    )
    one = msgspec.structs.replace(one, checks=(one.checks[0], bad))
    fields = {
        "schema_version": "1.0",
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


def test_a_fault_of_the_grader_is_no_zero(monkeypatch):
    from autograder.course import find_course

    assignment = find_course(ROOT, "hw5").assignment
    submission = Submission(id="s001", learner="s001", origin="s001")
    facts = ReportFacts(grader=GRADER, environment=PLACE)
    report = build_report(assignment, submission, facts, fault="bwrap died")
    assert report.outcome is Outcome.GRADER_ERROR
    assert report.score is None
    assert "bwrap died" in report.message
    report = build_report(assignment, submission, facts, given_up="It took 9 s.")
    assert (report.outcome, report.score) == (Outcome.TIMEOUT, None)
    assert report.message == "Not graded to the end, so there is no score; a person decides. It took 9 s."
    broken = msgspec.structs.replace(submission, problem=Notice(code="not-json", message="It is not JSON."))
    report = build_report(assignment, broken, facts)
    assert (report.outcome, report.score, report.message) == (Outcome.UNGRADABLE, None, "It is not JSON.")


def test_a_report_survives_its_file(tmp_path):
    report = make_report()
    write_report(tmp_path / "s001.json", report)
    assert read_report(tmp_path / "s001.json") == report
    assert [p.name for p in tmp_path.iterdir()] == ["s001.json"]


def test_a_nan_is_refused_and_leaves_no_file(tmp_path):
    report = make_report()
    check = msgspec.structs.replace(report.items[0].checks[0], metrics={"x": math.nan})
    item_ = msgspec.structs.replace(report.items[0], checks=(check,))
    with pytest.raises(ReportError, match="s001"):
        write_report(tmp_path / "s001.json", msgspec.structs.replace(report, items=(item_,)))
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (lambda d: d.pop("outcome"), "'outcome' is a required property"),
        (lambda d: d["score"].update(final="8"), r"at \$\.score.*"),
        (lambda d: d["items"][0].update(status="fine"), r"at \$\.items\[0\]\.status: 'fine' is not one of"),
        (lambda d: d.update(schema_version="2.0"), "this autograder reads 1.1"),
    ],
)
def test_what_does_not_fit_the_schema_is_placed(change, says):
    document = json.loads(to_json(make_report()))
    change(document)
    with pytest.raises(ReportError, match=says):
        validate(document, "s001.json")


@pytest.mark.parametrize(("content", "says"), [("{", "is not JSON"), ("[]", "at \\$")])
def test_a_file_that_is_no_report(tmp_path, content, says):
    path = tmp_path / "x.json"
    path.write_text(content)
    with pytest.raises(ReportError, match=says):
        read_report(path)
    with pytest.raises(ReportError, match="can't be read"):
        read_report(tmp_path / "none.json")


def test_the_published_schema_is_the_types():
    committed = json.loads((ROOT / "docs" / "report.schema.json").read_text())
    assert committed == report_schema(), "python -m autograder.report > docs/report.schema.json"


def test_the_schema_is_a_schema():
    import jsonschema

    jsonschema.Draft202012Validator.check_schema(report_schema())


def test_csv_has_a_row_a_submission_and_no_formula():
    report = make_report(learner=Learner(id="=cmd()"))
    ungradable = make_report(
        outcome=Outcome.UNGRADABLE, score=None, items=(), submission=SubmissionFacts(id="s002", origin="")
    )
    rows = to_csv([ungradable, report]).splitlines()
    assert rows[0] == "learner,submission,outcome,final,max,extra_credit,pending,f,to_read,message"
    assert rows[1].startswith("'=cmd(),s001,graded,4,8,0,0,4,")
    assert rows[2].startswith("s001,s002,ungradable,,,,,,")


def test_gradescope_carries_tests_and_no_score_for_a_fault():
    result = json.loads(to_gradescope(make_report()))
    assert result["score"] == 4
    assert [t["status"] for t in result["tests"]] == ["passed", "failed"]
    assert [t["number"] for t in result["tests"]] == ["1.1", "1.2"]
    assert {t["visibility"] for t in result["tests"]} == {"after_published"}
    assert "[3 4]" in result["tests"][1]["output"]
    assert "look again" in result["tests"][1]["output"]
    to_read = make_report(integrity=(Notice(code="to-read", message="`open` looks at files"),))
    assert "looks at files" not in to_gradescope(to_read)
    fault = make_report(outcome=Outcome.GRADER_ERROR, score=None, items=())
    assert "score" not in json.loads(to_gradescope(fault))


def test_in_a_terminal_each_lost_check_has_its_reason():
    timed = {"a": finding("a", 1), "b": finding("b", 0), "c": finding("c", 0), "d": finding("d", 0)}
    report = make_report(items=(score_item(item(a=2, b=1, c=1, d=0), timed),))
    console = Console(width=100, record=True, file=io.StringIO())
    console.print(render(report))
    lines = [line.split() for line in console.export_text().splitlines()]
    assert lines[:3] == [
        ["✗", "f", "4", "/", "8", "1", "of", "3", "checks", "passed."],
        ["✗", "b", "0", "/", "2", "b:", "0"],
        ["✗", "c", "0", "/", "2", "c:", "0"],
    ]


def test_every_format_renders_a_report():
    for chosen in FORMATS.values():
        assert chosen.render([make_report()])
