"""Results, fakes and short patience: what the tests of sending share."""

import datetime
from decimal import Decimal

from delivery.fakes import FakeCanvas, FakeLti, FakeMoodle
from delivery.fakes.lti import KEY

from autograder.delivery.canvas import HINTS, CanvasDestination
from autograder.delivery.http import Client, Patience
from autograder.delivery.lti import Access, LtiDestination, memberships
from autograder.delivery.lti.destination import SCOPES
from autograder.delivery.lti.members import SCOPE
from autograder.delivery.moodle import MoodleDestination
from autograder.delivery.outgoing import Outgoing
from autograder.delivery.places import CanvasPlace, LtiPlace, MoodlePlace
from autograder.delivery.sending import send
from autograder.delivery.sent import opened

PATIENCE = Patience(connect=2.0, silence=0.4, answer=0.8, whole=120.0, tries=3)
FAKES = {"canvas": FakeCanvas, "lti": FakeLti, "moodle": FakeMoodle}
START = datetime.datetime(2027, 3, 9, 12, tzinfo=datetime.UTC)


def result(learner="s001", points="8", **changes):
    given = {
        "learner": learner,
        "identities": (learner,),
        "maximum": Decimal(10),
        "comment": f"{points} of 10.",
    }
    return Outgoing(**{**given, "points": None if points is None else Decimal(points), **changes})


RESULTS = [result("s001", "8"), result("s002", "7.6"), result("s003", "0")]
POINTS = {"s001": 8.0, "s002": 7.6, "s003": 0.0}
COMMENTS = {"s001": ["8 of 10."], "s002": ["7.6 of 10."], "s003": ["0 of 10."]}


class Sender:
    """Sends to a fake, with a clock and sleeps of its own."""

    def __init__(self, fake, folder, **place):
        self.fake = fake
        self.log = folder / "sent.jsonl"
        self.slept = []
        self.now = START
        if fake.kind == "lti":
            self.place = fake.place(**place)
        else:
            self.place = {"kind": fake.kind, "url": fake.url, "course": 3, "assignment": 7, **place}

    def sleep(self, seconds):
        self.slept.append(seconds)
        assert sum(self.slept) < 3_600

    def destination(self, token=None, comments=True):
        token = token or self.fake.token
        if self.fake.kind == "canvas":
            client = Client(self.fake.url, bearer=token, hints=HINTS, patience=PATIENCE, sleep=self.sleep)
            return CanvasDestination(CanvasPlace(**self.place), client, self.sleep)
        if self.fake.kind == "lti":
            return self.lti(LtiPlace(**self.place))
        client = Client(self.fake.url, secrets=(token,), patience=PATIENCE, sleep=self.sleep)
        return MoodleDestination(MoodlePlace(**self.place), client, token, comments=comments)

    def lti(self, place):
        clients = [Client(self.fake.url, patience=PATIENCE, sleep=self.sleep) for _ in range(2)]
        tokens, services = clients
        access = Access(place, KEY, (*SCOPES, SCOPE), tokens=tokens, services=services)
        return LtiDestination(place, access, memberships(place.members))

    def send(self, results=RESULTS, *, token=None, **options):
        self.slept.clear()
        destination = self.destination(token, options.get("comments", True))
        with opened(self.log, destination.name) as log:
            return send(destination, results, log, clock=lambda: self.now, **options)

    def wait(self, minutes=20):
        self.now += datetime.timedelta(minutes=minutes)


def words(sent):
    """All that was said of failures."""
    return "\n".join([sent.stopped, *(f"{one.result.learner}: {one.why}" for one in sent.failures)])
