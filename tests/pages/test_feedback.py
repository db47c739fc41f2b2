"""A student's page: points, reasons, a person's words and the grade, as far as the student may see them."""

import base64
import datetime
import json
import re

import pytest
from classroom import DUE, fill, open_desk, report, write
from click.testing import CliRunner
from msgspec.structs import replace

from autograder.cli.feedback import command
from autograder.errors import UsageError
from autograder.grades import tables
from autograder.grades.compute import written
from autograder.grades.store import Gradebook
from autograder.model import (
    Cause,
    CheckReport,
    Diagnosis,
    Lateness,
    Learner,
    Notice,
    Outcome,
    OutputText,
    Passage,
    Smallest,
    Status,
    Visibility,
)
from autograder.pages.dashboard.from_gradebook import read_gradebook
from autograder.pages.feedback import printing
from autograder.pages.feedback.gather import Feedback, by_name, filed, from_gradebook, from_reports
from autograder.pages.feedback.page import feedback_page
from autograder.pages.review.desk import Given

BEFORE, AFTER = DUE - datetime.timedelta(hours=1), DUE + datetime.timedelta(hours=1)
SVG = b'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 640 200"><title>drawn</title></svg>'


def handed_in(learner, number=1, **more):
    """A report whose checks are all visible, with a due date."""
    one = report(learner, number, **more)
    items = tuple(
        replace(each, checks=tuple(replace(check, visibility=Visibility.VISIBLE) for check in each.checks))
        for each in one.items
    )
    return replace(one, items=items, assignment=replace(one.assignment, due_at=DUE.isoformat()))


def words(page):
    """The page's text, without its style."""
    return " ".join(re.sub(r"<[^>]*>", " ", page.partition("</style>")[2]).split())


def page_of(one, now=BEFORE, **more):
    return feedback_page(Feedback(report=one), now, **more)


def with_check(one, item, **changes):
    """A report whose item's check is changed."""
    items = tuple(
        replace(each, checks=(replace(each.checks[0], **changes),)) if each.id == item else each
        for each in one.items
    )
    return replace(one, items=items)


# --- what is there ------------------------------------------------------------------------------------


def test_each_lost_point_has_its_reason_and_the_mistake_its_name():
    smallest = Smallest(
        case="width 1",
        inputs={"signal": "[1. 2.]"},
        expected="[1.5 1.5]",
        actual="[1. 1.]",
        message="`smooth[0]` is 1 instead of 1.5",
        terms="smooth[0] = (1 + 2) / 2 = 1.5",
    )
    said = words(
        page_of(with_check(handed_in("s001"), "smooth", smallest=smallest, hints=("Mind the ends.",)))
    )
    for expected in (
        "s001 · attempt 1, handed in 2027-03-01 15:59 UTC",
        "10 of 20 points",
        "The ends are 0 where 2 was expected.",
        "Looks like ends-left-out : Which values has the first one beside it?",
        "The smallest case that fails: width 1",
        "signal [1. 2.]",
        "smooth[0] = (1 + 2) / 2 = 1.5",
        "Mind the ends.",
        "expected [2 3 2] yours [0 3 0]",
    ):
        assert expected in said, expected


def test_a_mistake_is_explained_once_in_an_item():
    one = handed_in("s001")
    (item,) = (each for each in one.items if each.id == "smooth")
    again = replace(item.checks[0], id="again")
    items = tuple(replace(item, checks=(*item.checks, again)) if each is item else each for each in one.items)
    said = words(page_of(replace(one, items=items)))
    assert said.count("Which values has the first one beside it?") == 1
    assert "Looks like ends-left-out : see above." in said


def test_a_proposal_is_called_one():
    assert "7 of 10 points, proposed" in words(page_of(handed_in("s001")))


def test_lateness_is_said():
    one = handed_in("s001")
    late = Lateness(seconds=7200, message="2 hours after 2027-03-01 23:59 +00:00")
    said = words(page_of(replace(one, submission=replace(one.submission, late=late))))
    assert "Late: 2 hours after 2027-03-01 23:59 +00:00." in said


def test_where_code_stopped_the_line_is_shown():
    cause = Cause(case="width 1", actual="cell 3, line 7\n    return sums / counts\nZeroDivisionError")
    said = words(page_of(with_check(handed_in("s001"), "smooth", status=Status.ERROR, cause=cause)))
    assert "Where your code stopped: width 1 cell 3, line 7 return sums / counts" in said


