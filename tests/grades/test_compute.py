"""A grade from attempts, people's decisions and a policy: by example, and by properties."""

import datetime
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from making import DUE, after, attempt, policy, scored
from msgspec.structs import replace

from autograder.assignment import Attempts, ExtraCredit, Late, Rounding
from autograder.grades.compute import Decisions, grade, items_of
from autograder.grades.records import Extension, GradePolicy, GradeStatus, Remark, Review
from autograder.model import Outcome


def points(*attempts, decided=None, rules=None):
    return grade("s001", attempts, decided or Decisions(), rules or policy(10, 10)).points


def whole(number, score, **more):
    """An attempt at two items of 10 points, which earns `score` in all."""
    return attempt(number, scored("a", score / 2), scored("b", score / 2), **more)


def texts(one):
    return [line.text for line in one.steps]


# --- which attempt counts -----------------------------------------------------------------------------


@pytest.mark.parametrize(("counts", "expected"), [("last", 6), ("best", 18), ("first", 10)])
def test_the_attempt_that_counts(counts, expected):
    attempts = [whole(1, 10), whole(2, 18), whole(3, 6)]
    assert points(*attempts, rules=policy(10, 10, attempts=Attempts(counts=counts))) == expected


@pytest.mark.parametrize(
    ("counts", "second", "status"),
    [
        ("best", {"score": 2, "waits": True}, "provisional"),  # it may get 10 for this item
        ("best", {"score": None, "pending": Decimal(9)}, "provisional"),
        ("best", {"score": None, "pending": Decimal(8)}, "final"),
        ("best", {"score": 8}, "final"),
        ("first", {"score": 2, "waits": True}, "final"),
    ],
)
def test_another_attempt_that_may_be_the_best_one_leaves_the_grade_open(counts, second, status):
    other = attempt(2, scored("a", 10), scored("b", **second))
    one = grade("s001", [whole(1, 18), other], Decisions(), policy(10, 10, attempts=Attempts(counts=counts)))
    assert (one.points, one.status.value) == (18, status)
    assert ("attempt 2 may earn more: not all of it is judged yet" in texts(one)) == (status == "provisional")


def test_nothing_is_better_than_the_maximum_where_extra_credit_stays_below_it():
    rules = policy(10, 10, attempts=Attempts(counts="best"), extra_credit=ExtraCredit(above_maximum=False))
    other = attempt(2, scored("a", 10), scored("b", 10), scored("x", 0, waits=True, extra_credit=True))
    rules = replace(rules, items=(*rules.items, scored("x", None, extra_credit=True)))
    assert grade("s001", [whole(1, 20), other], Decisions(), rules).status is GradeStatus.FINAL


def test_who_goes_back_to_an_earlier_version_hands_it_in_last_and_not_later():
    first = whole(1, 20, at=after(hours=-3), again=(after(hours=-2), after(hours=30)))
    works = [first, whole(2, 10, at=after(hours=-1))]

    def counting(**late):
        return grade("s001", works, Decisions(), policy(10, 10, late=Late(percent=10, **late)))

    assert (counting().attempt, counting().points, counting().late) == (1, 20, None)
    assert counting(cut_off_hours=24).attempt == 2  # what came again was too late


def test_attempts_beyond_the_most_do_not_count():
    rules = policy(10, 10, attempts=Attempts(most=2))
    one = grade("s001", [whole(1, 10), whole(2, 18), whole(3, 20)], Decisions(), rules)
    assert (one.points, one.attempt) == (18, 2)
    assert texts(one)[0].startswith("attempt 2 of 3 (2 accepted) counts (last), handed in")


def test_nothing_handed_in_is_missing_and_no_zero():
    one = grade("s001", [], Decisions(), policy(10))
    assert (one.status, one.points, one.maximum) == (GradeStatus.MISSING, None, 10)
    assert texts(one) == ["nothing was handed in"]


