"""Results that go out: of the gradebook's grades and of reports, with ids and a comment for the learner."""

import datetime
from decimal import Decimal

import pytest
from grades.making import after, check, report, rubric, write
from msgspec.structs import replace
from reports import make_report

from autograder.assignment import Late
from autograder.delivery.outgoing import Readiness
from autograder.delivery.results import from_gradebook, from_reports
from autograder.grades import deciding
from autograder.grades.importing import import_reports
from autograder.grades.roster import Person, roster_of
from autograder.grades.store import Gradebook
from autograder.model import Lateness, Learner, Outcome, Score, Status, SubmissionFacts, Visibility

NOW = after(days=9)
TWO = rubric(
    ("conv", 10.0, (check("shapes", visible=True), check("values"))),
    ("text", 4.0, (check("words", visible=True),)),
    late=Late(percent=10),
)
RIGHT = {"shapes": 1, "values": 1, "words": 1}


def without_hidden(item):
    """The item as a learner may see none of it."""
    return replace(item, visibility=Visibility.HIDDEN, message="The hidden reason.")


@pytest.fixture
def gradebook(tmp_path):
    with Gradebook(f"sqlite:///{tmp_path / 'gradebook.sqlite3'}", "ta1") as opened:
        opened.apply(TWO)
        yield opened


def results(gradebook, tmp_path, *reports, applied=TWO, **options):
    import_reports(gradebook, write(tmp_path / "reports", *reports))
    return {one.learner: one for one in from_gradebook(gradebook, applied, NOW, **options)}


def enrol(gradebook, *persons):
    from autograder.grades import tables

    gradebook.add(
        tables.persons,
        [
            {"learner": n, "name": name, "email": e, "section": s, "identities": ids}
            for n, name, e, s, ids in persons
        ],
    )


def test_a_grade_is_explained_with_what_the_learner_may_see(gradebook, tmp_path):
    wrong = report("s001", TWO, {**RIGHT, "values": 0}, at=after(hours=2))
    found = results(gradebook, tmp_path, wrong)["s001"]
    assert (found.points, found.maximum, found.readiness) == (Decimal("7.6"), Decimal(14), Readiness.FINAL)
    assert found.comment.splitlines() == [
        "7.6 of 14 points.",
        "Late by 2 hours, which takes 1.4 points.",
        "conv: 5 of 10. Its visible check passed.",
    ]
    assert "values" in results(gradebook, tmp_path, wrong, published=True)["s001"].comment


def test_an_item_that_is_hidden_has_no_line_and_the_comment_no_total(gradebook, tmp_path):
    hidden = rubric(
        ("conv", 10.0, (check("shapes", visible=True),)),
        ("text", 4.0, (check("words", visible=True),)),
        sha256="r2",
    )
    items = (replace(hidden.items[0], visibility=Visibility.AFTER_PUBLISHED), hidden.items[1])
    hidden = replace(hidden, items=items)
    gradebook.apply(hidden)
    wrong = report("s001", hidden, {"shapes": 0.5, "words": 0.5}, at=after(hours=2))
    found = results(gradebook, tmp_path, wrong, applied=hidden)["s001"]
    assert found.points == Decimal(7)
    assert found.comment.splitlines() == [
        "Graded. The total is shown after grades are published.",
        "Late by 2 hours.",
        "text: 2 of 4. words: 0.5",
    ]
    lines = results(gradebook, tmp_path, wrong, applied=hidden, published=True)["s001"].comment.splitlines()
    assert lines[0] == "7 of 14 points."
    assert lines[2] == "conv: 5 of 10. shapes: 0.5"


def test_what_a_person_says_stands_for_the_report_s_words(gradebook, tmp_path):
    results(gradebook, tmp_path, report("s001", TWO, {**RIGHT, "words": Status.MANUAL}))
    deciding.override(gradebook, TWO, "s001", "text", points="3", reason="the loops <b>lack</b> a word")
    found = results(gradebook, tmp_path)["s001"]
    assert found.readiness is Readiness.FINAL
    assert found.comment.splitlines() == ["13 of 14 points.", "text: 3 of 4. the loops < b>lack< /b> a word"]


