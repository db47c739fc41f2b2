"""Who is in the course, and by which id the platform knows them: from the platform itself, or from a file."""

from __future__ import annotations

import csv
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any

from autograder.delivery.lti.access import Access
from autograder.delivery.lti.pages import Page, all_pages, odd
from autograder.delivery.outgoing import There
from autograder.errors import UsageError

SCOPE = "https://purl.imsglobal.org/spec/lti-nrps/scope/contextmembership.readonly"
_MEDIA_TYPE = "application/vnd.ims.lti-nrps.v2.membershipcontainer+json"
_COLUMNS = ("id", "user_id")
_EXPECTED = "Expected CSV with the columns id (as on the roster) and user_id (as the platform has it)."


Members = Callable[[Access], Iterable[There]]


def memberships(url: str) -> Members:
    """Give a function that asks the platform's Names and Role Provisioning Service for active learners."""

    def asked(access: Access) -> Iterator[There]:
        for page in all_pages(access, url, _MEDIA_TYPE):
            try:
                yield from [_there(one) for one in _members(page) if _learns(one)]
            except (LookupError, TypeError, AttributeError) as error:
                raise odd(page) from error

    return asked


def _members(page: Page) -> list[dict[str, Any]]:
    members = page.body["members"]
    return [one for one in members if one.get("status", "Active") == "Active"]


def _learns(member: dict[str, Any]) -> bool:
    """Say whether a role is that of a learner, in its short form or as an address."""
    return any(role.rpartition("#")[2].rpartition("/")[2] == "Learner" for role in member["roles"])


def _there(member: dict[str, Any]) -> There:
    other = (member.get(name) for name in ("lis_person_sourcedid", "email", "ext_user_username"))
    return There(key=str(member["user_id"]), identities=tuple(str(one) for one in other if one))


def read_members(path: Path) -> tuple[There, ...]:
    """Read a list of learners and the platform's ids for them.

    Raises
    ------
    UsageError
        It can't be read, or a row has no id; names the line.
    """
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            rows = csv.DictReader(file)
            missing = [name for name in _COLUMNS if name not in (rows.fieldnames or ())]
            if missing:
                raise UsageError(f"{path}:1: has no column {' and '.join(missing)}", _EXPECTED)
            return tuple(_listed(path, rows.line_num, row) for row in rows)
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        why = getattr(error, "strerror", None) or error
        raise UsageError(f"{path}: can't be read: {why}", _EXPECTED) from error


def _listed(path: Path, line: int, row: dict[str, str]) -> There:
    learner, key = ((row[name] or "").strip() for name in _COLUMNS)
    if not learner or not key:
        raise UsageError(f"{path}:{line}: a row needs both id and user_id", _EXPECTED)
    return There(key=key, identities=(learner,))