def test_an_excuse_is_no_zero():
    one = grade("s001", [whole(1, 4)], Decisions(excuse="ill"), policy(10, 10))
    assert (one.status, one.points) == (GradeStatus.EXCUSED, None)
    assert texts(one) == ["excused: ill"]


@pytest.mark.parametrize("outcome", [Outcome.UNGRADABLE, Outcome.GRADER_ERROR, Outcome.TIMEOUT])
def test_an_attempt_without_a_score_waits_for_a_person(outcome):
    one = grade("s001", [whole(1, 10), attempt(2, outcome=outcome)], Decisions(), policy(10, 10))
    assert (one.status, one.points, one.attempt) == (GradeStatus.UNDECIDED, None, 2)
    assert texts(one)[-1] == f"attempt 2 has no score ({outcome.value}): a person decides"
    assert "b, of 10 (not judged: a person has yet to judge)" in texts(one)


def test_of_an_attempt_without_a_score_a_person_judges_what_was_not_finished():
    rules = policy(10, 10, 10)
    *regular, extra = rules.items
    rules = replace(rules, items=(*regular, replace(extra, extra_credit=True)))
    for outcome, waits in ((Outcome.TIMEOUT, [False, True, False]), (Outcome.GRADED, [False] * 3)):
        found = items_of(attempt(1, scored("a", 7), outcome=outcome), rules)
        assert [(one.id, one.waits) for one in found] == list(zip("abc", waits, strict=True))


def test_a_person_decides_an_attempt_without_a_score_item_by_item():
    reviews = {("k1", name): Review(item=name, reviewer="ta1", points=Decimal(7)) for name in "ab"}
    one = grade("s001", [attempt(1, outcome=Outcome.TIMEOUT)], Decisions(reviews=reviews), policy(10, 10))
    assert (one.status, one.points) == (GradeStatus.FINAL, 14)


# --- items and reviews --------------------------------------------------------------------------------


def test_a_review_counts_instead_of_the_proposal():
    work = attempt(1, scored("a", 8), scored("b", 4, waits=True, pending=Decimal(6)))
    before = grade("s001", [work], Decisions(), policy(10, 10))
    assert (before.status, before.points, before.pending) == (GradeStatus.PROVISIONAL, 12, 6)
    assert "b, of 10 (proposed: a person has yet to judge)" in texts(before)
    review = Review(item="b", reviewer="ta1", points=Decimal("9.5"), text="well said")
    after_it = grade("s001", [work], Decisions(reviews={("k1", "b"): review}), policy(10, 10))
    assert (after_it.status, after_it.points) == (GradeStatus.FINAL, Decimal("17.5"))
    assert "b, of 10 (judged by ta1: well said)" in texts(after_it)


def test_a_proposal_of_all_points_still_waits():
    work = attempt(1, scored("a", 10, waits=True))
    assert grade("s001", [work], Decisions(), policy(10)).status is GradeStatus.PROVISIONAL


def test_remarks_add_to_the_maximum_and_a_change_holds_for_all_who_have_them():
    work = attempt(1, scored("a", None, waits=True))
    review = Review(item="a", reviewer="ta1", remarks=("loops", "names"))
    for worth, expected in ((-2, 7), (-20, 0), (5, 10)):
        rubric = {
            "loops": Remark(id="loops", item="a", text="no comment on the loops", points=Decimal(worth)),
            "names": Remark(id="names", item="a", text="short names", points=Decimal(-1)),
        }
        one = grade("s001", [work], Decisions(reviews={("k1", "a"): review}, remarks=rubric), policy(10))
        assert one.points == expected
        assert f"no comment on the loops {worth:+d}; short names -1" in texts(one)[1]


def test_an_override_is_said():
    review = Review(item="a", reviewer="ta1", points=Decimal(10), text="a slip", is_override=True)
    one = grade("s001", [whole(1, 10)], Decisions(reviews={("k1", "a"): review}), policy(10, 10))
    assert one.points == 15
    assert "a, of 10 (changed by ta1: a slip)" in texts(one)


