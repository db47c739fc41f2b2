"""Send grades to an assignment in Moodle, by its web services.

Moodle answers each error with status 200, and passes over what it does not accept without a word. So what it
has is read back after each send. A new comment takes the place of the old one.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal
from typing import Any

from autograder.delivery.answers import number
from autograder.delivery.http import Client, Refused
from autograder.delivery.outgoing import Receipt, There, Transfer
from autograder.delivery.places import MoodlePlace
from autograder.delivery.sending import in_parts
from autograder.errors import DeliveryError, UsageError, suggestion
from autograder.grades.compute import written
from autograder.text import clean

_SERVICE = "/webservice/rest/server.php"
_PLAIN_TEXT = 2  # FORMAT_PLAIN
_HINTS = {
    "invalidtoken": "The token is wrong or has expired: make a new one in Moodle (Preferences, "
    "Security keys).",
    "accessexception": "The token's service must allow the four functions that docs/sending.md names.",
    "servicenotavailable": "Web services, with REST, must be turned on in Moodle.",
    "requireloginerror": "The token's owner must be a teacher of this course.",
    "nopermissions": "The token's owner needs the right to grade in this course.",
    "sitemaintenance": "Send again later.",
}
# Errors that hold for whatever is sent.
_OF_ALL = frozenset(_HINTS)


class MoodleDestination:
    """An assignment in Moodle.

    Parameters
    ----------
    place : MoodlePlace
        Where it is.
    client : Client
        Asks Moodle.
    token : str
        Goes along in the body of each request, never in its address.
    comments : bool, optional
        Whether comments go along.
    """

    def __init__(self, place: MoodlePlace, client: Client, token: str, *, comments: bool = True) -> None:
        self._place = place
        self._client = client
        self._token = token
        self._comments = comments
        self._assignment: Mapping[str, Any] = {}

    @property
    def name(self) -> str:
        """The place's name in the log."""
        return f"moodle {self._client.base} course {self._place.course} assignment {self._place.assignment}"

    def there(self) -> list[There]:
        """Ask for the course's learners, and the points that they have."""
        self._assignment = self._chosen()
        people = self._ask(
            "core_enrol_get_enrolled_users",
            {"courseid": self._place.course, "options[0][name]": "onlyactive", "options[0][value]": 1},
        )
        answer = self._ask("mod_assign_get_grades", {"assignmentids[0]": self._assignment["id"]})
        try:
            grades = _newest(answer["assignments"])
            return [_there(one, grades) for one in people if _learns(one)]
        except (LookupError, TypeError, ValueError, AttributeError) as error:
            raise self._odd() from error

    def objection(self, transfer: Transfer) -> str:
        """Say why Moodle can't have a result: it would pass over it without a word."""
        maximum, result = Decimal(str(self._assignment["grade"])), transfer.outgoing
        if maximum != result.maximum:
            return (
                f"The assignment has {written(maximum)} points in Moodle and {written(result.maximum)} here."
            )
        if result.points is not None and result.points > maximum:
            most, points = written(maximum), written(result.points)
            return f"Moodle takes no more than {most} points, and these are {points}."
        if result.points is not None and result.points < 0:
            return "Moodle takes no points below 0."
        return ""

    def send(self, transfers: Sequence[Transfer]) -> Iterator[Receipt]:
        """Send grades and comments."""
        return in_parts(transfers, self._send_some)

    def _send_some(self, transfers: Sequence[Transfer]) -> str:
        given: dict[str, Any] = {"assignmentid": self._assignment["id"], "applytoall": 0}
        for index, one in enumerate(transfers):
            given |= {f"grades[{index}]{key}": value for key, value in self._grade(one).items()}
        self._ask("mod_assign_save_grades", given, write=True)
        return "Moodle took it."

    def _grade(self, transfer: Transfer) -> dict[str, Any]:
        grade = {
            "[userid]": transfer.there.key,
            "[grade]": f"{transfer.outgoing.points:f}",
            "[attemptnumber]": -1,  # the newest
            "[addattempt]": 0,
            "[workflowstate]": "",
        }
        if self._feedback():
            # Moodle refuses a grade without one where feedback comments are on
            editor = "[plugindata][assignfeedbackcomments_editor]"
            grade |= {f"{editor}[text]": transfer.outgoing.comment, f"{editor}[format]": _PLAIN_TEXT}
        return grade

    # --- asking -------------------------------------------------------------------------------------------

    def _ask(self, function: str, given: Mapping[str, Any], *, write: bool = False) -> Any:
        data = {"wstoken": self._token, "wsfunction": function, "moodlewsrestformat": "json", **given}
        answer = self._client.post(f"{self._client.base}{_SERVICE}", data=data, again=not write).json()
        if isinstance(answer, dict) and "exception" in answer:
            code = str(answer.get("errorcode", ""))
            says = self._client.hidden(clean(str(answer.get("message", code)), 200))
            status = 0 if code in _OF_ALL or not write else 400
            raise Refused(f"{self._client.base}: {function}: {says} ({code})", _HINTS.get(code, ""), status)
        return answer

    def _odd(self) -> DeliveryError:
        return DeliveryError(
            f"{self._client.base}: answers in a form that is not Moodle's", "Check `url` in places.toml."
        )

    def _chosen(self) -> Mapping[str, Any]:
        """Find the assignment, by the number in its page's address or by its title."""
        wanted, course = self._place.assignment, self._place.course
        answer = self._ask("mod_assign_get_assignments", {"courseids[0]": course})
        try:
            courses = {one["id"]: one["assignments"] for one in answer["courses"]}
            if course not in courses:
                reason = next((str(one["message"]) for one in answer.get("warnings", ())), "")
                raise DeliveryError(
                    f"{self._client.base}: the token sees no course {course}. {clean(reason, 200)}".rstrip(),
                    "The number is in the course's address; the token's owner must be a teacher there.",
                )
            found = [one for one in courses[course] if str(wanted) in (str(one["cmid"]), one["name"])]
            titles = [str(one["name"]) for one in courses[course]]
        except (LookupError, TypeError, ValueError, AttributeError) as error:
            raise self._odd() from error
        if len(found) != 1:
            what = "several assignments" if found else "no assignment"
            advice = "Name it by its number." if found else suggestion(str(wanted), titles)
            raise DeliveryError(f"{self._client.base}: course {course} has {what} `{wanted}`", advice)
        self._require_gradable(found[0])
        return dict(found[0])

    def _require_gradable(self, assignment: Mapping[str, Any]) -> None:
        grade = assignment.get("grade")
        reasons = {
            "is not graded by points": not isinstance(grade, int | float) or grade <= 0,
            "is anonymous: reveal the names first": assignment.get("blindmarking")
            and not assignment.get("revealidentities"),
            "has a marking workflow, which is not supported": assignment.get("markingworkflow"),
        }
        for reason, holds in reasons.items():
            if holds:
                raise DeliveryError(f"{self._client.base}: the assignment `{assignment['name']}` {reason}")
        if not self._comments and _has_feedback(assignment):
            raise UsageError(
                f"{self._client.base}: Moodle wants a comment with each grade of `{assignment['name']}`, "
                "and an empty one would erase what stands there",
                "Leave out --no-comments, or turn feedback comments off in the assignment's settings.",
            )

    def _feedback(self) -> bool:
        return _has_feedback(self._assignment)


def _has_feedback(assignment: Mapping[str, Any]) -> bool:
    """Say whether feedback comments are on."""
    return any(
        (one.get("plugin"), one.get("subtype"), one.get("name"), str(one.get("value")))
        == ("comments", "assignfeedback", "enabled", "1")
        for one in assignment.get("configs", ())
    )


def _learns(person: Mapping[str, Any]) -> bool:
    roles = [one.get("shortname") for one in person.get("roles") or ()]
    return not roles or "student" in roles


def _newest(assignments: Sequence[Mapping[str, Any]]) -> dict[str, Decimal]:
    """Give the points of each learner's newest attempt; fewer than 0 is Moodle's word for none."""
    rows = [row for one in assignments for row in one["grades"]]
    rows.sort(key=lambda row: int(row.get("attemptnumber", 0)))
    points = {str(row["userid"]): number(row["grade"]) for row in rows}
    return {key: value for key, value in points.items() if value is not None and value >= 0}


def _there(person: Mapping[str, Any], grades: Mapping[str, Decimal]) -> There:
    key = str(person["id"])
    names = (person.get(name) for name in ("idnumber", "email", "username"))
    return There(key=key, identities=tuple(str(name) for name in names if name), points=grades.get(key))
