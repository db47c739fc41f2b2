"""Read a platform's answers: its words, the wait it asks for, and the reason why none came."""

from __future__ import annotations

import datetime
import email.utils
import json
import re
from decimal import Decimal, InvalidOperation
from typing import Any

import requests
import urllib3

from autograder.text import clean

_TAGS = re.compile(r"<(script|style).*?</\1>|<[^>]*>", re.DOTALL | re.IGNORECASE)
_FAR = Decimal(10) ** 9
_WORDS = ("message", "error_description", "error", "title")


def number(value: Any) -> Decimal | None:
    """Read points in a platform's JSON, a number or a text; None where there are none.

    Raises `ValueError` if they are no number of this world.

    >>> number("80.00000"), number(None)
    (Decimal('80.00000'), None)
    """
    if value is None:
        return None
    try:
        found = Decimal(str(value))
    except InvalidOperation as error:
        raise ValueError(f"{value!r} is no number") from error
    if not found.is_finite() or abs(found) >= _FAR:
        raise ValueError(f"{value!r} are no points")
    return found


def json_problem(answer: requests.Response) -> str:
    """Say what came where JSON was expected; empty if it is JSON."""
    try:
        answer.json()
    except (ValueError, RecursionError):
        kind = answer.headers.get("Content-Type", "nothing").partition(";")[0]
        what = f"{kind} that is no JSON" if answer.content else "an empty answer"
        return f"expected JSON, got {what}{colon(said(answer))}"
    return ""


def said(answer: requests.Response) -> str:
    """Give the words of an answer: its message, or how its text begins."""
    try:
        found = _message(answer.json())
    except (ValueError, RecursionError):
        found = _TAGS.sub(" ", answer.text[:4_000])
    return clean(" ".join(found.split()), 200)


def _message(value: Any) -> str:
    """Find the first message in a platform's JSON."""
    if isinstance(value, str):
        return value
    if isinstance(value, list):
        return next((text for one in value if (text := _message(one))), "")
    if not isinstance(value, dict):
        return ""
    inner = [value[name] for name in _WORDS if name in value]
    inner += [one for name, one in value.items() if name not in _WORDS and isinstance(one, list | dict)]
    return _message(inner) or (json.dumps(value) if value and not inner else "")


def colon(text: str) -> str:
    """Give a text after a colon; nothing for an empty one."""
    return f": {text}" if text else ""


def retry_after(answer: requests.Response) -> float | None:
    """Give the seconds that a place asks to wait. A date is compared with its own clock, not with ours."""
    text = answer.headers.get("Retry-After", "").strip()
    try:
        if text.isdigit():
            return float(text)
        until = email.utils.parsedate_to_datetime(text)
        date = answer.headers.get("Date")
        now = email.utils.parsedate_to_datetime(date) if date else datetime.datetime.now(datetime.UTC)
        return max(0.0, (until - now).total_seconds())
    except (ValueError, TypeError, OverflowError):
        return None


def unmade(error: BaseException) -> bool:
    """Say whether no connection was made, so that nothing was sent."""
    return any(isinstance(one, urllib3.exceptions.NewConnectionError) for one in _causes(error))


def innermost(error: BaseException) -> str:
    """Give the words of the error behind all others."""
    *_, last = _causes(error)
    return f"{getattr(last, 'strerror', None) or last}" or type(last).__name__


def _causes(error: BaseException) -> list[BaseException]:
    """Give an error and those behind it."""
    found: list[BaseException] = [error]
    while True:
        last = found[-1]
        reason = getattr(last, "reason", None)
        inner = [one for one in (reason, *last.args, last.__cause__) if isinstance(one, BaseException)]
        if not inner or inner[0] in found:
            return found
        found.append(inner[0])