def test_a_review_of_another_attempt_does_not_count():
    review = Review(item="a", reviewer="ta1", points=Decimal(10))
    assert points(whole(1, 4), whole(2, 2), decided=Decisions(reviews={("k1", "a"): review})) == 2


def test_what_was_not_judged_is_pending():
    work = attempt(1, scored("a", 6, pending=Decimal(4)), scored("b", None, pending=Decimal(10)))
    one = grade("s001", [work], Decisions(), policy(10, 10))
    assert (one.status, one.points, one.pending) == (GradeStatus.PROVISIONAL, 6, 14)
    assert texts(one)[1:3] == ["a, of 10 (4 of them not judged)", "b, of 10 (not judged)"]
    assert texts(one)[-1] == "14 points are still to be judged"


# --- extra credit and rounding ------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("rule", "expected"),
    [
        (ExtraCredit(), 17),
        (ExtraCredit(most=3), 12),
        (ExtraCredit(above_maximum=False), 10),
        (ExtraCredit(most=0), 9),
    ],
)
def test_extra_credit(rule, expected):
    work = attempt(1, scored("a", 9), scored("b", 8, extra_credit=True))
    items = (scored("a", None), scored("b", None, extra_credit=True))
    rules = GradePolicy(items=items, extra_credit=rule)
    assert (points(work, rules=rules), rules.maximum) == (expected, 10)


@pytest.mark.parametrize(
    ("rule", "score", "expected"),
    [
        (Rounding(step=0.5), "7.25", "7.5"),
        (Rounding(step=0.5), "7.24", "7"),
        (Rounding(step=1, to="up"), "7.01", "8"),
        (Rounding(step=1, to="down"), "7.99", "7"),
        (Rounding(step=0.1), "0.15", "0.2"),
        (Rounding(), "14.675", "14.68"),
        (Rounding(step=0.25), "7.13", "7.25"),
    ],
)
def test_rounding_is_exact(rule, score, expected):
    one = grade("s001", [attempt(1, scored("a", score, 20))], Decisions(), policy(20, rounding=rule))
    assert one.points == Decimal(expected)
    assert texts(one)[-1] == f"rounded to a multiple of {rule.step:g}"


# --- lateness -----------------------------------------------------------------------------------------

TEN_A_DAY = Late(percent=10)


@pytest.mark.parametrize(
    ("late", "by", "expected", "said"),
    [
        (TEN_A_DAY, {"seconds": 0}, "16", ""),
        (TEN_A_DAY, {"seconds": 1}, "14", "late by 1 second: 1 day x 10 % of 20"),
        (TEN_A_DAY, {"days": 2, "hours": 3}, "10", "late by 2 days 3 hours: 3 days x 10 % of 20"),
        (Late(percent=10, count="full"), {"days": 2, "hours": 3}, "12", "2 days x 10 % of 20"),
        (Late(percent=10, count="full"), {"hours": 3}, "16", "0 days x 10 % of 20"),
        (Late(percent=10, count="exact"), {"hours": 36}, "13", "1.5 days x 10 % of 20"),
        (Late(percent=10, of="earned"), {"hours": 36}, "12.8", "2 days x 10 % of 16"),
        (Late(percent=10, most=15), {"days": 5}, "13", "5 days x 10 % of 20, at most 15"),
        (Late(points=3), {"days": 1}, "13", "1 day x 3 points"),
        (Late(points=3, most=4), {"days": 5}, "12", "5 days x 3 points, at most 4"),
        (Late(points=1, per="hour"), {"hours": 2, "minutes": 1}, "13", "3 hours x 1 points"),
        (Late(percent=50), {"days": 9}, "0", "9 days x 50 % of 20"),
        (Late(percent=10, grace_minutes=15), {"minutes": 15}, "16", ""),
        (Late(percent=10, grace_minutes=15), {"minutes": 16}, "14", "late by 16 minutes: 1 day x 10 % of 20"),
        (Late(), {"days": 3}, "16", "late by 3 days: 3 days x 0 points"),
    ],
)
def test_what_lateness_takes(late, by, expected, said):
    one = grade("s001", [whole(1, 16, at=after(**by))], Decisions(), policy(10, 10, late=late))
    assert one.points == Decimal(expected)
    assert any(said in text for text in texts(one))
    assert (one.late is None) == (not said)


