"""A fake of Moodle's web services, with the answers that were measured on Moodle 4.1 and 4.3."""

import re
from decimal import Decimal, InvalidOperation

from delivery.fakes.server import Answer, Fake

TOKEN = "moodle-token-91bc"
_GRADE = re.compile(r"grades\[(\d+)\](.+)$")
_COMMENT = "[plugindata][assignfeedbackcomments_editor][text]"


class FakeMoodle(Fake):
    kind = "moodle"
    token = TOKEN

    def __init__(self, learners=("s001", "s002", "s003"), maximum=10, version="4.3"):
        super().__init__()
        self.version = version
        self.users = [
            {"id": 200 + n, "username": name, "idnumber": f"id-{name}", "email": f"{name}@example.org"}
            | {"roles": [{"shortname": "student"}]}
            for n, name in enumerate(learners)
        ]
        teacher = {"id": 2, "username": "ta1", "idnumber": "", "email": "ta1@example.org"}
        self.teacher = {**teacher, "roles": [{"shortname": "editingteacher"}]}
        self.grades = {}
        self.texts = {}
        self.saves = {}  # how often a comment was saved
        self.assignment = {
            "id": 70,
            "cmid": 7,
            "name": "Homework 5",
            "grade": maximum,
            "blindmarking": 0,
            "markingworkflow": 0,
            "configs": [
                {"plugin": "comments", "subtype": "assignfeedback", "name": "enabled", "value": "1"},
            ],
        }
        self.ignored = set()  # overridden in the gradebook
        self.locked = set()
        self.token_holds_for = None
        self.loops = False

    def user(self, learner):
        return next(one["id"] for one in self.users if one["username"] == learner)

    def points(self):
        found = {one["username"]: self.grades.get(one["id"]) for one in self.users}
        return {name: None if value is None else float(value) for name, value in found.items()}

    def all_comments(self):
        found = {one["username"]: self.texts.get(one["id"]) for one in self.users}
        return {name: [] if text is None else [text] for name, text in found.items()}

    @staticmethod
    def is_write(request):
        return request.form.get("wsfunction") == "mod_assign_save_grades"

    def answer(self, request):
        assert request.path == "/webservice/rest/server.php"
        assert not request.query  # a token in an address would stand in a server's log
        if self.token_holds_for is not None:
            self.token_holds_for -= 1
        expired = self.token_holds_for is not None and self.token_holds_for < 0
        if expired or request.form.get("wstoken") != TOKEN:
            return self.exception("invalidtoken", "Invalid token - token expired")
        answers = {
            "mod_assign_get_assignments": self._assignments,
            "core_enrol_get_enrolled_users": self._enrolled,
            "mod_assign_get_grades": self._get,
            "mod_assign_save_grades": self._save,
        }
        return answers[request.form["wsfunction"]](request.form)

    @staticmethod
    def exception(code, message):
        return Answer({"exception": "moodle_exception", "errorcode": code, "message": message})

    def _assignments(self, form):
        if form["courseids[0]"] != "3":
            warning = {"item": "course", "warningcode": "1", "message": "User is not enrolled"}
            return Answer({"courses": [], "warnings": [warning]})
        other = {**self.assignment, "id": 71, "cmid": 8, "name": "Homework 6"}
        return Answer({"courses": [{"id": 3, "assignments": [self.assignment, other]}], "warnings": []})

    def _enrolled(self, form):
        return Answer([self.teacher, *self.users])

    def _get(self, form):
        rows = [
            {"userid": user, "attemptnumber": 0, "grade": f"{value:.5f}"}
            for user, value in self.grades.items()
        ]
        assignments = [{"assignmentid": 70, "grades": rows}] if rows else []
        return Answer({"assignments": assignments, "warnings": []})

    def _save(self, form):
        grades = {}
        for name, value in form.items():
            if found := _GRADE.match(name):
                grades.setdefault(found[1], {})[found[2]] = value
        for one in grades.values():
            if answer := self._save_one(one):
                return answer
        return Answer(None)

    def _save_one(self, one):
        user = int(one["[userid]"])
        try:
            points = Decimal(one["[grade]"])
        except InvalidOperation:
            return self.exception("invalidparameter", "Invalid parameter value detected")
        if self.assignment["configs"] and _COMMENT not in one:
            return self.exception("invalidparameter", "plugindata is missing")
        if user in self.locked:
            return self.exception("nopermission", "you may not grade this learner")
        if user not in [known["id"] for known in self.users]:
            return self.exception("invaliduser", "Invalid user") if self.version == "4.1" else None
        if points > self.assignment["grade"] or user in self.ignored:
            return None  # passed over without a word
        self.grades[user] = points
        if _COMMENT in one:
            self.texts[user] = one[_COMMENT]
            self.saves[user] = self.saves.get(user, 0) + 1
        return None
