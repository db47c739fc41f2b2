"""Tell the student how a call ended: the limit with its figure, or the signal in words."""

from __future__ import annotations

import math
import signal

from autograder.authoring.student import FaultKind, Limits, StudentFault
from autograder.execution.printed import FLOOD
from autograder.guest.runner import EXIT_MEMORY
from autograder.text import clean

# Kinds that a child may report itself; only the trusted side can tell a crash or a broken answer.
CLAIMABLE = {
    kind.value: kind
    for kind in (
        FaultKind.RAISED,
        FaultKind.MISSING,
        FaultKind.CPU,
        FaultKind.WALL,
        FaultKind.MEMORY,
        FaultKind.OUTPUT,
        FaultKind.PROCESSES,
        FaultKind.FORBIDDEN,
        FaultKind.UNSUPPORTED,
    )
}
# The child is ended after this multiple of the clock's limit. Until then it can report its place itself.
LAST_MOMENT = 1.2
_SIGNALS = {
    "SIGSEGV": "a segmentation fault (it used memory that is not its own)",
    "SIGBUS": "a bus error (it used memory that is not there)",
    "SIGABRT": "an abort (a library gave up)",
    "SIGFPE": "an arithmetic error in compiled code",
    "SIGILL": "an instruction that the processor does not have",
    "SIGKILL": "a kill signal",
    "SIGTERM": "a termination signal",
}


def kind_of_ending(code: int, cpu: float, limits: Limits, out_of_memory: bool) -> FaultKind:
    """Decide why a child ended before it answered.

    `code` is its exit status, negative for a signal; `cpu` its processor time in seconds; `out_of_memory`
    says whether the kernel has meanwhile ended a process of the sandbox because memory ran out.
    """
    over = cpu >= math.ceil(limits.cpu_seconds) - 0.1
    name = _signal_name(code)
    if name == "SIGXCPU" or (name == "SIGKILL" and over):
        return FaultKind.CPU
    if code == EXIT_MEMORY or (name == "SIGKILL" and out_of_memory):
        return FaultKind.MEMORY
    return FaultKind.FORBIDDEN if name == "SIGSYS" else FaultKind.CRASHED


def _signal_name(code: int) -> str:
    """Give the name of the signal that an exit status stands for; Windows knows few of them."""
    try:
        return signal.Signals(-code).name
    except ValueError:
        return ""


def in_words(code: int) -> str:
    """Put an exit status into words.

    >>> in_words(3)
    'it ended the process itself (exit status 3)'
    """
    if code >= 0:
        return f"it ended the process itself (exit status {code})"
    name = _signal_name(code) or f"number {-code}"
    return f"it was ended by {_SIGNALS.get(name, f'the signal {name}')}"


def sentence(kind: FaultKind, who: str, limits: Limits, detail: str = "") -> str:
    """Put a fault into one sentence; `who` names the function, `detail` says more about it.

    For a limit of time or memory the detail is the place, as " (line 3 of `f`)". For a refusal by a wall
    it may be the whole sentence.
    """
    said = {
        FaultKind.CPU: f"{who} used more than {limits.cpu_seconds:g} s of processor time{detail}.",
        FaultKind.WALL: f"{who} gave no answer within {limits.wall_seconds:g} s{detail}.",
        FaultKind.MEMORY: f"{who} needed more than {limits.memory_mb} MB of memory{detail}.",
        FaultKind.OUTPUT: f"{who} gave {detail}.",
        FaultKind.PROCESSES: _or_else(
            detail, f"{who} started a process, or more than {limits.threads} threads"
        ),
        FaultKind.FORBIDDEN: _or_else(detail, f"{who} made a system call that is not allowed here"),
        FaultKind.CRASHED: f"{who} did not finish: {detail}.",
        FaultKind.PROTOCOL: f"{who} sent back something that is not an answer: {detail}.",
        FaultKind.UNSUPPORTED: f"{who} returned {detail}, where arrays of numbers are expected.",
    }
    return clean(said.get(kind, detail))


def last_moment(limits: Limits) -> float:
    """Give the seconds after which a child that did not answer is ended."""
    return LAST_MOMENT * limits.wall_seconds


def made_by_ending(kind: FaultKind, who: str, limits: Limits, code: int, place: str) -> StudentFault:
    """Give the fault of a child that ended before it answered; a crash has its exit status and its place."""
    return make(kind, who, limits, in_words(code) + place if kind is FaultKind.CRASHED else "")


def _or_else(detail: str, sentence: str) -> str:
    """Give the detail if it is a sentence; else the sentence, with the detail as its place."""
    return detail if detail.endswith(".") else f"{sentence}{detail}."


def make(kind: FaultKind, who: str, limits: Limits, detail: str = "", traceback: str = "") -> StudentFault:
    """Give the fault, its texts made harmless."""
    return StudentFault(kind, sentence(kind, who, limits, detail), clean(traceback, 8000))


def printed_too_much(limits: Limits) -> str:
    """Say that a child was ended for a flood of output."""
    return f"more than {FLOOD * limits.output_kb} KB of printed text"


def returned_too_much(limits: Limits, detail: str) -> str:
    """Say that an answer was too large."""
    return f"an answer that is too large: {detail} (at most {limits.result_mb} MB are read)"
