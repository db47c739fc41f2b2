"""The instructor's notebook, as it is written and as it is released."""

from __future__ import annotations

import nbformat
import pytest
from nbformat import NotebookNode
from source_notebook import NOTEBOOK, STUB
from traitlets.config import Config


@pytest.fixture(scope="module")
def notebook() -> NotebookNode:
    return nbformat.read(NOTEBOOK, as_version=4)


@pytest.fixture(scope="module")
def released(notebook: NotebookNode) -> NotebookNode:
    """The notebook without solutions and hidden tests, by nbgrader's own hand."""
    from nbgrader.preprocessors import ClearHiddenTests, ClearMarkScheme, ClearSolutions

    config = Config()
    config.ClearSolutions.code_stub = {"python": STUB}
    stripped = nbformat.from_dict(notebook)
    for preprocessor in (ClearSolutions, ClearHiddenTests, ClearMarkScheme):
        stripped, _ = preprocessor(config=config).preprocess(stripped, {})
    return stripped
