"""Shared passages are found under other names, shown side by side, and reported without a verdict."""

import json
import re
import subprocess
import sys
from html.parser import HTMLParser
from pathlib import Path

import pytest

from autograder.model import Cell, CellKind, Notebook
from autograder.similarity import compare_all, render_page, work_of
from autograder.similarity.compare import CLASS, RUN, WINDOW
from autograder.similarity.tokens import tokens_of

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


GIVEN = work("release", "import numpy as np\n\n\ndef rel_error(x, y):\n    return np.max(np.abs(x - y))\n")


def test_other_names_and_comments_hide_nothing():
    (pair,) = compare_all([work("a", LOOPS), work("b", renamed(LOOPS))], GIVEN, 0.5, 100)
    assert (pair.first, pair.second) == ("a", "b")
    assert pair.share > 0.9
    assert {s.number for s in pair.spans_first} == {s.number for s in pair.spans_second}


def test_independent_solutions_are_not_listed():
    works = [work(str(number), source) for number, source in enumerate([LOOPS, *OTHERS])]
    assert compare_all(works, GIVEN, 0.5, 100) == []


def test_a_shared_part_counts_for_the_shorter_work():
    backward = LOOPS[LOOPS.index("def conv_backward") :]
    (pair,) = compare_all([work("long", LOOPS, *OTHERS), work("short", backward)], GIVEN, 0.5, 100)
    assert pair.share_second > 0.9
    assert pair.share_first < 0.5
    longest = max(pair.spans_first, key=lambda span: span.end - span.start)
    assert longest.cell == 0


def test_given_code_is_nobodys_own():
    given = work("release", LOOPS)
    assert compare_all([work("a", LOOPS), work("b", LOOPS)], given, 0.0, 1) == []


@pytest.mark.parametrize("length", [1, RUN, 4 * RUN])
def test_only_own_tokens_count_inside_given_code(length):
    names = [f".name{number}" for number in range(200)]
    before, after = "x" + "".join(names[:100]), "".join(names[100:])
    mine = "".join(f".own{number}" for number in range(length))
    (pair,) = compare_all(
        [work(name, before + mine + after) for name in "ab"], work("release", before + after), 0.5, 1
    )
    assert (pair.tokens, pair.share_first, pair.share_second) == (length, 1.0, 1.0)


def test_code_that_most_of_a_class_has_is_nobodys_own():
    works = [work(str(number), LOOPS) for number in range(CLASS)]
    assert compare_all(works, GIVEN, 0.5, 100) == []
    assert len(compare_all(works[:3], GIVEN, 0.5, 100)) == 3


def test_a_passage_of_the_guaranteed_length_is_found_and_a_shorter_run_is_not():
    names = [f".name{number}" for number in range(400)]
    alone = "x" + "".join(names[:200])
    for length, count in ((RUN + WINDOW - 1, 1), (RUN - 1, 0)):
        other = "".join(["z", *names[350:380], *names[40 : 40 + length], *names[310:340]])
        pairs = compare_all([work("a", alone), work("b", other)], GIVEN, 0.0, 1)
        assert len(pairs) == count, length


@pytest.mark.parametrize(
    "source", ["def f(:\n  '''never closed", "%matplotlib inline\n!ls", "", "é = ünï + 1", "\0" * 9]
)
def test_code_that_does_not_parse_is_read_too(source):
    assert all(start < end for _, start, end in tokens_of(source))


def test_the_order_of_the_submissions_changes_nothing():
    works = [work("a", LOOPS), work("b", renamed(LOOPS)), *(work(f"c{i}", s) for i, s in enumerate(OTHERS))]
    assert compare_all(works, GIVEN, 0.1, 10) == compare_all(works[::-1], GIVEN, 0.1, 10)


class Reader(HTMLParser):
    """Counts what a page shows, and whether every element is closed."""

    def __init__(self, page):
        super().__init__()
        self.open, self.marks, self.links, self.text = [], [], [], []
        self.feed(page)

    def handle_starttag(self, tag, attrs):
        if tag != "meta":
            self.open.append(tag)
        self.marks += [dict(attrs)["title"]] if tag == "mark" else []
        self.links += [value for name, value in attrs if name in ("src", "href")]

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        self.text.append(data)


def test_the_page_shows_both_sides_and_needs_nothing_else():
    hostile = LOOPS + "\n# <script>alert('&')</script>\n"
    works = {w.id: w for w in (work("<b>a", hostile), work("b", renamed(LOOPS)))}
    pairs = compare_all(list(works.values()), GIVEN, 0.5, 100)
    page = render_page(pairs, works, "Tiny & small", (0.5, 100))
    reader = Reader(page)
    assert reader.open == []
    assert reader.links == ["#pair-1"]
    assert "<script" not in page
    assert "<b>a" not in page
    assert "alert('&')" in "".join(reader.text)
    half = len(reader.marks) // 2
    assert sorted(reader.marks[:half]) == sorted(reader.marks[half:])
    assert not re.search(r"plagiar|cheat|guilt|suspic|copied|fraud", page, re.IGNORECASE)
    assert "no finding" in page


def test_a_page_without_pairs_says_so():
    assert "No pair shares as much." in render_page([], {}, "Tiny", (0.5, 100))


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
    assert "Pairs: 1, of 3 submissions; to read: " in done.stdout
    assert "zoe: has no notebook that can be read; it is left out" in done.stderr
    page = (tmp_path / "out" / "page.html").read_text(encoding="utf-8")
    assert "ada and bob" in page
    assert ">eve" not in page


def test_one_submission_is_too_few(tmp_path):
    hand_in(tmp_path, "ada", LOOPS)
    done = run(tmp_path)
    assert done.returncode == 2
    assert "can be read: 1; two are needed" in done.stderr
