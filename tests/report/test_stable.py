"""What is left of a report without times and speeds is the same in every run."""

import json

from reports import make_report

from autograder.model import CheckReport, ItemReport, Notice, Status, SubmissionFacts, Visibility
from autograder.report import to_json
from autograder.report.stable import stable


def document(origin, speed, times, generated_at, slowness=1.0):
    shared = {"max_score": 1, "status": Status.PASSED, "visibility": Visibility.HIDDEN, "score": 1}
    said = f"The fast layers are faster than your own: forward {times} times. Expected: at least 10 times."
    metrics = {"forward_speedup": speed, "forward_speedup_range": f"{speed} to 9", "cases": 3}
    check = CheckReport(id="c", message=said, metrics=metrics, duration=speed, **shared)
    item = ItemReport(
        id="i", title="i", message=said, extra_credit=False, checks=(check,), duration=speed, **shared
    )
    report = make_report(
        items=(item,),
        generated_at=generated_at,
        submission=SubmissionFacts(id="s001", origin=origin),
        notices=(Notice(code="x", message=f"{origin}: is odd, 3 times.", where=origin),),
    )
    made = json.loads(to_json(report))
    made["environment"]["limits"] = {"cpu_seconds": 2 * slowness, "slowness": slowness, "memory_mb": 7}
    return made


def test_times_speeds_and_places_do_not_count():
    one = document("/a/s001", 1954.6, 1955, "2020-01-01T00:00:00+00:00")
    other = document("/b/c/s001", 1609.6, 1610, "2026-01-01T00:00:00+00:00", slowness=1.3)
    kept = stable(one)
    assert json.dumps(kept) == json.dumps(stable(other))
    assert kept["environment"]["limits"] == {"memory_mb": 7}
    assert kept["items"][0]["checks"][0]["metrics"] == {"cases": 3}
    assert kept["items"][0]["message"].endswith("forward # times. Expected: at least # times.")
    assert kept["notices"] == [{"code": "x", "message": ": is odd, 3 times.", "where": ""}]
    assert one["generated_at"] == "2020-01-01T00:00:00+00:00"


def test_everything_else_counts():
    one = document("/a/s001", 1.0, 1, "2020")
    for change in (
        {"message": "x"},
        {"outcome": "timeout"},
        {"notices": []},
        {"grader": {**one["grader"], "seed": 1}},
        {"submission": {**one["submission"], "late": {"seconds": 3, "message": "late"}}},
    ):
        assert stable({**one, **change}) != stable(one)