def test_the_time_has_a_zone():
    at = DUE.astimezone(datetime.timezone(datetime.timedelta(hours=9)))
    assert points(whole(1, 16, at=at), rules=policy(10, 10, late=TEN_A_DAY)) == 16


def test_times_are_said_in_the_zone_of_the_date():
    zone = datetime.timezone(datetime.timedelta(hours=1))
    rules = policy(10, 10, due=DUE.astimezone(zone))
    extended = Decisions(extension=Extension(until=after(days=1)))
    one = grade("s001", [whole(1, 10, at=after(hours=2))], extended, rules)
    said = "handed in 2027-03-02 02:59:00+01:00, due 2027-03-02 00:59:00+01:00"
    assert texts(one)[0].endswith(said)
    assert texts(one)[-1] == "extension to 2027-03-03 00:59:00+01:00"


def test_a_time_at_the_end_of_the_calendar_keeps_its_zone():
    end = datetime.datetime.fromisoformat("9999-12-31T23:59:00-10:00")
    one = grade("s001", [whole(1, 10, at=after())], Decisions(extension=Extension(until=end)), policy(10, 10))
    assert texts(one)[-1] == "extension to 9999-12-31 23:59:00-10:00"


def test_an_unknown_time_is_said_and_never_punished():
    one = grade("s001", [whole(1, 16)], Decisions(), policy(10, 10, late=TEN_A_DAY))
    assert (one.points, one.late) == (16, None)
    assert texts(one)[0].endswith("handed in at an unknown time, so not late")


def test_work_after_the_cut_off_is_not_accepted_and_an_earlier_attempt_counts():
    rules = policy(10, 10, late=Late(cut_off_hours=48))
    late = whole(2, 20, at=after(days=3))
    assert points(whole(1, 10, at=after(days=-1)), late, rules=rules) == 10
    one = grade("s001", [late], Decisions(), rules)
    assert (one.status, one.points) == (GradeStatus.FINAL, 0)
    assert texts(one) == ["not accepted: handed in 3 days after the date"]


def test_work_after_an_extension_s_cut_off_says_the_extension():
    rules = policy(10, 10, late=Late(cut_off_hours=0))
    extended = Decisions(extension=Extension(until=after(days=1), reason="ill"))
    one = grade("s001", [whole(1, 20, at=after(days=3))], extended, rules)
    assert texts(one) == [
        "not accepted: handed in 2 days after the date",
        "extension to 2027-03-02 23:59:00+00:00 (ill)",
    ]


def test_an_extension_moves_the_date_and_the_cut_off():
    rules = policy(10, 10, late=Late(percent=10, cut_off_hours=24))
    work = whole(1, 16, at=after(days=3))
    extended = Decisions(extension=Extension(until=after(days=2), reason="ill"))
    assert [points(work, rules=rules), points(work, decided=extended, rules=rules)] == [0, 14]
    one = grade("s001", [work], extended, rules)
    assert "extension to 2027-03-03 23:59:00+00:00 (ill)" in texts(one)


def test_an_earlier_extension_changes_nothing():
    extended = Decisions(extension=Extension(until=after(days=-2)))
    work = whole(1, 16, at=after(days=-1))
    assert points(work, decided=extended, rules=policy(10, 10, late=TEN_A_DAY)) == 16


# --- properties ---------------------------------------------------------------------------------------

