"""Sending to Open edX's own LTI platform code, which runs on loopback."""

import json
import subprocess
import sys
from decimal import Decimal
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from delivery.platforms import RESULTS, result

from autograder.delivery.destinations import open_place
from autograder.delivery.lti import new_key, read_key
from autograder.delivery.outgoing import Readiness
from autograder.delivery.sending import send
from autograder.delivery.sent import opened

HOME = Path(sys.prefix) / "share/open-edx"

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not (HOME / ".ready").exists(), reason="tools/setup could not install it"),
]


@pytest.fixture(scope="module")
def platform(tmp_path_factory):
    folder = tmp_path_factory.mktemp("open-edx")
    (folder / "lti.pem").write_bytes(new_key())
    (folder / "lti.pem").chmod(0o600)
    public = read_key(folder / "lti.pem").public_key()
    (folder / "tool.pub").write_bytes(public.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo))
    command = [HOME / "bin/python", Path(__file__).with_name("open_edx.py"), folder]
    with subprocess.Popen(command, stdout=subprocess.PIPE, cwd=folder, text=True) as server:
        try:
            yield folder, json.loads(server.stdout.readline())
        finally:
            server.terminate()


@pytest.fixture
def sender(platform, tmp_path, request):
    folder, addresses = platform
    (folder / "members.csv").write_text("id,user_id\ns001,7\ns002,8\ns003,9\n")
    keys = {
        "kind": "lti",
        "client_id": "autograder",
        "key_file": "lti.pem",
        "resource": request.node.name,
        "members_file": "members.csv",
        **addresses,
    }
    (folder / "places.toml").write_text(
        "[edx]\n" + "".join(f"{k} = {json.dumps(v)}\n" for k, v in keys.items())
    )

    def sends(results, **options):
        place = open_place(folder, "edx")
        with opened(tmp_path / "sent.jsonl", place.name) as log:
            return send(place, results, log, **options)

    sends.place = lambda: open_place(folder, "edx")
    return sends


def there(sender):
    return {one.key: (one.points, one.comment) for one in sender.place().there()}


def test_scores_and_comments_arrive_and_a_repeated_send_changes_nothing(sender):
    sent = sender(RESULTS)
    assert (len(sent.arrived), sent.failures) == (3, ())
    assert there(sender) == {
        "7": (Decimal(8), "8 of 10."),
        "8": (Decimal("7.6"), "7.6 of 10."),
        "9": (Decimal(0), "0 of 10."),
    }
    again = sender(RESULTS)
    assert (len(again.plan.unchanged), again.plan.transfers) == (3, ())


def test_a_score_right_after_another_is_taken(sender):
    assert sender([result("s001", "1")]).failures == ()
    assert sender([result("s001", "2")]).failures == ()
    assert there(sender)["7"][0] == 2


def test_a_provisional_grade_waits_for_a_person_there_too(sender):
    given = [result("s001", "5", readiness=Readiness.PROVISIONAL, why="An item waits.")]
    assert len(sender(given).plan.held) == 1
    assert sender(given, provisional=True).failures == ()
    assert there(sender)["7"] == (Decimal(5), "5 of 10.")


def test_a_maximum_that_is_not_whole_is_refused_with_the_platform_s_words(sender):
    sent = sender([result("s001", "5", maximum=Decimal("10.5"))])
    assert "the line item can't be made" in sent.stopped


def test_the_audience_is_not_looked_at_there(platform, sender):
    """The strict fake looks at it; this says why that is needed."""
    folder, _ = platform
    text = (folder / "places.toml").read_text()
    (folder / "places.toml").write_text(text + 'audience = "https://another.example.org"\n')
    assert sender([RESULTS[0]]).failures == ()
