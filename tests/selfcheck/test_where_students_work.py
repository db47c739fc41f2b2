"""The self-check where students work: kernels, Colab (a fake), a browser's Python, pipes."""

import json
import os
import pty
import re
import shutil
import subprocess
import sys
import time
from pathlib import Path

import nbformat
import pytest
from nbclient import NotebookClient

ROOT = Path(__file__).parents[2]
SOLVED = ROOT / "tests" / "samples" / "hw5" / "s001" / "HW5.ipynb"
FAKES = Path(__file__).parent / "fakes"
# one item that runs none of the student's code: these tests are about the rest
QUICK = "import autograder; autograder.check('run-order')"
COLAB = f"import google.colab; {QUICK}"


@pytest.fixture
def release(tmp_path):
    folder = tmp_path / "content" / "hw5"
    shutil.copytree(ROOT / "release" / "hw5", folder)
    return folder


def in_python(code, cwd, **environment):
    env = {**os.environ, "COLUMNS": "80", **environment}
    command = [sys.executable, "-c", code]
    return subprocess.run(command, cwd=cwd, env=env, capture_output=True, check=False, timeout=300)


def said(done):
    assert done.stderr == b""
    return done.stdout.decode()


# --- a kernel ------------------------------------------------------------------------------------


def executed(release, cells, path, monkeypatch):
    """The outputs of the last cell, of a notebook whose file is `path`; the extension is loaded first."""
    monkeypatch.setenv("JPY_SESSION_NAME", str(path))
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(source) for source in cells])
    NotebookClient(notebook, timeout=300, resources={"metadata": {"path": str(release)}}).execute()
    return notebook.cells[-1].outputs


def test_a_kernel_whose_file_is_older_says_so_and_the_magic_checks_one_item(release, monkeypatch):
    path = Path(shutil.copy(SOLVED, release / "HW5.ipynb"))
    os.utime(path, (1e9, 1e9))
    work = "def conv_forward_naive(x, w, b, conv_param):\n    return x, None"
    outputs = executed(release, ["%load_ext autograder", work, "%check run-order"], path, monkeypatch)
    # the progress stood in the output that shows the result now
    (shown,) = [one["data"] for one in outputs]
    html = " ".join(re.sub(r"<[^>]*>", " ", shown["text/html"].partition("</style>")[2]).split())
    warning = (
        "Save first: HW5.ipynb was saved before this kernel started, so it lacks the cell that ran as [2]"
    )
    assert f"judged: run-order alone, by its visible checks {warning}" in html
    assert "The notebook was run from the top" in html
    assert "Convolution" not in html
    text = shown["text/plain"]
    assert warning in " ".join(text.split())
    assert max(map(len, text.splitlines())) <= 80


def test_once_a_check_has_run_the_times_of_cells_are_known(release, monkeypatch):
    path = Path(shutil.copy(SOLVED, release / "HW5.ipynb"))
    saved = time.time() - 12.5 * 60
    os.utime(path, (saved, saved))
    work = "def conv_forward_naive(x, w, b, conv_param):\n    return x, None"
    (shown,) = executed(release, [QUICK, work, QUICK], path, monkeypatch)
    assert "Save first: HW5.ipynb is 12 minutes older than the cell that ran as [2]" in " ".join(
        shown["data"]["text/plain"].split()
    )


def test_an_error_in_a_cell_takes_the_progress_s_place(release, monkeypatch):
    code = "import autograder; autograder.check('run-ordr')"
    (shown,) = [one["data"] for one in executed(release, [code], release / "HW5.ipynb", monkeypatch)]
    assert "did you mean `run-order`?" in shown["text/html"]


# --- Colab, by a fake, and JupyterLite -----------------------------------------------------------


def test_in_colab_the_notebook_in_the_page_is_checked(release, tmp_path):
    shown = said(in_python(COLAB, release, PYTHONPATH=f"{FAKES}:{ROOT}", FAKE_COLAB_PAGE=str(SOLVED)))
    assert shown.startswith("the notebook in this page, as it is now\njudged: run-order alone")
    assert "✓  The notebook was run from the top" in shown  # the release's copy was never run
    assert list(tmp_path.glob("autograder-check-*")) == []


def test_in_colab_a_page_that_does_not_answer_leads_to_an_upload(release, tmp_path):
    chosen = Path(shutil.copy(SOLVED, tmp_path / "mine (1).ipynb"))
    shown = said(in_python(COLAB, release, PYTHONPATH=f"{FAKES}:{ROOT}", FAKE_COLAB_CHOSEN=str(chosen)))
    asked, named, *_ = shown.splitlines()
    assert asked == (
        "Colab does not show this notebook to its code. Download it as .ipynb, then choose it here:"
    )
    assert named == "mine (1).ipynb, as you uploaded it"


def test_in_colab_no_chosen_file_is_a_sentence(release):
    shown = said(in_python(COLAB, release, PYTHONPATH=f"{FAKES}:{ROOT}"))
    assert "No notebook was chosen, so there is nothing to check" in shown
    assert "autograder.check('FILE.ipynb')" in shown


def test_a_python_without_processes_is_told_where_to_check(release):
    shown = said(in_python(f"import sys; sys.platform = 'emscripten'; {QUICK}", release))
    assert "Python in a browser (JupyterLite) can't" in shown
    assert "check it on your computer or in Colab" in shown


# --- text ----------------------------------------------------------------------------------------


def test_text_for_pipes_has_80_columns_no_colours_and_signs_of_the_code_page(release):
    done = in_python(QUICK, release, PYTHONIOENCODING="cp1252")
    assert done.stderr == b""
    shown = done.stdout.decode("cp1252")
    assert "x  The notebook was run from the top" in shown
    assert "\x1b" not in shown
    assert "checking 1 of 1" not in shown
    assert max(map(len, shown.splitlines())) <= 80


def test_a_terminal_has_a_line_of_progress_that_is_written_over(release):
    ours, theirs = pty.openpty()
    env = {**os.environ, "TERM": "xterm", "COLUMNS": "80"}
    command = [sys.executable, "-m", "autograder", "check", "--item", "net"]
    with subprocess.Popen(command, cwd=release, env=env, stdout=theirs, stderr=theirs) as process:
        os.close(theirs)
        shown = b""
        while block := read_or_nothing(ours):
            shown += block
        process.wait(60)
    os.close(ours)
    assert b"checking 1 of 1: The three-layer network" in shown
    assert b"\x1b[2K" in shown.partition(b"checking 1 of 1")[2]


def read_or_nothing(handle):
    try:
        return os.read(handle, 1 << 16)
    except OSError:  # the other end is closed
        return b""


def test_one_item_alone_is_reported(release):
    done = subprocess.run(
        [sys.executable, "-m", "autograder", "check", "--item", "pdf", "--json"],
        cwd=release,
        capture_output=True,
        check=False,
    )
    assert done.returncode == 1
    assert [one["id"] for one in json.loads(done.stdout)["items"]] == ["pdf"]
    done = subprocess.run(
        [sys.executable, "-m", "autograder", "check", "--item", "pfd"],
        cwd=release,
        capture_output=True,
        check=False,
    )
    assert done.returncode == 2
    assert b"did you mean `pdf`?" in done.stderr