@pytest.mark.parametrize(
    ("fractions", "readiness", "why"),
    [
        (RIGHT, Readiness.FINAL, ""),
        ({**RIGHT, "words": Status.MANUAL}, Readiness.PROVISIONAL, "4 points are still to be judged."),
        ({**RIGHT, "words": Status.SKIPPED}, Readiness.PROVISIONAL, "4 points are still to be judged."),
    ],
)
def test_a_grade_says_why_it_is_not_final(gradebook, tmp_path, fractions, readiness, why):
    found = results(gradebook, tmp_path, report("s001", TWO, fractions))["s001"]
    assert (found.readiness, found.why) == (readiness, why)


def test_a_report_says_the_same_with_a_gradebook_and_without(gradebook, tmp_path):
    free = replace(TWO, late=Late())
    gradebook.apply(free)
    made = report("s001", free, {**RIGHT, "values": 0}, at=after(hours=2))
    facts = replace(made.submission, late=Lateness(seconds=7200, message="2 hours after the due date"))
    late = replace(made, submission=facts, score=Score(raw=9, penalties=0, final=9, max=14))
    with_gradebook = results(gradebook, tmp_path, late, applied=free)["s001"]
    (alone,) = from_reports([late], NOW)
    assert alone.comment == with_gradebook.comment


def test_what_nbgrader_shows_students_has_no_hidden_reason(gradebook, tmp_path):
    pytest.importorskip("nbgrader")
    from autograder.delivery.nbgrader import read_class

    one = report("s001", TWO, {**RIGHT, "values": 0})
    hidden = replace(one, items=tuple(map(without_hidden, one.items)))
    import_reports(gradebook, write(tmp_path / "reports", hidden))
    messages = read_class(gradebook, TWO, now=NOW).messages["s001"]
    assert messages == {"conv": "Not shown.", "text": "Not shown."}


def test_a_partial_report_makes_no_grade(gradebook, tmp_path):
    made = replace(report("s001", TWO, {**RIGHT, "words": Status.SKIPPED}), outcome=Outcome.PARTIAL)
    found = results(gradebook, tmp_path, made)["s001"]
    assert (found.readiness, found.why) == (
        Readiness.PARTIAL,
        "Some checks were switched off, so this is no grade.",
    )


def test_who_has_no_points_is_there_with_the_reason(gradebook, tmp_path):
    enrol(gradebook, ("s001", "", "", "", "[]"), ("s002", "", "", "", "[]"))
    deciding.excuse(gradebook, TWO, "s002", "ill")
    lost = replace(report("s003", TWO, RIGHT), outcome=Outcome.UNGRADABLE, score=None, items=())
    found = results(gradebook, tmp_path, lost)
    assert {one.readiness for one in found.values()} == {Readiness.WITHOUT}
    assert [found[name].why for name in ("s001", "s002", "s003")] == [
        "Nothing was handed in.",
        "Excused: ill.",
        "Attempt 1 has no score (ungradable): a person decides.",
    ]
    assert [one.points for one in found.values()] == [None] * 3


def test_the_roster_gives_ids_names_and_one_result_for_all_names_of_a_learner(gradebook, tmp_path):
    enrol(gradebook, ("s001", "One", "one@example.org", "B", '["s001", "4711", "one@example.org"]'))
    found = results(gradebook, tmp_path, report("4711", TWO, RIGHT))
    assert list(found) == ["s001"]
    one = found["s001"]
    assert one.identities == ("s001", "4711", "one@example.org")
    assert (one.name, one.email, one.section) == ("One", "one@example.org", "B")


