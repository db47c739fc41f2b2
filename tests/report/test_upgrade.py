"""Reports of version 0.1: read as reports of today, and written anew on request."""

import json
from pathlib import Path

import pytest
from msgspec.structs import replace

from autograder.errors import ReportError
from autograder.model import Lateness, Outcome
from autograder.report import read_report, to_json, upgrade_file
from autograder.report.upgrade import upgrade

# As version 0.1 wrote it, with `--no-training`.
STORED = Path(__file__).parent / "report-1.1.json"


def stored(**submission):
    document = json.loads(STORED.read_text(encoding="utf-8"))
    document["submission"].update(submission)
    return document


def test_a_stored_report_is_read_as_one_of_today():
    assert stored()["outcome"] == "graded"
    report = read_report(STORED)
    assert (report.schema_version, report.submission.attempt, report.submission.late) == ("2.1", 1, None)
    assert report.outcome is Outcome.PARTIAL
    assert report.message == "41 of 100, 19 not judged."
    assert (report.score.final, len(report.items)) == (41, 12)


def test_it_knows_whether_it_was_late_and_that_it_is_the_only_attempt():
    document = stored(attempt=3, submitted_at="2027-03-02T00:59:00+00:00")
    document["assignment"]["due_at"] = "2027-03-01T23:59:00+01:00"
    submission = upgrade(document)["submission"]
    assert submission["attempt"] == 1
    assert submission["late"] == {"seconds": 7200, "message": "2 hours after 2027-03-01 23:59 +01:00"}
    assert Lateness(**submission["late"]).seconds == 7200


@pytest.mark.parametrize(
    ("change", "outcome", "message"),
    [
        ({"outcome": "pending_manual", "message": "…", "items": []}, "pending_manual", "…"),
        ({"outcome": "graded", "message": "Graded.", "items": []}, "graded", "Graded."),
        ({"outcome": "timeout", "message": "…", "score": None}, "timeout", "…"),
    ],
)
def test_an_outcome_that_still_holds_keeps_its_words(change, outcome, message):
    new = upgrade(stored() | change)
    assert (new["outcome"], new["message"]) == (outcome, message)


def test_a_report_of_today_is_left_alone():
    today = json.loads(to_json(read_report(STORED)))
    assert upgrade(today) == today
    later = {**today, "schema_version": "2.1", "new": 1}
    assert upgrade(later) == later


def test_a_file_is_written_anew_once(tmp_path):
    path = tmp_path / "s009.json"
    path.write_bytes(STORED.read_bytes())
    before = read_report(path)
    assert [upgrade_file(path), upgrade_file(path)] == [True, False]
    assert json.loads(path.read_text(encoding="utf-8"))["schema_version"] == "2.1"
    assert read_report(path) == before == replace(before)
    assert [p.name for p in tmp_path.iterdir()] == ["s009.json"]


def test_what_does_not_fit_is_refused_and_stays(tmp_path):
    path = tmp_path / "s009.json"
    path.write_text(json.dumps({"schema_version": "1.1"}))
    with pytest.raises(ReportError, match="'generated_at' is a required property"):
        upgrade_file(path)
    assert path.read_text() == '{"schema_version": "1.1"}'
