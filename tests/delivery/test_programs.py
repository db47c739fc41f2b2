"""Formats that programs read: JUnit, CTRF, GitHub Classroom, PrairieLearn. Each is read by other means."""

import datetime
import json
import sys
from xml.etree import ElementTree as ET

import jsonschema
import pytest
from msgspec.structs import replace
from reports import finding, item, make_report, total_of

from autograder.delivery import FORMATS
from autograder.errors import UsageError
from autograder.model import Notice, Outcome, OutputText, Status
from autograder.report.scoring import score_item
from autograder.report.student import student_view

STATES = (Status.PASSED, Status.FAILED, Status.ERROR, Status.TIMEOUT, Status.SKIPPED, Status.MANUAL)
NOW = datetime.datetime(2027, 3, 1, tzinfo=datetime.UTC)


def every_state():
    """A report with a check of each state, whose texts are not easy to write."""
    found = {
        name: finding(name, float(not place), state)
        for place, (name, state) in enumerate(zip("abcdef", STATES, strict=True))
    }
    made = score_item(item(**dict.fromkeys("abcdef", 1)), found)
    checks = (replace(made.checks[0], output=OutputText(text="]]> & <b> \u2028 😀")), *made.checks[1:])
    made = replace(made, checks=checks, title="Layers & <more>")
    return make_report(
        items=(made,), score=total_of([made]), notices=(Notice(code="x", message="odd", where="n"),)
    )


def without_score(outcome=Outcome.UNGRADABLE):
    return make_report(outcome=outcome, score=None, items=(), message="s001.zip is no zip.")


def rendered(form, *reports):
    return FORMATS[form].render(list(reports))


# --- JUnit -------------------------------------------------------------------------------------------

# The elements that Jenkins's junit-10.xsd allows in each, with the attributes that must be there.
INSIDE = {
    "testsuites": ({"testsuite"}, set()),
    "testsuite": ({"properties", "testcase"}, {"name", "tests", "failures", "errors"}),
    "properties": ({"property"}, set()),
    "property": (set(), {"name", "value"}),
    "testcase": ({"skipped", "error", "failure", "system-out"}, {"name"}),
    **dict.fromkeys(("skipped", "error", "failure", "system-out"), (set(), set())),
}


def test_junit_is_what_its_schema_allows_and_counts_are_right():
    root = ET.fromstring(rendered("junit", every_state(), without_score()))
    for element in root.iter():
        children, attributes = INSIDE[element.tag]
        assert {child.tag for child in element} <= children
        assert attributes <= element.attrib.keys()
    assert root.tag == "testsuites"
    first, second = root
    assert [first.get(name) for name in ("tests", "failures", "errors", "skipped")] == ["6", "1", "2", "2"]
    assert (root.get("tests"), root.get("failures"), root.get("errors")) == ("7", "1", "3")
    ends = [[child.tag for child in case if child.tag != "system-out"] for case in first.iter("testcase")]
    assert ends == [[], ["failure"], ["error"], ["error"], ["skipped"], ["skipped"]]
    assert second.find("testcase/error").get("message") == "s001.zip is no zip."
    assert {p.get("name"): p.get("value") for p in first.iter("property")}["score"] == "1.3333"


def test_junit_keeps_every_text():
    root = ET.fromstring(rendered("junit", every_state()))
    case = root.find("testsuite/testcase")
    assert (case.get("name"), case.get("classname")) == ("a", "f")
    assert case.find("system-out").text == "score: 1.3333 of 1.3333\n]]> & <b> \u2028 😀"


def test_junit_says_which_package_is_missing(monkeypatch):
    monkeypatch.setitem(sys.modules, "junitparser", None)
    with pytest.raises(
        UsageError, match=r"JUnit XML needs junitparser, which is not installed\n  pip install"
    ):
        rendered("junit", make_report())


# --- CTRF --------------------------------------------------------------------------------------------

