"""Make untrusted text safe to display, and to open in a spreadsheet."""

from __future__ import annotations

import codecs
import csv
import io
import re
import sys
import unicodedata
from collections.abc import Callable, Iterable, Sequence
from typing import Any

_PLAIN = {
    "✓": "+", "✗": "x", "○": "o",
    "–": "-", "—": "-", "‘": "'", "’": "'", "“": '"', "”": '"', "…": "...", "×": "x",
    "·": "*", "•": "*", "━": "-", "╸": "-", "╺": "-", "→": "->", "≠": "!=", "≤": "<=", "≥": ">=",
}  # fmt: skip
# Spreadsheets recognise UTF-8 by it.
BYTE_ORDER_MARK = "\ufeff"
# A spreadsheet takes a cell that begins with one of these for a formula.
_FORMULA = ("=", "+", "-", "@", "\t", "\r")
_NUMBER = re.compile(r"[-+]?\d+(?:\.\d+)?")
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


def few(names: Sequence[str], most: int) -> str:
    """List the first names, and count those beyond them.

    >>> few(["s001", "s002", "s003"], 2), few(["s001"], 2)
    ('s001, s002 and 1 more', 's001')
    """
    more = f" and {len(names) - most} more" if len(names) > most else ""
    return ", ".join(names[:most]) + more


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


def spreadsheet(rows: Iterable[Iterable[str]]) -> str:
    """Render rows as CSV that a spreadsheet opens as UTF-8 and runs nothing of.

    An apostrophe is put before a cell that would be a formula. A number with a sign is none.
    """
    text = io.StringIO(BYTE_ORDER_MARK)
    text.seek(0, io.SEEK_END)
    writer = csv.writer(text, lineterminator="\n")
    writer.writerows([f"'{cell}" if _is_formula(cell) else cell for cell in row] for row in rows)
    return text.getvalue()


def _is_formula(cell: str) -> bool:
    return cell.startswith(_FORMULA) and not _NUMBER.fullmatch(cell)


def from_spreadsheet(cell: str) -> str:
    """Take off the apostrophe that `spreadsheet` put before a cell.

    >>> from_spreadsheet("'=1"), from_spreadsheet("'tis")
    ('=1', "'tis")
    """
    return cell[1:] if cell[:1] == "'" and cell[1:].startswith(_FORMULA) else cell


def plain_signs() -> None:
    """Write signs that the terminal can't encode as plain ones."""
    codecs.register_error("plain-signs", _in_plain_signs)
    for stream in (sys.stdout, sys.stderr):
        reconfigure = getattr(stream, "reconfigure", None)
        if reconfigure is not None:
            reconfigure(errors="plain-signs")


def _in_plain_signs(error: UnicodeError) -> tuple[str, int]:
    assert isinstance(error, UnicodeEncodeError)
    return "".join(map(_plain, error.object[error.start : error.end])), error.end


def _plain(sign: str) -> str:
    """Give the ASCII form of a sign: of a drawn line, a letter without its marks, or the sign's number.

    >>> _plain("✗"), _plain("┃"), _plain("é")
    ('x', '|', 'e')
    """
    if sign in _PLAIN:
        return _PLAIN[sign]
    if "\u2500" <= sign <= "\u259f":
        return "|" if sign in "│┃║▏▎▍▌▋▊▉█" else "-" if sign in "─━═╌╍" else "+"
    bare = unicodedata.normalize("NFKD", sign).encode("ascii", "ignore").decode()
    return bare or sign.encode("ascii", "backslashreplace").decode()
