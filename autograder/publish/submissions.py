"""Make the two submissions by which a release proves itself: everything solved, and nothing done."""

from __future__ import annotations

import hashlib
import json
import shutil
import sys
import tempfile
from pathlib import Path
from typing import Any

from autograder.assignment import RunOrder
from autograder.course import Course, find_course
from autograder.errors import ReleaseError
from autograder.files import cache_dir, read_text, write_atomically
from autograder.publish.printing import print_to_pdf

_RUN_SECONDS = 900


def untouched_submission(root: Path, identity: str, into: Path) -> Path:
    """Copy the release's notebook, and nothing else, into the new folder `into`.

    Raises
    ------
    ReleaseError
        There is no release.
    """
    course = find_course(root, identity)
    if not course.given_notebook.exists():
        raise ReleaseError(
            f"{course.given_notebook}: there is no release yet", f"Build it: autograder release {identity}"
        )
    into.mkdir(parents=True)
    shutil.copy(course.given_notebook, into / course.assignment.notebook)
    return into


def solved_submission(root: Path, identity: str, into: Path) -> Path:
    """Run the source notebook from the top, and put it into the new folder `into`.

    Its PDF is put beside it if the assignment asks for one. The extra part is not run, as it has no automatic
    points. The user's cache keeps the run under the hash of everything that it depends on.

    Raises
    ------
    ReleaseError
        A cell fails; names the cell and its error.
    """
    course = find_course(root, identity)
    kept = cache_dir() / "solved" / f"{_key(course)}.ipynb"
    if not kept.exists():
        write_atomically(kept, json.dumps(_execute(course), indent=1) + "\n")
    into.mkdir(parents=True)
    target = into / course.assignment.notebook
    shutil.copy(kept, target)
    if any(rule.suffix == ".pdf" for rule in course.assignment.files.rules):
        print_to_pdf(target, target.with_suffix(".pdf"))
    return into


def _execute(course: Course) -> dict[str, Any]:
    """Run the source notebook up to its extra part, beside a copy of the support code."""
    try:
        import nbformat
        from nbclient import NotebookClient
    except ImportError as error:
        raise ReleaseError(
            f"a proof needs {error.name}, which is not installed",
            "pip install -e '.[instructor]' in the course's folder",
        ) from error
    source = course.definition.parent / course.assignment.notebook
    notebook = nbformat.reads(read_text(source), as_version=4)  # type: ignore[no-untyped-call]
    every = notebook.cells
    extra = _extra_part(course)
    end = next((i for i, cell in enumerate(every) if extra and _name(cell) == extra), len(every))
    notebook.cells = every[:end]
    with tempfile.TemporaryDirectory(prefix="autograder-solved-") as scratch:
        for folder in course.support:
            shutil.copytree(folder, Path(scratch) / folder.name)
        resources = {"metadata": {"path": scratch}}
        client = NotebookClient(notebook, timeout=_RUN_SECONDS, kernel_name="python3", resources=resources)
        try:
            client.execute()
        except Exception as error:  # a cell's error, a dead kernel, no kernel, too long
            raise ReleaseError(
                f"{source}: the solved notebook does not run: {_failure(notebook.cells) or error}",
                "Run it from the top in Jupyter; the kernel `python3` must be there.",
            ) from error
    notebook.cells += every[end:]
    document: dict[str, Any] = json.loads(nbformat.writes(notebook))  # type: ignore[no-untyped-call]
    return document


def _name(cell: Any) -> str:
    """Give the name by which checks call a cell: nbgrader's, else its own."""
    return str(cell.metadata.get("nbgrader", {}).get("grade_id") or cell.get("id", ""))


def _failure(cells: list[Any]) -> str:
    """Give the first stored error with its cell, or an empty text if there is none."""
    for number, cell in enumerate(cells, 1):
        for output in cell.get("outputs", []):
            if output.output_type == "error" and "raises-exception" not in cell.metadata.get("tags", []):
                return f"cell {number}: {output.ename}: {output.evalue}"
    return ""


def _extra_part(course: Course) -> str:
    """Give the name of the optional part's first cell from the run-order check, or an empty text."""
    checks = course.assignment.checks
    return next((check.optional_from for check in checks if isinstance(check, RunOrder)), "")


def _key(course: Course) -> str:
    """Hash everything that a run depends on."""
    files = [course.definition.parent / course.assignment.notebook]
    files += [p for folder in course.support for p in sorted(folder.rglob("*.py"))]
    extension = course.extension()
    files += [extension] if extension else []
    digest = hashlib.sha256(f"{sys.version}\0{_extra_part(course)}".encode())
    for path in files:
        digest.update(path.name.encode() + b"\0" + path.read_bytes())
    return digest.hexdigest()
