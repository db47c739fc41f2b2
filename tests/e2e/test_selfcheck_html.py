"""The self-check in a notebook: HTML with the first failing case and its picture, text elsewhere."""

import base64
import re
import shutil
import subprocess
import sys
from pathlib import Path

import nbformat
import pytest
from nbclient import NotebookClient

from autograder.selfcheck import check

ROOT = Path(__file__).parents[2]
SAMPLES = ROOT / "tests" / "samples" / "hw5"


@pytest.fixture(scope="module")
def release(tmp_path_factory):
    """A release with the work of a student whose bias is missing."""
    folder = tmp_path_factory.mktemp("content") / "hw5"
    shutil.copytree(ROOT / "release" / "hw5", folder)
    for name in ("HW5.ipynb", "HW5.pdf"):
        shutil.copy(SAMPLES / "s005" / name, folder)
    return folder


def words(html):
    return " ".join(re.sub(r"<[^>]*>", " ", html.partition("</style>")[2]).split())


def test_a_cell_shows_html_and_text_for_front_ends_without(release):
    code = 'import autograder\nautograder.check("HW5.ipynb")\nprint("after")'
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(code)])
    NotebookClient(notebook, timeout=300, resources={"metadata": {"path": str(release)}}).execute()
    shown = [one["data"] for one in notebook.cells[0].outputs if one.output_type == "display_data"]
    assert len(shown) == 1
    html, text = shown[0]["text/html"], shown[0]["text/plain"]
    assert "✗ failed" in words(html)
    assert "Looks like bias-left-out" in words(html)
    assert "The smallest case that fails: x (1, 1, 2, 2), w (1, 1, 2, 2), stride 1, pad 0" in words(html)
    assert "parts need work" in words(html)
    assert " / 20" not in words(html)  # points would mislead: hidden checks have their share
    (source,) = re.findall(r'src="data:image/svg\+xml;base64,([^"]*)"', html)
    assert b"<title>out[0, 0, 0, 0] is 66, and yours is 56</title>" in base64.b64decode(source)
    assert "looks like bias-left-out" in text
    assert "\x1b" not in text
    assert "<" not in text


def test_a_terminal_shows_text(release):
    code = 'import autograder; autograder.check("HW5.ipynb")'
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=release, capture_output=True, text=True, check=True
    )
    assert "looks like bias-left-out" in done.stdout
    assert "<section" not in done.stdout


def test_the_pictures_are_those_that_the_report_names(release):
    found = check(release / "HW5.ipynb")
    named = {name for item in found.report.items for one in item.checks for name in one.pictures}
    assert named == found.pictures.keys() != set()
