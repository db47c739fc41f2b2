"""Make untrusted text safe to display."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

_COLOURS = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]")
# C0 and C1 controls, the marks that change the direction of text, the two line separators, and surrogates.
_HARMFUL = re.compile(
    r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u200e\u200f\u2028\u2029\u202a-\u202e\u2066-\u2069\ud800-\udfff]"
)


def harmless(text: str) -> str:
    r"""Replace the characters that would change how the text around them is displayed.

    >>> harmless("a\x00b\rc")
    'a\\x00b\nc'
    """
    if text.isprintable():
        return text
    plain = _COLOURS.sub("", text).replace("\r\n", "\n").replace("\r", "\n")
    return _HARMFUL.sub(lambda found: found.group().encode("unicode_escape").decode(), plain)


def clean(text: str, most: int = 2000) -> str:
    """Give the first `most` characters of a text, safe to display, and a mark if there were more."""
    return harmless(text[:most] + (" …" if len(text) > most else ""))


def in_texts(change: Callable[[str], str], value: Any) -> Any:
    """Change every text in a plain value, also in its lists, dicts and their keys.

    >>> in_texts(str.upper, {"a": ["b", 3]})
    {'A': ['B', 3]}
    """
    if isinstance(value, str):
        return change(value)
    if isinstance(value, list | tuple):
        return [in_texts(change, item) for item in value]
    if isinstance(value, dict):
        return {in_texts(change, key): in_texts(change, item) for key, item in value.items()}
    return value
