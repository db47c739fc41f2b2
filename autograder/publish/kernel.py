"""Drop the traces of the author's editor and kernel from a notebook, in a preprocessor for nbgrader.

``nbgrader_config.py`` puts it before nbgrader's own, so that nbgrader makes the same notebook as a release.
"""

from __future__ import annotations

from typing import Any

from nbgrader.preprocessors.base import NbGraderPreprocessor

METADATA = {
    "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
    "language_info": {"file_extension": ".py", "mimetype": "text/x-python", "name": "python"},
}
# The keys that a cell keeps. The others are from the editor: widths, run times, ids of outputs.
CELL_KEYS = ("deletable", "editable", "nbgrader", "tags")


class ForgetEditor(NbGraderPreprocessor):
    """Set the kernel to plain Python 3 and drop an editor's metadata from the notebook and its cells."""

    def preprocess(self, notebook: Any, resources: dict[str, Any]) -> tuple[Any, dict[str, Any]]:
        """Change only the metadata of the notebook and its cells."""
        notebook.metadata = type(notebook.metadata)(METADATA)
        for cell in notebook.cells:
            for key in set(cell.metadata) - set(CELL_KEYS):
                del cell.metadata[key]
        return notebook, resources
