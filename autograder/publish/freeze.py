"""Write an assignment's frozen outputs, or name the files that its reference no longer gives."""

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
    """Write the `differing` files and their SHA-256, and name them."""
    contents = differing(root, identity)
    for path, content in contents.items():
        write_atomically(path, content)
        write_atomically(hash_path(path), hashlib.sha256(content).hexdigest() + "\n")
    return list(contents)


def differing(root: Path, identity: str) -> dict[Path, bytes]:
    """Give the new contents of the frozen files that differ from the reference by more than rounding.

    The table ``FROZEN`` in ``reference/<id>/questions.py`` names the files. Raises `AssignmentError` if there
    is no such table, or if one of its functions fails.
    """
    return {path: content for path, content in _frozen(root, identity) if not _is_same(path, content)}


def _is_same(path: Path, content: bytes) -> bool:
    """Decide whether a file is intact and has these arrays, up to rounding."""
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