tenths = st.integers(0, 100).map(lambda n: Decimal(n) / 10)
times = st.one_of(st.none(), st.integers(-72, 240).map(lambda h: after(hours=h)))
lates = st.builds(
    Late,
    percent=st.sampled_from([0.0, 10.0, 33.3]),
    of=st.sampled_from(["maximum", "earned"]),
    per=st.sampled_from(["hour", "day"]),
    count=st.sampled_from(["begun", "full", "exact"]),
    most=st.sampled_from([None, 20.0]),
    grace_minutes=st.sampled_from([0.0, 90.0]),
    cut_off_hours=st.sampled_from([None, 48.0]),
) | st.builds(Late, points=st.sampled_from([0.0, 0.7, 5.0]), per=st.sampled_from(["hour", "day"]))
policies = st.builds(
    policy,
    st.just(10),
    st.just(10),
    late=lates,
    attempts=st.builds(
        Attempts, counts=st.sampled_from(["last", "best", "first"]), most=st.sampled_from([None, 2])
    ),
    rounding=st.builds(
        Rounding, step=st.sampled_from([0.01, 0.5, 1.0]), to=st.sampled_from(["nearest", "up", "down"])
    ),
)


@st.composite
def histories(draw):
    """Attempts in order of time."""
    count = draw(st.integers(1, 4))
    moments = sorted(draw(st.lists(st.integers(-72, 240), min_size=count, max_size=count)))
    return [
        attempt(number, scored("a", draw(tenths)), scored("b", draw(tenths)), at=after(hours=hours))
        for number, hours in enumerate(moments, 1)
    ]


def reviewed(given_points):
    return {key: Review(item=key[1], reviewer="t", points=value) for key, value in given_points.items()}


marks = st.dictionaries(st.tuples(st.sampled_from(["k1", "k2", "k3", "k4"]), st.sampled_from("ab")), tenths)


@given(histories(), policies, marks)
def test_a_grade_is_a_multiple_of_the_step_and_never_below_0(attempts, rules, given_points):
    one = grade("s001", attempts, Decisions(reviews=reviewed(given_points)), rules)
    assert one.points >= 0
    assert one.points % Decimal(str(rules.rounding.step)) == 0


@given(histories(), policies, marks, st.sampled_from("ab"), tenths)
def test_more_points_never_lower_a_grade(attempts, rules, given_points, item, more):
    key = ("k1", item)
    low = {**given_points, key: min(given_points.get(key, Decimal(0)), more)}
    high = {**given_points, key: max(given_points.get(key, Decimal(0)), more)}
    grades = [grade("s001", attempts, Decisions(reviews=reviewed(one)), rules).points for one in (low, high)]
    assert grades[0] <= grades[1]


@given(histories(), policies, marks, st.randoms())
def test_the_order_of_reviews_does_not_matter(attempts, rules, given_points, random):
    shuffled = list(reviewed(given_points).items())
    random.shuffle(shuffled)
    one = grade("s001", attempts, Decisions(reviews=reviewed(given_points)), rules)
    assert grade("s001", attempts, Decisions(reviews=dict(shuffled)), rules) == one


@given(histories(), policies, st.integers(-100, 300))
def test_an_extension_never_costs(attempts, rules, hours):
    extended = Decisions(extension=Extension(until=after(hours=hours)))
    before, now = (grade("s001", attempts, decided, rules) for decided in (Decisions(), extended))
    assert before.points <= now.points


@given(histories(), policies, marks)
def test_the_explanation_adds_up(attempts, rules, given_points):
    one = grade("s001", attempts, Decisions(reviews=reviewed(given_points)), rules)
    steps = [line for line in one.steps if line.points is not None]
    sums = [number for number, line in enumerate(steps) if line.text.startswith("sum, of")]
    if sums:
        items, total, rest = steps[: sums[0]], steps[sums[0]], steps[sums[0] + 1 :]
        assert sum(line.points for line in items) == total.points
        assert total.points + sum(line.points for line in rest) == one.points
