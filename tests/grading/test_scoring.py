"""Points from findings: weights share them, proposals wait, and notes cost nothing."""

from reports import finding, item

from autograder.grading.scoring import score_item
from autograder.model import (
    Outcome,
    Status,
    Visibility,
)
from autograder.report.totals import outcome_of


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
