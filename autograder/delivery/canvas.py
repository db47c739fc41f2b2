"""Send grades to an assignment in Canvas, by its REST interface.

Canvas takes many grades at once and works on them later; a `Progress` tells when it is done. It adds each
comment to the earlier ones, so all of them are read before any is sent.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from decimal import Decimal
from typing import Any

from canvasapi.assignment import Assignment
from canvasapi.course import Course
from canvasapi.paginated_list import PaginatedList
from canvasapi.progress import Progress
from canvasapi.requester import Requester

from autograder.delivery.answers import number
from autograder.delivery.http import Client, Refused, Unclear
from autograder.delivery.outgoing import Receipt, There, Transfer
from autograder.delivery.places import CanvasPlace
from autograder.delivery.sending import in_parts
from autograder.errors import DeliveryError, suggestion
from autograder.grades.compute import written
from autograder.text import clean

HINTS = {
    401: "The token is wrong or has expired: make a new one in Canvas (Account, Settings, New Access Token).",
    403: "The token's owner needs the right to grade in this course.",
}
# Seconds before the first look at a job, between two looks at most, and in all.
_FIRST_LOOK, _LAST_LOOK, _PATIENCE = 0.5, 20.0, 600.0
_NO_POINTS = ("pass_fail", "not_graded")


class CanvasDestination:
    """An assignment in Canvas.

    Parameters
    ----------
    place : CanvasPlace
        Where it is.
    client : Client
        Asks Canvas; it has the token.
    sleep : callable, optional
        Waits for some seconds.
    """

    def __init__(
        self, place: CanvasPlace, client: Client, sleep: Callable[[float], None] = time.sleep
    ) -> None:
        self._place = place
        self._client = client
        self._sleep = sleep
        self._requester = Requester(client.base, "")
        self._requester._session = client  # canvasapi has no other way to give it one
        self._assignment: Assignment | None = None
        self._found: dict[str, Any] = {}

    @property
    def name(self) -> str:
        """The place's name in the log."""
        return f"canvas {self._client.base} course {self._place.course} assignment {self._place.assignment}"

    def there(self) -> list[There]:
        """Ask for the course's students, the points that they have, and all comments on them."""
        course = Course(self._requester, {"id": self._place.course})
        self._assignment = assignment = self._chosen(course)
        people = self._all(course.get_users(enrollment_type=["student"], include=["email"]), "id")
        self._found = self._all(assignment.get_submissions(include=["submission_comments"]), "user_id")
        try:
            return [_there(key, person, self._found.get(key)) for key, person in people.items()]
        except (AttributeError, TypeError, ValueError) as error:
            raise self._odd() from error

    def objection(self, transfer: Transfer) -> str:
        """Say why Canvas can't have a result. More than its maximum is no reason: Canvas takes that."""
        possible = Decimal(str(getattr(self._assignment, "points_possible", None) or 0))
        maximum = transfer.outgoing.maximum
        if possible != maximum:
            return f"The assignment has {written(possible)} points in Canvas and {written(maximum)} here."
        submission = self._found.get(transfer.there.key)
        if getattr(submission, "excused", None):
            return "The learner is excused in Canvas."
        if taken := getattr(submission, "points_deducted", None):
            return f"Canvas itself takes {taken:g} points for lateness: turn its late policy off."
        return ""

    def send(self, transfers: Sequence[Transfer]) -> Iterator[Receipt]:
        """Send grades and comments."""
        return in_parts(transfers, self._send_some)

    def _send_some(self, transfers: Sequence[Transfer]) -> str:
        assert self._assignment is not None  # `there` found it
        data = {one.there.key: _data(one) for one in transfers}
        try:
            return self._waited(self._assignment.submissions_bulk_update(grade_data=data))
        except (AttributeError, TypeError, KeyError) as error:
            raise Unclear(f"{self._client.base}: answers without the number of a job") from error

    def _waited(self, progress: Progress) -> str:
        """Wait for the end of a job, and give its words."""
        job = f"Canvas's job {progress.id}"
        waited, look = 0.0, _FIRST_LOOK
        while progress.workflow_state not in ("completed", "failed"):
            if waited >= _PATIENCE:
                raise Unclear(f"{job} has not ended after {_PATIENCE / 60:g} minutes.")
            self._sleep(look)
            waited, look = waited + look, min(2 * look, _LAST_LOOK)
            try:
                progress = progress.query()
            except Refused as error:  # it goes on, though nobody can watch it
                raise Unclear(f"{job} can't be watched: {error.message}") from error
        says = self._client.hidden(clean(getattr(progress, "message", None) or "", 200))
        if progress.workflow_state == "failed":
            raise Unclear(f"{job} failed: {says or 'it gives no reason'}", over=True)
        return f"{job} completed."

    # --- finding ------------------------------------------------------------------------------------------

    def _chosen(self, course: Course) -> Assignment:
        wanted = self._place.assignment
        try:
            known = self._all(course.get_assignments(), "id")
        except Refused as error:
            if error.status != 404:
                raise
            raise DeliveryError(
                f"{error.message}: no course {self._place.course}", self._courses()
            ) from error
        found = [one for key, one in known.items() if str(wanted) in (key, one.name)]
        if len(found) != 1:
            titles = [one.name for one in known.values()]
            what = "several assignments" if found else "no assignment"
            advice = "Name it by its number." if found else f"{suggestion(str(wanted), titles)}"
            raise DeliveryError(
                f"{self._client.base}: course {self._place.course} has {what} `{wanted}`", advice
            )
        self._require_gradable(found[0])
        return found[0]

    def _courses(self) -> str:
        seen = self._all(PaginatedList(Course, self._requester, "GET", "courses"), "id")
        listed = ", ".join(f"{key} ({getattr(one, 'name', '?')})" for key, one in list(seen.items())[:20])
        return f"The token's courses are: {listed or 'none'}."

    def _require_gradable(self, assignment: Assignment) -> None:
        reasons = {
            "is not published, and takes no grades": not getattr(assignment, "published", True),
            "has no points to give": getattr(assignment, "grading_type", "points") in _NO_POINTS,
            "is anonymous, and names nobody: post its grades' names first": getattr(
                assignment, "anonymize_students", False
            ),
            "is moderated: only its final grader gives grades": getattr(
                assignment, "moderated_grading", False
            ),
        }
        for reason, holds in reasons.items():
            if holds:
                raise DeliveryError(f"{self._client.base}: the assignment `{assignment.name}` {reason}")

    def _all(self, listing: PaginatedList[Any], key: str) -> dict[str, Any]:
        """Read a list to its end, by a key. Whoever is in two sections is in it twice."""
        found: dict[str, Any] = {}
        repeated = 0
        try:
            for one in listing:
                name = str(getattr(one, key))
                repeated += name in found
                found[name] = one
                if repeated > len(found):
                    raise DeliveryError(f"{self._client.base}: the pages of a list lead in a circle")
        except (AttributeError, TypeError, KeyError) as error:
            raise self._odd() from error
        return found

    def _odd(self) -> DeliveryError:
        return DeliveryError(
            f"{self._client.base}: answers in a form that is not Canvas's", "Check `url` in places.toml."
        )


def _there(key: str, person: Any, submission: Any) -> There:
    names = (getattr(person, name, None) for name in ("login_id", "sis_user_id", "email", "integration_id"))
    comments = getattr(submission, "submission_comments", None) or ()
    return There(
        key=key,
        identities=tuple(name for name in names if name),
        points=number(getattr(submission, "score", None)),
        comments=tuple(str(one.get("comment") or "") for one in comments),
    )


def _data(transfer: Transfer) -> dict[str, str]:
    result = transfer.outgoing
    data = {"posted_grade": f"{result.points:f}"}
    if result.comment and result.comment != transfer.there.comment:
        data["text_comment"] = result.comment
    return data
