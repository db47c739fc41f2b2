"""Reading a data set: by the module that ``[data] reader`` names."""

from __future__ import annotations

import functools
from collections.abc import Callable
from pathlib import Path

from autograder.assignment import DataSpec
from autograder.authoring.loading import load_module
from autograder.authoring.questions import DataSet
from autograder.course import Course
from autograder.errors import AssignmentError, UsageError


def data_loader(course: Course, folder: Path | None, most: int | None = None) -> Callable[[int], DataSet]:
    """Give a function that reads so many training samples, and those for measuring.

    Parameters
    ----------
    course : Course
        Whose reader it is.
    folder : Path or None
        Where the data set is; None where the assignment has none.
    most : int, optional
        The most training samples that are read, however many are wanted.
    """
    spec = course.assignment.data

    @functools.cache
    def load(count: int) -> DataSet:
        if spec is None or folder is None:
            raise UsageError(f"{course.definition}: a check wants data, but there is no [data]")
        return _reader(course, spec)(folder, min(count, most or count), spec.test_samples)

    return load


def _reader(course: Course, spec: DataSpec) -> Callable[[Path, int, int], DataSet]:
    path = (course.reference or course.work) / spec.reader
    if not path.is_file():
        raise AssignmentError(f"{path}: is missing", f"[data] reader in {course.definition} names it.")
    read = getattr(load_module(path), "read", None)
    if not callable(read):
        raise AssignmentError(f"{path}: should define read(folder, train, test) -> DataSet")
    reader: Callable[[Path, int, int], DataSet] = read
    return reader
