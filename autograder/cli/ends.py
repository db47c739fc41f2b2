"""Turn errors of the system into messages, and signs that the terminal lacks into plain ones."""

from __future__ import annotations

import codecs
import errno
import sqlite3
import sys
import unicodedata

from autograder.errors import UsageError

_PLAIN = {
    "✓": "+", "✗": "x", "–": "-", "—": "-", "‘": "'", "’": "'", "“": '"', "”": '"', "…": "...", "×": "x",
    "·": "*", "•": "*", "━": "-", "╸": "-", "╺": "-", "→": "->", "≠": "!=", "≤": "<=", "≥": ">=",
}  # fmt: skip
_REMEDIES = {
    errno.ENOSPC: "The disk is full: make room, or choose another place.",
    errno.EDQUOT: "Your quota is used up: make room, or choose another place.",
    errno.EFBIG: "A limit on the size of files was reached: raise it, or choose another place.",
    errno.EROFS: "The disk is read-only: choose another place.",
    errno.EACCES: "Your user may not do that: change the rights, or choose another place.",
    errno.EPERM: "Your user may not do that: change the rights, or choose another place.",
    errno.ENAMETOOLONG: "A name is too long: choose a shorter one.",
    errno.EMFILE: "Too many files are open: raise the limit (ulimit -n).",
}


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


def as_usage_error(error: Exception) -> UsageError:
    """Describe an error of the system, with its file and the remedy."""
    if isinstance(error, OSError):
        where = error.filename if error.filename is not None else "The system"
        remedy = _REMEDIES.get(error.errno or 0, "")
        return UsageError(f"{_shown(where)}: {error.strerror or error}", remedy)
    if isinstance(error, sqlite3.Error):
        remedy = "Wait for other batches to end, and try again."
        return UsageError(f"the database can't be used: {error}", remedy)
    return UsageError(f"a text can't be read or written: {error}", "Save the file as UTF-8.")


def _shown(name: object) -> str:
    text = name.decode("utf-8", "replace") if isinstance(name, bytes) else str(name)
    return text.encode("utf-8", "replace").decode()
