"""Load known mistakes: wrong variants of the solution, with words for students who made the same mistake.

A homework's reference folder may hold

- ``mistakes.toml``: tables ``[<id>]`` with the `output` that goes wrong, a `nudge` that points at the
  idea, and an `explain` that teaches it; neither gives the solution away;
- ``mistakes.py``: ``VARIANTS``, which maps each id to a function from a `Case` to the wrong output, or that
  raises where a student's code would; ``ALSO``, which maps an id to further functions, for other ways to make
  the same mistake; and ``REGIMES``, which maps an id (without an `output`) to a function that says whether a
  `Case` fails, or None where that can't be said.
"""

from __future__ import annotations

import functools
import tomllib
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import msgspec
import numpy as np

from autograder.authoring.loading import load_module
from autograder.authoring.questions import Case
from autograder.authoring.student import Array
from autograder.errors import AssignmentError
from autograder.files import read_text
from autograder.grading.diagnosis.fingerprint import BROKEN, Fingerprint, case_key, fingerprint_of
from autograder.model import Struct

Run = Callable[[Case], Array]
# Cases of which a variant's outputs are kept: room for the fixed ones, while drawn ones come and go.
REMEMBERED = 128


class Words(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The table of one mistake in ``mistakes.toml``."""

    nudge: str
    explain: str
    output: str = ""


class KnownMistake(Struct):
    """A wrong variant: its id, the output that goes wrong, words for a student, and fingerprints.

    `fingerprint` gives that of the variant's output on a case, `BROKEN` where it raises, None if unknown.
    """

    id: str
    output: str
    nudge: str
    explain: str
    fingerprint: Callable[[Case], Fingerprint | None]


class Regime(Struct):
    """Cases that fail together, with words for a student.

    `fails` decides for each case; None where the regime does not tell.
    """

    id: str
    nudge: str
    explain: str
    fails: Callable[[Case], bool | None]


def load_known_mistakes(folder: Path) -> tuple[KnownMistake, ...]:
    """Load the known mistakes of a reference folder; there are none if a file is missing.

    Raises
    ------
    AssignmentError
        A file can't be read, or the two have different ids.
    """
    known, tables = _load(folder)
    also: Mapping[str, Sequence[Run]] = tables.get("ALSO", {})
    return tuple(
        KnownMistake(
            id=name,
            output=known[name].output,
            nudge=known[name].nudge,
            explain=known[name].explain,
            fingerprint=_fingerprinter(run),
        )
        for name, main in tables.get("VARIANTS", {}).items()
        for run in (*also.get(name, ()), main)
    )


def load_regimes(folder: Path) -> tuple[Regime, ...]:
    """Load the regimes of a reference folder; raise as `load_known_mistakes` does."""
    known, tables = _load(folder)
    return tuple(
        Regime(id=name, nudge=known[name].nudge, explain=known[name].explain, fails=fails)
        for name, fails in tables.get("REGIMES", {}).items()
    )


def _load(folder: Path) -> tuple[dict[str, Words], dict[str, Any]]:
    """Give the words by id, and the tables of functions by name."""
    words, code = folder / "mistakes.toml", folder / "mistakes.py"
    if not words.exists() or not code.exists():
        return {}, {}
    try:
        known = msgspec.convert(tomllib.loads(read_text(words)), dict[str, Words])
    except ValueError as error:
        raise AssignmentError(f"{words}: {error}", "docs/assignments.md describes the file.") from error
    tables = vars(load_module(code))
    ids = {*tables.get("VARIANTS", ()), *tables.get("ALSO", ()), *tables.get("REGIMES", ())}
    for name in sorted(known.keys() ^ ids):
        lacking, having = (code, words) if name in known else (words, code)
        raise AssignmentError(f"{lacking}: the mistake `{name}` is missing; {having.name} has it")
    return known, tables


class _Keyed:
    """A case that is equal to another with the same inputs."""

    def __init__(self, case: Case) -> None:
        self.case, self._key = case, case_key(case)

    def __hash__(self) -> int:
        return hash(self._key)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Keyed) and self._key == other._key


def _fingerprinter(run: Run) -> Callable[[Case], Fingerprint | None]:
    """Run a variant, once for each of the cases that every submission is asked."""

    @functools.lru_cache(maxsize=REMEMBERED)
    def fingerprint(keyed: _Keyed) -> Fingerprint | None:
        try:
            with np.errstate(all="ignore"):
                return fingerprint_of(run(keyed.case), precision(keyed.case))
        except Exception:
            return BROKEN  # a wrong variant may fail in any way on sizes that do not fit it

    return lambda case: fingerprint(_Keyed(case))


def precision(case: Case) -> type[np.floating]:
    """Give the precision with which a case may be computed: that of its least exact array."""
    arrays = (value for value in case.inputs.values() if isinstance(value, np.ndarray))
    return np.float32 if any(array.dtype == np.float32 for array in arrays) else np.float64
