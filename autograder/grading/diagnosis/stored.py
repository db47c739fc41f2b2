"""Fingerprints: what known_mistakes leave on a release's own cases, so that a self-check knows them again.

They hold shapes and inner products of wrong outputs with random directions: no code, no right value, and no
element of any array.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

import msgspec
import numpy as np

from autograder.authoring.questions import Case
from autograder.errors import AssignmentError
from autograder.grading.diagnosis.fingerprint import Fingerprint
from autograder.grading.diagnosis.known_mistakes import KnownMistake
from autograder.model import Struct


class StoredMistake(Struct):
    """One mistake: what to say of it, and its fingerprints by the key of a case."""

    id: str
    output: str
    message: str
    fingerprints: dict[str, Fingerprint]


def case_key(case: Case) -> str:
    """A name for a case's inputs: the same inputs have the same, wherever they are asked."""
    digest = hashlib.sha256()
    for name, value in sorted(case.inputs.items()):
        array = np.ascontiguousarray(value)
        digest.update(f"{name} {array.dtype.str} {array.shape} ".encode() + array.tobytes())
    return digest.hexdigest()[:16]


def fingerprints(known_mistakes: Sequence[KnownMistake], cases: Iterable[Case], level: str) -> bytes:
    """The file for a release, as JSON.

    Parameters
    ----------
    known_mistakes : sequence of KnownMistake
        The homework's.
    cases : iterable of Case
        The release's own.
    level : str
        'nudge' or 'explain': which of the sentences goes along.
    """
    keyed = {case_key(case): case for case in cases}
    found = [_fingerprint(mistake, keyed, level) for mistake in known_mistakes]
    return b"[\n" + b",\n".join(msgspec.json.encode(one) for one in found if one.fingerprints) + b"\n]\n"


def _fingerprint(mistake: KnownMistake, cases: dict[str, Case], level: str) -> StoredMistake:
    fingerprints = {
        key: fingerprint
        for key, case in sorted(cases.items())
        if (fingerprint := mistake.fingerprint(case)) is not None
    }
    return StoredMistake(
        id=mistake.id,
        output=mistake.output,
        message=mistake.explain if level == "explain" else mistake.nudge,
        fingerprints={key: _rounded(fingerprint) for key, fingerprint in fingerprints.items()},
    )


def _rounded(fingerprint: Fingerprint) -> Fingerprint:
    """Fewer digits than two machines' libraries agree in, so that a release is the same everywhere."""
    return Fingerprint(
        shape=fingerprint.shape,
        products=tuple(float(f"{product:.9g}") + 0.0 for product in fingerprint.products),
        allowed=float(f"{2 * fingerprint.allowed + 1e-8 * max(map(abs, fingerprint.products)):.2g}"),
    )


def read_fingerprints(path: Path) -> tuple[KnownMistake, ...]:
    """The known_mistakes of a release; none where it has no such file.

    Raises
    ------
    AssignmentError
        The file is not what a release has.
    """
    if not path.exists():
        return ()
    try:
        found = msgspec.json.decode(path.read_bytes(), type=list[StoredMistake])
    except (OSError, msgspec.MsgspecError) as error:
        raise AssignmentError(f"{path}: {error}", "Unpack the release again.") from error
    return tuple(_suspect(one) for one in found)


def _suspect(one: StoredMistake) -> KnownMistake:
    fingerprint: Callable[[Case], Fingerprint | None] = lambda case: one.fingerprints.get(case_key(case))  # noqa: E731 - a name for its type
    return KnownMistake(
        id=one.id, output=one.output, nudge=one.message, explain=one.message, fingerprint=fingerprint
    )
