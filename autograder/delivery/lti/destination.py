"""A line item of a platform as a destination: found or made, filled with scores, and read back.

Facts that were measured on platforms decide some lines: an address may carry a query, one platform answers
200 and another 201, a score that is not newer than the last one is refused, and what is above the maximum is
stored by one and cut by another.
"""

from __future__ import annotations

import datetime
from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal
from typing import Any
from urllib.parse import urlsplit, urlunsplit

import msgspec
from msgspec.structs import replace

from autograder.delivery.answers import number
from autograder.delivery.http import Refused, Unclear
from autograder.delivery.lti.access import Access
from autograder.delivery.lti.members import Members
from autograder.delivery.lti.pages import Page, all_pages, odd
from autograder.delivery.outgoing import Readiness, Receipt, There, Transfer
from autograder.delivery.places import LtiPlace
from autograder.delivery.sending import in_parts
from autograder.errors import DeliveryError
from autograder.grades.compute import written
from autograder.model import Struct

_SCOPE = "https://purl.imsglobal.org/spec/lti-ags/scope/"
_TYPE = "application/vnd.ims.lis."
LINE_ITEM, LINE_ITEMS = f"{_TYPE}v2.lineitem+json", f"{_TYPE}v2.lineitemcontainer+json"
SCORE, RESULTS = f"{_TYPE}v1.score+json", f"{_TYPE}v2.resultcontainer+json"
SCOPES = tuple(f"{_SCOPE}{name}" for name in ("lineitem", "score", "result.readonly"))
_TAG = "autograder"
_PROGRESS = {Readiness.FINAL: "FullyGraded", Readiness.PROVISIONAL: "PendingManual"}
# Platforms compare times to the second, and refuse a score that is not newer.
_APART = datetime.timedelta(seconds=1)
_NOT_NEWER = (400, 409)


class LineItem(Struct):
    """A column of the platform's gradebook: its address and its maximum."""

    url: str
    maximum: Decimal


