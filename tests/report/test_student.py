"""The student's view of a report: nothing hidden is in it, at no moment, and what is left adds up."""

import datetime
import json
import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace
from reports import finding, item, make_report

from autograder.assignment import Files
from autograder.model import (
    Cause,
    CheckReport,
    Diagnosis,
    ItemReport,
    Notice,
    Outcome,
    OutputText,
    Passage,
    Smallest,
    Status,
    SubmissionFacts,
    Visibility,
)
from autograder.report import to_json, validate
from autograder.report.scoring import score_item
from autograder.report.student import student_view

DUE = datetime.datetime(2027, 3, 1, 23, 59, tzinfo=datetime.UTC)
MINUTE = datetime.timedelta(minutes=1)
# Stands in every text that nobody but the grader may see.
SENTINEL = "s3ntinel"
NEVER = (SENTINEL, "/home/ta1", "lecture-room")


def check_report(name, visibility, status, points, *, secret, shares=(3, 4)):
    """A check with a text in every place that has one; a secret check's texts all hold the sentinel."""
    said = f"{SENTINEL} {name}" if secret else f"seen {name}"
    most = shares[0] * points
    return CheckReport(
        id=f"{SENTINEL}-{name}" if secret else name,
        status=status,
        score=most if status is Status.PASSED else most / shares[1],
        max_score=most,
        visibility=visibility,
        message=said,
        hints=(said,),
        cause=Cause(case=said, expected=said, actual=said, at=said),
        metrics={said: said},
        output=OutputText(text=f"{said} /home/ta1/course/{name}.py"),
        pictures=(f"{said}.png",),
        evidence=(Passage(where=SENTINEL, text=SENTINEL),),
        diagnosis=Diagnosis(id=said, message=said),
        smallest=Smallest(case=said, inputs={said: said}, message=said, expected=said, terms=said),
        asked=said,
        duration=1.0,
    )


def may_see(visibility, now, published):
    """The rule, in the words of the documentation."""
    return {
        Visibility.VISIBLE: True,
        Visibility.AFTER_DUE_DATE: published or now > DUE,
        Visibility.AFTER_PUBLISHED: published,
        Visibility.HIDDEN: False,
    }[visibility]


MOMENTS = st.sampled_from([DUE - MINUTE, DUE, DUE + MINUTE])


@st.composite
def cases(draw):
    now, published = draw(MOMENTS), draw(st.booleans())
    items = []
    for number in range(draw(st.integers(0, 3))):
        seen_from = draw(st.sampled_from(Visibility))
        checks = []
        for part in range(draw(st.integers(0, 3))):
            from_then = draw(st.sampled_from(Visibility))
            secret = not (may_see(seen_from, now, published) and may_see(from_then, now, published))
            status, points = draw(st.sampled_from(Status)), draw(st.sampled_from([0, 1, 2.5]))
            checks.append(check_report(f"c{number}-{part}", from_then, status, points, secret=secret))
        secret = any(SENTINEL in check.id for check in checks) or not may_see(seen_from, now, published)
        items.append(
            ItemReport(
                id=f"i{number}",
                title=f"Item {number}",
                status=draw(st.sampled_from(Status)),
                score=sum(check.score for check in checks),
                max_score=sum(check.max_score for check in checks),
                extra_credit=draw(st.booleans()),
                visibility=seen_from,
                message=SENTINEL if secret else "seen",
                checks=tuple(checks),
            )
        )
    outcome = draw(st.sampled_from(Outcome))
    report = make_report(
        items=tuple(items),
        outcome=outcome,
        message="/home/ta1/course/s001.zip: is no zip" if outcome is Outcome.UNGRADABLE else SENTINEL,
        submission=SubmissionFacts(id="s001", origin="/home/ta1/lecture-room/s001.zip"),
        notices=(Notice(code="x", message="/home/ta1/x is odd", where="/home/ta1/lecture-room/s001.zip"),),
        integrity=(Notice(code="to-read", message=SENTINEL, where=SENTINEL),),
    )
    facts = replace(report.assignment, due_at=DUE.isoformat())
    return replace(report, assignment=facts), now, published


@given(cases())
@settings(max_examples=300, deadline=None)
def test_no_text_of_a_hidden_part_is_in_the_view(case):
    report, now, published = case
    text = to_json(student_view(report, now, published=published))
    assert [word for word in NEVER if word in text] == []
    validate(json.loads(text))


@given(cases())
@settings(deadline=None)
def test_what_may_be_seen_is_there_as_it_was(case):
    report, now, published = case
    view = student_view(report, now, published=published)
    for whole, seen in zip(report.items, view.items, strict=True):
        shown = {check.id: check for check in seen.checks}
        for check in whole.checks:
            if SENTINEL not in check.id:
                assert (shown[check.id].message, shown[check.id].cause) == (check.message, check.cause)
                assert (shown[check.id].score, shown[check.id].hints) == (check.score, check.hints)
        assert (seen.id, seen.title, seen.max_score) == (whole.id, whole.title, whole.max_score)


@given(cases())
@settings(deadline=None)
def test_points_that_are_shown_add_up_and_others_can_t_be_worked_out(case):
    report, now, published = case
    view = student_view(report, now, published=published)
    for whole, seen in zip(report.items, view.items, strict=True):
        if published or may_see(whole.visibility, now, published):
            assert seen.score == whole.score
            assert sum(check.score for check in seen.checks) == pytest.approx(whole.score)
        else:
            assert (seen.score, seen.checks, view.score) == (None, (), None)
    if all(item.score is not None for item in view.items):
        assert view.score == report.score