def test_what_could_not_be_graded_says_so():
    one = handed_in("s001")
    made = replace(one, outcome=Outcome.UNGRADABLE, message="The zip is damaged.", items=(), score=None)
    said = words(page_of(made))
    assert "The zip is damaged." in said
    assert "points" not in said


def test_notices_are_there():
    notice = Notice(code="n", message="`tqdm` is not there.", where="cell 2")
    assert "cell 2: tqdm is not there." in words(page_of(handed_in("s001", notices=(notice,))))


# --- what is not there --------------------------------------------------------------------------------

SECRET = "s3cret"


def secret_check(name, visibility, status=Status.FAILED):
    """A check in which every text is a secret."""
    said = f"{SECRET} {name}"
    return CheckReport(
        id=f"{SECRET}-{name}",
        status=status,
        score=1,
        max_score=4,
        visibility=visibility,
        message=said,
        hints=(said,),
        cause=Cause(case=said, expected=said, actual=said, at=said),
        metrics={said: said},
        output=OutputText(text=said),
        pictures=("plots-check-1.png", f"{SECRET}.svg"),
        evidence=(Passage(where=said, text=said),),
        diagnosis=Diagnosis(id=said, message=said),
        smallest=Smallest(case=said, inputs={said: said}, message=said, expected=said, terms=said),
        asked=said,
    )


HIDES = [
    (Visibility.HIDDEN, AFTER, True),
    (Visibility.AFTER_PUBLISHED, AFTER, False),
    (Visibility.AFTER_DUE_DATE, BEFORE, False),
]


@pytest.mark.parametrize("status", [Status.FAILED, Status.ERROR, Status.MANUAL, Status.SKIPPED])
@pytest.mark.parametrize(("visibility", "now", "published"), HIDES)
def test_nothing_of_what_is_not_shown_yet_is_in_the_page(visibility, now, published, status, tmp_path):
    integrity = Notice(code=SECRET, message=SECRET, where=SECRET)
    one = handed_in("s001", integrity=(integrity,), origin=f"/home/{SECRET}/hw1.ipynb")
    first, second, *others = one.items
    both = replace(first, checks=(*first.checks, secret_check("among", visibility, status)))
    alone = replace(second, checks=(secret_check("alone", visibility, status),), message="m")
    all_of_it = replace(second, id="x", visibility=visibility, message=SECRET, checks=alone.checks)
    made = replace(one, items=(both, alone, all_of_it, *others))
    folder = next(path for path in write(tmp_path, made)[0].parents if (path / "pictures").is_dir())
    (folder / "pictures" / "s001" / "1" / f"{SECRET}.svg").write_bytes(SVG)
    page = feedback_page(Feedback(report=made, folder=folder), now, published=published)
    drawn = [base64.b64decode(one) for one in re.findall(r"base64,([^\"]*)\"", page)]
    assert SECRET not in page
    assert "evidence" not in page
    assert SVG not in drawn
    assert "Other checks: 1 / 4 points." in words(page)


@pytest.mark.parametrize("shown", [AFTER, BEFORE])
def test_what_comes_after_the_due_date_comes_then(shown):
    one = with_check(handed_in("s001"), "smooth", visibility=Visibility.AFTER_DUE_DATE)
    assert ("The ends are 0" in page_of(one, shown)) == (shown is AFTER)


def test_no_path_of_the_grader_s_machine_is_in_the_page():
    one = with_check(handed_in("s001"), "smooth", message="/home/ta1/course/hw1.py: failed")
    assert "/home/ta1" not in page_of(one)


def test_evidence_is_for_graders():
    assert "def smooth" not in page_of(handed_in("s001"), AFTER, published=True)


def test_pictures_are_those_of_the_batch_that_the_view_names(tmp_path):
    one = with_check(handed_in("s001"), "smooth", pictures=("smooth-check-1.svg", "gone-1.svg", "../x.svg"))
    (path,) = write(tmp_path, one)
    (tmp_path / "pictures" / "s001" / "1" / "smooth-check-1.svg").write_bytes(SVG)
    (tmp_path / "pictures" / "s001" / "x.svg").write_bytes(SVG)
    page = feedback_page(from_reports([filed(path)])[0], BEFORE)
    assert page.count(base64.b64encode(SVG).decode()) == 1


# --- with a gradebook ---------------------------------------------------------------------------------


