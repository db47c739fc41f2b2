"""Lines of the similarity page: numbered, whole, marked where passages are, folded where all was given."""

import html
import re

from hypothesis import given
from hypothesis import strategies as st

from autograder.model import Cell, CellKind, Notebook
from autograder.pages.showing import MOST_IN_LINE
from autograder.pages.similarity.lines import FOLDED, blocks_of
from autograder.similarity import Span, work_of

SOURCES = st.text(st.sampled_from("ab1 =(\n<&#'\"é"), max_size=80)


def cell_of(source):
    cell = Cell(index=0, id="a", kind=CellKind.CODE, source=source)
    return work_of("a", Notebook(path="n.ipynb", cells=(cell,))).cells[0]


def shown(part):
    return html.unescape(re.sub("<[^>]*>", "", part.text))


def spans_in(*edges, others=("b",)):
    """Spans between the first and second edge, the third and fourth, and so on."""
    pairs = enumerate(zip(edges[::2], edges[1::2], strict=False), 1)
    return [Span(cell=0, start=a, end=b, number=n, others=others) for n, (a, b) in pairs if a < b]


@given(SOURCES, st.lists(st.integers(0, 80), max_size=6, unique=True).map(sorted))
def test_every_character_is_shown_once_and_marked_where_its_passage_is(source, edges):
    spans = spans_in(*(min(edge, len(source)) for edge in edges))
    blocks = blocks_of(cell_of(source), frozenset(), spans, 1000)
    lines = [line for block in blocks for line in block.lines]
    assert [line.number for line in lines] == list(range(1, source.count("\n") + 2))
    assert "\n".join("".join(map(shown, line.parts)) for line in lines) == source
    marked = "".join(shown(part) for line in lines for part in line.parts if part.span)
    expected = "".join(source[span.start : span.end] for span in spans)
    assert marked == expected.replace("\n", "")


def test_a_passage_begins_once_and_goes_on():
    (block,) = blocks_of(cell_of("a = 1\nb = 2\nc = 3"), frozenset(range(9)), spans_in(2, 14), 10)
    assert [line.passages for line in block.lines] == [(1,), (1,), (1,)]
    assert [[part.begins for part in line.parts if part.span] for line in block.lines] == [
        [True],
        [False],
        [False],
    ]


def test_given_lines_are_folded_with_what_is_empty_between_them():
    source = "\n".join(["mine = 1", "", *["given = 0"] * 2, "# said", "", *["given = 0"] * 2, "", "mine = 2"])
    own = frozenset([0, 1, 2, 15, 16, 17])
    blocks = blocks_of(cell_of(source), own, [], 100)
    assert [(one.given, len(one.lines)) for one in blocks] == [(False, 2), (True, 6), (False, 2)]
    assert blocks[1].lines[0].number == 3


def test_few_given_lines_and_marked_ones_stay_open():
    few = "\n".join(["x = 0"] * (FOLDED - 1))
    assert [one.given for one in blocks_of(cell_of(few), frozenset(), [], 100)] == [False]
    many = "\n".join(["x = 0"] * FOLDED)
    assert [one.given for one in blocks_of(cell_of(many), frozenset(), [], 100)] == [True]
    assert [one.given for one in blocks_of(cell_of(many), frozenset(), spans_in(0, 3), 100)] == [False]


def test_long_lines_and_many_lines_end_with_a_mark():
    ((line,),) = (block.lines for block in blocks_of(cell_of("y" * 10 * MOST_IN_LINE), frozenset(), [], 9))
    assert sum(len(part.text) for part in line.parts) == MOST_IN_LINE + 2
    marked = blocks_of(cell_of("y" * 10 * MOST_IN_LINE), frozenset({0}), spans_in(5, 9 * MOST_IN_LINE), 9)
    assert sum(len(part.text) for part in marked[0].lines[0].parts) == MOST_IN_LINE + 2
    assert sum(len(one.lines) for one in blocks_of(cell_of("\n" * 500), frozenset(), [], 9)) == 9


def test_what_a_student_wrote_is_text():
    ((line,),) = (
        block.lines for block in blocks_of(cell_of("# <script>\u202e</script>"), frozenset(), [], 9)
    )
    assert "<script" not in line.parts[0].text
    assert "U+202E" in line.parts[0].text
