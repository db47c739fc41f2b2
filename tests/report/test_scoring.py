"""Points from findings: weights share them, proposals wait, and notes cost nothing."""

import math
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace
from reports import finding, item, total_of

from autograder.assignment import Files
from autograder.model import (
    Outcome,
    Status,
    Visibility,
)
from autograder.report.scoring import rounded, score_item
from autograder.report.totals import ending


def test_weights_share_the_points():
    report = score_item(item(a=3, b=1), {"a": finding("a", 1), "b": finding("b", 0.5)})
    assert report.score == 7
    assert [c.max_score for c in report.checks] == [6, 2]
    assert report.status is Status.FAILED


def test_an_item_of_which_nothing_was_judged_has_no_score():
    report = score_item(item(a=1), {"a": finding("a", 0, Status.SKIPPED)})
    assert report.score is None


def test_a_proposal_counts_and_the_rest_is_pending():
    report = score_item(item(a=1), {"a": finding("a", 0.25, Status.MANUAL)})
    assert report.score == 2
    assert ending([report], total_of([report]))[0] is Outcome.PENDING_MANUAL
    whole = score_item(item(a=1), {"a": finding("a", 1)})
    assert ending([whole], total_of([whole])) == (Outcome.GRADED, "Graded.")


def test_the_worst_state_shows():
    states = {"a": Status.PASSED, "b": Status.TIMEOUT, "c": Status.ERROR}
    report = score_item(item(a=1, b=1, c=1), {n: finding(n, 0, s) for n, s in states.items()})
    assert report.status is Status.ERROR


def test_a_check_of_weight_zero_is_a_note():
    report = score_item(item(a=1, b=0), {"a": finding("a", 1), "b": finding("b", 0)})
    assert (report.score, report.status) == (8, Status.PASSED)
    assert (report.checks[1].status, report.checks[1].max_score) == (Status.FAILED, 0)


def test_hidden_checks_are_seen_after_publication_only():
    report = score_item(item(a=1), {"a": finding("a", 1)})
    assert report.checks[0].visibility is Visibility.AFTER_PUBLISHED


HIDDEN = "Its checks are shown after grades are published."


@pytest.mark.parametrize(
    ("visible", "lost", "says"),
    [
        ("", "", HIDDEN),
        ("", "a", HIDDEN),
        ("a", "", "Its visible check passed."),
        ("a", "b", "Its visible check passed."),
        ("ac", "b", "All 2 visible checks passed."),
        ("ac", "bc", "c: 0"),
        ("abc", "", "All 3 checks passed."),
        ("abc", "b", "b: 0"),
    ],
)
def test_an_item_s_message_says_nothing_of_a_check_that_is_not_seen_yet(visible, lost, says):
    checks = tuple(Files(kind="files", id=name, visible=name in visible) for name in "abc")
    found = {name: finding(name, 0 if name in lost else 1) for name in "abc"}
    report = score_item(replace(item(a=1), checks=checks), found)
    assert report.visibility is Visibility.VISIBLE
    assert report.message == says


def test_an_item_that_is_hidden_as_its_checks_are_says_the_reason():
    hidden = replace(item(a=1, b=1), visibility=Visibility.AFTER_PUBLISHED)
    report = score_item(hidden, {"a": finding("a", 1), "b": finding("b", 0)})
    assert report.message == "b: 0"


@pytest.mark.parametrize(
    ("points", "most", "step", "gives"),
    [
        (14.6775, 15, 0.5, 14.5),
        (14.75, 15, 0.5, 15),
        (14.7499, 15, 0.5, 14.5),
        (0.15, 1, 0.1, 0.2),
        (0.25, 1, 0.1, 0.3),
        (1.005, 2, 0.01, 1.01),
        (8 * (0.1 + 0.2) / 4.8, 8, 1, 1),  # 0.5, and floats say 0.5000000000000001
        (3 * 0.35 / 2.1 - 1e-16, 8, 1, 1),
        (7.2, 7.2, 0.5, 7.2),
        (7.1, 7.2, 0.5, 7),
        (2.4, 2.5, 1, 2),
        (2.49, 2.6, 2.5, 2.5),
        (0.0, 0.0, 0.5, 0.0),
        (1e-12, 5, 0.0001, 0.0),
    ],
)
def test_points_are_rounded_half_up(points, most, step, gives):
    assert rounded(points, most, step) == gives


STEPS = st.sampled_from([0.0001, 0.01, 0.1, 0.25, 0.5, 1.0, 3.0])


@given(most=st.floats(0, 1000), step=STEPS, shares=st.lists(st.floats(0, 1), min_size=2))
def test_rounded_points_keep_their_order_and_their_bounds(most, step, shares):
    given_points = [rounded(most * share, most, step) for share in sorted(shares)]
    assert given_points == sorted(given_points)
    for points in given_points:
        assert 0 <= points <= most
        assert math.copysign(1, points) == 1
        multiple = Decimal(str(points)) % Decimal(str(step)) == 0
        assert multiple or points == most
    assert rounded(most, most, step) == most


def test_an_item_is_rounded_by_the_assignments_rule_and_its_checks_are_not():
    found = {"a": finding("a", 0.33), "b": finding("b", 1)}
    report = score_item(item(a=1, b=1), found, 0.5)
    assert report.score == 5.5
    assert [check.score for check in report.checks] == [1.32, 4]