def one_item(visible, lost, *, visibility=Visibility.VISIBLE):
    checks = tuple(Files(kind="files", id=name, visible=name in visible) for name in "abc")
    spec = replace(item(a=1), checks=checks, visibility=visibility)
    return score_item(spec, {name: finding(name, 0 if name in lost else 1) for name in "abc"})


def view_of(made, now=DUE, due=DUE, **options):
    report = make_report(items=(made,))
    report = replace(report, assignment=replace(report.assignment, due_at=due and due.isoformat()))
    return student_view(report, now, **options)


@pytest.mark.parametrize(
    ("visible", "lost", "status", "message"),
    [
        ("", "", Status.PASSED, "Shown after grades are published."),
        ("", "a", Status.FAILED, "Shown after grades are published."),
        ("a", "b", Status.FAILED, "Its visible check passed."),
        ("a", "a", Status.FAILED, "a: 0"),
        ("ac", "", Status.PASSED, "All 2 visible checks passed."),
        ("abc", "", Status.PASSED, "All 3 checks passed."),
    ],
)
def test_an_item_is_summed_up_from_the_checks_that_are_shown(visible, lost, status, message):
    seen = view_of(one_item(visible, lost)).items[0]
    assert (seen.status, seen.message) == (status, message)
    whole = one_item(visible, lost)
    assert seen.score == whole.score
    assert [check.id for check in seen.checks] == [*visible, *(["not-shown"] if visible != "abc" else [])]


@pytest.mark.parametrize(
    ("visibility", "now", "due", "published", "message"),
    [
        (Visibility.AFTER_DUE_DATE, DUE, DUE, False, "Shown after the due date."),
        (Visibility.AFTER_DUE_DATE, DUE + MINUTE, DUE, False, "Shown after grades are published."),
        (Visibility.AFTER_DUE_DATE, DUE + MINUTE, None, False, "Shown after the due date."),
        (Visibility.AFTER_DUE_DATE, DUE - MINUTE, DUE, True, "b: 0"),
        (Visibility.AFTER_PUBLISHED, DUE + MINUTE, DUE, False, "Shown after grades are published."),
        (Visibility.AFTER_PUBLISHED, DUE - MINUTE, DUE, True, "b: 0"),
        (Visibility.HIDDEN, DUE + MINUTE, DUE, False, "Not shown."),
        (Visibility.HIDDEN, DUE + MINUTE, DUE, True, "Not shown."),
    ],
)
def test_the_date_and_publication_decide(visibility, now, due, published, message):
    made = one_item("", "b", visibility=visibility)
    view = view_of(made, now, due, published=published)
    seen = view.items[0]
    assert seen.message == message
    after_due = visibility is Visibility.AFTER_DUE_DATE and due is not None and now > due
    assert (view.score is not None) == (seen.score is not None) == (published or after_due)
    assert view.message == (
        "Graded." if view.score else "Graded. The total is shown after grades are published."
    )


@pytest.mark.parametrize(
    ("states", "status"),
    [
        ([Status.MANUAL, Status.FAILED], Status.MANUAL),
        ([Status.ERROR, Status.SKIPPED], Status.FAILED),
        ([Status.SKIPPED, Status.PASSED], Status.SKIPPED),
        ([Status.TIMEOUT, Status.PASSED], Status.FAILED),
    ],
)
def test_hidden_checks_together_say_no_more_than_their_points(states, status):
    spec = item(a=1, b=1)
    findings = {n: finding(n, float(s is Status.PASSED), s) for n, s in zip("ab", states, strict=True)}
    (together,) = view_of(score_item(spec, findings)).items[0].checks
    assert (together.id, together.status) == ("not-shown", status)
    assert together.visibility is Visibility.HIDDEN


@pytest.mark.parametrize(
    ("outcome", "says"),
    [
        (Outcome.PENDING_MANUAL, "Graded, except for what a person has yet to judge."),
        (Outcome.PARTIAL, "Some checks have not been run yet, so this is no grade."),
        (Outcome.TIMEOUT, "Not graded to the end, so there is no score; a person decides."),
        (Outcome.GRADER_ERROR, "The grader failed, not the submission; nothing was scored."),
        (Outcome.UNGRADABLE, "…/s001.zip: is no zip"),
    ],
)
def test_each_outcome_has_its_words(outcome, says):
    report = make_report(outcome=outcome, message="/srv/hw/s001.zip: is no zip")
    assert student_view(report, DUE).message == says


def test_a_path_of_the_machine_keeps_its_last_part():
    origin = "/srv/hw 5/in box/s001.zip"
    notices = tuple(
        Notice(code="x", message=text)
        for text in (
            f"{origin}: odd",
            'File "/usr/lib/python3/x.py", line 3',
            r"C:\Users\ta1\x.py: odd",
            "half/whole, 1/2/3, https://example.org/a/b, a/b/c.py, /x",
        )
    )
    report = make_report(notices=notices, submission=SubmissionFacts(id="s001", origin=origin))
    view = student_view(report, DUE)
    assert view.submission.origin == "s001.zip"
    assert [one.message for one in view.notices] == [
        "s001.zip: odd",
        'File "…/x.py", line 3',
        "…/x.py: odd",
        "half/whole, 1/2/3, https://example.org/a/b, a/b/c.py, /x",
    ]


def test_it_says_for_whom_it_is_and_keeps_the_seed_back():
    view = student_view(make_report(), DUE)
    assert (make_report().view, view.view) == ("whole", "student")
    assert view.grader.seed is None
    assert not re.search(r"seed\": \d", to_json(view))