def test_a_group_s_result_goes_to_each_of_its_learners(gradebook, tmp_path):
    enrol(gradebook, *((name, "", "", "", "[]") for name in ("s001", "s002", "s003")))
    made = replace(report("pair", TWO, RIGHT), learner=Learner(id="s001 + s002"))
    found = results(gradebook, tmp_path, made)
    assert {name: one.points for name, one in found.items()} == {"s001": 14, "s002": 14, "s003": None}
    assert found["s001"].identities == ("s001",)


def test_the_same_grade_has_the_same_mark_and_another_has_not(gradebook, tmp_path):
    made = report("s001", TWO, RIGHT)
    first = results(gradebook, tmp_path, made)["s001"].of
    assert results(gradebook, tmp_path, made)["s001"].of == first
    deciding.override(gradebook, TWO, "s001", "text", points="3", reason="no")
    assert results(gradebook, tmp_path)["s001"].of != first


# --- from reports ------------------------------------------------------------------------------------


def only(made, **options):
    (found,) = from_reports([made], NOW, **options)
    return found


def test_a_report_s_result_has_its_points_lateness_and_reasons():
    late = Lateness(seconds=7200, message="2 hours after 2027-03-01 23:59 +01:00")
    made = make_report(submission=SubmissionFacts(id="x1", origin="", late=late))
    found = only(made)
    assert (found.learner, found.identities) == ("s001", ("s001", "x1"))
    assert (found.points, found.maximum, found.readiness) == (Decimal(4), Decimal(8), Readiness.FINAL)
    assert found.comment.splitlines() == [
        "4 of 8 points.",
        "Late by 2 hours.",
        "f: 4 of 8. Shown after grades are published.",
    ]
    assert only(made, published=True).comment.endswith("f: 4 of 8. b: 0")


@pytest.mark.parametrize(
    ("changes", "readiness", "why"),
    [
        (
            {"outcome": Outcome.PARTIAL},
            Readiness.PARTIAL,
            "Some checks were switched off, so this is no grade.",
        ),
        ({"outcome": Outcome.PENDING_MANUAL}, Readiness.PROVISIONAL, "An item is still to be judged."),
        (
            {"score": Score(raw=4, penalties=0, final=4, max=8, pending=2)},
            Readiness.PROVISIONAL,
            "2 points are still to be judged.",
        ),
        (
            {"outcome": Outcome.UNGRADABLE, "score": None, "message": "It is no zip."},
            Readiness.WITHOUT,
            "It is no zip.",
        ),
    ],
)
def test_a_report_says_why_its_result_is_not_final(changes, readiness, why):
    found = only(make_report(**changes))
    assert (found.readiness, found.why) == (readiness, why)


def test_the_roster_names_a_report_s_learner_and_who_has_none():
    roster = roster_of(
        [
            Person(learner="s001", name="One", identities=("s001", "4711")),
            Person(learner="s002", name="Two", identities=("s002",)),
        ]
    )
    one, two = from_reports([make_report(learner=Learner(id="4711"))], NOW, roster=roster)
    assert (one.learner, one.name, one.identities) == ("s001", "One", ("s001", "4711"))
    assert (two.learner, two.readiness, two.why) == (
        "s002",
        Readiness.WITHOUT,
        "There is no report of this learner.",
    )


def test_a_long_comment_is_cut_and_harmless():
    made = make_report(
        items=tuple(replace(make_report().items[0], title="\u202e" + "x" * 300) for _ in range(20))
    )
    found = only(made)
    assert len(found.comment) < 2_200
    assert "\u202e" not in found.comment
    assert max(map(len, found.comment.splitlines())) < 300


def test_the_moment_decides_what_a_comment_says():
    made = make_report()
    item = replace(made.items[0], visibility=Visibility.AFTER_DUE_DATE)
    facts = replace(made.assignment, due_at=NOW.isoformat())
    made = replace(made, items=(item,), assignment=facts)
    (early,) = from_reports([made], NOW - datetime.timedelta(minutes=1))
    (late,) = from_reports([made], NOW + datetime.timedelta(minutes=1))
    assert early.comment == "Graded. The total is shown after grades are published."
    assert late.comment.startswith("4 of 8 points.")