COUNTS = ("tests", "passed", "failed", "skipped", "pending", "other", "start", "stop")
# What the published schema asks of the parts that are written here; it allows no other keys than its own.
CTRF = {
    "type": "object",
    "required": ["results", "reportFormat", "specVersion"],
    "additionalProperties": False,
    "properties": {
        "reportFormat": {"const": "CTRF"},
        "specVersion": {"type": "string", "pattern": r"^[0-9]+\.[0-9]+\.[0-9]+$"},
        "timestamp": {"type": "string"},
        "generatedBy": {"type": "string"},
        "results": {
            "type": "object",
            "required": ["tool", "summary", "tests"],
            "additionalProperties": False,
            "properties": {
                "tool": {
                    "required": ["name"],
                    "additionalProperties": False,
                    "properties": {"name": {"type": "string", "minLength": 1}, "version": {"type": "string"}},
                },
                "summary": {
                    "required": list(COUNTS),
                    "additionalProperties": False,
                    "properties": {key: {"type": "integer"} for key in COUNTS},
                },
                "extra": {"type": "object"},
                "tests": {
                    "items": {
                        "required": ["name", "status", "duration"],
                        "additionalProperties": False,
                        "properties": {
                            "name": {"type": "string", "minLength": 1},
                            "status": {"enum": ["passed", "failed", "skipped", "pending", "other"]},
                            "rawStatus": {"type": "string"},
                            "duration": {"type": "integer"},
                            "suite": {"type": "array", "minItems": 1, "items": {"type": "string"}},
                            "message": {"type": "string"},
                            "extra": {"type": "object"},
                        },
                    }
                },
            },
        },
    },
}


@pytest.mark.parametrize("report", [every_state(), without_score()])
def test_ctrf_is_what_its_schema_asks_for(report):
    document = json.loads(rendered("ctrf", report))
    jsonschema.validate(document, CTRF)
    summary, tests = document["results"]["summary"], document["results"]["tests"]
    assert summary["tests"] == len(tests) == sum(summary[name] for name in COUNTS[1:6])
    assert summary["stop"] - summary["start"] >= 0


def test_ctrf_has_each_state_and_the_points():
    results = json.loads(rendered("ctrf", every_state()))["results"]
    assert [test["status"] for test in results["tests"]] == [
        *("passed", "failed", "failed", "failed", "skipped", "pending")
    ]
    assert results["tests"][0]["extra"] == {"score": 1.3333, "max_score": 1.3333}
    assert (results["extra"]["score"], results["extra"]["max_score"]) == (1.3333, 8)
    assert json.loads(rendered("ctrf", without_score()))["results"]["extra"]["score"] is None


# --- GitHub Classroom --------------------------------------------------------------------------------


def as_the_reporter(result):
    """Add points up as Classroom's grading reporter does."""
    return sum(test["score"] for test in result["tests"]) if result["max_score"] else None


def test_classroom_s_reporter_gets_the_points():
    result = json.loads(rendered("classroom", make_report()))
    assert (as_the_reporter(result), result["max_score"], result["status"]) == (4, 8, "fail")
    assert result["tests"][0]["status"] == "fail"
    whole = score_item(item(a=1), {"a": finding("a", 1)})
    result = json.loads(rendered("classroom", make_report(items=(whole,), score=total_of([whole]))))
    assert (as_the_reporter(result), result["status"], result["tests"][0]["status"]) == (8, "pass", "pass")


@pytest.mark.parametrize("report", [without_score(), make_report(outcome=Outcome.PARTIAL)])
def test_classroom_gets_no_points_where_there_is_no_grade(report):
    result = json.loads(rendered("classroom", report))
    assert (as_the_reporter(result), result["status"], len(result["tests"])) == (None, "error", 1)
    assert result["tests"][0]["message"] == report.message


# --- PrairieLearn ------------------------------------------------------------------------------------


def test_prairielearn_gets_a_share_and_each_check():
    result = json.loads(rendered("prairielearn", every_state()))
    assert (result["gradable"], result["score"]) == (True, pytest.approx(1.3333 / 8))
    assert [test["points"] for test in result["tests"]] == [1.3333, 0, 0, 0, 0, 0]
    assert result["tests"][0]["max_points"] == 1.3333
    assert result["tests"][0]["name"] == "Layers & <more>: a"
    assert result["output"] == "n: odd"


def test_prairielearn_takes_no_attempt_where_there_is_no_grade():
    result = json.loads(rendered("prairielearn", without_score()))
    assert result["gradable"] is False
    assert "score" not in result
    assert result["format_errors"] == ["s001.zip is no zip."]


def test_prairielearn_s_file_stays_below_a_megabyte():
    report = every_state()
    long = replace(report.items[0].checks[0], output=OutputText(text="x" * 1_000_000))
    report = replace(report, items=(replace(report.items[0], checks=(long,) * 20),))
    assert len(rendered("prairielearn", report)) < 200_000


@pytest.mark.parametrize("form", [name for name, one in FORMATS.items() if one.for_students])
def test_a_view_without_a_total_is_rendered_without_one(form):
    hidden = replace(make_report().items[0], visibility=make_report().items[0].checks[0].visibility)
    view = student_view(make_report(items=(hidden,)), NOW)
    assert view.score is None
    text = rendered(form, view)
    assert "b: 0" not in text
    assert "look again" not in text
