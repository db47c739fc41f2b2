"""Whatever breaks on the way, nothing is lost, nothing stands there twice, and a sentence says it.

The platforms are fakes of our own on loopback; the connections, and what breaks in them, are real.
"""

import datetime

import pytest
from delivery.fakes import faults
from delivery.platforms import COMMENTS, FAKES, POINTS, Sender, words

from autograder.errors import DeliveryError

pytestmark = pytest.mark.slow


@pytest.fixture(params=sorted(FAKES))
def fake(request):
    with FAKES[request.param]() as opened:
        yield opened


@pytest.fixture
def sender(fake, tmp_path):
    return Sender(fake, tmp_path)


def require_all_there_once(fake):
    assert fake.points() == POINTS
    assert fake.all_comments() == COMMENTS


# A fault of one write, and whether the first send gets everything there in spite of it.
OF_WRITES = {
    "reset before it took effect": faults.reset_before,
    "reset after it took effect": faults.reset_after,
    "429 without a time": faults.status(429),
    "429 with seconds": faults.status(429, Retry_After="7"),
    "429 with a date by a clock that is ahead": faults.retry_at(9, skew=86_400),
    "429 with a date by a clock that is behind": faults.retry_at(9, skew=-86_400),
    "403 for too many requests": faults.status(403, b"403 Forbidden (Rate Limit Exceeded)"),
    "500 before": faults.status(500, b"oops"),
    "500 after": faults.effect_then(500, b"oops"),
    "502 with a page, after": faults.effect_then(502, b"<html><h1>Bad gateway</h1></html>"),
    "503 with a time": faults.status(503, Retry_After="3"),
    "504 after": faults.effect_then(504),
    "silence before": faults.silent_before,
    "silence after": faults.silent_after,
    "fewer bytes than promised": faults.truncated,
    "half of the JSON": faults.half_json,
    "an empty answer": faults.empty,
    "a page instead of JSON": faults.wrong_type,
    "JSON of another form": faults.odd_json,
    "a body that drips": faults.drip_body,
    "headers that drip": faults.drip_headers,
}
NO_EFFECT = [name for name in OF_WRITES if name.startswith(("429", "403"))]


@pytest.mark.parametrize("name", OF_WRITES)
def test_a_write_that_breaks_loses_and_doubles_nothing(fake, sender, name):
    fake.plan(OF_WRITES[name], fake.is_write)
    first = sender.send()
    assert fake.points() == POINTS  # points may go again at once
    for have in fake.all_comments().values():
        assert len(have) <= 1
    if name in NO_EFFECT:
        assert first.failures == ()
    sender.wait()
    second = sender.send()
    assert second.failures == ()
    require_all_there_once(fake)
    writes = len([one for one in fake.requests if fake.is_write(one)])
    assert sender.send().plan.transfers == ()
    assert len([one for one in fake.requests if fake.is_write(one)]) == writes


def test_a_comment_without_a_clear_answer_waits_where_it_could_stand_twice(tmp_path):
    with FAKES["canvas"]() as fake:
        sender = Sender(fake, tmp_path)
        fake.plan(faults.reset_before, fake.is_write)
        first = sender.send()
        assert fake.points() == POINTS
        assert len(first.arrived) == 3
        assert [one.why for one in first.failures] == [
            f"The comment went without a clear answer, and may still appear: send again after {at}."
            for at in [_time(sender, 15)] * 3
        ]
        sender.wait(14)
        assert len(sender.send().failures) == 3
        assert fake.all_comments() == {"s001": [], "s002": [], "s003": []}
        sender.wait(1)
        assert sender.send().failures == ()
        require_all_there_once(fake)


def _time(sender, minutes):
    return (sender.now + datetime.timedelta(minutes=minutes)).astimezone().strftime("%H:%M")


def test_work_that_a_platform_does_later_than_its_lost_answer_is_not_doubled(tmp_path):
    with FAKES["canvas"]() as fake:
        fake.late_jobs, fake.looks = True, None
        sender = Sender(fake, tmp_path)
        fake.plan(faults.reset_after, fake.is_write)
        sender.send()
        for number in list(fake.jobs):
            fake.work(number)  # only now
        fake.looks = 0
        sender.wait(1)
        assert sender.send().failures == ()
        require_all_there_once(fake)


# A fault that stays, and the words that say it. Reading meets it first.
THAT_STAY = {
    "reset": (faults.reset_before, "the connection failed"),
    "429": (faults.status(429, Retry_After="1"), "answers 429"),
    "429 for an hour": (faults.status(429, Retry_After="3600"), "asks to wait for 3600 seconds"),
    "500": (faults.status(500, b"<p>Internal error</p>"), "answers 500: Internal error"),
    "502": (faults.status(502, b"<html><style>b{}</style><h1>Bad gateway</h1>"), "answers 502: Bad gateway"),
    "503": (faults.status(503), "answers 503"),
    "silence": (faults.silent_before, "no answer within 0.4 seconds"),
    "fewer bytes": (faults.truncated, "the connection failed"),
    "half of the JSON": (faults.half_json, "expected JSON, got application/json that is no JSON"),
    "nothing": (faults.empty, "expected JSON, got an empty answer"),
    "a page": (faults.wrong_type, "expected JSON, got text/html that is no JSON: Please log in"),
    "another form": (faults.odd_json, "answers in a form that is not"),
    "dripping body": (faults.drip_body, "no whole answer came within 0.8 seconds"),
    "dripping headers": (faults.drip_headers, "no whole answer came within 0.8 seconds"),
    "403": (faults.status(403, b"no"), "answers 403"),
    "418": (faults.status(418, b"teapot"), "answers 418: teapot"),
}


