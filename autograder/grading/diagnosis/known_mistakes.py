"""KnownMistakes: known wrong variants, each with a sentence for those whose outputs are the same.

A homework's reference folder may hold

- ``mistakes.toml``: tables ``[<id>]`` with the `output` that goes wrong, a `nudge` that points at the
  idea, and an `explain` that teaches it; neither gives the solution away;
- ``mistakes.py``: ``VARIANTS``, for each id a function of a `Case` that gives the wrong output.
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
    """What ``mistakes.toml`` says of a mistake."""

    output: str
    nudge: str
    explain: str


class KnownMistake(Struct):
    """A wrong variant: what it is called, which output it spoils, what to say, and what it leaves.

    `fingerprint` gives what the variant's output leaves on a case, None where it gives none there.
    """

    id: str
    output: str
    nudge: str
    explain: str
    fingerprint: Callable[[Case], Fingerprint | None]


def load_known_mistakes(folder: Path) -> tuple[KnownMistake, ...]:
    """The known_mistakes of a reference folder; none where it has no catalogue.

    Raises
    ------
    AssignmentError
        A file can't be read, or the two do not speak of the same mistakes.
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
        where = code if name in known else words
        raise AssignmentError(f"{where}: the mistake `{name}` is missing, which {folder.name} has elsewhere")
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
            return None  # a wrong variant breaks in any way where sizes do not fit it

    return fingerprint


def precision(case: Case) -> type[np.floating]:
    """The precision in which a case may be computed: that of its least exact array."""
    arrays = (value for value in case.inputs.values() if isinstance(value, np.ndarray))
    return np.float32 if any(array.dtype == np.float32 for array in arrays) else np.float64
