"""The self-check finds the notebook that was meant, names it, and says what grading will not have."""

import datetime
import json
import os
import re
import shutil
import subprocess
import sys
import time
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
SOLVED = ROOT / "tests" / "samples" / "hw5" / "s001"
CHECK = "import autograder; autograder.check()"
HANDED_OUT = "This is the notebook as it was handed out."


@pytest.fixture
def release(tmp_path):
    """A release as a student unpacks it, with a PDF beside it."""
    folder = tmp_path / "content" / "hw5"
    shutil.copytree(ROOT / "release" / "hw5", folder)
    shutil.copy(SOLVED / "HW5.pdf", folder)
    return folder


def solved(path):
    path.parent.mkdir(exist_ok=True)
    return Path(shutil.copy(SOLVED / "HW5.ipynb", path))


def scratch(path):
    """A notebook that defines nothing of the homework."""
    path.write_text((SOLVED / "HW5.ipynb").read_text().replace("def ", "# ").replace("class ", "# "))
    return path


def saved(path, seconds_ago):
    moment = time.time() - seconds_ago
    os.utime(path, (moment, moment))
    return path


def run(command, cwd, **environment):
    env = {**os.environ, "COLUMNS": "250", **environment}
    return subprocess.run(command, cwd=cwd, env=env, capture_output=True, text=True, check=False, timeout=300)


def in_python(code, cwd, **environment):
    return run([sys.executable, "-c", code], cwd, **environment).stdout


def checked(cwd, *arguments, **environment):
    return run([sys.executable, "-m", "autograder", "check", *map(str, arguments)], cwd, **environment)


def named(said):
    """The notebook that the first line names, and its time."""
    found = re.fullmatch(r"(.*), saved (\d{4}-\d\d-\d\d \d\d:\d\d:\d\d)", said.splitlines()[0])
    assert found, said
    return Path(found[1]), datetime.datetime.fromisoformat(found[2])


def test_the_untouched_release_is_named_and_called_so(release):
    done = checked(release)
    path, moment = named(done.stdout)
    assert path == release / "HW5.ipynb"
    assert moment == datetime.datetime.fromtimestamp(int(path.stat().st_mtime))
    assert HANDED_OUT in done.stdout
    assert done.returncode == 1


def test_a_renamed_notebook_beside_the_given_one_is_the_one_that_is_meant(release):
    older = solved(release / "HW5 copy.ipynb")
    meant = solved(release / "HW5_s011.ipynb")
    shutil.copy(SOLVED / "HW5.pdf", release / "HW5_s011.pdf")
    (release / "HW5.pdf").unlink()
    scratch(release / "notes.ipynb")
    (release / "broken.ipynb").write_text("{")
    saved(older, 300)
    saved(meant, 200)
    saved(release / "HW5.ipynb", 100)
    for place in ((), (release,)):
        done = checked(release, *place)
        assert named(done.stdout)[0] == meant
        assert HANDED_OUT not in done.stdout
        assert "visible checks passed; hidden ones remain" in done.stdout
        assert done.returncode == 0


def test_a_folder_or_notebook_elsewhere_is_checked_by_the_release_that_one_works_in(release, tmp_path):
    other = solved(tmp_path / "mine" / "HW5.ipynb")
    assert named(checked(release, other.parent).stdout)[0] == other
    assert named(checked(release, other).stdout)[0] == other
    (tmp_path / "empty").mkdir()
    done = checked(release, tmp_path / "empty")
    assert done.returncode == 2
    assert "HW5.ipynb: there is no such notebook" in done.stderr
    assert "check/assignment.toml" in checked(tmp_path / "empty").stderr


VSCODE = f"""
from IPython.core.interactiveshell import InteractiveShell
InteractiveShell.instance().user_ns['__vsc_ipynb_file__'] = {{path!r}}
{CHECK}
"""


def test_the_running_notebook_is_checked_where_it_is_known(release, tmp_path):
    solved(release / "HW5_better.ipynb")
    running = solved(tmp_path / "drive" / "mine.ipynb")
    path = str(running)
    assert named(in_python(CHECK, release, JPY_SESSION_NAME=path))[0] == running
    assert named(in_python(VSCODE.format(path=path), release))[0] == running
    # no notebook of this homework, or none that is there
    other = scratch(tmp_path / "drive" / "scratch.ipynb")
    assert named(in_python(CHECK, release, JPY_SESSION_NAME=str(other)))[0].name == "HW5_better.ipynb"
    assert named(in_python(CHECK, release, JPY_SESSION_NAME=path + "x.ipynb"))[0].name == "HW5_better.ipynb"
    # the release around the running notebook
    own = release / "HW5.ipynb"
    assert named(in_python(CHECK, tmp_path, JPY_SESSION_NAME=str(own)))[0] == own


def with_code(release, *changes):
    """The solved notebook with changes in the text of its code."""
    path = solved(release / "HW5.ipynb")
    notebook = json.loads(path.read_text(encoding="utf-8"))
    for old, new in changes:
        found = [c for c in notebook["cells"] if c["cell_type"] == "code" and old in "".join(c["source"])]
        for cell in found:
            cell["source"] = "".join(cell["source"]).replace(old, new, 1)
        assert found
    path.write_text(json.dumps(notebook), encoding="utf-8")
    return path


FORWARD, BACKWARD = "def conv_forward_naive(", "def conv_backward_naive("
PACKAGES = {
    "import torch\nUSED = torch\n": "torch",
    "from memory_profiler import profile as USED\n": "memory_profiler",
    "from my_helpers import f as USED\n": "my_helpers",
}


@pytest.fixture
def elsewhere(tmp_path):
    """Packages that are installed here and not where the notebook is graded."""
    folder = tmp_path / "site"
    folder.mkdir()
    for name in PACKAGES.values():
        (folder / f"{name}.py").write_text("profile = f = None")
    return str(folder)


@pytest.mark.parametrize("line", PACKAGES)
def test_a_package_that_grading_does_not_have_is_named(release, elsewhere, line):
    with_code(release, (FORWARD, line + FORWARD), ("stride, pad = ", "USED\n    stride, pad = "))
    done = checked(release, PYTHONPATH=elsewhere)
    name = PACKAGES[line]
    assert (
        f"`{name}` is not there when this is graded, only the standard library, HW5_code, matplotlib, numpy, "
        "scipy. Do without it." in done.stdout
    )
    assert "visible checks passed here; when graded they would miss a package" in done.stdout
    assert done.returncode == 1


def test_nothing_is_said_of_what_grading_has_or_the_code_does_without(release, elsewhere):
    lines = """import math
from HW5_code import layers
from tqdm.auto import tqdm
from IPython.display import display
import matplotlib.pyplot as plt
import PIL.Image
import torch
try:
    import my_helpers
except ImportError:
    my_helpers = None
"""
    use = "math, layers, tqdm, display, plt, PIL, my_helpers\n    stride, pad = "
    with_code(release, (FORWARD, lines + FORWARD), ("stride, pad = ", use))
    done = checked(release, PYTHONPATH=elsewhere)
    assert "is not there when this is graded" not in done.stdout
    assert "visible checks passed; hidden ones remain" in done.stdout
