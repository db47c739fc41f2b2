"""The student's notebook: nbgrader's own preprocessors, in nbgrader's order, without its database."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from autograder.errors import ReleaseError

# nbgrader's order for generate_assignment, less SaveCells, which writes to the gradebook.
_STEPS = (
    "IncludeHeaderFooter",
    "InstantiateTests",
    "LockCells",
    "ClearSolutions",
    "ClearOutput",
    "CheckCellMetadata",
    "ComputeChecksums",
    "ClearHiddenTests",
    "ClearMarkScheme",
    "ComputeChecksums",
    "CheckCellMetadata",
)


def student_notebook(source: Path, config_file: Path) -> str:
    """The text of the notebook that students receive, as ``nbgrader generate_assignment`` writes it.

    Raises
    ------
    ReleaseError
        nbgrader is not installed, or refuses the source; with its reason.
    """
    try:
        import nbformat
        from nbgrader import preprocessors
    except ImportError as error:
        raise ReleaseError(
            f"a release needs {error.name}, which is not installed", "pip install 'autograder[instructor]'"
        ) from error
    config = _config(config_file)
    try:
        notebook = nbformat.read(source, as_version=4)
        resources: dict[str, Any] = {"unique_key": source.stem, "metadata": {"path": str(source.parent)}}
        for name in _STEPS:
            step = getattr(preprocessors, name)(config=config)
            notebook, resources = step.preprocess(notebook, resources)
        text: str = nbformat.writes(notebook, version=4)
    except Exception as error:  # nbgrader raises many kinds, each with a message for the instructor
        raise ReleaseError(f"{source}: nbgrader refuses it: {error}") from error
    return text if text.endswith("\n") else text + "\n"


def _config(path: Path) -> Any:
    """Nbgrader's configuration of the course, empty where there is none."""
    from traitlets.config import Config, PyFileConfigLoader

    if not path.exists():
        return Config()
    return PyFileConfigLoader(path.name, path=str(path.parent)).load_config()
