"""Write a new assignment that works at once: a notebook, a module of questions and a short TOML file."""

from __future__ import annotations

import json
import re
import tempfile
from pathlib import Path
from typing import Any

from autograder.course import DEFINITION, QUESTIONS
from autograder.errors import UsageError

_ID = re.compile(r"[a-z0-9][a-z0-9_-]*")

_ASSIGNMENT = """\
id = "{id}"
title = "{id}"
version = "1"
notebook = "{id}.ipynb"
definitions = ["centred"]
questions = "questions.py"

[files]
rules = [{{ suffix = ".ipynb", name = "{id}.ipynb" }}]

[limits.default]

[[items]]
id = "centred"
title = "Centre the columns"
step = 1
points = 10

[[items.checks]]
kind = "outputs"
id = "centred-by-hand"
questions = ["by-hand"]
visible = true
hints = ["Each column has a mean of its own."]
"""

_MODULE = '''\
"""The visible questions. Students receive this file."""

import numpy as np

from autograder.authoring import Case, Comparison, Expected

RIGHT = {
    "small": [[-1.0, -10.0], [1.0, 10.0]],
    "one-row": [[0.0, 0.0, 0.0]],
}


def cases(rng):
    """Give fixed cases, computed by hand. Cases drawn from `rng` would differ between submissions."""
    inputs = {"small": [[1.0, 10.0], [3.0, 30.0]], "one-row": [[4.0, 5.0, 6.0]]}
    return [
        Case(id=name, about=f"x = {x}", regime=name, inputs={"x": np.array(x)}) for name, x in inputs.items()
    ]


def ask(handles, case):
    """Give the output of the student's code."""
    return {"out": handles.student.call("centred", case.inputs["x"])}


def expect(handles, case):
    """Give the right output, and the largest error that rounding explains."""
    return {"out": Expected(value=np.array(RIGHT[case.id]), allowed=1e-12)}


QUESTIONS = {"by-hand": Comparison(outputs=("out",), cases=cases, ask=ask, expect=expect)}
'''

_TEXT = """\
# {id}

Write a function `centred` that takes an array of shape (N, D) and returns an array of the same shape in which
the mean of each column is 0."""

_SOLUTION = '''\
import numpy as np


def centred(x):
    """Subtract the mean of each column from the columns of x, (N, D)."""
    ### BEGIN SOLUTION
    return x - x.mean(axis=0)
    ### END SOLUTION'''

_TEST = """\
# 10 points
assert np.allclose(centred(np.array([[1.0, 10.0], [3.0, 30.0]])), [[-1.0, -10.0], [1.0, 10.0]])"""


def new_assignment(root: Path, identity: str) -> Path:
    """Write the folder ``source/<id>/`` of a small working assignment, whole or not at all, and name it.

    Raises `UsageError` if the id can't name a folder and a file on every system, or if the assignment exists.
    """
    if not _ID.fullmatch(identity):
        raise UsageError(
            f"`{identity}` can't be an assignment's id",
            "Expected lower-case letters, digits, `-` and `_`, beginning with a letter or digit: hw6.",
        )
    folder = root / "source" / identity
    if folder.exists():
        raise UsageError(f"{folder}: already exists", "Choose another id, or change that assignment.")
    files = {
        DEFINITION: _ASSIGNMENT.format(id=identity),
        QUESTIONS: _MODULE,
        f"{identity}.ipynb": json.dumps(_notebook(identity), indent=1, ensure_ascii=False) + "\n",
    }
    folder.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=folder.parent, prefix=f".{identity}.") as scratch:
        fresh = Path(scratch) / identity
        fresh.mkdir()
        for name, text in files.items():
            (fresh / name).write_text(text, encoding="utf-8")
        fresh.rename(folder)
    return folder


def _notebook(identity: str) -> dict[str, Any]:
    return {
        "cells": [
            {"cell_type": "markdown", "id": "about", "metadata": {}, "source": _TEXT.format(id=identity)},
            _code("solution", _SOLUTION, solution=True, locked=False),
            _code("centred", _TEST, grade=True, points=10, locked=True),
        ],
        "metadata": {
            "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
            "language_info": {"name": "python"},
        },
        "nbformat": 4,
        "nbformat_minor": 5,
    }


def _code(name: str, source: str, **marks: Any) -> dict[str, Any]:
    nbgrader = {"schema_version": 3, "grade_id": name, "grade": False, "solution": False, "task": False}
    return {
        "cell_type": "code",
        "execution_count": None,
        "id": name,
        "metadata": {"nbgrader": nbgrader | marks},
        "outputs": [],
        "source": source,
    }
