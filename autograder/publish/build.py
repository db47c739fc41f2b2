"""Build a release as a folder and a zip, whole or not at all.

::

    <notebook>                what students fill in and hand in
    <support code>/           with the source of the compiled layers, so that it builds there
    <other files>             those that hand_out in assignment.toml names
    check/assignment.toml     the visible part of the assignment
    check/<questions>         the visible questions
    check/mistakes.json       fingerprints of known mistakes on the visible cases
    check/given.ipynb         the notebook as it was handed out
    numerical_autograder_check-….whl    the self-check, pure Python
    README.md LICENSE         if the source has a README.student.md, and the course a LICENSE
    SHA256SUMS                the checksums of all other files

The zip has these files in a folder with the assignment's name. The wheel, the checksums and the zip are built
and not committed. Equal sources give equal bytes.
"""

from __future__ import annotations

import contextlib
import hashlib
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import msgspec
import numpy as np

import autograder
from autograder.authoring.questions import Case, Comparison
from autograder.course import CHECK, DEFINITION, GIVEN, MISTAKES, Course, find_course, written_files
from autograder.errors import ReleaseError
from autograder.files import write_atomically
from autograder.grading.diagnosis import case_key, fingerprints, known_mistakes_of
from autograder.grading.preflight import require_sound
from autograder.grading.setup import kinds_of
from autograder.model import Struct
from autograder.publish.archive import zip_bytes
from autograder.publish.handout import STUDENT_README, dangling, handed_out, left_out
from autograder.publish.leaks import find_leaks
from autograder.publish.notebook import student_notebook
from autograder.publish.toml import to_toml
from autograder.publish.wheel import students_wheel

CHECKSUMS = "SHA256SUMS"


class Release(Struct):
    """A release that was built: its folder, the zip beside it, and the number of files.

    `left_out` names the source's files that students do not receive.
    """

    folder: Path
    archive: Path
    files: int
    left_out: tuple[str, ...]


def release_files(root: Path, identity: str) -> dict[str, bytes]:
    """Make the files of a release, by their names in it.

    Raises
    ------
    ReleaseError
        Something is missing in the source, or a file would give something private away.
    """
    course = find_course(root, identity)
    require_sound(course, kinds_of(course))
    source, assignment = course.definition.parent, course.assignment
    notebook = student_notebook(source / assignment.notebook, root / "nbgrader_config.py").encode()
    files = {assignment.notebook: notebook, f"{CHECK}/{GIVEN}": notebook}
    if assignment.questions:
        files[f"{CHECK}/{assignment.questions}"] = _read(source / assignment.questions)
    mistakes = known_mistakes_of(course)
    if mistakes and assignment.hint_level != "none":
        files[f"{CHECK}/{MISTAKES}"] = fingerprints(mistakes, _visible_cases(course), assignment.hint_level)
    files[f"{CHECK}/{DEFINITION}"] = _definition(course)
    for name, path in (("README.md", source / STUDENT_README), ("LICENSE", root / "LICENSE")):
        if path.exists():
            files[name] = _read(path)
    files |= {name: _read(path) for name, path in handed_out(root, course).items()}
    packages = (*assignment.sandbox.imports, *assignment.sandbox.tools)
    name, wheel = students_wheel(Path(autograder.__file__).parent, packages)
    files[name] = wheel
    files[CHECKSUMS] = _checksums(files)
    _refuse_leaks(root, identity, files)
    _refuse_dangling(course, files)
    return files


def build(root: Path, identity: str, into: Path, prove: Callable[[], None] = lambda: None) -> Release:
    """Build ``into/<identity>/`` and ``into/<identity>.zip``, whole or not at all.

    Parameters
    ----------
    root, identity
        The course's folder, and the assignment in it.
    into : Path
        The folder of releases.
    prove : callable
        Called with the new folder in its place; raises if the release does not prove itself.

    Raises
    ------
    ReleaseError
        See `release_files`. After any error, also from `prove`, the old release is as it was.
    """
    files = release_files(root, identity)
    into.mkdir(parents=True, exist_ok=True)
    folder, archive = into / identity, into / f"{identity}.zip"
    with tempfile.TemporaryDirectory(dir=into, prefix=f".{identity}.") as scratch:
        fresh = Path(scratch) / "fresh"
        for name, content in files.items():
            (fresh / name).parent.mkdir(parents=True, exist_ok=True)
            (fresh / name).write_bytes(content)
        with _exchanged(folder, fresh, Path(scratch) / "old"):
            prove()
    write_atomically(archive, zip_bytes(files, folder=f"{identity}/"))
    left = tuple(left_out(find_course(root, identity), files))
    return Release(folder=folder, archive=archive, files=len(files), left_out=left)


@contextlib.contextmanager
def _exchanged(folder: Path, fresh: Path, aside: Path) -> Iterator[None]:
    """Put a fresh folder in the place of the old one; an error in the block puts the old one back."""
    if folder.exists():
        folder.rename(aside)
    try:
        fresh.rename(folder)
        yield
    except BaseException:
        if folder.exists():
            folder.rename(fresh)
        if aside.exists():
            aside.rename(folder)
        raise


def stale(root: Path, identity: str) -> list[str]:
    """Name the files of the release that differ from those that the source gives now.

    The wheel, the checksums and the zip may be missing: they are built and not committed. Files that
    compiling and running left in the release do not count.
    """
    wanted = release_files(root, identity)
    folder = root / "release" / identity
    archive = folder.with_name(f"{identity}.zip")
    found = {name: path.read_bytes() for name, path in written_files(folder)}
    missing = {name for name in wanted if name not in found and not is_built(name)}
    differing = {name for name, content in found.items() if wanted.get(name) != content}
    if archive.exists() and archive.read_bytes() != zip_bytes(wanted, folder=f"{identity}/"):
        differing.add(archive.name)
    return sorted(missing | differing)


def is_built(name: str) -> bool:
    """Decide whether a file of a release is built on each machine and not committed."""
    return name == CHECKSUMS or name.endswith((".whl", ".zip"))


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise ReleaseError(f"{path}: can't be read: {error.strerror}") from error


def _definition(course: Course) -> bytes:
    table = msgspec.to_builtins(course.assignment.visible_part())
    return ("# What `autograder check` checks.\n\n" + to_toml(table)).encode()


def _visible_cases(course: Course) -> Iterator[Case]:
    """Give the cases of the visible comparisons that are the same for everybody."""
    for name in sorted(course.authored.visible):
        question = course.authored.questions[name]
        if isinstance(question, Comparison):
            first, second = (question.cases(np.random.default_rng(seed)) for seed in (1, 2))
            known = {case_key(case) for case in second}
            yield from (case for case in first if case_key(case) in known)


def _checksums(files: dict[str, bytes]) -> bytes:
    lines = (f"{hashlib.sha256(content).hexdigest()}  {name}\n" for name, content in sorted(files.items()))
    return "".join(lines).encode()


def _refuse_leaks(root: Path, identity: str, files: dict[str, bytes]) -> None:
    leaks = find_leaks(root, identity, files)
    if leaks:
        shown = "\n  ".join(f"{leak.file}: {leak.what}" for leak in leaks[:10])
        raise ReleaseError(
            f"the release would give away {len(leaks)} private passages or numbers:\n  {shown}",
            "Close the region around each of them, or take them out of the files that students receive.",
        )


def _refuse_dangling(course: Course, files: dict[str, bytes]) -> None:
    problems = list(dangling(files, left_out(course, files)))
    if problems:
        raise ReleaseError(
            "\n".join(problems),
            f"Name each of these files in hand_out in {course.definition}, or take the line out.",
        )
