"""Make the student's notebook with nbgrader's preprocessors, in nbgrader's order, without its database."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from autograder.errors import AutograderError, ReleaseError
from autograder.files import read_text
from autograder.publish.delimiters import near_misses


def student_notebook(source: Path, config_file: Path) -> str:
    """Give the text of the notebook that students receive, as ``nbgrader generate_assignment`` writes it.

    Parameters
    ----------
    source : Path
        The notebook with solutions and hidden tests.
    config_file : Path
        The course's ``nbgrader_config.py``; if it is missing, nbgrader's defaults hold.

    Raises
    ------
    ReleaseError
        nbgrader is not installed, or it refuses the source; gives its reason.
    """
    try:
        import nbformat
        from nbgrader.converters.generate_assignment import GenerateAssignment
        from nbgrader.preprocessors import SaveCells
    except ImportError as error:
        raise ReleaseError(
            f"a release needs {error.name}, which is not installed",
            "pip install -e '.[instructor]' in the course's folder",
        ) from error
    config = read_config(config_file)
    steps = config.GenerateAssignment.get("preprocessors", GenerateAssignment.preprocessors.default())
    try:
        notebook = nbformat.reads(read_text(source), as_version=4)  # type: ignore[no-untyped-call]
        _require_delimiters(source, notebook.cells)
        resources: dict[str, Any] = {"unique_key": source.stem, "metadata": {"path": str(source.parent)}}
        for step in steps:
            if step is not SaveCells:  # it writes to the gradebook
                notebook, resources = step(config=config).preprocess(notebook, resources)
        _drop_attachments(notebook.cells)
        text: str = nbformat.writes(notebook, version=4)  # type: ignore[no-untyped-call]
    except AutograderError:
        raise
    except Exception as error:  # nbgrader raises many kinds, each with a message for the instructor
        raise ReleaseError(f"{source}: nbgrader refuses it: {error}") from error
    return text if text.endswith("\n") else text + "\n"


def _require_delimiters(source: Path, cells: list[Any]) -> None:
    problems = [f"{source}: {problem}" for problem in near_misses(cells)]
    if problems:
        raise ReleaseError("\n".join(problems), "What stands between such lines would reach the students.")


def _drop_attachments(cells: list[Any]) -> None:
    """Drop the attachments that the released text does not show: pictures of a solution, say."""
    for cell in cells:
        kept = {
            n: one for n, one in cell.get("attachments", {}).items() if f"attachment:{n}" in cell["source"]
        }
        if kept:
            cell["attachments"] = kept
        else:
            cell.pop("attachments", None)


def read_config(path: Path) -> Any:
    """Read the course's nbgrader configuration; give an empty one if there is no file."""
    from traitlets.config.loader import Config, PyFileConfigLoader

    if not path.exists():
        return Config()
    try:
        return PyFileConfigLoader(path.name, path=str(path.parent)).load_config()
    except Exception as error:  # it is code, and may raise anything
        raise ReleaseError(f"{path}: can't be loaded: {type(error).__name__}: {error}") from error
