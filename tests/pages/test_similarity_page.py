"""The similarity page: groups beside each other, given code folded, students' text as text."""

import re
from html.parser import HTMLParser
from pathlib import Path

import pytest

from autograder.model import Cell, CellKind, Notebook
from autograder.pages.similarity.render import MOST_SHOWN, render_page
from autograder.similarity import Compared, compare_all, work_of

LOOPS = (Path(__file__).parents[1] / "corpus/right/vectorised_over_images.py").read_text(encoding="utf-8")
SUPPORT = "\n".join(f"def helper{n}(x):\n    return np.f{n}(x).g{n}[x.h{n}, {n}].k{n}(x)\n" for n in range(9))


def work(identity, *sources):
    cells = [Cell(index=i, id=str(i), kind=CellKind.CODE, source=source) for i, source in enumerate(sources)]
    return work_of(identity, Notebook(path="n.ipynb", cells=tuple(cells)))


GIVEN = work("release", SUPPORT)


class Reader(HTMLParser):
    """Holds what a page shows, and that every element is closed."""

    VOID = ("meta", "link", "br")

    def __init__(self, page):
        super().__init__()
        self.open, self.marks, self.links, self.text = [], [], [], []
        self.feed(page)
        assert self.open == []

    def handle_starttag(self, tag, attrs):
        self.open += [tag] * (tag not in self.VOID)
        self.marks += [dict(attrs)["title"]] if tag == "mark" and "title" in dict(attrs) else []
        self.links += [value for name, value in attrs if name in ("src", "href")]

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        self.text.append(data)


def page_of(works, least=(0.5, 100), title="Tiny"):
    return render_page(compare_all(works, GIVEN, *least), len(works), title, least)


def test_the_page_shows_all_sides_and_needs_nothing_else():
    hostile = LOOPS + "\n# <script>alert('&')</script>\n"
    page = page_of([work("<b>a", hostile), work("b", LOOPS)], title="Tiny & small")
    reader = Reader(page)
    text = "".join(reader.text)
    assert {link for link in reader.links if not link.startswith("#")} == set()
    assert "#group-1" in reader.links
    assert "<script" not in page
    assert "<b>a" not in page
    assert "alert('&')" in text
    assert sorted(reader.marks) == ["passage 1, also in <b>a", "passage 1, also in b"]
    assert not re.search(r"plagiar|cheat|guilt|suspic|copied|fraud", text, re.IGNORECASE)
    assert "no finding" in text


def test_a_page_without_pairs_says_so():
    nothing = Compared(pairs=(), groups=())
    page = render_page(nothing, 3, "Tiny", (0.5, 100))
    assert "No pair shares as much." in page
    assert "have passages in common" not in page


def test_given_code_is_folded_and_unmarked():
    page = page_of([work("a", f"{SUPPORT}\n{LOOPS}"), work("b", f"{SUPPORT}\n{LOOPS}")])
    lines = SUPPORT.count("\n")
    assert page.count(f"lines 1 to {lines}: given") == 2
    for given in re.findall(r'<details class="given">.*?</details>', page, re.DOTALL):
        assert "helper8" in given
        assert "<mark" not in given
        assert "conv" not in given
    # the numbers go on behind the fold
    assert f'<span class="no">{lines + 2}</span><span class="of">1</span>' in page


def test_who_stands_in_two_groups_is_said_in_both():
    other = "\n".join(f"x = x.p{n}(x)[x.q{n}].r{n}(x, {n})" for n in range(30))
    works = [work("a", LOOPS), work("b", LOOPS, other), work("c", other)]
    page = page_of(works, (0.9, 50))
    assert '<p class="soft">b is also in <a href="#group-2">group 2</a>.</p>' in page
    assert '<p class="soft">b is also in <a href="#group-1">group 1</a>.</p>' in page


def test_a_large_group_has_all_figures_and_some_of_the_code():
    count = MOST_SHOWN + 2
    page = page_of([work(f"s{n}", LOOPS) for n in range(count)])
    assert f"The {count * (count - 1) // 2} pairs of this group" in page
    assert f"The code of {MOST_SHOWN} is shown, those most alike; not that of s6, s7." in page
    assert page.count("<article") == MOST_SHOWN
    assert "<li>1: s0, s1, s2, s3, s4, s5, s6, s7</li>" in page


def test_the_rest_of_very_long_code_is_said():
    long = LOOPS + "\n" * 5_000 + LOOPS
    page = page_of([work("a", long), work("b", LOOPS)])
    assert page.count("There is more of it; the rest is not shown.") == 1
    assert len(page) < 600_000


@pytest.mark.parametrize("order", [1, -1])
def test_the_same_class_gives_the_same_page(order):
    works = [work("a", LOOPS), work("b", LOOPS), work("c", SUPPORT)]
    assert page_of(works[::order]) == page_of(works)
