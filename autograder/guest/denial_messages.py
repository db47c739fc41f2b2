"""Explain a wall's refusal in a sentence: the attempt, its place, and what is allowed instead.

Python reports a refusal as "[Errno 1] Operation not permitted", which tells a student nothing. An audit hook
remembers the code's last attempt; the sentence is made from the attempt and the error. It only helps the
reader and decides nothing, since code can raise these errors itself.
"""

from __future__ import annotations

import errno
import os
import re
import sys
import traceback
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

# Packages that stand in for NumPy: code that imports one is told that NumPy is asked for.
ACCELERATORS = frozenset(
    {"cupy", "cython", "jax", "numba", "numexpr", "pythran", "tensorflow", "theano", "torch"}
)
_NETWORK = ("socket.",)
_PROGRAMS = ("os.fork", "os.exec", "os.posix_spawn", "os.spawn", "os.system", "subprocess.", "pty.")
_CHANGES = ("os.rename", "os.remove", "os.mkdir", "os.rmdir", "os.link", "os.symlink", "os.truncate", "os.ch")
_DENIED = (errno.EPERM, errno.EACCES, errno.EROFS)
_WRITES = os.O_WRONLY | os.O_RDWR | os.O_CREAT


class Facts(NamedTuple):
    """The facts that a sentence may name: importable packages, and the limits of files.

    importable    packages that may be imported beside the standard library
    tmp_mb        MiB of files in the working directory
    max_files     how many files it may hold
    open_files    how many files may be open
    """

    importable: Sequence[str] = ()
    tmp_mb: int = 0
    max_files: int = 0
    open_files: int = 0


class AuditedAct(NamedTuple):
    """An attempt of the code: the audit event's name, and whether it would change a file."""

    event: str = ""
    writes: bool = False


class Said(NamedTuple):
    """A fault's kind (a value of the engine's `FaultKind`) and its sentence."""

    kind: str
    text: str


def attempt_of(event: str, args: Sequence[Any]) -> AuditedAct | None:
    """Give an audit event as an attempt, if a wall may refuse it.

    >>> attempt_of("open", ("x", "w", 0))
    AuditedAct(event='open', writes=True)
    >>> attempt_of("compile", ()) is None
    True
    """
    if event == "open":
        mode, flags = args[1], args[2]
        by_mode = isinstance(mode, str) and bool(set(mode) & set("wax+"))
        return AuditedAct(event, by_mode or bool(isinstance(flags, int) and flags & _WRITES))
    if event.startswith(_CHANGES):
        return AuditedAct(event, True)
    return AuditedAct(event) if event.startswith((*_NETWORK, *_PROGRAMS)) else None


def watch() -> Callable[[], AuditedAct]:
    """Remember the code's attempts from now on; return a function that gives the last one."""
    last = [AuditedAct()]

    def hook(event: str, args: Sequence[Any]) -> None:
        if event[:3] in ("ope", "os.", "soc", "sub", "pty"):
            found = attempt_of(event, args)
            if found is not None:
                last[0] = found

    sys.addaudithook(hook)
    return lambda: last[0]


def explain(error: BaseException, where: str, attempt: AuditedAct, facts: Facts) -> Said | None:
    """Explain a wall's refusal; None if no wall raised the error.

    `where` is the place, in brackets after a space, or empty if it is not known.
    """
    if isinstance(error, ModuleNotFoundError):
        return _missing_module(error.name or "", where, facts.importable)
    if isinstance(error, OSError):
        return _refused(error, where, attempt, facts)
    return None


def _missing_module(name: str, where: str, importable: Sequence[str]) -> Said | None:
    package = name.partition(".")[0]
    if not importable or not package or package in importable or package in sys.stdlib_module_names:
        return None
    instead = (
        "; the homework asks for plain NumPy" if package in ACCELERATORS and "numpy" in importable else ""
    )
    others = ", ".join(("the standard library", *importable[:-1]))
    return Said(
        "raised",
        f"`{package}` is not available here{instead}{where}. You may import {others} and {importable[-1]}.",
    )


def _refused(error: OSError, where: str, attempt: AuditedAct, facts: Facts) -> Said | None:
    number, denied = error.errno, error.errno in _DENIED
    if attempt.event.startswith(_NETWORK) and (denied or not _is_number(number)):
        return Said(
            "forbidden",
            f"your code tried to open a network connection{where}; the sandbox has no network. "
            "Hand in everything that your code needs.",
        )
    if _is_multiprocessing(error) or (
        attempt.event.startswith(_PROGRAMS) and (denied or number == errno.EAGAIN)
    ):
        return Said(
            "processes",
            f"your code tried to start another process{where}; in the sandbox it may use "
            "threads, but no other process.",
        )
    full = _full(errno.ENOSPC if _was_cut_short(error) else number, facts)
    if full:
        return Said("raised", f"your code {full}{where}.")
    return _no_such_place(error, where, attempt) if denied or number == errno.ENOENT else None


def _is_number(number: int | None) -> bool:
    """Say whether the kernel gave the number: that of a name look-up is negative, and urllib has none."""
    return number is not None and number > 0


def _is_multiprocessing(error: BaseException) -> bool:
    walked = traceback.walk_tb(error.__traceback__)
    return any("/multiprocessing/" in frame.f_code.co_filename for frame, _ in walked)


def _was_cut_short(error: OSError) -> bool:
    """Say whether NumPy reports a full file system, which it does without the kernel's number."""
    return error.errno is None and bool(re.fullmatch(r"\d+ requested and \d+ written", str(error)))


def _full(number: int | None, facts: Facts) -> str:
    if number == errno.ENOSPC:
        return f"wrote more than {facts.tmp_mb} MB of files, or more than {facts.max_files} of them"
    if number == errno.EFBIG:
        return f"wrote a file of more than {facts.tmp_mb} MB"
    return f"had more than {facts.open_files} files open" if number == errno.EMFILE else ""


def _no_such_place(error: OSError, where: str, attempt: AuditedAct) -> Said | None:
    path = error.filename
    if not isinstance(path, str):
        return None
    if attempt.writes and (error.errno != errno.ENOENT or path.startswith("/")):
        return Said(
            "forbidden",
            f"your code tried to write `{path}`{where}; it may write only in its working folder: give a "
            "name without a folder.",
        )
    if attempt.writes or error.errno == errno.ENOENT:
        return None
    return Said("forbidden", f"your code tried to read `{path}`{where}, which is out of its reach.")
