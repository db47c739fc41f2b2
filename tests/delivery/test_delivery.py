"""Reports in the forms that other systems take."""

import csv
import io
import json

from reports import make_report

from autograder.delivery import FORMATS, to_csv, to_gradescope
from autograder.model import (
    Learner,
    Notice,
    Outcome,
    SubmissionFacts,
)


def test_csv_has_a_row_a_submission_and_no_formula():
    report = make_report(learner=Learner(id="=cmd()"))
    ungradable = make_report(
        outcome=Outcome.UNGRADABLE, score=None, items=(), submission=SubmissionFacts(id="s002", origin="")
    )
    rows = to_csv([ungradable, report], ["s003"]).splitlines()
    assert rows[0] == "\ufefflearner,submission,outcome,final,max,extra_credit,pending,f,to_read,message"
    assert rows[1].startswith("'=cmd(),s001,graded,4,8,0,0,4,")
    assert rows[2].startswith("s001,s002,ungradable,,,,,,")
    assert rows[3] == "s003,,not_submitted,,,,,,,Handed in nothing."


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


def test_every_format_renders_a_report():
    for chosen in FORMATS.values():
        assert chosen.render([make_report()])


def test_csv_keeps_every_id_as_it_is():
    ids = ["00123", "007", "1e5", "2026-01-02", "O'Brien, Mary", "a;b", '"quoted"', "李雷_10", "😀"]
    text = to_csv([make_report(learner=Learner(id=one)) for one in ids], ["00456"])
    assert text.encode().startswith(b"\xef\xbb\xbf")
    rows = list(csv.DictReader(io.StringIO(text.removeprefix("\ufeff"))))
    assert sorted(row["learner"] for row in rows) == sorted([*ids, "00456"])
    risky = ["=HYPERLINK(1)", "@SUM(1)", "-5", "+44 1"]
    text = to_csv([make_report(learner=Learner(id=one)) for one in risky])
    rows = list(csv.DictReader(io.StringIO(text.removeprefix("\ufeff"))))
    assert sorted(row["learner"] for row in rows) == sorted(f"'{one}" for one in risky)
