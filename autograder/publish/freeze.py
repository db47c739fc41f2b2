"""Write an assignment's frozen outputs, or name those that its reference no longer gives."""

from __future__ import annotations

import hashlib
import io
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from autograder.authoring.frozen import Freeze, frozen_bytes, hash_path, read_frozen
from autograder.authoring.student import Array
from autograder.course import find_course
from autograder.errors import AssignmentError
from autograder.files import write_atomically

# Relative to the largest number of an array: far above rounding of float64, far below any change of meaning.
ROUNDING = 1e-12


def freeze(root: Path, identity: str) -> list[Path]:
    """Write every file of the table ``FROZEN`` in ``reference/<id>/questions.py``, and its SHA-256.

    A file stays as it is if its numbers differ from the reference's only by rounding.

    Returns
    -------
    list of Path
        The files that were written.

    Raises
    ------
    AssignmentError
        There is no such table, or one of its functions fails; then no file was changed.
    """
    contents = {path: content for path, content in _frozen(root, identity) if not _is_same(path, content)}
    for path, content in contents.items():
        write_atomically(path, content)
        write_atomically(hash_path(path), hashlib.sha256(content).hexdigest() + "\n")
    return list(contents)


def differing(root: Path, identity: str) -> list[Path]:
    """Name the frozen files that differ from what the reference gives now; raise as `freeze` does."""
    return [path for path, content in _frozen(root, identity) if not _is_same(path, content)]


def _is_same(path: Path, content: bytes) -> bool:
    """Decide whether a file is whole and holds these arrays, up to the rounding of other libraries."""
    try:
        old = read_frozen(path)
    except (AssignmentError, ValueError, OSError):
        return False
    with np.load(io.BytesIO(content), allow_pickle=False) as arrays:
        return list(old) == arrays.files and all(_agree(old[name], arrays[name]) for name in old)


def _agree(old: Array, new: Array) -> bool:
    if old.shape != new.shape or old.dtype != new.dtype:
        return False
    if old.dtype.kind not in "fc" or not old.size:
        return np.array_equal(old, new)
    largest = float(np.max(np.abs(old)))
    return np.allclose(old, new, rtol=ROUNDING, atol=ROUNDING * largest, equal_nan=True)


def _frozen(root: Path, identity: str) -> Iterator[tuple[Path, bytes]]:
    course = find_course(root, identity)
    assert course.reference is not None  # a course folder has one, a release does not
    questions = course.reference / "questions.py"
    if not course.authored.frozen:
        raise AssignmentError(
            f"{questions}: has no table FROZEN, so there is nothing to freeze",
            'Expected: FROZEN = {"outputs.npz": function}, where function() gives arrays by name.',
        )
    for name, function in course.authored.frozen.items():
        yield course.reference / name, _computed(questions, name, function)


def _computed(questions: Path, name: str, function: Freeze) -> bytes:
    try:
        return frozen_bytes(function())
    except (Exception, SystemExit) as error:  # an author's code may raise anything
        raise AssignmentError(
            f"{questions}: FROZEN[{name!r}] gives no arrays by name: {type(error).__name__}: {error}"
        ) from error