class LtiDestination:
    """A line item in a course of a platform.

    Parameters
    ----------
    place : LtiPlace
        Where it is.
    access : Access
        Asks the platform.
    members : Members
        Gives the learners.
    """

    def __init__(self, place: LtiPlace, access: Access, members: Members) -> None:
        self._place, self._access, self._members = place, access, members
        self._item: LineItem | None = None
        self._latest: dict[str, datetime.datetime] = {}

    @property
    def name(self) -> str:
        """The place's name in the log."""
        at = self._place.line_item or f"{self._place.line_items} resource {self._place.resource}"
        return f"lti {at}"

    def there(self) -> list[There]:
        """Ask for the learners, and the points and comments that they have."""
        self._item = self._found()
        results = self._results(self._item) if self._item else {}
        return [_with_result(one, results.get(one.key)) for one in self._members(self._access)]

    def objection(self, transfer: Transfer) -> str:
        """Say why the platform can't have a result: platforms store or cut what is above the maximum."""
        result = transfer.outgoing
        if self._item is not None and self._item.maximum != result.maximum:
            there, here = written(self._item.maximum), written(result.maximum)
            return f"The line item has {there} points in the platform and {here} here."
        if result.points is not None and not 0 <= result.points <= result.maximum:
            most, points = written(result.maximum), written(result.points)
            return f"LTI takes points from 0 to {most}, and these are {points}."
        return ""

    def send(self, transfers: Sequence[Transfer]) -> Iterator[Receipt]:
        """Send one score after the other; make the line item first if there is none."""
        if transfers and self._item is None:
            self._item = self._made(transfers[0].outgoing.maximum)
        for one in transfers:
            yield from in_parts([one], self._send_one)

    def _send_one(self, transfers: Sequence[Transfer]) -> str:
        (one,) = transfers
        try:
            self._post(one)
        except Refused as error:
            if error.status not in _NOT_NEWER:
                raise
            # perhaps an earlier send was a moment ago, or by a clock that is ahead
            self._post(one)
        return "The platform took it."

    def _post(self, transfer: Transfer) -> None:
        assert self._item is not None  # made before
        body = msgspec.json.encode(self._score(transfer))
        self._access.post(below(self._item.url, "scores"), SCORE, body, wants_json=False)

    def _score(self, transfer: Transfer) -> dict[str, Any]:
        result = transfer.outgoing
        assert result.points is not None  # only results with points go
        score = {
            "userId": transfer.there.key,
            "scoreGiven": _json_number(result.points),
            "scoreMaximum": _json_number(result.maximum),
            "activityProgress": "Completed",
            "gradingProgress": _PROGRESS[result.readiness],
            "timestamp": self._moment(transfer.there.key).isoformat(timespec="milliseconds"),
        }
        # a score without a comment may take the old one away
        comment = result.comment or transfer.there.comment
        return score | ({"comment": comment} if comment else {})

    def _moment(self, key: str) -> datetime.datetime:
        """Give a time for a score: now, and after the last one that was sent."""
        moment = self._access.time()
        if key in self._latest:
            moment = max(moment, self._latest[key] + _APART)
        self._latest[key] = moment
        return moment

    # --- the line item --------------------------------------------------------------------------------------

    def _found(self) -> LineItem | None:
        """Find the line item, whatever page of the list has it; None if it is yet to be made."""
        if self._place.line_item:
            answer = self._access.get(self._place.line_item, LINE_ITEM)
            return _line_item(Page(url=self._place.line_item, body=answer.json()))
        found = []
        for page in all_pages(self._access, self._place.line_items, LINE_ITEMS):
            if not isinstance(page.body, list):
                raise odd(page)
            items = [one for one in page.body if isinstance(one, dict)]
            ours = [one for one in items if one.get("resourceId") == self._place.resource]
            found += [_line_item(Page(url=page.url, body=one)) for one in ours]
        if len(found) > 1:
            urls = ", ".join(one.url for one in found)
            resource = self._place.resource
            raise DeliveryError(
                f"{self._place.line_items}: has {len(found)} line items with the resourceId {resource}",
                f"Name one as `line_item` in places.toml: {urls}",
            )
        return found[0] if found else None

    def _made(self, maximum: Decimal) -> LineItem:
        """Make the line item; if the answer is lost, look whether it is there."""
        body = {
            "label": self._place.label or self._place.resource,
            "scoreMaximum": _json_number(maximum),
            "resourceId": self._place.resource,
            "tag": _TAG,
        }
        url = self._place.line_items
        try:
            answer = self._access.post(url, LINE_ITEM, msgspec.json.encode(body), wants_json=True)
        except Unclear as error:
            found = self._found()
            if found is None:
                raise DeliveryError(f"{error.message}; the line item is not there", "Send again.") from error
            return found
        except Refused as error:
            raise DeliveryError(
                f"{url}: the line item can't be made: {error.message}",
                "Make it in the platform, and name its address as `line_item` in places.toml.",
            ) from error
        return _line_item(Page(url=url, body=answer.json()))

    def _results(self, item: LineItem) -> Mapping[str, There]:
        """Ask for the scores that the platform has, by the learners' ids there."""
        found: dict[str, There] = {}
        for page in all_pages(self._access, below(item.url, "results"), RESULTS):
            try:
                results = [_result(one, item.maximum) for one in page.body]
            except (LookupError, TypeError, ValueError, AttributeError) as error:
                raise odd(page) from error
            found |= {one.key: one for one in results}
        return found


def below(url: str, part: str) -> str:
    """Give an address below a line item's, which may carry a query.

    >>> below("https://lms.example.org/items/7?type=1", "scores")
    'https://lms.example.org/items/7/scores?type=1'
    """
    parts = urlsplit(url)
    return urlunsplit(parts._replace(path=f"{parts.path.rstrip('/')}/{part}"))


def _line_item(page: Page) -> LineItem:
    try:
        url, maximum = page.body["id"], number(page.body["scoreMaximum"])
        if not isinstance(url, str) or maximum is None or maximum <= 0:
            raise ValueError
    except (LookupError, TypeError, ValueError) as error:
        raise odd(page) from error
    return LineItem(url=url, maximum=maximum)


def _result(one: Mapping[str, Any], maximum: Decimal) -> There:
    """Read a result; a platform may give it in points of a maximum of its own."""
    points, of = number(one.get("resultScore")), number(one.get("resultMaximum"))
    if points is not None and of:
        points = points * maximum / of
    return There(key=str(one["userId"]), points=points, comment=str(one.get("comment") or ""))


def _with_result(one: There, result: There | None) -> There:
    return one if result is None else replace(one, points=result.points, comment=result.comment)


def _json_number(value: Decimal) -> int | float:
    """Give a whole number as such: some platforms take no other maximum."""
    return int(value) if value == value.to_integral_value() else float(value)
