"""A fake of Canvas: one course with assignments, students, submissions, and jobs that write grades."""

import re

from delivery.fakes.server import Answer, Fake

TOKEN = "canvas-token-7f3a"
_GRADE = re.compile(r"grade_data\[(\d+)\]\[(\w+)\]$")


class FakeCanvas(Fake):
    kind = "canvas"
    token = TOKEN

    def __init__(self, learners=("s001", "s002", "s003"), maximum=10.0):
        super().__init__()
        self.users = [
            {"id": 100 + n, "name": f"N {name}", "login_id": name, "sis_user_id": f"sis-{name}"}
            | {"email": f"{name}@example.org"}
            for n, name in enumerate(learners)
        ]
        self.scores = {}
        self.comments = {}
        self.excused = set()
        self.late_policy = 0.0  # points that Canvas itself takes
        self.assignment = {
            "id": 7,
            "name": "Homework 5",
            "course_id": 3,
            "points_possible": maximum,
            "grading_type": "points",
            "published": True,
        }
        self.other = {**self.assignment, "id": 8, "name": "Homework 6"}
        self.page = 100
        self.loops = False
        self.token_holds_for = None  # requests
        self.allowance = None
        self.ignored = set()  # grades of these users are dropped without a word
        self.locked = set()  # the whole request is refused if one of these is in it
        self.unknown_to_jobs = set()  # a job fails on these, and writes the others
        self.hides_comments = False
        self.jobs = {}
        self.looks = 0  # how often a job says that it is still running; None: it never ends
        self.late_jobs = False  # a job's work is done when it ends, not when it is asked for

    # --- what it knows ----------------------------------------------------------------------------------

    def user(self, learner):
        return next(one["id"] for one in self.users if one["login_id"] == learner)

    def points(self):
        return {one["login_id"]: self.scores.get(one["id"]) for one in self.users}

    def all_comments(self):
        return {one["login_id"]: list(self.comments.get(one["id"], [])) for one in self.users}

    @staticmethod
    def is_write(request):
        return request.method == "POST"

    # --- its answers ------------------------------------------------------------------------------------

    def answer(self, request):
        if self.token_holds_for is not None:
            self.token_holds_for -= 1
        expired = self.token_holds_for is not None and self.token_holds_for < 0
        if expired or request.headers.get("Authorization") != f"Bearer {TOKEN}":
            return Answer({"errors": [{"message": "Invalid access token."}]}, 401)
        answer = self._found(request)
        if self.allowance is not None:
            answer.headers["X-Rate-Limit-Remaining"] = str(self.allowance)
        return answer

    def _found(self, request):
        path = request.path.removeprefix("/api/v1/")
        if path == "courses":
            return self._paged(request, [{"id": 3, "name": "Numerics"}, {"id": 4, "name": "Networks"}])
        if path.startswith("progress/"):
            return self._progress(int(path.partition("/")[2]))
        if not path.startswith("courses/3/"):
            return Answer({"errors": [{"message": "The specified resource does not exist."}]}, 404)
        return self._of_course(request, path.removeprefix("courses/3/"))

    def _of_course(self, request, path):
        if path == "assignments/7/submissions/update_grades" and request.method == "POST":
            return self._update(request.form)
        rows = {
            "assignments": [self.assignment, self.other],
            "search_users": self.users,
            "assignments/7/submissions": [self._submission(one["id"]) for one in self.users],
        }
        return self._paged(request, rows[path])

    def _paged(self, request, rows):
        start = int(request.query.get("page", "1")) - 1
        some = rows[start * self.page : (start + 1) * self.page]
        more = (start + 1) * self.page < len(rows)
        page = start + 2 if more else 1
        if not more and not self.loops:
            return Answer(some)
        query = {**request.query, "page": page}
        text = "&".join(f"{name}={value}" for name, value in query.items())
        return Answer(some, headers={"Link": f'<{self.url}{request.path}?{text}>; rel="next"'})

    def _submission(self, user):
        score = self.scores.get(user)
        taken = self.late_policy if score is not None else 0.0
        comments = [] if self.hides_comments else self.comments.get(user, [])
        return {
            "user_id": user,
            "score": score - taken if taken else score,
            "entered_score": score,
            "points_deducted": taken or None,
            "excused": user in self.excused,
            "submission_comments": [{"id": n, "comment": text} for n, text in enumerate(comments)],
        }

    def _update(self, form):
        grades = {}
        for name, value in form.items():
            user, key = _GRADE.match(name).groups()
            grades.setdefault(int(user), {})[key] = value
        if self.locked & grades.keys():
            return Answer({"errors": [{"message": "a grade is locked"}]}, 403)
        number = len(self.jobs) + 1
        failed = sorted(self.unknown_to_jobs & grades.keys())
        self.jobs[number] = {
            "grades": {user: one for user, one in grades.items() if user not in failed},
            "left": self.looks,
            "failed": failed,
        }
        if not self.late_jobs:
            self.work(number)
        return self._progress(number)

    def work(self, number):
        for user, one in self.jobs[number].pop("grades", {}).items():
            if user in self.ignored:
                continue
            self.scores[user] = float(one["posted_grade"])
            if "text_comment" in one:
                self.comments.setdefault(user, []).append(one["text_comment"])

    def _progress(self, number):
        job = self.jobs[number]
        state = "completed"
        if job["left"] is None or job["left"] > 0:
            state = "running"
            job["left"] = None if job["left"] is None else job["left"] - 1
        elif job["failed"]:
            state = "failed"
        if state != "running":
            self.work(number)
        message = f"Couldn't find User(s) with API ids {job['failed']}" if state == "failed" else None
        return Answer({"id": number, "workflow_state": state, "message": message})