@pytest.mark.parametrize("name", THAT_STAY)
def test_a_fault_that_stays_ends_in_a_sentence_and_nothing_is_sent(fake, sender, name):
    fault, said = THAT_STAY[name]
    fake.plan(fault, times=1_000)
    with pytest.raises(DeliveryError) as caught:
        sender.send()
    assert said in str(caught.value)
    assert fake.url in caught.value.message
    assert not any(map(fake.is_write, fake.requests))
    fake.planned.clear()
    assert sender.send().failures == ()
    require_all_there_once(fake)


@pytest.mark.parametrize("name", ["reset", "500", "silence", "dripping body", "429"])
def test_a_question_is_asked_again(fake, sender, name):
    fake.plan(THAT_STAY[name][0], times=2)
    assert sender.send().failures == ()
    assert len(sender.slept) >= 2
    require_all_there_once(fake)


def test_waits_are_as_long_as_the_place_asks_by_its_own_clock(fake, sender):
    fake.plan(faults.status(429, Retry_After="7"))
    fake.plan(faults.retry_at(9, skew=86_400))
    sender.send()
    assert sender.slept[:2] == [7.0, 9.0]


def test_nobody_listens(fake, sender):
    fake.server.shutdown()
    fake.server.server_close()
    with pytest.raises(DeliveryError, match="Connection refused"):
        sender.send()


@pytest.mark.parametrize("after", [1, 2, 3, 4, 5, 6])
def test_a_token_that_expires_in_the_middle_is_said_and_the_next_send_goes_on(fake, sender, after):
    fake.token_holds_for = after
    try:
        first = sender.send()
    except DeliveryError as error:
        said, failed = str(error), 3
    else:
        said, failed = words(first), len(first.failures)
    expired = fake.token_holds_for < 0
    assert ("oken" in said) == expired
    assert failed == (3 if expired else 0)
    fake.token_holds_for = None
    sender.wait()
    assert sender.send().failures == ()
    require_all_there_once(fake)


def test_one_learner_whom_the_place_refuses_does_not_hold_up_the_others(fake, sender):
    fake.locked = {fake.user("s002")}
    first = sender.send()
    assert [one.result.learner for one in first.failures] == ["s002"]
    assert first.failures[0].why.startswith("Refused: ")
    assert fake.points() == {**POINTS, "s002": None}
    fake.locked = set()
    assert sender.send().failures == ()
    require_all_there_once(fake)


def test_points_that_the_place_drops_without_a_word_are_failures(fake, sender):
    fake.ignored = {fake.user("s003")}
    first = sender.send()
    assert [one.result.learner for one in first.failures] == ["s003"]
    assert "took 0 points and has none" in first.failures[0].why
    fake.ignored = set()
    assert sender.send().failures == () or fake.kind == "canvas"


def test_a_redirect_to_another_host_gets_no_token(fake, sender):
    with FAKES["canvas"]() as thief:
        fake.plan(faults.elsewhere(thief.url), times=100)
        with pytest.raises(DeliveryError, match=r"leads to another host, http://127\.0\.0\.1:"):
            sender.send()
        assert thief.requests == []


def test_a_write_is_not_sent_on(fake, sender):
    fake.plan(faults.circle, fake.is_write, times=100)
    first = sender.send()
    assert len(first.failures) == 3
    assert "sends a write on to" in words(first)
    assert "nothing was written" in words(first)


def test_redirects_in_a_circle_end(tmp_path):
    with FAKES["canvas"]() as fake:
        fake.plan(faults.circle, times=100)
        with pytest.raises(DeliveryError, match="circle of redirects"):
            Sender(fake, tmp_path).send()


def test_a_next_page_on_another_host_is_not_asked_for(tmp_path):
    with FAKES["canvas"]() as fake, FAKES["canvas"]() as thief:
        fake.plan(faults.links_elsewhere(thief.url))
        with pytest.raises(DeliveryError, match="leads to another host"):
            Sender(fake, tmp_path).send()
        assert thief.requests == []


def test_pages_that_lead_in_a_circle_end(tmp_path):
    with FAKES["canvas"]() as fake:
        fake.loops = True
        with pytest.raises(DeliveryError, match="pages of a list lead in a circle"):
            Sender(fake, tmp_path).send()


def test_tokens_stand_in_no_message_and_no_log(fake, sender):
    fake.plan(faults.status(400, f"bad: {fake.token}".encode()), fake.is_write, times=100)
    said = words(sender.send())
    assert "answers 400: bad: …" in said
    assert fake.token not in said
    assert fake.token not in sender.log.read_text()
