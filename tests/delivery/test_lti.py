"""Sending by LTI's Assignment and Grade Services: what only these have; test_sending has the rest."""

import datetime
import json
import subprocess
import sys
from decimal import Decimal
from pathlib import Path

import jwt
import pytest
from delivery.fakes import FakeLti, faults
from delivery.fakes.lti import KEY, NRPS, SCOPE
from delivery.platforms import COMMENTS, POINTS, RESULTS, Sender, result, words

from autograder.delivery.destinations import open_place
from autograder.delivery.lti import key_set, new_key, read_key, read_members
from autograder.delivery.lti.keys import key_id
from autograder.delivery.outgoing import Readiness
from autograder.errors import DeliveryError, UsageError


@pytest.fixture
def fake():
    with FakeLti() as opened:
        yield opened


@pytest.fixture
def sender(fake, tmp_path):
    return Sender(fake, tmp_path)


def sent_scores(fake):
    return [json.loads(one.body) for one in fake.requests if fake.is_write(one)]


# --- tokens ---------------------------------------------------------------------------------------------


def test_one_token_serves_all_scores(fake, sender):
    sender.send()
    assert [one.path for one in fake.requests].count("/token") == 1


def test_an_assertion_says_who_asks_whom_and_for_how_long(fake, sender):
    sender.send()
    (request,) = (one for one in fake.requests if one.path == "/token")
    claims = jwt.decode(request.form["client_assertion"], options={"verify_signature": False})
    assert claims["iss"] == claims["sub"] == "autograder-client"
    assert claims["aud"] == f"{fake.url}/token"
    assert 0 < claims["exp"] - claims["iat"] <= 600
    assert jwt.get_unverified_header(request.form["client_assertion"])["kid"] == key_id(KEY)
    assert request.form["scope"].split() == [
        f"{SCOPE}lineitem",
        f"{SCOPE}score",
        f"{SCOPE}result.readonly",
        NRPS,
    ]


def test_another_audience_can_be_named(fake, tmp_path):
    fake.audience = "https://lms.example.org"
    with pytest.raises(DeliveryError, match="invalid_client: aud") as caught:
        Sender(fake, tmp_path).send()
    assert f"another `audience` in places.toml than {fake.url}/token" in caught.value.hint
    assert Sender(fake, tmp_path, audience="https://lms.example.org").send().failures == ()


def test_a_token_that_ends_early_is_asked_for_again(fake, sender):
    fake.plan(_revoke(fake), fake.is_write)
    assert sender.send().failures == ()
    assert fake.tokens == 2
    assert (fake.points(), fake.all_comments()) == (POINTS, COMMENTS)


def _revoke(fake):
    def fault(handler, effect):
        fake.valid.clear()
        handler.reply(effect())

    return fault


@pytest.mark.parametrize("hours", [-5, 3])
def test_the_platform_s_clock_counts(fake, sender, hours):
    fake.skew = datetime.timedelta(hours=hours)
    assert sender.send().failures == ()
    times = [datetime.datetime.fromisoformat(one["timestamp"]) for one in sent_scores(fake)]
    assert all(abs(time - fake.now()) < datetime.timedelta(minutes=1) for time in times)


def test_a_service_that_is_not_granted_is_named(fake, sender):
    fake.scopes = f"{SCOPE}lineitem {SCOPE}result.readonly {NRPS}"
    with pytest.raises(DeliveryError, match=r"does not grant .*/scope/score") as caught:
        sender.send()
    assert "where it is registered" in caught.value.hint


def test_an_answer_without_a_token_is_said(fake, sender):
    fake.plan(lambda handler, _: handler.reply(_answer({"token": "x"})), lambda one: one.path == "/token")
    with pytest.raises(DeliveryError, match="it has no token"):
        sender.send()


def _answer(body):
    from delivery.fakes.server import Answer

    return Answer(body)


# --- line items -----------------------------------------------------------------------------------------


def test_the_line_item_is_made_once_and_found_again_over_pages(fake, tmp_path):
    fake.page = 1
    sender = Sender(fake, tmp_path, resource="new", label="Homework 5")
    assert sender.send().failures == ()
    assert fake.items[2] == {
        "label": "Homework 5",
        "scoreMaximum": 10,
        "resourceId": "new",
        "tag": "autograder",
    }
    assert sender.send([result("s001", "9")]).failures == ()
    assert len(fake.items) == 3


def test_a_dry_run_makes_no_line_item(fake, tmp_path):
    destination = Sender(fake, tmp_path, resource="new").destination()
    assert {one.points for one in destination.there()} == {None}
    assert len(fake.items) == 2


@pytest.mark.parametrize("fault", [faults.reset_after, faults.effect_then(502), faults.half_json])
def test_a_line_item_whose_answer_was_lost_is_not_made_twice(fake, tmp_path, fault):
    fake.plan(fault, lambda one: (one.method, one.path) == ("POST", "/items"))
    sender = Sender(fake, tmp_path, resource="new")
    assert sender.send().failures == ()
    assert len(fake.items) == 3


