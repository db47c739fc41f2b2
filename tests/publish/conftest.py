"""A course of another subject, so that nothing here rests on the one homework that the project has."""

import shutil

import pytest
from publish.places import COURSE


@pytest.fixture
def course(tmp_path):
    """A copy that a test may change, in a folder whose name must not matter."""
    root = tmp_path / "build" / "course"
    shutil.copytree(COURSE, root, ignore=shutil.ignore_patterns("__pycache__"))
    return root
