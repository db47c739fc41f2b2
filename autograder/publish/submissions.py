"""The two submissions by which a release proves itself: all solved, and nothing done."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import tempfile
from pathlib import Path
from typing import Any

from autograder.course import Course, find_course
from autograder.errors import ReleaseError
from autograder.publish.printing import print_to_pdf
from autograder.report.files import write_atomically

# The extra part is not run: it has no automatic points, and takes minutes.
EXTRA = "extra-credit"


def untouched_submission(root: Path, identity: str, into: Path) -> Path:
    """The release's notebook, alone, as it was handed out."""
    course = find_course(root, identity)
    into.mkdir(parents=True)
    shutil.copy(course.given_notebook, into / course.assignment.notebook)
    return into


def solved_submission(root: Path, identity: str, into: Path) -> Path:
    """The source notebook, really run from the top, and its PDF; a run is kept in the user's cache."""
    course = find_course(root, identity)
    into.mkdir(parents=True)
    target = into / course.assignment.notebook
    kept = _cache() / f"{_key(course)}.ipynb"
    if not kept.exists():
        write_atomically(kept, json.dumps(_execute(course), indent=1) + "\n")
    shutil.copy(kept, target)
    print_to_pdf(target, target.with_suffix(".pdf"))
    return into


def _execute(course: Course) -> dict[str, Any]:
    """Run the source notebook up to its extra part, beside a copy of the support code."""
    try:
        import nbformat
        from nbclient import NotebookClient
        from nbclient.exceptions import CellExecutionError
    except ImportError as error:
        raise ReleaseError(
            f"a proof needs {error.name}, which is not installed", "pip install 'autograder[instructor]'"
        ) from error
    source = course.definition.parent / course.assignment.notebook
    notebook = nbformat.read(source, as_version=4)
    every = notebook.cells
    end = next((i for i, cell in enumerate(every) if cell.get("id") == EXTRA), len(every))
    notebook.cells = every[:end]
    with tempfile.TemporaryDirectory(prefix="autograder-solved-") as scratch:
        for folder in course.support:
            shutil.copytree(folder, Path(scratch) / folder.name)
        try:
            NotebookClient(notebook, timeout=900, resources={"metadata": {"path": scratch}}).execute()
        except CellExecutionError as error:
            raise ReleaseError(f"{source}: the solved notebook does not run: {error}") from error
    notebook.cells += every[end:]
    document: dict[str, Any] = json.loads(nbformat.writes(notebook))
    return document


def _key(course: Course) -> str:
    digest = hashlib.sha256()
    files = [course.definition.parent / course.assignment.notebook]
    files += [p for folder in course.support for p in sorted(folder.rglob("*.py"))]
    extension = course.extension()
    for path in [*files, *([extension] if extension else [])]:
        digest.update(path.read_bytes())
    return digest.hexdigest()


def _cache() -> Path:
    base = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(base) / "autograder" / "solved"
