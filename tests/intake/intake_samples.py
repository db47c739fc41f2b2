"""Small notebooks, folders and archives for the tests of intake, made on demand."""

import json
import zipfile

from autograder.assignment import Assignment, FilesSpec
from autograder.authoring.specs import FileRule
from autograder.authoring.student import Limits
from autograder.intake import discover, read


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


NB, PDF = notebook_bytes(code_cell(metadata={"nbgrader": {"grade_id": "one"}})), b"%PDF-1.4"
ONE = {"HW5.ipynb": NB, "HW5.pdf": PDF}
A = make_assignment()


def under(folder, files):
    return {f"{folder}/{name}": content for name, content in files.items()}


def found(*paths):
    """Each submission's id, learner, and files; reading them must find a notebook."""
    discovery = discover(paths, A)
    submissions = [read(candidate, A) for candidate in discovery.candidates]
    assert all(s.problem is None for s in submissions), [s.problem for s in submissions]
    return {s.id: (s.learner, [f.path for f in s.files]) for s in submissions}


def notices(*paths):
    return [notice.code for notice in discover(paths, A).left_out]


BOTH = ["HW5.ipynb", "HW5.pdf"]
CANVAS = {
    "onestudent_111_9001_HW5.ipynb": NB,
    "onestudent_111_9002_HW5.pdf": PDF,
    "twostudent_LATE_222_9003_HW5-1.ipynb": NB,
    "twostudent_LATE_222_9004_HW5-1.pdf": PDF,
    "onestudent_333_9005_my work.ipynb": NB,
}
CANVAS_FOUND = {
    "onestudent_111": ("111", BOTH),
    "onestudent_333": ("333", ["my work.ipynb"]),
    "twostudent_222": ("222", ["HW5-1.ipynb", "HW5-1.pdf"]),
}
CLASS = {**under("s001", ONE), **under("s002", ONE)}
CLASS_FOUND = {"s001": ("s001", BOTH), "s002": ("s002", BOTH)}
