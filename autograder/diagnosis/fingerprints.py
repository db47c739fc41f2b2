"""Fingerprints: what suspects leave on a release's own cases, so that a self-check knows them again.

They hold shapes and inner products of wrong outputs with random directions: no code, no right value, and no
element of any array.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

import msgspec
import numpy as np

from autograder.diagnosis.suspects import Suspect
from autograder.diagnosis.traces import Trace
from autograder.errors import AssignmentError
from autograder.model import Struct
from autograder.questions import Case


class Fingerprint(Struct):
    """One suspect: what to say of it, and its traces by the key of a case."""

    id: str
    output: str
    message: str
    traces: dict[str, Trace]


def case_key(case: Case) -> str:
    """A name for a case's inputs: the same inputs have the same, wherever they are asked."""
    digest = hashlib.sha256()
    for name, value in sorted(case.inputs.items()):
        array = np.ascontiguousarray(value)
        digest.update(f"{name} {array.dtype.str} {array.shape} ".encode() + array.tobytes())
    return digest.hexdigest()[:16]


def fingerprints(suspects: Sequence[Suspect], cases: Iterable[Case], level: str) -> bytes:
    """The file for a release, as JSON.

    Parameters
    ----------
    suspects : sequence of Suspect
        The homework's.
    cases : iterable of Case
        The release's own.
    level : str
        'nudge' or 'explain': which of the sentences goes along.
    """
    keyed = {case_key(case): case for case in cases}
    found = [_fingerprint(suspect, keyed, level) for suspect in suspects]
    return b"[\n" + b",\n".join(msgspec.json.encode(one) for one in found if one.traces) + b"\n]\n"


def _fingerprint(suspect: Suspect, cases: dict[str, Case], level: str) -> Fingerprint:
    traces = {key: trace for key, case in sorted(cases.items()) if (trace := suspect.trace(case)) is not None}
    return Fingerprint(
        id=suspect.id,
        output=suspect.output,
        message=suspect.explain if level == "explain" else suspect.nudge,
        traces={key: _rounded(trace) for key, trace in traces.items()},
    )


def _rounded(trace: Trace) -> Trace:
    """Fewer digits than two machines' libraries agree in, so that a release is the same everywhere."""
    return Trace(
        shape=trace.shape,
        products=tuple(float(f"{product:.9g}") + 0.0 for product in trace.products),
        allowed=float(f"{2 * trace.allowed + 1e-8 * max(map(abs, trace.products)):.2g}"),
    )


def read_fingerprints(path: Path) -> tuple[Suspect, ...]:
    """The suspects of a release; none where it has no such file.

    Raises
    ------
    AssignmentError
        The file is not what a release has.
    """
    if not path.exists():
        return ()
    try:
        found = msgspec.json.decode(path.read_bytes(), type=list[Fingerprint])
    except (OSError, msgspec.MsgspecError) as error:
        raise AssignmentError(f"{path}: {error}", "Unpack the release again.") from error
    return tuple(_suspect(one) for one in found)


def _suspect(one: Fingerprint) -> Suspect:
    trace: Callable[[Case], Trace | None] = lambda case: one.traces.get(case_key(case))  # noqa: E731 - a name for its type
    return Suspect(id=one.id, output=one.output, nudge=one.message, explain=one.message, trace=trace)
