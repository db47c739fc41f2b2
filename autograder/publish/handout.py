"""Choose the source's files that students receive beside the notebook, and find lines that name another.

The support code's own kinds of files go out without being named. Everything else goes out where a pattern of
``hand_out`` in ``assignment.toml`` names it.
"""

from __future__ import annotations

import fnmatch
import json
import re
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path, PurePosixPath
from urllib.parse import unquote

from autograder.assignment import Problem, located
from autograder.course import CHECK, Course, written_files
from autograder.errors import ReleaseError, suggestion

STUDENT_README = "README.student.md"
_CODE = (".py", ".toml", ".md", ".txt", ".pyx", ".pxd", ".pxi", ".h", ".c", ".cpp")
_READ = (".ipynb", ".py", ".md", ".txt", ".toml", ".html", ".rst")


def handed_out(root: Path, course: Course) -> dict[str, Path]:
    """List the support code, the compiled module's sources and what ``hand_out`` names, by their names.

    Raises
    ------
    ReleaseError
        The compiled module has no source.
    AssignmentError
        A pattern of ``hand_out`` names no file.
    """
    files = {
        f"{folder.name}/{name}": path
        for folder in course.support
        for name, path in written_files(folder)
        if path.suffix in _CODE
    }
    return files | dict(_extension(root, course)) | _wanted(course)


def left_out(course: Course, released: Iterable[str]) -> list[str]:
    """Name the source's files that are not in the release and have no other way to the students."""
    return sorted(_others(course).keys() - set(released))


def dangling(released: Mapping[str, bytes], missing: Iterable[str]) -> Iterator[str]:
    """Find the released lines that name a file which is not in the release.

    Parameters
    ----------
    released : mapping of str to bytes
        The release's files.
    missing : iterable of str
        The names of files that were left out. A line may name one by its path or by its last part, unless a
        released file has the same last part.
    """
    ambiguous = {PurePosixPath(name).name for name in released}
    names = {last for one in missing for last in (one, PurePosixPath(one).name)} - ambiguous
    if not names:
        return
    longest_first = sorted(names, key=len, reverse=True)
    named = re.compile(rf"(?<![\w.-])(?:{'|'.join(map(re.escape, longest_first))})(?![\w-])")
    for file, content in released.items():
        if PurePosixPath(file).suffix in _READ and not file.startswith(f"{CHECK}/"):
            for place, line in _lines(file, content):
                if found := named.search(unquote(line)):
                    yield f"{place}: names `{found[0]}`, which students would not receive"


def _lines(file: str, content: bytes) -> Iterator[tuple[str, str]]:
    """Give the lines of a released file with their places; those of a notebook cell by cell."""
    text = content.decode("utf-8", "replace")
    if file.endswith(".ipynb"):
        for number, cell in enumerate(json.loads(text)["cells"], 1):
            for line, one in enumerate("".join(cell["source"]).splitlines(), 1):
                yield f"{file}, cell {number}, line {line}", one
    else:
        for line, one in enumerate(text.splitlines(), 1):
            yield f"{file}:{line}", one


def _others(course: Course) -> dict[str, Path]:
    """List the files in the source's folder that the release does not make something else of."""
    made = {
        course.definition.name,
        course.assignment.notebook,
        course.assignment.questions,
        STUDENT_README,
    }
    return {name: path for name, path in written_files(course.definition.parent) if name not in made}


def _wanted(course: Course) -> dict[str, Path]:
    """List the files that the patterns of ``hand_out`` name."""
    others = _others(course)
    chosen: dict[str, Path] = {}
    for pattern in course.assignment.hand_out:
        names = fnmatch.filter(others, pattern)
        if not names:
            message = f"hand_out = {pattern!r} names no file here; {suggestion(pattern, others)}"
            raise located(course.definition, [Problem(at=("hand_out",), message=message)])
        chosen |= {name: others[name] for name in names}
    return chosen


def _extension(root: Path, course: Course) -> Iterator[tuple[str, Path]]:
    """List the compiled module's sources, ``ext/<extension>*``; they go into the first support folder."""
    name = course.assignment.sandbox.extension
    if not name:
        return
    if not (root / "ext" / f"{name}.pyx").exists() or not course.support:
        raise ReleaseError(
            f"{root / 'ext' / name}.pyx must exist, and a support folder to copy it to",
            f"[sandbox] extension in {course.definition} names it.",
        )
    for inside, path in written_files(root / "ext"):
        if inside.startswith(name) and path.suffix in _CODE:
            yield f"{course.support[0].name}/{inside}", path
