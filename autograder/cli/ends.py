"""Turn errors of the system into messages."""

from __future__ import annotations

import errno
import sqlite3

from autograder.errors import UsageError

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
