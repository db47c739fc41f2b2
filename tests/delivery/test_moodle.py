"""What is Moodle's own, against a fake that answers as Moodle 4.1 and 4.3 were measured to."""

import pytest
from delivery.fakes import FakeMoodle
from delivery.platforms import COMMENTS, POINTS, Sender, result, words
from msgspec.structs import replace

from autograder.delivery.outgoing import There, Transfer
from autograder.errors import DeliveryError, UsageError


@pytest.fixture(params=["4.1", "4.3"])
def fake(request):
    with FakeMoodle(version=request.param) as opened:
        yield opened


@pytest.fixture
def sender(fake, tmp_path):
    return Sender(fake, tmp_path)


def test_a_learner_whom_moodle_does_not_know_any_more_fails_alone(fake, sender):
    destination = sender.destination()
    known = destination.there()
    gone = Transfer(outgoing=result("s009", "5"), there=There(key="999"))
    here = [Transfer(outgoing=result(name, "5"), there=one) for name, one in zip(POINTS, known, strict=True)]
    receipts = {one.learner: one for one in destination.send([*here, gone])}
    assert [receipts[name].arrived for name in POINTS] == [True] * 3
    assert receipts["s009"].arrived == (fake.version == "4.3")  # it says nothing: reading back does
    assert set(fake.points().values()) == {5.0}


def test_more_than_the_maximum_is_refused_here_as_moodle_says_nothing(fake, sender):
    sent = sender.send([result("s001", "11"), result("s002", "-1"), result("s003", "9")])
    assert words(sent).split("\n")[1:] == [
        "s001: Moodle takes no more than 10 points, and these are 11.",
        "s002: Moodle takes no points below 0.",
    ]
    assert fake.points() == {"s001": None, "s002": None, "s003": 9.0}


def test_a_grade_that_is_overridden_in_the_gradebook_is_a_failure(fake, sender):
    sender.send()
    fake.ignored = {fake.user("s001")}
    sent = sender.send([result("s001", "9")])
    assert "took 9 points and has 8: they may be locked or overridden there" in words(sent)


def test_teachers_are_not_missing(fake, sender):
    assert sender.send().plan.missing == ()


def test_people_without_roles_may_be_learners(fake, sender):
    for one in fake.users:
        del one["roles"]
    assert sender.send().failures == ()


def test_a_comment_takes_the_place_of_the_old_one(fake, sender):
    sender.send()
    sender.send([result("s001", "8", comment="In other words.")])
    assert fake.all_comments()["s001"] == ["In other words."]
    assert fake.saves[fake.user("s002")] == 1


def test_where_feedback_comments_are_off_none_go(fake, sender):
    fake.assignment["configs"] = []
    assert sender.send(comments=False).failures == ()
    assert fake.points() == POINTS
    assert set(map(str, fake.all_comments().values())) == {"[]"}


def test_without_comments_moodle_would_erase_those_that_are_there(fake, sender):
    with pytest.raises(UsageError, match="an empty one would erase what stands there"):
        sender.send(comments=False)
    assert set(fake.points().values()) == {None}


def test_a_result_without_a_comment_is_no_reason_to_send(fake, sender):
    sender.send()
    assert sender.send([replace(result("s001", "8"), comment="")]).plan.transfers == ()
    assert fake.all_comments() == COMMENTS


def test_an_assignment_is_found_by_its_title(fake, tmp_path):
    assert Sender(fake, tmp_path, assignment="Homework 5").send().failures == ()


@pytest.mark.parametrize(
    ("place", "says"),
    [
        ({"assignment": "Homwork 5"}, "no assignment `Homwork 5`\n  did you mean `Homework 5`?"),
        ({"assignment": 70}, "no assignment `70`\n  known are: Homework 5, Homework 6"),
        ({"course": 4}, "the token sees no course 4. User is not enrolled\n  The number is in"),
    ],
)
def test_a_wrong_course_or_assignment_names_those_there_are(fake, tmp_path, place, says):
    with pytest.raises(DeliveryError) as caught:
        Sender(fake, tmp_path, **place).send()
    assert says in str(caught.value)


@pytest.mark.parametrize(
    ("settings", "says"),
    [
        ({"grade": -2}, "is not graded by points"),
        ({"grade": 0}, "is not graded by points"),
        ({"blindmarking": 1}, "is anonymous"),
        ({"markingworkflow": 1}, "has a marking workflow"),
    ],
)
def test_an_assignment_that_takes_no_points_is_refused(fake, sender, settings, says):
    fake.assignment.update(settings)
    with pytest.raises(DeliveryError, match=f"the assignment `Homework 5` {says}"):
        sender.send()


@pytest.mark.parametrize(
    ("code", "advice"),
    [
        ("accessexception", "must allow the four functions"),
        ("servicenotavailable", "must be turned on"),
        ("requireloginerror", "must be a teacher"),
        ("sitemaintenance", "Send again later"),
        ("odd", ""),
    ],
)
def test_moodles_exceptions_are_said_with_the_remedy(fake, sender, code, advice):
    fake.plan(lambda handler, effect: handler.reply(fake.exception(code, "No.")))
    with pytest.raises(DeliveryError, match=rf"mod_assign_get_assignments: No\. \({code}\)") as caught:
        sender.send()
    assert advice in caught.value.hint


def test_a_wrong_token_is_said_and_not_shown(sender):
    with pytest.raises(DeliveryError, match="Invalid token") as caught:
        sender.send(token="wrong-token")
    assert "Security keys" in caught.value.hint
    assert "wrong-token" not in str(caught.value)


def test_an_exception_for_all_stops_the_sending(fake, sender):
    fake.plan(lambda handler, effect: handler.reply(fake.exception("nopermissions", "No.")), fake.is_write)
    sent = sender.send()
    assert "nopermissions" in sent.stopped
    assert sum(map(fake.is_write, fake.requests)) == 1
