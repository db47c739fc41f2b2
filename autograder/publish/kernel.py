"""A preprocessor in nbgrader's manner: the notebook forgets in which editor and kernel it was written.

``nbgrader_config.py`` puts it before nbgrader's own, so that both ways of making a release have it.
"""

from __future__ import annotations

from typing import Any

from nbgrader.preprocessors.base import NbGraderPreprocessor

METADATA = {
    "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
    "language_info": {"file_extension": ".py", "mimetype": "text/x-python", "name": "python"},
}
# The keys that a cell keeps; the rest is the editor's (widths, run times, ids of outputs).
CELL_KEYS = ("deletable", "editable", "nbgrader", "tags")


class ForgetEditor(NbGraderPreprocessor):
    """Set the kernel to plain Python 3 and drop what an editor stored about notebook and cells."""

    def preprocess(self, notebook: Any, resources: dict[str, Any]) -> tuple[Any, dict[str, Any]]:
        """Change the notebook's metadata and its cells'; the text stays as it is."""
        notebook.metadata = type(notebook.metadata)(METADATA)
        for cell in notebook.cells:
            for key in set(cell.metadata) - set(CELL_KEYS):
                del cell.metadata[key]
        return notebook, resources
