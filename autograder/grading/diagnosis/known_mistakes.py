"""Load known mistakes: wrong variants of the solution, with words for students who made the same mistake.

A homework's reference folder may hold

- ``mistakes.toml``: tables ``[<id>]`` with the `output` that goes wrong, a `nudge` that points at the
  idea, and an `explain` that teaches it; neither gives the solution away;
- ``mistakes.py``: ``VARIANTS``, which maps each id to a function from a `Case` to the wrong output.
"""

from __future__ import annotations

import tomllib
from collections.abc import Callable
from pathlib import Path

import msgspec
import numpy as np

from autograder.authoring.loading import load_module
from autograder.authoring.questions import Case
from autograder.authoring.student import Array
from autograder.errors import AssignmentError
from autograder.grading.diagnosis.fingerprint import Fingerprint, fingerprint_of
from autograder.model import Struct

Run = Callable[[Case], Array]


class Words(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The table of one mistake in ``mistakes.toml``."""

    output: str
    nudge: str
    explain: str


class KnownMistake(Struct):
    """A wrong variant: its id, the output that goes wrong, words for a student, and fingerprints.

    `fingerprint` gives that of the variant's output on a case, or None if the variant has no output there.
    """

    id: str
    output: str
    nudge: str
    explain: str
    fingerprint: Callable[[Case], Fingerprint | None]


def load_known_mistakes(folder: Path) -> tuple[KnownMistake, ...]:
    """Load the known mistakes of a reference folder; there are none if a file is missing.

    Raises
    ------
    AssignmentError
        A file can't be read, or the two have different ids.
    """
    words, code = folder / "mistakes.toml", folder / "mistakes.py"
    if not words.exists() or not code.exists():
        return ()
    try:
        known = msgspec.convert(tomllib.loads(words.read_text(encoding="utf-8")), dict[str, Words])
    except (OSError, ValueError) as error:
        raise AssignmentError(f"{words}: {error}", "docs/assignments.md describes the file.") from error
    variants: dict[str, Run] = getattr(load_module(code), "VARIANTS", {})
    for name in sorted(known.keys() ^ variants.keys()):
        lacking, having = (code, words) if name in known else (words, code)
        raise AssignmentError(f"{lacking}: the mistake `{name}` is missing; {having.name} has it")
    return tuple(
        KnownMistake(
            id=name,
            output=w.output,
            nudge=w.nudge,
            explain=w.explain,
            fingerprint=_fingerprinter(variants[name]),
        )
        for name, w in known.items()
    )


def _fingerprinter(run: Run) -> Callable[[Case], Fingerprint | None]:
    def fingerprint(case: Case) -> Fingerprint | None:
        try:
            with np.errstate(all="ignore"):
                return fingerprint_of(run(case), precision(case))
        except Exception:
            return None  # a wrong variant may fail in any way on sizes that do not fit it

    return fingerprint


def precision(case: Case) -> type[np.floating]:
    """Give the precision with which a case may be computed: that of its least exact array."""
    arrays = (value for value in case.inputs.values() if isinstance(value, np.ndarray))
    return np.float32 if any(array.dtype == np.float32 for array in arrays) else np.float64
