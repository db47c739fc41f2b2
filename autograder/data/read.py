"""Read a data set with the module that ``[data] reader`` names."""

from __future__ import annotations

import functools
from collections.abc import Callable
from pathlib import Path
from typing import cast

from autograder.assignment import DataSpec
from autograder.authoring.loading import load_module
from autograder.authoring.questions import DataSet
from autograder.course import Course
from autograder.errors import AssignmentError, UsageError


def data_loader(course: Course, folder: Path | None, most: int | None = None) -> Callable[[int], DataSet]:
    """Make a function that reads a number of training samples, `most` at most, and all the test samples.

    `folder` is the data set's, or None if the assignment has no data set.
    """
    spec = course.assignment.data

    @functools.cache
    def load(count: int) -> DataSet:
        if spec is None or folder is None:
            raise UsageError(f"{course.definition}: a check needs a data set, and there is no [data]")
        return _reader(course, spec)(folder, min(count, most or count), spec.test_samples)

    return load


def _reader(course: Course, spec: DataSpec) -> Callable[[Path, int, int], DataSet]:
    path = (course.reference or course.work) / spec.reader
    if not path.is_file():
        raise AssignmentError(f"{path}: no such file", f"[data] reader in {course.definition} names it.")
    read = getattr(load_module(path), "read", None)
    if not callable(read):
        raise AssignmentError(f"{path}: expected a function read(folder, train, test) -> DataSet")
    return cast(Callable[[Path, int, int], DataSet], read)