def test_a_line_item_that_never_came_to_be_is_said(fake, tmp_path):
    fake.plan(faults.reset_before, lambda one: (one.method, one.path) == ("POST", "/items"))
    sender = Sender(fake, tmp_path, resource="new")
    first = sender.send()
    assert "the line item is not there" in first.stopped
    assert sender.send().failures == ()
    assert len(fake.items) == 3


def test_a_line_item_that_the_platform_refuses_is_to_be_made_there(fake, tmp_path):
    sender = Sender(fake, tmp_path, resource="new")
    sent = sender.send([result("s001", "8", maximum=Decimal("10.5"))])
    assert "the line item can't be made" in sent.stopped
    assert "scoreMaximum must be an integer" in sent.stopped


def test_two_line_items_of_one_resource_are_named(fake, tmp_path):
    fake.items.append({**fake.items[1], "label": "again"})
    with pytest.raises(DeliveryError, match="has 2 line items with the resourceId hw5") as caught:
        Sender(fake, tmp_path).send()
    assert f"{fake.url}/items/1, {fake.url}/items/2" in caught.value.hint
    one = Sender(fake, tmp_path, line_items="", resource="", line_item=f"{fake.url}/items/1")
    assert one.send().failures == ()


def test_an_address_may_carry_a_query(fake, sender):
    fake.query = "?type_id=7"
    assert sender.send().failures == ()
    assert {one.path for one in fake.requests if fake.is_write(one)} == {"/items/1/scores"}


# --- scores ---------------------------------------------------------------------------------------------


def test_a_score_says_how_far_it_is(fake, sender):
    given = [RESULTS[0], result("s002", "7", readiness=Readiness.PROVISIONAL)]
    sender.send(given, provisional=True)
    scores = {one["userId"]: one for one in sent_scores(fake)}
    assert {user: one["gradingProgress"] for user, one in scores.items()} == {
        "u-s001": "FullyGraded",
        "u-s002": "PendingManual",
    }
    assert {one["activityProgress"] for one in scores.values()} == {"Completed"}
    assert (scores["u-s001"]["scoreGiven"], scores["u-s001"]["scoreMaximum"]) == (8, 10)


def test_a_score_right_after_another_is_newer(fake, sender):
    for points in ("1", "3"):
        assert sender.send([result("s001", points)]).failures == ()
    assert fake.points()["s001"] == 3


@pytest.mark.parametrize("points", ["10.5", "-1"])
def test_points_that_platforms_store_or_cut_are_refused_here(fake, sender, points):
    sent = sender.send([result("s001", points)])
    assert words(sent).strip() == f"s001: LTI takes points from 0 to 10, and these are {points}."
    assert fake.scores == {}


def test_results_in_points_of_another_maximum_are_the_same_points(fake, sender):
    sender.send()
    for score in fake.scores.values():
        score["scoreGiven"], score["scoreMaximum"] = score["scoreGiven"] / 10, 1
    assert sender.send().plan.transfers == ()


def test_a_platform_that_shows_no_comments_gets_each_once(fake, sender):
    fake.shows_comments = False
    sender.send()
    before = len(sent_scores(fake))
    assert sender.send().failures == ()
    assert len(sent_scores(fake)) == before


def test_a_new_score_without_a_comment_leaves_the_one_that_is_there(fake, sender):
    sender.send()
    sender.send([result("s001", "9", comment="")])
    assert (fake.points()["s001"], fake.all_comments()["s001"]) == (9, ["8 of 10."])


# --- members --------------------------------------------------------------------------------------------


def test_only_active_learners_are_there(fake, sender):
    there = sender.destination().there()
    assert [one.key for one in there] == ["u-s001", "u-s002", "u-s003"]
    assert there[0].identities == ("s001", "s001@example.org")


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("id,name\ns001,x\n", ":1: has no column user_id"),
        ("id,user_id\ns001,u1\ns002,\n", ":3: a row needs both id and user_id"),
        (None, "can't be read: No such file"),
    ],
)
def test_a_list_of_members_that_can_not_be_read_is_named(tmp_path, text, says):
    path = tmp_path / "members.csv"
    if text is not None:
        path.write_text(text)
    with pytest.raises(UsageError, match=says) as caught:
        read_members(path)
    assert "columns id (as on the roster) and user_id" in caught.value.hint


def test_a_list_of_members_replaces_the_service(fake, tmp_path):
    (tmp_path / "members.csv").write_text("id,user_id\ns001,u-s001\ns002,u-s002\n")
    place = fake.place(members="", members_file="members.csv")
    destination = _opened(fake, tmp_path, place)
    fake_key = {"u-s001": "s001", "u-s002": "s002"}
    assert {one.key: one.identities for one in destination.there()} == {
        key: (learner,) for key, learner in fake_key.items()
    }
    assert "/members" not in [one.path for one in fake.requests]


# --- the place and the key ------------------------------------------------------------------------------


