"""A fake of an LTI 1.3 platform that is stricter than most: audience, times, maximum, media types, pages."""

import datetime
import json
import urllib.parse
from decimal import Decimal

import jwt
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from delivery.fakes.server import Answer, Fake

TOKEN = "lti-token-4c1e"
CLIENT = "autograder-client"
KEY = rsa.generate_private_key(public_exponent=65537, key_size=2048)
SCOPE = "https://purl.imsglobal.org/spec/lti-ags/scope/"
NRPS = "https://purl.imsglobal.org/spec/lti-nrps/scope/contextmembership.readonly"
_TYPE = "application/vnd.ims."


class FakeLti(Fake):
    kind = "lti"
    token = TOKEN

    def __init__(self, learners=("s001", "s002", "s003"), maximum=10):
        super().__init__()
        self.members = [
            {"user_id": f"u-{name}", "status": "Active", "roles": ["Learner"], "email": f"{name}@example.org"}
            | {"lis_person_sourcedid": name}
            for name in learners
        ]
        self.members[0]["roles"] = ["http://purl.imsglobal.org/vocab/lis/v2/membership#Learner"]
        teacher = {"user_id": "u-ta1", "roles": ["Instructor"], "email": "ta1@example.org"}
        gone = {**self.members[0], "user_id": "u-gone", "status": "Inactive"}
        self.people = [teacher, *self.members, gone]
        self.items = [
            {"label": "Quiz", "scoreMaximum": 5, "resourceId": "quiz", "tag": ""},
            {"label": "Homework 5", "scoreMaximum": maximum, "resourceId": "hw5", "tag": "autograder"},
        ]
        self.scores = {}
        self.audience = None
        self.scopes = None
        self.skew = datetime.timedelta()
        self.identities = set()
        self.tokens = 0
        self.valid = set()
        self.page = 2
        self.query = ""
        self.locked, self.ignored = set(), set()
        self.token_holds_for = None
        self.shows_comments = True

    # --- what the tests ask ---------------------------------------------------------------------------------

    def user(self, learner):
        return f"u-{learner}"

    def points(self):
        found = {one["lis_person_sourcedid"]: self.scores.get(one["user_id"]) for one in self.members}
        return {name: one and float(one["scoreGiven"]) for name, one in found.items()}

    def all_comments(self):
        found = {one["lis_person_sourcedid"]: self.scores.get(one["user_id"]) for one in self.members}
        return {name: [one["comment"]] if one and "comment" in one else [] for name, one in found.items()}

    @staticmethod
    def is_write(request):
        return request.method == "POST" and request.path.endswith("/scores")

    def place(self, **changes):
        return {
            "kind": "lti",
            "client_id": CLIENT,
            "token_url": f"{self.url}/token",
            "key_file": "lti.pem",
            "line_items": f"{self.url}/items",
            "resource": "hw5",
            "members": f"{self.url}/members",
            **changes,
        }

    def write_key(self, folder):
        """Write the tool's private key to where the place names it."""
        path = folder / "lti.pem"
        path.write_bytes(KEY.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
        path.chmod(0o600)

    def now(self):
        return datetime.datetime.now(datetime.UTC) + self.skew

    # --- its answers ----------------------------------------------------------------------------------------

    def answer(self, request):
        answer = self._answered(request)
        date = self.now().strftime("%a, %d %b %Y %H:%M:%S GMT")
        answer.headers = {**answer.headers, "Date": date}
        return answer

    def _answered(self, request):  # noqa: PLR0911 - one for each address
        if self.token_holds_for is not None:
            self.token_holds_for -= 1
            if self.token_holds_for < 0:
                self.valid.clear()
                if request.path == "/token":
                    return self.refused(401, "invalid_client")
        if request.path == "/token":
            return self._token(request)
        bearer = request.headers.get("Authorization", "").removeprefix("Bearer ")
        if bearer not in self.valid:
            return self.refused(401, "The token is not valid.")
        found = request.path.strip("/").split("/")
        match (request.method, *found):
            case ("GET", "members"):
                return self._listed(
                    request, f"{_TYPE}lti-nrps.v2.membershipcontainer+json", self.people, "members"
                )
            case ("GET", "items"):
                items = [self._item(at) for at in range(len(self.items))]
                return self._listed(request, f"{_TYPE}lis.v2.lineitemcontainer+json", items)
            case ("POST", "items"):
                return self._create(request)
            case ("GET", "items", at):
                return Answer(self._item(int(at)))
            case ("GET", "items", at, "results"):
                assert int(at) == 1 or len(self.items) > 2
                return self._listed(request, f"{_TYPE}lis.v2.resultcontainer+json", self._results())
            case ("POST", "items", at, "scores"):
                return self._score(request, self.items[int(at)])
        return self.refused(404, "no such address")

    @staticmethod
    def refused(status, message):
        return Answer({"error": message}, status)

    def _token(self, request):
        form = request.form
        try:
            claims = jwt.decode(
                form["client_assertion"],
                KEY.public_key(),
                algorithms=["RS256"],
                options={"verify_aud": False, "verify_exp": False, "verify_iat": False, "require": ["jti"]},
            )
        except jwt.InvalidTokenError as error:
            return self.refused(401, f"invalid_client: {error}")
        now = self.now().timestamp()
        wrong = {
            "grant_type": form["grant_type"] != "client_credentials",
            "aud": claims["aud"] != (self.audience or f"{self.url}/token"),
            "iss": claims["iss"] != CLIENT or claims["sub"] != CLIENT,
            "expired": not claims["iat"] - 10 <= now <= claims["exp"],
            "jti": claims["jti"] in self.identities,
        }
        self.identities.add(claims["jti"])
        if any(wrong.values()):
            return self.refused(400, f"invalid_client: {', '.join(n for n, bad in wrong.items() if bad)}")
        self.tokens += 1
        token = TOKEN if self.tokens == 1 else f"{TOKEN}-{self.tokens}"
        self.valid = {token}
        scope = form["scope"] if self.scopes is None else self.scopes
        return Answer({"access_token": token, "token_type": "Bearer", "expires_in": 3600, "scope": scope})

    def _item(self, at):
        return {"id": f"{self.url}/items/{at}{self.query}", **self.items[at]}

    def _listed(self, request, media_type, entries, key=None):
        if request.headers.get("Accept") != media_type:
            return self.refused(406, f"only {media_type}")
        start = int(request.query.get("from", 0))
        some = entries[start : start + self.page]
        headers = {"Content-Type": media_type}
        if start + self.page < len(entries):
            query = urllib.parse.urlencode({**request.query, "from": start + self.page})
            headers["Link"] = f'<{self.url}{request.path}?{query}>; rel="next"'
        return Answer({"id": self.url, key: some} if key else some, headers=headers)

    def _create(self, request):
        if request.headers.get("Content-Type") != f"{_TYPE}lis.v2.lineitem+json":
            return self.refused(415, "a line item's media type")
        body = json.loads(request.body)
        if not isinstance(body["scoreMaximum"], int):
            return self.refused(400, "scoreMaximum must be an integer")
        self.items.append(body)
        return Answer(self._item(len(self.items) - 1), 201)

    def _results(self):
        comment = ("comment",) if self.shows_comments else ()
        return [
            {"id": f"{self.url}/r/{user}", "userId": user}
            | {"resultScore": one["scoreGiven"], "resultMaximum": one["scoreMaximum"]}
            | {name: one[name] for name in comment if name in one}
            for user, one in self.scores.items()
        ]

    def _score(self, request, item):  # noqa: PLR0911 - one for each reason to refuse
        if request.headers.get("Content-Type") != f"{_TYPE}lis.v1.score+json":
            return self.refused(415, "a score's media type")
        if self.query and f"?{urllib.parse.urlencode(request.query)}" != self.query:
            return self.refused(404, "the query is missing")
        score = json.loads(request.body)
        user = score["userId"]
        if user in self.locked:
            return self.refused(403, "you may not grade this learner")
        if user not in [one["user_id"] for one in self.members]:
            return self.refused(404, "no such learner")
        if not 0 <= Decimal(str(score["scoreGiven"])) <= score["scoreMaximum"] == item["scoreMaximum"]:
            return self.refused(422, "out of range")
        at = datetime.datetime.fromisoformat(score["timestamp"])
        last = self.scores.get(user, {}).get("timestamp")
        if last and at.replace(microsecond=0) <= datetime.datetime.fromisoformat(last).replace(microsecond=0):
            return self.refused(409, "not newer than the last score")
        if user not in self.ignored:
            self.scores[user] = score
        return Answer({}, 200)
