"""Small notebooks, folders and archives for the tests of intake, made on demand."""

import json
import zipfile

from autograder.assignment import Assignment, FilesSpec
from autograder.authoring.specs import FileRule
from autograder.authoring.student import Limits


def make_assignment(max_files=20, max_total_mb=2.0, notebook_mb=0.5):
    rules = (
        FileRule(suffix=".ipynb", name="HW5.ipynb", max_mb=notebook_mb),
        FileRule(suffix=".pdf", name="HW5.pdf", max_mb=0.1),
    )
    return Assignment(
        id="hw5",
        title="Convolutional networks",
        version="1",
        notebook="HW5.ipynb",
        definitions=("f",),
        files=FilesSpec(rules=rules, max_files=max_files, max_total_mb=max_total_mb),
        items=(),
        limits={"default": Limits()},
    )


def code_cell(source="x = 1", **more):
    cell = {"cell_type": "code", "metadata": {}, "source": source, "outputs": [], "execution_count": None}
    return {**cell, **more}


def notebook_json(*cells, **more):
    return {"nbformat": 4, "nbformat_minor": 5, "metadata": {}, "cells": list(cells or [code_cell()]), **more}


def notebook_bytes(*cells, **more):
    return json.dumps(notebook_json(*cells, **more)).encode()


def write_zip(path, files, method=zipfile.ZIP_DEFLATED):
    with zipfile.ZipFile(path, "w", method) as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return path


def write_files(folder, files):
    for name, content in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    return folder
