"""The release's notebook, with what nbgrader knows of its cells."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from autograder.model import Struct


class ReleasedCell(Struct):
    """A cell of the release that nbgrader knows, with its metadata there."""

    name: str
    kind: str
    source: str
    nbgrader: Mapping[str, Any]

    @property
    def types(self) -> tuple[str, ...]:
        """The kinds of rows that nbgrader has of it."""
        flags = {"GradeCell": "grade", "SolutionCell": "solution", "TaskCell": "task"}
        return tuple(name for name, flag in flags.items() if self.nbgrader.get(flag))

    @property
    def locked(self) -> bool:
        """True if its text is the instructor's."""
        if self.nbgrader.get("solution"):
            return False
        return bool(self.nbgrader.get("grade") or self.nbgrader.get("locked"))


class Released(Struct):
    """The release's notebook: its file, its metadata, and its cells that nbgrader knows."""

    path: Path
    metadata: Mapping[str, Any]
    cells: tuple[ReleasedCell, ...]


def read_released(path: Path) -> Released:
    """Read the release's notebook, which the course's own `autograder release` wrote."""
    document = json.loads(path.read_text(encoding="utf-8"))
    cells = (
        ReleasedCell(
            name=cell["metadata"]["nbgrader"]["grade_id"],
            kind=cell["cell_type"],
            source="".join(cell["source"]),
            nbgrader=cell["metadata"]["nbgrader"],
        )
        for cell in document["cells"]
        if "nbgrader" in cell["metadata"]
    )
    kept = {name: document["metadata"].get(name, {}) for name in ("kernelspec", "language_info")}
    return Released(path=path, metadata=kept, cells=tuple(cells))
