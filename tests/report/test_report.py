"""A report: built, written, read back, held to its schema, and shown in a terminal."""

import io
import json
import math
from pathlib import Path

import msgspec
import pytest
from msgspec.structs import replace
from reports import GRADER, PLACE, finding, item, make_report, total_of
from rich.console import Console

from autograder.course import find_course
from autograder.errors import ReportError
from autograder.model import (
    Cause,
    Finding,
    Lateness,
    Notice,
    Outcome,
    Status,
    Submission,
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
from autograder.report.scoring import score_item
from autograder.report.terminal import render, render_summary
from autograder.report.totals import ending

ROOT = Path(__file__).parents[2]


def test_a_metric_that_is_no_number_becomes_a_word():
    metrics = {"loss": math.nan, "error": math.inf, "count": 3, "rate": 0.5}
    found = Finding(check="a", status=Status.FAILED, fraction=0, message="", metrics=metrics)
    (check,) = score_item(item(a=1), {"a": found}).checks
    assert check.metrics == {"loss": "nan", "error": "inf", "count": 3, "rate": 0.5}


def test_a_fault_of_the_grader_is_no_zero(monkeypatch):
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


def test_checks_that_were_switched_off_make_a_report_partial():
    off = msgspec.structs.replace(finding("b", 0, Status.SKIPPED), switched_off=True)
    partly = score_item(item(a=1, b=1), {"a": finding("a", 1), "b": off})
    assert ending([partly], total_of([partly])) == (Outcome.PARTIAL, "4 of 8, 4 not judged.")
    waiting = msgspec.structs.replace(score_item(item(c=1), {"c": finding("c", 0, Status.MANUAL)}), id="g")
    assert ending([partly, waiting], total_of([partly, waiting])) == (
        Outcome.PARTIAL,
        "4 of 8, 4 not judged. A person has yet to judge: g.",
    )
    # nothing was done there, so there is nothing to judge
    idle = score_item(item(a=1, b=1), {"a": finding("a", 1), "b": finding("b", 0, Status.SKIPPED)})
    assert ending([idle], total_of([idle])) == (Outcome.GRADED, "Graded.")


def test_a_report_says_how_late_it_is():
    assignment = msgspec.structs.replace(find_course(ROOT, "hw5").assignment, due_at="2027-03-01T23:59+01:00")
    submission = Submission(
        id="s001", learner="s001", origin="s001", submitted_at="2027-03-02T01:59:00+00:00"
    )
    report = build_report(assignment, submission, ReportFacts(grader=GRADER, environment=PLACE))
    assert report.submission.late == Lateness(seconds=10_800, message="3 hours after 2027-03-01 23:59 +01:00")
    console = Console(width=200, record=True, file=io.StringIO())
    console.print(render_summary([report]))
    assert "Late: 3 hours after 2027-03-01 23:59 +01:00." in console.export_text()


def test_no_text_of_a_stranger_reaches_a_terminal_as_it_is():
    class Tiny:
        id, title, version, due_at, max_score = "tiny", "Tiny", "1", None, 8.0
        items = ()

    bad = "\x1b]0;x\x07 and \u202eback"
    one = score_item(
        item(a=1), {"a": msgspec.structs.replace(finding("a", 0), message=bad, metrics={bad: bad})}
    )
    report = build_report(
        Tiny(),
        Submission(id="s001", learner="s001", origin="s001", notices=(Notice(code="n", message=bad),)),
        ReportFacts(grader=GRADER, environment=PLACE),
        items=[one],
        integrity=[Notice(code="to-read", message=bad, where=bad)],
    )
    text = to_json(report)
    assert "and \\\\u202eback" in text
    assert not any(sign in text for sign in ("\x1b", "\x07", "\u202e", "\\u001b"))


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
        (
            lambda d: d["submission"].update(id="../../up"),
            r"at \$\.submission\.id: '\.\./\.\./up' does not match",
        ),
        (lambda d: d["submission"].update(id=".."), r"at \$\.submission\.id"),
        (lambda d: d["submission"].update(id="a/b"), r"at \$\.submission\.id"),
        (lambda d: d.update(schema_version="3.0"), "this autograder reads up to 2.1"),
    ],
)
def test_what_does_not_fit_the_schema_is_placed(change, says):
    document = json.loads(to_json(make_report()))
    change(document)
    with pytest.raises(ReportError, match=says):
        validate(document, "s001.json")