@pytest.fixture
def graded(tmp_path):
    """Two students' reports in a gradebook; the first one's comments are judged."""
    url = f"sqlite:///{tmp_path / 'g.sqlite3'}"
    made = [handed_in("s001"), handed_in("s001", 2), handed_in("s002")]
    fill(url, tmp_path, made)
    desk = open_desk(url)
    (piece,) = (one for one in desk.pieces().values() if one.learner == "s001")
    desk.save(piece, "comments", Given(points="6.5", text="cell 3, line 6: why pad?"))
    (other,) = (one for one in desk.pieces().values() if one.learner == "s002")
    desk.save(other, "comments", Given(points="3", text="Copied from the lecture."))
    return url, sorted((tmp_path / "reports").rglob("*.json"))


def feedback_of(graded, learner, **changes):
    url, paths = graded
    with Gradebook(url) as gradebook:
        found = from_gradebook(gradebook, [filed(path) for path in paths])
    return next(one for one in found if one.report.learner.id == learner)


def test_a_person_s_points_and_words_count_and_no_one_else_s(graded):
    feedback = feedback_of(graded, "s001")
    said = words(feedback_page(feedback, AFTER))
    assert feedback.report.submission.attempt == 2  # the newest counts
    assert "6.5 of 10 points" in said
    assert "A person’s remark cell 3, line 6: why pad?" in said
    assert "judged by a person" in said
    assert "Copied" not in said
    assert "s002" not in said


def test_the_grade_is_explained_step_by_step(graded):
    feedback = feedback_of(graded, "s001")
    said = words(feedback_page(feedback, AFTER))
    assert f"{written(feedback.grade.points)} of 35 points" in said
    for step in feedback.grade.steps:
        assert step.text in said
    assert "The grade is not final" in said


@pytest.mark.parametrize("visibility", [Visibility.HIDDEN, Visibility.AFTER_PUBLISHED])
def test_a_grade_that_says_hidden_points_is_not_shown(graded, visibility):
    feedback = feedback_of(graded, "s001")
    first, *others = feedback.report.items
    hidden = replace(feedback.report, items=(replace(first, visibility=visibility), *others))
    said = words(feedback_page(replace(feedback, report=hidden), AFTER))
    assert "How the grade came about" not in said
    assert written(feedback.grade.points) not in said
    assert "not shown yet" in said


def test_a_person_s_words_on_a_hidden_item_are_not_shown(graded):
    feedback = feedback_of(graded, "s001")
    items = tuple(
        replace(one, visibility=Visibility.AFTER_PUBLISHED) if one.id == "comments" else one
        for one in feedback.report.items
    )
    hidden = replace(feedback, report=replace(feedback.report, items=items))
    assert "why pad" not in feedback_page(hidden, AFTER)
    assert "6.5" not in feedback_page(hidden, AFTER)
    assert "why pad" in feedback_page(hidden, AFTER, published=True)


def test_points_of_a_person_count_where_nothing_was_judged_before(graded):
    feedback = feedback_of(graded, "s001")
    items = tuple(
        replace(one, score=None, status=Status.SKIPPED) if one.id == "comments" else one
        for one in feedback.report.items
    )
    said = words(feedback_page(replace(feedback, report=replace(feedback.report, items=items)), AFTER))
    assert "6.5 of 10 points" in said


def test_who_is_excused_has_a_page_that_says_so(graded):
    url, _ = graded
    with Gradebook(url, "ta1") as gradebook:
        row = {"assignment": "hw1", "learner": "s002", "excused": True, "reason": "ill"}
        gradebook.add(tables.excuses, [row])
    said = words(feedback_page(feedback_of(graded, "s002"), AFTER))
    assert "Excused: nothing is expected." in said
    assert "excused: ill" in said


def test_each_of_a_group_has_a_page_with_their_own_grade(tmp_path):
    url = f"sqlite:///{tmp_path / 'g.sqlite3'}"
    fill(url, tmp_path, [replace(handed_in("s001 + s002 + s003"), learner=Learner(id="s001 + s002 + s003"))])
    paths = sorted((tmp_path / "reports").rglob("*.json"))
    with Gradebook(url, "ta1") as gradebook:
        row = {"assignment": "hw1", "learner": "s002", "until": AFTER.isoformat(), "reason": "a note"}
        gradebook.add(tables.extensions, [row])
        row = {"assignment": "hw1", "learner": "s003", "excused": True, "reason": "left"}
        gradebook.add(tables.excuses, [row])
        pages = by_name(from_gradebook(gradebook, [filed(path) for path in paths]))
        rubric = gradebook.applied("hw1")
        students = {one.learner: one.id for one in read_gradebook(gradebook, rubric).students}
    (folder,) = {path.parent.name for path in paths}
    assert sorted(pages) == [f"{folder}-{name}" for name in ("s001", "s002", "s003")]
    assert {name: "a note" in words(feedback_page(one, AFTER)) for name, one in pages.items()} == {
        name: name.endswith("s002") for name in pages
    }
    assert (students["s001"], students["s002"]) == (f"{folder}-s001", f"{folder}-s002")


