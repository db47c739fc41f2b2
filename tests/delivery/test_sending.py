"""Sending to a place: what goes, what is held back, what a repeated send does, and what the log has."""

import fcntl
import json
import stat
from decimal import Decimal

import pytest
from delivery.fakes import faults
from delivery.platforms import COMMENTS, FAKES, POINTS, RESULTS, Sender, result, words

from autograder.delivery.outgoing import Readiness
from autograder.delivery.preparing import prepare
from autograder.delivery.sent import opened, read
from autograder.errors import UsageError


@pytest.fixture(params=sorted(FAKES))
def fake(request):
    with FAKES[request.param]() as opened:
        yield opened


@pytest.fixture
def sender(fake, tmp_path):
    return Sender(fake, tmp_path)


@pytest.fixture
def canvas(tmp_path):
    with FAKES["canvas"]() as fake:
        yield Sender(fake, tmp_path)


def writes(fake):
    return sum(map(fake.is_write, fake.requests))


def test_points_and_comments_arrive(fake, sender):
    sent = sender.send()
    assert [one.outgoing.learner for one in sent.arrived] == ["s001", "s002", "s003"]
    assert sent.failures == ()
    assert (fake.points(), fake.all_comments()) == (POINTS, COMMENTS)


def test_a_repeated_send_changes_nothing(fake, sender):
    sender.send()
    before = writes(fake)
    again = sender.send()
    assert len(again.plan.unchanged) == 3
    assert (again.arrived, again.failures, writes(fake)) == ((), (), before)


def test_only_what_changed_goes(fake, sender):
    sender.send()
    changed = [*RESULTS[:2], result("s003", "4")]
    assert [one.outgoing.learner for one in sender.send(changed).arrived] == ["s003"]
    assert fake.points() == {**POINTS, "s003": 4.0}
    assert fake.all_comments()["s003"][-1] == "4 of 10."
    assert fake.all_comments()["s001"] == ["8 of 10."]


def test_learners_who_are_not_there_are_failures_and_logged(fake, sender):
    sent = sender.send([*RESULTS, result("s009", "5")])
    assert words(sent).strip() == (
        "s009: Nobody there has one of this learner's ids: the roster can name them."
    )
    assert len(sent.arrived) == 3
    assert [line["did"] for line in lines(sender.log) if line["learner"] == "s009"] == ["failed"]


def test_learners_are_found_by_the_ids_that_the_platform_has(fake, sender):
    given = [
        result("x1", "1", identities=("x1", "s001@EXAMPLE.org")),
        result("x2", "2", identities=("x2", "s002")),
        result(
            "x3",
            "3",
            identities=("x3", {"canvas": "sis-s003", "lti": "u-s003", "moodle": "id-s003"}[fake.kind]),
        ),
    ]
    assert sender.send(given).failures == ()
    assert fake.points() == {"s001": 1.0, "s002": 2.0, "s003": 3.0}


def test_what_is_not_final_is_held_back(fake, sender):
    given = [
        result("s001", "8", readiness=Readiness.PROVISIONAL, why="An item is still to be judged."),
        result("s002", "7", readiness=Readiness.PARTIAL),
        result("s003", None, readiness=Readiness.WITHOUT),
    ]
    assert len(sender.send(given).plan.held) == 3
    assert set(fake.points().values()) == {None}
    assert [one.outgoing.learner for one in sender.send(given, provisional=True).arrived] == ["s001"]
    assert fake.points() == {"s001": 8.0, "s002": None, "s003": None}


def test_points_with_more_digits_than_a_platform_keeps_are_the_same_the_next_time(fake, sender):
    third = [result("s001", "3.3333333333", comment="A third.")]
    assert sender.send(third).failures == ()
    assert sender.send(third).plan.transfers == ()


def test_points_of_another_scale_are_refused(fake, sender):
    sent = sender.send([result("s001", "80", maximum=Decimal(100))])
    assert "10 points in" in words(sent)
    assert "100 here" in words(sent)
    assert fake.points()["s001"] is None


def test_a_class_goes_in_lots_and_the_log_knows_each_before_it_goes(tmp_path):
    names = [f"s{n:03}" for n in range(120)]
    with FAKES["canvas"](names) as fake:
        sender = Sender(fake, tmp_path)
        seen = []
        fake.plan(lambda handler, effect: (seen.append(lines(sender.log)), handler.reply(effect())),
                  fake.is_write, times=3)  # fmt: skip
        sender.send([result(name, "5") for name in names])
        assert [sum(line["did"] == "sending" for line in some) for some in seen] == [50, 100, 120]
        assert set(fake.points().values()) == {5.0}


def test_sending_stops_where_nothing_is_taken_twice_in_a_row(tmp_path):
    names = [f"s{n:03}" for n in range(200)]
    with FAKES["moodle"](names) as fake:
        sender = Sender(fake, tmp_path)
        fake.plan(faults.reset_before, fake.is_write, times=1_000)
        sent = sender.send([result(name, "5") for name in names])
        assert writes(fake) == 2
        assert sent.stopped == "Twice in a row, all that went together was refused or had no answer."
        assert len(sent.failures) == 200
        assert sent.failures[-1].why == f"Not sent: {sent.stopped}"
        assert sent.failures[0].why.startswith("No clear answer, and it is not there: ")


