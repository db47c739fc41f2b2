"""Shared passages are found under other names, shown side by side, and reported without a verdict."""

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner

from autograder.cli import cli
from autograder.errors import UsageError
from autograder.model import Cell, CellKind, Notebook
from autograder.similarity import Compared, compare_all, work_of
from autograder.similarity.compare import CLASS, WINDOW
from autograder.similarity.tokens import tokens_of
from autograder.similarity.works import RUN

ROOT = Path(__file__).parents[2]
RIGHT = ROOT / "tests" / "corpus" / "right"
LOOPS = (RIGHT / "vectorised_over_images.py").read_text(encoding="utf-8")
OTHERS = [
    (RIGHT / f"{name}.py").read_text(encoding="utf-8")
    for name in ("fft", "im2col_matrix", "toeplitz_matrix", "add_at", "scipy_correlate")
]


def renamed(source):
    """Give the same code disguised: with other names, comments, empty lines and spacing."""
    for old, new in (("padded", "q"), ("window", "patch"), ("H_out", "oh"), ("W_out", "ow"), ("rows", "r1")):
        source = re.sub(rf"\b{old}\b", new, source)
    return source.replace("\n    out", "\n\n    # the output\n    out").replace(" + 1", "  +  1")


def work(identity, *sources):
    cells = [Cell(index=i, id=str(i), kind=CellKind.CODE, source=source) for i, source in enumerate(sources)]
    return work_of(identity, Notebook(path="n.ipynb", cells=tuple(cells)))


NOTHING = Compared(pairs=(), groups=())
GIVEN = work("release", "import numpy as np\n\n\ndef rel_error(x, y):\n    return np.max(np.abs(x - y))\n")


def test_other_names_and_comments_hide_nothing():
    found = compare_all([work("a", LOOPS), work("b", renamed(LOOPS))], GIVEN, 0.5, 100)
    (pair,), (group,) = found.pairs, found.groups
    assert (pair.first, pair.second) == ("a", "b")
    assert pair.share > 0.9
    first, second = group.members
    assert {s.number for s in first.spans} == {s.number for s in second.spans}


def test_independent_solutions_are_not_listed():
    works = [work(str(number), source) for number, source in enumerate([LOOPS, *OTHERS])]
    assert compare_all(works, GIVEN, 0.5, 100) == NOTHING


def test_a_shared_part_counts_for_the_shorter_work():
    backward = LOOPS[LOOPS.index("def conv_backward") :]
    found = compare_all([work("long", LOOPS, *OTHERS), work("short", backward)], GIVEN, 0.5, 100)
    (pair,), (group,) = found.pairs, found.groups
    assert pair.share_second > 0.9
    assert pair.share_first < 0.5
    longest = max(group.members[0].spans, key=lambda span: span.end - span.start)
    assert longest.cell == 0


def test_given_code_is_nobodys_own():
    given = work("release", LOOPS)
    assert compare_all([work("a", LOOPS), work("b", LOOPS)], given, 0.0, 1) == NOTHING


@pytest.mark.parametrize("length", [1, RUN, 4 * RUN])
def test_only_own_tokens_count_inside_given_code(length):
    names = [f".name{number}" for number in range(200)]
    before, after = "x" + "".join(names[:100]), "".join(names[100:])
    mine = "".join(f".own{number}" for number in range(length))
    works = [work(name, before + mine + after) for name in "ab"]
    (pair,) = compare_all(works, work("release", before + after), 0.5, 1).pairs
    assert (pair.tokens, pair.share_first, pair.share_second) == (length, 1.0, 1.0)


def test_code_that_most_of_a_class_has_is_nobodys_own():
    works = [work(str(number), LOOPS) for number in range(CLASS)]
    assert compare_all(works, GIVEN, 0.5, 100) == NOTHING
    assert len(compare_all(works[:3], GIVEN, 0.5, 100).pairs) == 3


def test_a_passage_of_the_guaranteed_length_is_found_and_a_shorter_run_is_not():
    names = [f".name{number}" for number in range(400)]
    alone = "x" + "".join(names[:200])
    for length, count in ((RUN + WINDOW - 1, 1), (RUN - 1, 0)):
        other = "".join(["z", *names[350:380], *names[40 : 40 + length], *names[310:340]])
        pairs = compare_all([work("a", alone), work("b", other)], GIVEN, 0.0, 1).pairs
        assert len(pairs) == count, length


@pytest.mark.parametrize(
    "source", ["def f(:\n  '''never closed", "%matplotlib inline\n!ls", "", "é = ünï + 1", "\0" * 9]
)
def test_code_that_does_not_parse_is_read_too(source):
    assert all(start < end for _, start, end in tokens_of(source))


def test_the_order_of_the_submissions_changes_nothing():
    works = [work("a", LOOPS), work("b", renamed(LOOPS)), *(work(f"c{i}", s) for i, s in enumerate(OTHERS))]
    assert compare_all(works, GIVEN, 0.1, 10) == compare_all(works[::-1], GIVEN, 0.1, 10)


def hand_in(folder, identity, code):
    notebook = json.loads((ROOT / "release/hw5/HW5.ipynb").read_text(encoding="utf-8"))
    cell = {"cell_type": "code", "id": "own", "metadata": {}, "outputs": [], "execution_count": None}
    notebook["cells"].append({**cell, "source": code})
    (folder / identity).mkdir(parents=True)
    (folder / identity / "HW5.ipynb").write_text(json.dumps(notebook), encoding="utf-8")


def run(*arguments):
    command = [sys.executable, "-m", "autograder", "similarity", *map(str, arguments)]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)


def test_the_command_writes_the_page_and_names_the_pairs(tmp_path):
    for identity, code in (("ada", LOOPS), ("bob", renamed(LOOPS)), ("eve", OTHERS[0])):
        hand_in(tmp_path / "in", identity, code)
    (tmp_path / "in" / "zoe").mkdir()
    (tmp_path / "in" / "zoe" / "HW5.ipynb").write_text("{", encoding="utf-8")
    done = run(tmp_path / "in", "-o", tmp_path / "out" / "page.html")
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("ada and bob: ")
    assert "Pairs: 1, groups: 1, of 3 submissions; to read: " in done.stdout
    assert "zoe: has no notebook that can be read; it is left out" in done.stderr
    page = (tmp_path / "out" / "page.html").read_text(encoding="utf-8")
    assert "1. ada, bob</a>" in page
    assert ">eve" not in page


def test_one_submission_is_too_few(tmp_path):
    hand_in(tmp_path, "ada", LOOPS)
    done = run(tmp_path)
    assert done.returncode == 2
    assert "can be read: 1; two are needed" in done.stderr


def test_a_missing_package_is_named(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "jinja2", None)
    monkeypatch.delitem(sys.modules, "autograder.pages.single", raising=False)
    monkeypatch.delitem(sys.modules, "autograder.pages.similarity.render", raising=False)
    done = CliRunner().invoke(cli, ["similarity", str(tmp_path), "--course", str(ROOT)])
    assert isinstance(done.exception, UsageError)
    assert "the page needs jinja2, which is not installed" in str(done.exception)


@pytest.mark.parametrize(("least", "count"), [(RUN + WINDOW - 1, 1), (RUN + WINDOW, 0)])
def test_a_pair_that_shares_just_enough_is_listed(least, count):
    names = [f".name{number}" for number in range(400)]
    shared = names[40 : 40 + RUN + WINDOW - 1]
    works = [work("a", "x" + "".join(names[:200])), work("b", "".join(["z", *names[350:], *shared]))]
    assert len(compare_all(works, GIVEN, 0.0, least).pairs) == count