def test_reports_that_the_gradebook_lacks_are_named(graded, tmp_path):
    url, _ = graded
    paths = write(tmp_path / "other", handed_in("s009"))
    with Gradebook(url) as gradebook, pytest.raises(UsageError, match="no attempt on `hw1` of: s009") as told:
        from_gradebook(gradebook, [filed(path) for path in paths])
    assert "gradebook import" in told.value.hint


def test_reports_of_two_assignments_are_refused(graded, tmp_path):
    url, paths = graded
    one = handed_in("s009")
    other = write(tmp_path / "o", replace(one, assignment=replace(one.assignment, id="hw2")))
    with Gradebook(url) as gradebook, pytest.raises(UsageError, match="2 assignments: hw1, hw2"):
        from_gradebook(gradebook, [filed(path) for path in (*paths, *other)])


# --- the command --------------------------------------------------------------------------------------


def run(*arguments):
    return CliRunner().invoke(command, [*map(str, arguments)], catch_exceptions=True)


def test_it_writes_one_page_a_student_for_its_owner_alone(tmp_path):
    write(tmp_path, handed_in("s001"), handed_in("s001", 2), handed_in("s002"))
    done = run(tmp_path, "-o", tmp_path / "pages")
    assert (done.exit_code, done.output) == (0, f"2 pages in {tmp_path / 'pages'}\n")
    pages = {path.name: path for path in (tmp_path / "pages").iterdir()}
    assert sorted(pages) == ["s001.html", "s002.html"]
    assert pages["s001.html"].stat().st_mode & 0o777 == 0o600
    assert "attempt 2" in pages["s001.html"].read_text()
    assert "s002" not in pages["s001.html"].read_text()


def test_two_learners_of_one_name_are_not_mixed_up(tmp_path):
    one = handed_in("s001")
    write(tmp_path / "a", one)
    write(tmp_path / "b", replace(one, learner=replace(one.learner, id="another")))
    done = run(tmp_path / "a", tmp_path / "b", "-o", tmp_path / "pages")
    assert isinstance(done.exception, UsageError)
    assert "the submissions of s001 and another are both called `s001`" in str(done.exception)
    assert not (tmp_path / "pages").exists()


def test_a_report_that_can_t_be_read_is_named_and_the_others_get_their_page(tmp_path):
    write(tmp_path, handed_in("s001"))
    (tmp_path / "reports" / "s002").mkdir()
    (tmp_path / "reports" / "s002" / "1.json").write_text("{")
    done = run(tmp_path, "-o", tmp_path / "pages")
    assert done.exit_code == 1
    assert "s002/1.json: is not JSON" in done.output
    assert "1 page in" in done.output


def test_published_and_the_gradebook_reach_the_page(graded, tmp_path):
    url, paths = graded
    path = next(path for path in paths if path.parts[-2:] == ("s001", "2.json"))
    written = json.loads(path.read_text())
    assert written["items"][1]["visibility"] == "visible"
    assert run(path, "-o", tmp_path / "pages", "--db", url).exit_code == 0
    assert "why pad?" in (tmp_path / "pages" / "s001.html").read_text()


def test_without_a_browser_there_is_a_sentence_and_no_page(tmp_path, monkeypatch):
    monkeypatch.setenv("PATH", str(tmp_path))
    write(tmp_path, handed_in("s001"))
    done = run(tmp_path, "-o", tmp_path / "pages", "--pdf")
    assert isinstance(done.exception, UsageError)
    assert "--pdf needs Chromium or Chrome" in str(done.exception)
    assert not (tmp_path / "pages").exists()


@pytest.mark.parametrize(
    ("script", "said"),
    [
        ("echo 'no display' >&2; exit 3", "did not print it: no display"),
        ("exit 3", "did not print it: it ended with status 3"),
        ("exec sleep 9", "did not print it in 0.2 s"),
    ],
)
def test_a_browser_that_fails_is_said(script, said, tmp_path, monkeypatch):
    monkeypatch.setattr(printing, "_SECONDS", 0.2 if "sleep" in script else 20)
    browser = tmp_path / "chromium"
    browser.write_text(f"#!/bin/sh\n{script}\n")
    browser.chmod(0o755)
    with pytest.raises(UsageError, match=re.escape(said)):
        printing.print_page(str(browser), tmp_path / "p.html", tmp_path / "p.pdf")
    assert not (tmp_path / "p.pdf").exists()
