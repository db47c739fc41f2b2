"""Assembling a release: the files by name, then a folder and a zip, whole or not at all."""

from __future__ import annotations

import hashlib
import tempfile
from pathlib import Path

import msgspec

import autograder
from autograder.course import CHECK, DEFINITION, GIVEN, Course, find_course
from autograder.errors import ReleaseError
from autograder.model import Struct
from autograder.publish.archive import zip_bytes
from autograder.publish.leaks import find_leaks
from autograder.publish.notebook import student_notebook
from autograder.publish.wheel import engine_wheel
from autograder.report.files import write_atomically

_STUDENT_README = "README.student.md"
_SUPPORT_SUFFIXES = (".py", ".toml", ".md", ".txt", ".pyx", ".pxd", ".pxi", ".h", ".c")


class Release(Struct):
    """What was built: the folder, the zip beside it, and how many files are in it."""

    folder: Path
    archive: Path
    files: int


def release_files(root: Path, identity: str) -> dict[str, bytes]:
    """All the files of a release by their names in it.

    Raises
    ------
    ReleaseError
        Something is missing in the source, or something private would go out.
    """
    course = find_course(root, identity)
    source = course.definition.parent
    notebook = student_notebook(source / course.assignment.notebook, root / "nbgrader_config.py").encode()
    files = {
        course.assignment.notebook: notebook,
        f"{CHECK}/{GIVEN}": notebook,
        f"{CHECK}/{DEFINITION}": _definition(course),
        f"{CHECK}/{course.assignment.questions}": (source / course.assignment.questions).read_bytes(),
        "README.md": _read(source / _STUDENT_README),
        "LICENSE": _read(root / "LICENSE"),
    }
    files |= _support(root, course)
    name, wheel = engine_wheel(Path(autograder.__file__).parent, root / "pyproject.toml")
    files[name] = wheel
    files["SHA256SUMS"] = _checksums(files)
    _refuse_leaks(root, identity, files)
    return files


def build(root: Path, identity: str, into: Path) -> Release:
    """Build ``into/<identity>/`` and ``into/<identity>.zip``; the old ones stand until the new are whole."""
    files = release_files(root, identity)
    into.mkdir(parents=True, exist_ok=True)
    folder, archive = into / identity, into / f"{identity}.zip"
    with tempfile.TemporaryDirectory(dir=into, prefix=f".{identity}.") as scratch:
        fresh = Path(scratch) / "fresh"
        for name, content in files.items():
            (fresh / name).parent.mkdir(parents=True, exist_ok=True)
            (fresh / name).write_bytes(content)
        if folder.exists():
            folder.rename(Path(scratch) / "old")
        fresh.rename(folder)
    write_atomically(archive, zip_bytes(files, folder=f"{identity}/"))
    return Release(folder=folder, archive=archive, files=len(files))


def stale(root: Path, identity: str) -> list[str]:
    """The files in which the committed release differs from what the source gives now."""
    wanted = release_files(root, identity)
    folder = root / "release" / identity
    there = {p.relative_to(folder).as_posix(): p for p in folder.rglob("*") if _is_ours(p)}
    differing = [n for n, content in wanted.items() if n not in there or there[n].read_bytes() != content]
    differing += [name for name in there if name not in wanted]
    archive = folder.with_suffix(".zip")
    if not archive.exists() or archive.read_bytes() != zip_bytes(wanted, folder=f"{identity}/"):
        differing.append(archive.name)
    return sorted(differing)


def _is_ours(path: Path) -> bool:
    """Not what compiling or running in the release leaves behind."""
    if not path.is_file() or {"__pycache__", "build", ".ipynb_checkpoints"} & set(path.parts):
        return False
    generated_c = path.suffix == ".c" and path.with_suffix(".pyx").exists()
    return path.suffix not in (".so", ".pyd", ".pyc") and not generated_c


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise ReleaseError(f"{path}: can't be read: {error.strerror}") from error


def _definition(course: Course) -> bytes:
    try:
        import tomli_w
    except ImportError as error:
        raise ReleaseError("a release needs tomli-w", "pip install 'autograder[instructor]'") from error
    table = msgspec.to_builtins(course.assignment.visible_part())
    head = f"# {course.assignment.title}: what `autograder check` checks.\n\n"
    return (head + tomli_w.dumps(_without_none(table))).encode()


def _without_none(value: object) -> object:
    """TOML has no null: an absent key means the default."""
    if isinstance(value, dict):
        return {key: _without_none(item) for key, item in value.items() if item is not None}
    if isinstance(value, list | tuple):
        return [_without_none(item) for item in value]
    return value


def _support(root: Path, course: Course) -> dict[str, bytes]:
    """The support code, with the extension's source in the first folder."""
    files: dict[str, bytes] = {}
    for folder in course.support:
        for path in sorted(folder.rglob("*")):
            if path.suffix in _SUPPORT_SUFFIXES and "__pycache__" not in path.parts and _is_ours(path):
                files[f"{folder.name}/{path.relative_to(folder).as_posix()}"] = path.read_bytes()
    extension = course.assignment.sandbox.extension
    if extension and course.support:
        for path in sorted((root / "ext").glob("*")):
            if path.suffix in _SUPPORT_SUFFIXES and _is_ours(path):
                files[f"{course.support[0].name}/{path.name}"] = path.read_bytes()
    return files


def _checksums(files: dict[str, bytes]) -> bytes:
    lines = (f"{hashlib.sha256(content).hexdigest()}  {name}\n" for name, content in sorted(files.items()))
    return "".join(lines).encode()


def _refuse_leaks(root: Path, identity: str, files: dict[str, bytes]) -> None:
    leaks = find_leaks(root, identity, files)
    if leaks:
        shown = "\n  ".join(f"{leak.file}: {leak.what}" for leak in leaks[:10])
        raise ReleaseError(
            f"the release would give away {len(leaks)} private things:\n  {shown}",
            "Close the solution's region, or move the line out of what students receive.",
        )
