"""Lateness: from two times with zones, and never from a guess."""

import pytest

from autograder.report.late import lateness, spoken

DUE = "2027-03-01T23:59:00+01:00"


@pytest.mark.parametrize(
    ("submitted", "due", "seconds", "message"),
    [
        ("2027-03-01T22:59:01+00:00", DUE, 1, "1 second after 2027-03-01 23:59 +01:00"),
        ("2027-03-04T02:00:00+00:00", DUE, 183_660, "2 days 3 hours after 2027-03-01 23:59 +01:00"),
        ("2027-03-01T23:59:00.2Z", "2027-03-01T23:59Z", 1, "1 second after 2027-03-01 23:59 +00:00"),
        ("2027-03-02T00:00:00-05:00", DUE, 21_660, "6 hours 1 minute after 2027-03-01 23:59 +01:00"),
    ],
)
def test_late_is_said_in_the_due_date_s_zone(submitted, due, seconds, message):
    late = lateness(submitted, due)
    assert (late.seconds, late.message) == (seconds, message)


@pytest.mark.parametrize(
    ("submitted", "due"),
    [
        ("2027-03-01T22:59:00+00:00", DUE),  # to the second
        ("2026-01-01T00:00:00+00:00", DUE),
        ("2028-01-01T00:00:00", DUE),  # without a zone
        ("2028-01-01T00:00:00+00:00", "2027-03-01T23:59:00"),
        (None, DUE),
        ("2028-01-01T00:00:00+00:00", None),
        ("yesterday", DUE),
    ],
)
def test_in_time_and_unknown_are_not_late(submitted, due):
    assert lateness(submitted, due) is None


def test_a_time_in_words():
    assert [spoken(n) for n in (0, 61, 7_199, 86_400, 90_061)] == [
        "0 seconds",
        "1 minute 1 second",
        "1 hour 59 minutes",
        "1 day",
        "1 day 1 hour",
    ]