def _opened(fake, folder, place):
    fake.write_key(folder)
    lines = [f"{name} = {json.dumps(value)}" for name, value in place.items() if value]
    (folder / "places.toml").write_text("[lms]\n" + "\n".join(lines) + "\n")
    return open_place(folder, "lms")


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"line_items": ""}, "needs either line_items or line_item"),
        ({"line_item": "https://lms.example.org/i"}, "needs either line_items or line_item"),
        ({"resource": ""}, "needs the key `resource`"),
        ({"members": ""}, "needs either members or members_file"),
        ({"members": "https://other.example.org/m"}, "members is on another host than the line items"),
        ({"token_url": "http://lms.example.org/t"}, "expected https://"),
        ({"key": "-----BEGIN"}, "a secret does not belong in this file; use key_file"),
        ({"client": "x"}, "unknown key `client`"),
    ],
)
def test_a_place_that_is_not_whole_is_said_with_its_line(fake, tmp_path, changes, says):
    with pytest.raises(UsageError, match=r"places\.toml:\d+: \[lms\]") as caught:
        _opened(fake, tmp_path, fake.place(**changes))
    assert says in caught.value.message


def test_what_a_kind_needs_and_is_not_installed_is_named(fake, tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "jwt", None)
    for module in [one for one in sys.modules if one.startswith("autograder.delivery.lti")]:
        monkeypatch.delitem(sys.modules, module)
    with pytest.raises(
        UsageError, match="a place of the kind lti needs jwt, which is not installed"
    ) as caught:
        _opened(fake, tmp_path, fake.place())
    assert "pip install -e '.[instructor]'" in caught.value.hint


def test_a_place_opens(fake, tmp_path):
    assert [one.key for one in _opened(fake, tmp_path, fake.place()).there()] == [
        "u-s001",
        "u-s002",
        "u-s003",
    ]


def test_a_key_is_made_once_and_its_public_half_is_printed(tmp_path):
    def send(*words):
        command = [sys.executable, "-m", "autograder", "send", *words]
        return subprocess.run(command, capture_output=True, text=True, check=False, cwd=tmp_path)

    made = send("--new-key", "lti.pem")
    assert made.returncode == 0, made.stderr
    assert (tmp_path / "lti.pem").stat().st_mode & 0o777 == 0o600
    (public,) = json.loads(made.stdout)["keys"]
    assert public["kid"] == key_id(read_key(tmp_path / "lti.pem"))
    assert set(public) == {"kty", "n", "e", "alg", "use", "kid"}
    assert send("--show-key", "lti.pem").stdout == made.stdout
    again = send("--new-key", "lti.pem")
    assert (again.returncode, again.stdout) == (2, "")
    assert "lti.pem: exists, and a key is never overwritten" in again.stderr
    assert "no PLACE is named" in send().stderr


def test_the_key_set_verifies_what_the_key_signs():
    (public,) = json.loads(key_set(KEY))["keys"]
    token = jwt.encode({"a": 1}, KEY, algorithm="RS256")
    assert jwt.decode(token, jwt.PyJWK(public).key, algorithms=["RS256"]) == {"a": 1}


def test_the_thumbprint_is_that_of_the_standard():
    """The example of RFC 7638, section 3.1."""
    import base64

    from cryptography.hazmat.primitives.asymmetric import rsa

    modulus = (
        "0vx7agoebGcQSuuPiLJXZptN9nndrQmbXEps2aiAFbWhM78LhWx4cbbfAAtVT86zwu1RK7aPFFxuhDR1L6tSoc_BJECPebWKRXjBZCi"
        "FV4n3oknjhMstn64tZ_2W-5JsGY4Hc5n9yBXArwl93lqt7_RN5w6Cf0h4QyQ5v-65YGjQR0_FDW2QvzqY368QQMicAtaSqzs8KJZgnYb9"
        "c7d0zgdAZHzu6qMQvRL5hajrn1n91CbOpbISD08qNLyrdkt-bFTWhAI4vMQFh6WeZu0fM4lFd2NcRwr3XPksINHaQ-G_xBniIqbw0Ls1j"
        "F44-csFCur-kEgU8awapJzKnqDKgw"
    )
    numbers = rsa.RSAPublicNumbers(65537, int.from_bytes(base64.urlsafe_b64decode(modulus + "=="), "big"))

    class Key:
        def public_key(self):
            return numbers.public_key()

    assert key_id(Key()) == "NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs"


def test_what_is_no_key_is_said(tmp_path):
    path = tmp_path / "lti.pem"
    path.write_text("no key")
    path.chmod(0o600)
    with pytest.raises(UsageError, match=r"lti\.pem: is no private key that opens without a passphrase"):
        read_key(path)
    path.write_bytes(new_key())
    path.chmod(0o644)
    with pytest.raises(UsageError, match="others may read it") as caught:
        read_key(path)
    assert caught.value.hint == f"chmod 600 {path}"


def test_a_key_of_another_kind_is_said(tmp_path):
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
    from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

    path = tmp_path / "lti.pem"
    key = Ed25519PrivateKey.generate()
    path.write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    path.chmod(0o600)
    with pytest.raises(UsageError, match="expected an RSA key of 2048 bits or more"):
        read_key(Path(path))
