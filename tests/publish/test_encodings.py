"""An author's files in encodings that editors leave behind: read, or refused with the file and the line."""

import json
import re

import pytest

from autograder.errors import AssignmentError
from autograder.publish.build import release_files

MARK = b"\xef\xbb\xbf"
LATIN = "# über\n".encode("latin-1")


def rewrite(course, pattern, change):
    """Change the bytes of the files that a pattern names, and give one of them."""
    paths = sorted(course.glob(pattern))
    for path in paths:
        path.write_bytes(change(path.read_bytes()))
    return paths[0]


FILES = ["source/*/assignment.toml", "source/*/*.ipynb", "source/*/affine_code/*.py", "*/*/questions.py"]


@pytest.mark.parametrize("pattern", FILES)
def test_a_byte_order_mark_and_windows_line_ends_are_read(course, pattern):
    before = release_files(course, "affine")
    rewrite(course, pattern, lambda data: MARK + data.replace(b"\n", b"\r\n"))
    assert release_files(course, "affine").keys() == before.keys()


def test_a_notebook_with_a_byte_order_mark_gives_the_same_release(course):
    before = release_files(course, "affine")
    rewrite(course, "source/*/*.ipynb", lambda data: MARK + data)
    assert release_files(course, "affine")["affine.ipynb"] == before["affine.ipynb"]


def refused(course):
    with pytest.raises(AssignmentError) as error:
        release_files(course, "affine")
    return error.value


def test_a_definition_in_latin_1_is_refused_with_its_line(course):
    path = rewrite(course, FILES[0], lambda data: data.replace(b'title = "', b'title = "\xdcbung: '))
    line = path.read_bytes().split(b"\xdc")[0].count(b"\n") + 1
    error = refused(course)
    assert error.message == f"{path}:{line}: the byte 0xdc is not UTF-8"
    assert error.hint == "Save the file as UTF-8."


def test_a_definition_in_utf_16_is_refused(course):
    path = rewrite(course, FILES[0], lambda data: data.decode().encode("utf-16"))
    assert refused(course).message == f"{path}:1: the byte 0xff is not UTF-8"


def test_a_notebook_in_latin_1_is_refused_with_its_line(course):
    path = rewrite(course, FILES[1], lambda data: data + b"\xc4")
    assert re.match(rf"{path}:\d+: the byte 0xc4 is not UTF-8", refused(course).message)


@pytest.mark.parametrize("pattern", ["source/*/affine_code/*.py", "reference/*/*.py"])
def test_code_in_latin_1_is_refused_even_where_python_reads_it(course, pattern):
    path = rewrite(course, pattern, lambda data: b"# -*- coding: latin-1 -*-\n" + LATIN + data)
    assert refused(course).message == f"{path}:2: the byte 0xfc is not UTF-8"


def test_questions_in_latin_1_are_refused_with_file_and_place(course):
    path = rewrite(course, "source/*/questions.py", lambda data: LATIN + data)
    assert str(path) in refused(course).message


def test_words_of_mistakes_in_latin_1_are_refused_with_their_line(course):
    folder = course / "reference/affine"
    (folder / "mistakes.py").write_text("VARIANTS = {}\n")
    (folder / "mistakes.toml").write_bytes(LATIN)
    assert refused(course).message == f"{folder / 'mistakes.toml'}:1: the byte 0xfc is not UTF-8"


def test_a_file_that_can_t_be_read_is_named(course):
    path = course / "source/affine/assignment.toml"
    path.unlink()
    path.symlink_to(course / "nowhere")
    (course / "nowhere").mkdir()
    assert refused(course).message == f"{path}: can't be read: Is a directory"


def test_windows_line_ends_inside_a_notebook_s_cells_are_read(course):
    path = course / "source/affine/affine.ipynb"
    notebook = json.loads(path.read_text())
    for cell in notebook["cells"]:
        cell["source"] = "".join(cell["source"]).replace("\n", "\r\n")
    path.write_text(json.dumps(notebook))
    assert "affine.ipynb" in release_files(course, "affine")
