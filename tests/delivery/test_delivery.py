"""Reports in the forms that other systems take."""

import csv
import io
import json

from reports import make_report

from autograder.delivery import FORMATS, newest_attempts, to_csv, to_gradescope
from autograder.model import (
    Lateness,
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
    about = "learner,submission,attempt,submitted_at,late,outcome"
    assert rows[0] == f"\ufeff{about},final,max,extra_credit,pending,f,to_read,message"
    assert rows[1].startswith("'=cmd(),s001,1,,,graded,4,8,0,0,4,")
    assert rows[2].startswith("s001,s002,1,,,ungradable,,,,,,")
    assert rows[3] == "s003,,,,,not_submitted,,,,,,,Handed in nothing."
    assert {row.count(",") for row in rows} == {12}


def test_csv_says_when_and_how_late_the_work_was_handed_in():
    late = Lateness(seconds=7200, message="2 hours after 2027-03-01 23:59 +01:00")
    moment = "2027-03-02T00:59:00+00:00"
    submission = SubmissionFacts(id="s001", origin="", attempt=3, submitted_at=moment, late=late)
    (row,) = csv.DictReader(to_csv([make_report(submission=submission)]).splitlines())
    assert (row["attempt"], row["submitted_at"], row["late"]) == ("3", moment, late.message)
    result = json.loads(to_gradescope(make_report(submission=submission)))
    assert result["output"] == "Graded.\nLate: 2 hours after 2027-03-01 23:59 +01:00."


def test_no_place_takes_a_partial_report_for_a_grade():
    partial = make_report(outcome=Outcome.PARTIAL, message="4 of 8, 4 not judged.")
    (row,) = csv.DictReader(to_csv([partial]).splitlines())
    assert [row[name] for name in ("outcome", "final", "max", "pending")] == ["partial", "", "", ""]
    assert (row["f"], row["message"]) == ("4", "4 of 8, 4 not judged.")
    result = json.loads(to_gradescope(partial))
    assert "score" not in result
    assert len(result["tests"]) == 2
    # else Gradescope adds up those of the tests
    assert not any({"score", "max_score"} & test.keys() for test in result["tests"])
    # nor does its text tell a total that hidden tests hide
    assert result["output"].startswith("Some checks have not been run yet, so this is no grade.")


def test_only_the_newest_attempts_are_exported():
    reports = [
        make_report(submission=SubmissionFacts(id=identity, origin="", attempt=attempt))
        for identity, attempt in (("s001", 2), ("s001", 10), ("s001", 1), ("s002", 1))
    ]
    newest = {(one.submission.id, one.submission.attempt) for one in newest_attempts(reports)}
    assert newest == {("s001", 10), ("s002", 1)}


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
    kept = json.dumps(result["extra_data"])
    assert "look again" not in kept
    assert '"view": "student"' in kept
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
    risky = ["=HYPERLINK(1)", "@SUM(1)", "-5+1", "+44 1"]
    text = to_csv([make_report(learner=Learner(id=one)) for one in risky])
    rows = list(csv.DictReader(io.StringIO(text.removeprefix("\ufeff"))))
    assert sorted(row["learner"] for row in rows) == sorted(f"'{one}" for one in risky)
