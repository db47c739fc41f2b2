"""Canvas's own ways, against a fake of it: jobs, pages, sections, an assignment's settings, allowance."""

import pytest
from delivery.fakes import FakeCanvas, faults
from delivery.platforms import POINTS, Sender, result, words

from autograder.errors import DeliveryError


@pytest.fixture
def fake():
    with FakeCanvas() as opened:
        yield opened


@pytest.fixture
def sender(fake, tmp_path):
    return Sender(fake, tmp_path)


def test_a_job_is_watched_to_its_end(fake, sender):
    fake.looks, fake.late_jobs = 3, True
    assert sender.send().failures == ()
    assert fake.points() == POINTS
    assert sender.slept == [0.5, 1.0, 2.0]


def test_a_job_that_never_ends_is_given_up_and_its_comments_are_not_sent_twice(fake, sender):
    fake.looks, fake.late_jobs = None, True
    first = sender.send([result("s001", "8")])
    assert "Canvas's job 2 has not ended after 10 minutes." in words(first)
    fake.looks = 0
    for number in list(fake.jobs):
        fake.work(number)
    assert sender.send([result("s001", "8")]).failures == ()
    assert fake.all_comments()["s001"] == ["8 of 10."]


def test_a_job_that_nobody_can_watch_may_have_been_done(fake, sender):
    fake.looks = 2
    fake.plan(faults.status(404), lambda request: "progress" in request.path)
    sent = sender.send()
    assert (len(sent.arrived), sent.failures) == (3, ())


def test_a_job_that_fails_names_its_reason_for_those_who_are_not_there_then(fake, sender):
    fake.unknown_to_jobs = {fake.user("s002")}
    sent = sender.send()
    assert [one.result.learner for one in sent.failures] == ["s002"]
    assert "Canvas's job 1 failed: Couldn't find User(s) with API ids [101]" in words(sent)
    assert fake.all_comments()["s001"] == ["8 of 10."]


def test_all_pages_are_read(fake, sender):
    fake.page = 1
    assert sender.send().failures == ()
    assert fake.points() == POINTS


def test_who_is_in_two_sections_is_one_learner(fake, sender):
    fake.users.append(fake.users[0])
    assert sender.send().failures == ()
    assert fake.points() == POINTS


def test_two_learners_with_one_id_are_nobody(fake, sender):
    fake.users.append({**fake.users[0], "id": 999, "sis_user_id": None})
    fake.users[0]["sis_user_id"] = None
    assert words(sender.send([result("s001", "8")])).strip().startswith("s001: Nobody there has")


def test_an_assignment_is_found_by_its_title(fake, tmp_path):
    assert Sender(fake, tmp_path, assignment="Homework 5").send().failures == ()
    assert fake.points() == POINTS


@pytest.mark.parametrize(
    ("place", "says"),
    [
        ({"assignment": "Homework 55"}, "has no assignment `Homework 55`\n  did you mean `Homework 5`?"),
        ({"assignment": 99}, "has no assignment `99`\n  known are: Homework 5, Homework 6"),
        ({"course": 5}, "no course 5\n  The token's courses are: 3 (Numerics), 4 (Networks)."),
    ],
)
def test_a_wrong_course_or_assignment_names_those_there_are(fake, tmp_path, place, says):
    with pytest.raises(DeliveryError) as caught:
        Sender(fake, tmp_path, **place).send()
    assert says in str(caught.value)


def test_two_assignments_of_one_title_need_a_number(fake, tmp_path):
    fake.other["name"] = "Homework 5"
    with pytest.raises(DeliveryError, match="several assignments") as caught:
        Sender(fake, tmp_path, assignment="Homework 5").send()
    assert caught.value.hint == "Name it by its number."


@pytest.mark.parametrize(
    ("settings", "says"),
    [
        ({"published": False}, "is not published"),
        ({"grading_type": "pass_fail"}, "has no points to give"),
        ({"anonymize_students": True}, "is anonymous"),
        ({"moderated_grading": True}, "is moderated"),
    ],
)
def test_an_assignment_that_takes_no_points_is_refused(fake, sender, settings, says):
    fake.assignment.update(settings)
    with pytest.raises(DeliveryError, match=f"the assignment `Homework 5` {says}"):
        sender.send()


def test_the_excused_stay_excused(fake, sender):
    fake.excused = {fake.user("s001")}
    assert words(sender.send()).strip() == "s001: The learner is excused in Canvas."
    assert fake.points()["s001"] is None


def test_lateness_that_canvas_takes_a_second_time_is_said(fake, sender):
    fake.late_policy = 0.5
    assert "s001: Canvas itself takes 0.5 points for lateness: turn its late policy off." in words(
        sender.send()
    )


def test_more_than_the_maximum_is_taken(fake, sender):
    assert sender.send([result("s001", "11")]).failures == ()
    assert fake.points()["s001"] == 11.0


def test_requests_slow_down_where_little_of_the_allowance_is_left(fake, sender):
    fake.allowance = 50
    sender.send()
    assert sender.slept.count(2.0) == len(fake.requests)
    sender.slept.clear()
    fake.allowance = "none"
    sender.send()
    assert sender.slept == []


def test_a_wrong_token_is_said_with_the_remedy(sender):
    with pytest.raises(DeliveryError, match="Invalid access token") as caught:
        sender.send(token="wrong")
    assert "make a new one in Canvas" in caught.value.hint
    assert "wrong" not in caught.value.message


@pytest.mark.parametrize("score", ["many", float("inf"), 1e12])
def test_points_that_are_none_are_another_form(fake, sender, score):
    fake.scores[fake.user("s001")] = score
    with pytest.raises(DeliveryError, match="answers in a form that is not Canvas's"):
        sender.send()
