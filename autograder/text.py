"""Make text of strangers harmless to show."""

from __future__ import annotations

import re
from typing import Any

_COLOURS = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]")
# C0 and C1 controls, the marks that turn the direction of text, and the two that break lines.
_HARMFUL = re.compile(
    r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u200e\u200f\u2028\u2029\u202a-\u202e\u2066-\u2069\ud800-\udfff]"
)


def clean(text: str, most: int = 2000) -> str:
    r"""Give at most so many characters of a text, without those that would change how others are shown.

    >>> clean("a\x00b\rc")
    'a\\x00b\nc'
    """
    cut = text[:most] + (" …" if len(text) > most else "")
    if cut.isprintable():
        return cut
    plain = _COLOURS.sub("", cut).replace("\r\n", "\n").replace("\r", "\n")
    return _HARMFUL.sub(lambda found: found.group().encode("unicode_escape").decode(), plain)


def clean_all(value: Any) -> Any:
    """Clean every text in plain values: in lists and dicts, keys included; nothing is cut."""
    if isinstance(value, str):
        return clean(value, len(value))
    if isinstance(value, list | tuple):
        return [clean_all(item) for item in value]
    if isinstance(value, dict):
        return {clean_all(key): clean_all(item) for key, item in value.items()}
    return value