@pytest.mark.parametrize(
    ("content", "says"),
    [("{", "is not JSON"), ("[]", "at \\$"), ('{"score": NaN}', "NaN is not a number in JSON")],
)
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


@pytest.mark.parametrize(("width", "beside"), [(80, False), (120, True)])
def test_matrices_are_beside_each_other_or_below_and_no_row_is_broken(width, beside):
    rows = ["[[" + " ".join(f"{n * 1.25:7.4f}" for n in range(k, k + 5)) + "]" for k in (0, 100)]
    one = make_report().items[0]
    cause = Cause(case="c", expected="\n".join(rows), actual="\n".join(reversed(rows)))
    checks = (one.checks[0], replace(one.checks[1], cause=cause))
    console = Console(width=width, record=True, file=io.StringIO())
    console.print(render(make_report(items=(replace(one, checks=checks),)), points=False))
    shown = console.export_text()
    assert all(shown.count(row) == 2 for row in rows)
    assert any("expected" in line and "yours" in line for line in shown.splitlines()) is beside


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


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (lambda d: d.update(generated_at="yesterday"), r"\$\.generated_at: 'yesterday' does not match"),
        (
            lambda d: d["submission"].update(submitted_at="2027-03-01T23:59:00"),
            r"\$\.submission\.submitted_at",
        ),
        (lambda d: d["submission"].update(attempt=0), r"\$\.submission\.attempt: 0 is less than the minimum"),
        (lambda d: d["assignment"].update(due_at="2027-03-01T23:59+01:00"), r"\$\.assignment\.due_at"),
        (
            lambda d: d["grader"].update(config_sha256="abc"),
            r"\$\.grader\.config_sha256: 'abc' does not match",
        ),
        (lambda d: d["grader"].update(seed=-1), r"\$\.grader\.seed: -1"),
        (lambda d: d["score"].update(raw=-1), r"\$\.score.*"),
        (lambda d: d["items"][0].update(score=-1), r"\$\.items\[0\]\.score: -1"),
        (lambda d: d["items"][0]["checks"][0].update(fraction=1.5), r"\$\.items\[0\]\.checks\[0\]\.fraction"),
        (lambda d: d["items"][0]["checks"][0].update(duration=-1), r"\$\.items\[0\]\.checks\[0\]\.duration"),
        (lambda d: d.update(view="everybody"), r"\$\.view: 'everybody' is not one of"),
        (lambda d: d.update(schema_version="2.x"), r"\$\.schema_version: '2.x' does not match"),
    ],
)
def test_the_schema_holds_texts_and_numbers_to_their_forms(change, says):
    document = json.loads(to_json(make_report()))
    change(document)
    with pytest.raises(ReportError, match=says):
        validate(document)


def test_an_older_report_is_not_held_to_the_forms_of_today(tmp_path):
    document = json.loads(to_json(make_report()))
    document["schema_version"] = "2.0"
    document["assignment"]["due_at"] = "2027-03-01T23:59+01:00"
    path = tmp_path / "s001.json"
    path.write_text(json.dumps(document))
    assert read_report(path).assignment.due_at == "2027-03-01T23:59+01:00"
    document["submission"]["id"] = "../up"
    with pytest.raises(ReportError, match="does not match"):
        validate(document)


def test_a_report_has_times_in_full_and_the_ids_of_the_roster():
    assignment = replace(find_course(ROOT, "hw5").assignment, due_at="2027-03-01T23:59+01:00")
    submission = Submission(id="s001", learner="s001", origin="s001", submitted_at="2027-03-01T22:00Z")
    facts = ReportFacts(grader=GRADER, environment=PLACE, run_id="r1", ids={"s001": ("s001", "4711")})
    report = build_report(assignment, submission, facts)
    assert report.assignment.due_at == "2027-03-01T23:59:00+01:00"
    assert report.submission.submitted_at == "2027-03-01T22:00:00+00:00"
    assert (report.run_id, report.learner.ids) == ("r1", ("s001", "4711"))
    assert report.assignment.round_to == assignment.round_to
    validate(json.loads(to_json(report)))
