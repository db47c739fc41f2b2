"""Store fingerprints of known mistakes in a release, so that a self-check recognises the mistakes.

A fingerprint has the shape of a wrong output and its inner products with random directions: no code, no right
value, and no element of any array.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path

import msgspec

from autograder.authoring.questions import Case
from autograder.errors import AssignmentError
from autograder.grading.diagnosis.fingerprint import Fingerprint, case_key
from autograder.grading.diagnosis.known_mistakes import KnownMistake
from autograder.model import Struct


class StoredMistake(Struct):
    """One mistake: words for a student, and fingerprints by the key of a case."""

    id: str
    output: str
    message: str
    fingerprints: dict[str, Fingerprint]


def fingerprints(known_mistakes: Sequence[KnownMistake], cases: Iterable[Case], level: str) -> bytes:
    """Make the file for a release, as JSON.

    Parameters
    ----------
    known_mistakes : sequence of KnownMistake
        The homework's known mistakes.
    cases : iterable of Case
        The cases that the release has.
    level : str
        'nudge' or 'explain': the sentence that goes into the release.
    """
    keyed = {case_key(case): case for case in sorted(cases, key=case_key)}
    found = [_fingerprint(mistake, keyed, level) for mistake in known_mistakes]
    return b"[\n" + b",\n".join(msgspec.json.encode(one) for one in found if one.fingerprints) + b"\n]\n"


def _fingerprint(mistake: KnownMistake, cases: dict[str, Case], level: str) -> StoredMistake:
    found = ((key, mistake.fingerprint(case)) for key, case in cases.items())
    return StoredMistake(
        id=mistake.id,
        output=mistake.output,
        message=mistake.explain if level == "explain" else mistake.nudge,
        fingerprints={key: _rounded(fingerprint) for key, fingerprint in found if fingerprint is not None},
    )


def _rounded(fingerprint: Fingerprint) -> Fingerprint:
    """Keep the digits on which two machines agree, so that a release is the same everywhere.

    Seven are also too few to be taken for a private number: among thousands, eight meet one by chance.
    """
    if fingerprint.is_broken:
        return fingerprint
    return Fingerprint(
        shape=fingerprint.shape,
        products=tuple(float(f"{product:.7g}") + 0.0 for product in fingerprint.products),
        allowed=float(f"{2 * fingerprint.allowed + 1e-6 * max(map(abs, fingerprint.products)):.2g}"),
    )


def read_fingerprints(path: Path) -> tuple[KnownMistake, ...]:
    """Read the known mistakes of a release; there are none if it has no such file.

    Raises
    ------
    AssignmentError
        The file is damaged.
    """
    if not path.exists():
        return ()
    try:
        found = msgspec.json.decode(path.read_bytes(), type=list[StoredMistake])
    except (OSError, msgspec.MsgspecError) as error:
        raise AssignmentError(f"{path}: {error}", "Unpack the release again.") from error
    return tuple(_known(one) for one in found)


def _known(one: StoredMistake) -> KnownMistake:
    def fingerprint(case: Case) -> Fingerprint | None:
        return one.fingerprints.get(case_key(case))

    return KnownMistake(
        id=one.id, output=one.output, nudge=one.message, explain=one.message, fingerprint=fingerprint
    )