def test_what_can_not_be_read_back_is_a_failure_until_it_is(fake, sender):
    def last(handler, effect):
        handler.reply(effect())
        fake.plan(faults.status(500), lambda request: not fake.is_write(request), times=3)

    fake.plan(last, fake.is_write)
    first = sender.send()
    assert [one.why.partition(":")[0] for one in first.failures] == ["It could not be read back"] * 3
    again = sender.send()
    assert (again.failures, len(again.plan.unchanged)) == ((), 3)
    assert (fake.points(), fake.all_comments()) == (POINTS, COMMENTS)


# --- comments -------------------------------------------------------------------------------------------


def test_points_that_change_under_the_same_comment_add_no_comment(canvas):
    canvas.send([result("s001", "8", comment="Well done.")])
    canvas.send([result("s001", "9", comment="Well done.")])
    assert canvas.fake.points()["s001"] == 9.0
    assert canvas.fake.all_comments()["s001"] == ["Well done."]


def test_a_comment_that_returns_after_another_is_said_again(canvas):
    for text in ("first", "second", "first", "first"):
        canvas.send([result("s001", "8", comment=text)])
    assert canvas.fake.all_comments()["s001"] == ["first", "second", "first"]


def test_comments_by_people_in_between_do_not_count(canvas):
    canvas.send()
    canvas.fake.comments[canvas.fake.user("s001")].append("By hand.")
    assert canvas.send().plan.transfers == ()


def test_without_the_log_a_comment_that_is_there_is_not_sent_again(canvas):
    canvas.send()
    canvas.log.unlink()
    assert canvas.send().plan.transfers == ()


def test_blanks_that_a_platform_lays_out_in_its_way_are_no_difference(canvas):
    canvas.send([result("s001", "8", comment="a\nb  c")])
    canvas.fake.comments[canvas.fake.user("s001")] = ["a\r\nb c "]
    assert canvas.send([result("s001", "8", comment="a\nb  c")]).plan.transfers == ()


def test_a_comment_that_a_place_takes_and_does_not_show_is_said_and_not_sent_twice(canvas):
    canvas.fake.hides_comments = True
    assert {one.why for one in canvas.send().failures} == {
        "The points are there. The place took the comment and does not show it: look there."
    }
    assert canvas.send().failures == ()
    assert canvas.fake.all_comments() == COMMENTS


def test_without_comments_points_go_alone(canvas):
    sent = canvas.send(comments=False)
    assert (len(sent.arrived), sent.failures) == (3, ())
    assert canvas.fake.points() == POINTS
    assert canvas.fake.all_comments() == {"s001": [], "s002": [], "s003": []}
    assert canvas.send(comments=False).plan.transfers == ()


# --- the log --------------------------------------------------------------------------------------------


def lines(path):
    return [json.loads(line) for line in path.read_text().splitlines()]


def test_the_log_has_what_went_when_and_with_what_answer(fake, sender):
    sender.send([RESULTS[1]])
    found = lines(sender.log)
    assert [line["did"] for line in found] == ["sending", "taken", "arrived"]
    assert {line["learner"] for line in found} == {"s002"}
    assert {line["points"] for line in found} == {"7.6"}
    assert {line["at"] for line in found} == {"2027-03-09T12:00:00Z"}
    place = {"lti": "/items resource hw5"}.get(fake.kind, " course 3 assignment 7")
    assert {line["place"] for line in found} == {f"{fake.kind} {fake.url}{place}"}
    assert len(found[0]["comment"]) == 64
    assert "7.6 of 10" not in sender.log.read_text()  # a comment is the learner's
    assert found[1]["words"]
    assert stat.S_IMODE(sender.log.stat().st_mode) == 0o600


def test_a_half_line_of_a_killed_process_is_passed_over(canvas):
    canvas.send()
    with canvas.log.open("a") as file:
        file.write('{"at": "2027-')
    canvas.send([result("s001", "9")])
    assert canvas.fake.points()["s001"] == 9.0
    broken = [line for line in canvas.log.read_text().splitlines() if not line.endswith("}")]
    assert broken == ['{"at": "2027-']
    assert canvas.send([result("s001", "9")]).plan.transfers == ()


def test_the_log_of_one_place_says_nothing_of_another(tmp_path):
    with FAKES["moodle"]() as one, FAKES["moodle"]() as other:
        Sender(one, tmp_path).send()
        Sender(other, tmp_path).send()
        assert (other.points(), other.all_comments()) == (POINTS, COMMENTS)


def test_two_sends_at_once_are_refused(canvas):
    canvas.log.touch()
    with canvas.log.open() as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        with pytest.raises(UsageError, match="another `autograder send` is at work"):
            canvas.send()
    assert canvas.fake.requests == []


def test_a_log_in_a_folder_that_is_not_there_yet(tmp_path):
    with opened(tmp_path / "new" / "log.jsonl", "x"):
        assert (tmp_path / "new" / "log.jsonl").exists()
    assert read(tmp_path / "none", "x").comments() == frozenset()


def test_preparing_changes_nothing(fake, sender):
    destination = sender.destination()
    prepared = prepare(destination, RESULTS, read(sender.log, destination.name))
    assert len(prepared.plan.transfers) == 3
    assert writes(fake) == 0
    assert not sender.log.exists()
