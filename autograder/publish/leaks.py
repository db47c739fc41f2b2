"""Proof that nothing private goes out: every private line and number is looked for in every file.

Private are the solutions and hidden tests of the source notebook, the code of ``reference/<id>/``, and
the numbers frozen there. They are looked for in plain text, inside zips and wheels, in base64, and, for
numbers, as digits and as raw bytes.

A line counts if it has at least `MIN_LINE` characters without the blanks around it, and does not stand
in what is public anyway: the support code, ``ext/``, the visible questions and the engine.
"""

from __future__ import annotations

import base64
import io
import json
import re
import zipfile
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

import numpy as np

import autograder
from autograder.course import Course, find_course
from autograder.model import Struct

MIN_LINE = 25
_REGIONS = (("BEGIN SOLUTION", "END SOLUTION"), ("BEGIN HIDDEN TESTS", "END HIDDEN TESTS"))
_BASE64 = re.compile(rb"[A-Za-z0-9+/]{48,}={0,2}")
_NUMBER = re.compile(rb"(\d+\.\d{7})\d+")


class Leak(Struct):
    """Something private in a file that would go out."""

    file: str
    what: str


class Secrets(Struct):
    """What must not go out: lines of text, numbers as digits, arrays as bytes."""

    lines: frozenset[bytes]
    numbers: frozenset[bytes]
    arrays: tuple[bytes, ...]


def find_leaks(root: Path, identity: str, files: Mapping[str, bytes]) -> list[Leak]:
    """Search a release's files, by name, for anything private of the assignment."""
    secrets = gather_secrets(find_course(root, identity), root)
    return [leak for name, content in sorted(files.items()) for leak in _search(name, content, secrets)]


def gather_secrets(course: Course, root: Path) -> Secrets:
    """Collect what is private in an assignment's source and reference."""
    source = course.definition.parent / course.assignment.notebook
    lines = set(_private_lines(source))
    arrays: list[np.ndarray] = []
    for path in sorted(course.reference.rglob("*")) if course.reference else []:
        if path.suffix == ".py":
            lines.update(path.read_bytes().splitlines())
        elif path.suffix == ".npz":
            with np.load(path) as archive:
                arrays += [archive[name] for name in archive.files]
    counted = {line.strip() for line in lines}
    public = set(_public_lines(course, root))
    return Secrets(
        lines=frozenset(line for line in counted if len(line) >= MIN_LINE and line not in public),
        numbers=frozenset(digits for array in arrays for digits in _digits(array)),
        arrays=tuple(array.tobytes() for array in arrays if array.nbytes >= 32),
    )


def _private_lines(notebook: Path) -> Iterator[bytes]:
    cells = json.loads(notebook.read_text(encoding="utf-8"))["cells"]
    for cell in cells:
        end = ""
        for line in "".join(cell["source"]).splitlines():
            opened = next((after for before, after in _REGIONS if before in line), "")
            if end and end in line:
                end = ""
            elif opened:
                end = opened
            elif end:
                yield line.encode()


def _public_lines(course: Course, root: Path) -> Iterator[bytes]:
    folders = [*course.support, root / "ext", Path(autograder.__file__).parent]
    files = [p for folder in folders for p in folder.rglob("*") if p.suffix in (".py", ".pyx", ".h", ".c")]
    for path in [*files, course.definition.parent / course.assignment.questions]:
        yield from (line.strip() for line in path.read_bytes().splitlines())


def _digits(array: np.ndarray) -> Iterator[bytes]:
    """Numbers as NumPy prints them, to seven decimals; a few of each array will do."""
    if array.dtype.kind != "f":
        return
    for value in array.ravel()[:20]:
        if abs(value) > 1e-3:
            yield f"{abs(value):.9f}"[:-2].encode()


def _search(name: str, content: bytes, secrets: Secrets, depth: int = 0) -> Iterator[Leak]:
    yield from _search_text(name, content, secrets)
    if any(array in content for array in secrets.arrays):
        yield Leak(file=name, what="a frozen array's bytes")
    if depth < 4:
        for inner, data in _inside(name, content):
            yield from _search(inner, data, secrets, depth + 1)


def _search_text(name: str, content: bytes, secrets: Secrets) -> Iterator[Leak]:
    for number, line in enumerate(_lines(content), 1):
        if line.strip() in secrets.lines:
            yield Leak(file=f"{name}:{number}", what=line.strip().decode(errors="replace"))
        for digits in secrets.numbers.intersection(_NUMBER.findall(line)):
            yield Leak(file=f"{name}:{number}", what=f"a frozen value, {digits.decode()}…")


def _lines(content: bytes) -> Iterable[bytes]:
    """A file's lines; a notebook's are those of its cells, which its JSON escapes."""
    if content[:1] != b"{":
        return content.splitlines()
    try:
        cells = json.loads(content)["cells"]
        return [line.encode() for cell in cells for line in "".join(cell["source"]).splitlines()]
    except (ValueError, KeyError, TypeError):
        return content.splitlines()


def _inside(name: str, content: bytes) -> Iterator[tuple[str, bytes]]:
    """What a file holds in another form: a zip's members, base64."""
    if content[:4] == b"PK\x03\x04":
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            for member in archive.namelist():
                yield f"{name}/{member}", archive.read(member)
    for number, blob in enumerate(_BASE64.findall(content)):
        whole = blob[: len(blob) // 4 * 4]
        try:
            yield f"{name} (base64 {number})", base64.b64decode(whole, validate=True)
        except ValueError:
            continue
