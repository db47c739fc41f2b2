"""The assignment's own reader of its data set is found, or an error names what is missing."""

from pathlib import Path

import pytest
from msgspec.structs import replace

from autograder.course import Course, find_course
from autograder.data import data_loader
from autograder.errors import AssignmentError, UsageError

READER = "def read(folder, train, test):\n    return (folder.name, train, test)\n"


@pytest.fixture
def course(tmp_path: Path) -> Course:
    return replace(find_course(Path(__file__).parents[2], "hw5"), reference=tmp_path)


def test_a_reader_is_asked_for_no_more_than_is_allowed(course: Course, tmp_path: Path) -> None:
    data = course.assignment.data
    (tmp_path / data.reader).write_text(READER)
    load = data_loader(course, Path("folder"), most=100)
    assert [load(50), load(500)] == [
        ("folder", 50, data.test_samples),
        ("folder", 100, data.test_samples),
    ]


def test_a_missing_reader_is_named(course: Course) -> None:
    with pytest.raises(AssignmentError, match=r"\.py: no such file\n.*\[data\] reader in .*assignment\.toml"):
        data_loader(course, Path("folder"))(1)


def test_a_reader_without_a_read_function_is_named(course: Course, tmp_path: Path) -> None:
    (tmp_path / course.assignment.data.reader).write_text("x = 1\n")
    with pytest.raises(AssignmentError, match=r"expected a function read\(folder, train, test\) -> DataSet"):
        data_loader(course, Path("folder"))(1)


def test_a_check_that_needs_data_fails_without_a_data_table(course: Course) -> None:
    bare = replace(course, assignment=replace(course.assignment, data=None))
    with pytest.raises(UsageError, match=r"a check needs a data set, and there is no \[data\]"):
        data_loader(bare, None)(1)
