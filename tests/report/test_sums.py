"""The points of a report hold together, and each sum that does not has its message."""

import pytest
from click.testing import CliRunner
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace
from reports import finding, item, make_report, total_of

from autograder.cli import cli
from autograder.model import Outcome, Status
from autograder.report import to_json
from autograder.report.scoring import score_item
from autograder.report.sums import problems
from autograder.report.totals import ending


def with_item(report, **changes):
    return replace(report, items=(replace(report.items[0], **changes),))


def with_check(report, **changes):
    one = report.items[0]
    return with_item(report, checks=(replace(one.checks[0], **changes), one.checks[1]))


def with_score(report, **changes):
    return replace(report, score=replace(report.score, **changes))


def with_step(report):
    return replace(report, assignment=replace(report.assignment, round_to=0.5))


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (lambda r: with_check(r, score=5.0), "item `f`: check `a` has 5 points of 4"),
        (
            lambda r: with_check(r, max_score=5.0),
            "item `f`: its checks have 9 points at most, and the item 8",
        ),
        (lambda r: with_item(r, score=9.0), "item `f` has 9 points of 8"),
        (
            lambda r: with_item(with_step(r), score=5.0),
            "item `f`: its checks add up to 4, and its score is 5",
        ),
        (lambda r: with_item(r, score=None), "item `f`: its checks add up to 4, and the item has no score"),
        (lambda r: with_item(r, score=5.0), "the items add up to 5, and score.raw is 4"),
        (
            lambda r: with_item(r, extra_credit=True),
            "the items of extra credit add up to 4, and score.extra_credit is 0",
        ),
        (
            lambda r: with_score(r, pending=2.0),
            "the items have 0 points to be judged, and score.pending is 2",
        ),
        (lambda r: with_score(r, final=5.0), "score.raw less score.penalties is 4, and score.final is 5"),
        (lambda r: with_score(r, penalties=9.0), "score.raw less score.penalties is 0, and score.final is 4"),
        (lambda r: with_score(r, max=9.0), "score.max is 9, and assignment.max_score is 8"),
        (lambda r: with_item(r, max_score=9.0), "the items have 9 points at most, and score.max is 8"),
        (lambda r: replace(r, score=None), "the outcome is graded, so expected a score"),
        (lambda r: replace(r, outcome=Outcome.TIMEOUT), "the outcome is timeout, so expected no score"),
    ],
)
def test_each_sum_that_is_not_right_is_said(change, says):
    assert says in list(problems(change(make_report())))


STATES = st.sampled_from([None, Status.SKIPPED, Status.MANUAL])


@given(
    st.dictionaries(st.sampled_from("abcde"), st.floats(0.01, 9), min_size=1),
    st.data(),
    st.sampled_from([0.0001, 0.25, 0.5, 1.0, 3.0]),
)
def test_a_report_that_was_scored_here_adds_up(weights, data, step):
    found = {name: finding(name, data.draw(st.floats(0, 1)), data.draw(STATES)) for name in weights}
    found = {
        name: replace(one, fraction=0.0) if one.status is Status.SKIPPED else one
        for name, one in found.items()
    }
    made = score_item(item(**weights), found, step)
    score = total_of([made])
    outcome, message = ending([made], score)
    report = make_report(items=(made,), score=score, outcome=outcome, message=message)
    report = replace(report, assignment=replace(report.assignment, round_to=step))
    assert list(problems(report)) == []


def test_validate_names_the_file_and_every_sum(tmp_path):
    good, bad = tmp_path / "s001.json", tmp_path / "s002.json"
    good.write_text(to_json(make_report()))
    bad.write_text(to_json(with_score(make_report(), final=5.0, max=9.0)))
    done = CliRunner().invoke(cli, ["validate", str(tmp_path)])
    assert (done.exit_code, done.stdout) == (1, "1 of 2 reports are valid.\n")
    assert done.stderr.splitlines() == [
        f"error: {bad}: score.raw less score.penalties is 4, and score.final is 5",
        f"  {bad}: score.max is 9, and assignment.max_score is 8",
        f"  {bad}: the items have 8 points at most, and score.max is 9",
        "  Was the report edited by hand?",
    ]
