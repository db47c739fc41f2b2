"""Pack the parts of a course that grading needs, for machines that share no folder with this one."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Iterator
from pathlib import Path

from autograder.course import Course, written_files

# The hidden cases are in it: other users of a machine may pass through to the support code, and read no more.
_FOLDER, _PASSABLE = 0o700, 0o711


def pack_course(course: Course) -> bytes:
    """Give a zip of an assignment: source, reference, the released notebook and the compiled module.

    The data set is not in it; each machine has its own.
    """
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, path in _parts(course):
            archive.write(path, name)
    return buffer.getvalue()


def _parts(course: Course) -> Iterator[tuple[str, Path]]:
    identity, source = course.assignment.id, course.definition.parent
    data = course.assignment.data.folder if course.assignment.data else ""
    for name, path in written_files(source):
        if not data or not name.startswith(f"{data}/"):
            yield f"source/{identity}/{name}", path
    for name, path in written_files(course.reference) if course.reference else ():
        yield f"reference/{identity}/{name}", path
    yield f"release/{identity}/{course.given_notebook.name}", course.given_notebook
    extension = course.extension()
    if extension and course.support:
        yield f"source/{identity}/{course.support[0].name}/{extension.name}", extension


def unpack_course(data: bytes, folder: Path) -> None:
    """Unpack a course into a folder, which is made and is its root then."""
    folder.mkdir(mode=_PASSABLE, parents=True)
    folder.chmod(_PASSABLE)
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        archive.extractall(folder)
    for closed in ("reference", "release"):
        if (folder / closed).is_dir():
            (folder / closed).chmod(_FOLDER)
