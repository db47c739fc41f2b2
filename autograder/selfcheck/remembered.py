"""Remember what was found, so that a check of what has not changed is quick.

What a check found is kept in the user's cache under a hash of all that decides it: the files that are judged,
the release with its questions and support code, this program, and Python with its packages. The cache may be
deleted at any time. A file there that can't be read, or was made by another version, counts as none.

Only what would be found again is kept: a check that passed or failed. A limit of time, an exception, and a
fault of the grader may be the machine's state, and a speed that was lost may be a busy machine's.
"""

from __future__ import annotations

import contextlib
import hashlib
import sys
from collections.abc import Mapping
from pathlib import Path

import msgspec
import numpy as np

from autograder import version
from autograder.assignment import Speed
from autograder.authoring.context import CheckContext
from autograder.authoring.kinds import CheckKind
from autograder.authoring.specs import CheckSpec
from autograder.course import Course, hash_files
from autograder.files import PRIVATE, cache_dir, write_atomically
from autograder.model import Finding, Status, Struct, Submission

# Notebooks that are remembered.
MOST = 50


class Remembered(Struct):
    """The findings of a notebook by check, and the hash of all that decided them."""

    key: str
    findings: dict[str, Finding] = {}


class Memory:
    """Hold the findings of one notebook: those of an earlier check, and those that are made now.

    Parameters
    ----------
    path : Path
        The file that keeps it.
    key : str
        The hash of all that decides the findings.
    """

    def __init__(self, path: Path, key: str) -> None:
        self._path = path
        self._key = key
        self.before = _read(path, key)
        self._now = dict(self.before)

    def keep(self, spec: CheckSpec, finding: Finding) -> None:
        """Take in what was found now, if it would be found again."""
        lost = finding.status is Status.FAILED and not _too_slow(spec, finding)
        if lost or finding.status is Status.PASSED:
            self._now[spec.id] = finding

    def write(self) -> None:
        """Write what is new. A cache that can't be written to is no error."""
        if self._now == self.before:
            return
        content = msgspec.json.encode(Remembered(key=self._key, findings=self._now))
        with contextlib.suppress(OSError):
            write_atomically(self._path, content, mode=PRIVATE)
            _sweep(self._path.parent)

    def remembering(self, kinds: Mapping[str, CheckKind]) -> Mapping[str, CheckKind]:
        """Have each kind of check tell what it finds."""
        return {name: self._remembering(kind) for name, kind in kinds.items()}

    def _remembering(self, kind: CheckKind) -> CheckKind:
        def run(spec: CheckSpec, context: CheckContext) -> Finding:
            finding = kind.run(spec, context)
            self.keep(spec, finding)
            return finding

        return msgspec.structs.replace(kind, run=run)


def memory_for(course: Course, submission: Submission) -> Memory:
    """Give what is remembered of a notebook in this folder, for just these files of it."""
    files = [(one.path, one.sha256) for one in submission.files]
    decides = repr((files, submission.notices, course.cases_sha256(), _program(), _python()))
    place = f"{course.definition.resolve()}\0{submission.learner}"
    name = hashlib.sha256(place.encode("utf-8", "backslashreplace")).hexdigest()[:24]
    key = hashlib.sha256(decides.encode("utf-8", "backslashreplace")).hexdigest()
    return Memory(cache_dir() / "self-check" / f"{name}.json", key)


def _too_slow(spec: CheckSpec, finding: Finding) -> bool:
    """Say whether a measured ratio of speeds is less than was expected."""
    if not isinstance(spec, Speed):
        return False
    ratios = [value for name, value in finding.metrics.items() if name.endswith("_speedup")]
    return any(isinstance(ratio, float) and ratio < spec.min_ratio for ratio in ratios)


def _sweep(folder: Path) -> None:
    """Remove all but the newest files."""
    kept = sorted(folder.glob("*.json"), key=lambda path: path.stat().st_mtime, reverse=True)
    for path in kept[MOST:]:
        path.unlink(missing_ok=True)


def _program() -> str:
    """Hash this program. A checkout changes without its version."""
    return hash_files(Path(version.__file__).parent.rglob("*.py"))


def _python() -> str:
    """Name this Python with the packages that it has."""
    packages = sorted({path for one in sys.path for path in Path(one or ".").glob("*.dist-info")})
    return repr((sys.version, sys.platform, np.__version__, [path.name for path in packages]))


def _read(path: Path, key: str) -> dict[str, Finding]:
    try:
        kept = msgspec.json.decode(path.read_bytes(), type=Remembered)
    except (OSError, msgspec.DecodeError):
        return {}
    return kept.findings if kept.key == key else {}
