"""A short way to run code in a sandbox."""

from __future__ import annotations

import textwrap
from pathlib import Path
from typing import Any

from autograder.authoring.student import Limits, Session, StudentFault
from autograder.model import Chunk, Definitions
from autograder.sandbox import Policy

POLICY = Policy(imports=("numpy",), preload=("numpy",))
LIMITS = Limits(cpu_seconds=5, wall_seconds=20, memory_mb=384, output_kb=16, result_mb=8, tmp_mb=4, threads=8)
PRELUDE = """
import ctypes, errno, mmap, os, resource, signal, struct, sys, threading, time
import numpy as np

libc = ctypes.CDLL(None, use_errno=True)

def refused(action):
    "The name of the error if the action is refused, else its result."
    try:
        return "allowed: %r" % (action(),)
    except OSError as error:
        return errno.errorcode.get(error.errno, str(error))

def call(number, *args):
    if libc.syscall(number, *args) < 0:
        raise OSError(ctypes.get_errno(), "refused")
    return "done"
"""


def definitions(source: str, *names: str) -> Definitions:
    """The source as one chunk of cell 2, after the prelude."""
    body = textwrap.dedent(source)
    return Definitions(
        chunks=(
            Chunk(source=PRELUDE, names=(), cell=1),
            Chunk(source=body, names=names or ("attack",), cell=2),
        )
    )


def run(session: Session, source: str, *args: Any, limits: Limits = LIMITS, **kwargs: Any) -> Any:
    """Call `attack` of the source in a child of its own; return its value, or the fault."""
    with session.student(definitions(source), limits) as student:
        try:
            return student.call("attack", *args, **kwargs)
        except StudentFault as fault:
            return fault


def descendants(pid: int) -> set[int]:
    """The processes below one, now."""
    parents: dict[int, list[int]] = {}
    for entry in Path("/proc").glob("[0-9]*"):
        try:
            fields = (entry / "stat").read_text().rpartition(")")[2].split()
        except OSError:
            continue
        parents.setdefault(int(fields[1]), []).append(int(entry.name))
    found: set[int] = set()
    waiting = [pid]
    while waiting:
        waiting += [child for child in parents.get(waiting.pop(), ()) if child not in found]
        found |= set(waiting)
    return found


def box_of(session: Any) -> Any:
    """The one sandbox of a session."""
    (box,) = session._boxes.values()
    return box
