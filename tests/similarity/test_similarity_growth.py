"""Reading and comparing take linear time."""

import pytest
from growth import grows_linearly

from autograder.model import Cell, CellKind, Notebook
from autograder.similarity import compare_all, render_page, work_of
from autograder.similarity.compare import MOST_CHARACTERS
from autograder.similarity.tokens import tokens_of

FORMS = {
    "quotes": (lambda n: "'\\" * n, 5_000),
    "double quotes": (lambda n: '"\\' * n, 5_000),
    "an open long string": (lambda n: "'''" + "a'" * n, 5_000),
    "dots": (lambda n: ". " * n, 5_000),
    "spaces": (lambda n: " \n" * n + "%", 5_000),
    "code": (lambda n: "total += np.sum(a[0])\n" * n, 500),
}


def notebook(*sources):
    cells = (Cell(index=i, id=f"c{i}", kind=CellKind.CODE, source=s) for i, s in enumerate(sources))
    return Notebook(path="n.ipynb", cells=tuple(cells))


@pytest.mark.parametrize("form", FORMS)
def test_code_is_split_into_tokens_in_linear_time(form):
    make, size = FORMS[form]
    assert grows_linearly(lambda source: list(tokens_of(source)), make, size)


def test_a_string_that_is_never_closed_ends_with_its_line():
    assert [text for text, _, _ in tokens_of("x = 'abc\ny = 1")] == ["V", "=", "S", "V", "=", "0"]


def test_two_works_with_many_passages_in_common_are_compared_and_shown_in_linear_time():
    def make(n):
        shared = [" ".join(f"f{i}.a{i}.b{k}" for k in range(12)) for i in range(n)]
        return [
            work_of("a", notebook(*shared)),
            work_of("b", notebook("\n".join(f"{text}\n+ {i}" for i, text in enumerate(shared)))),
        ]

    def work(works):
        pairs = compare_all(works, work_of("given", notebook("x")), 0.1, 10)
        return render_page(pairs, {one.id: one for one in works}, "t", (0.1, 10))

    assert grows_linearly(work, make, 60)


def test_only_the_beginning_of_very_long_code_is_compared():
    work = work_of("a", notebook("x = 1\n" * 100, "y" * MOST_CHARACTERS, "z = 2"))
    assert [len(cell.source) for cell in work.cells] == [600, MOST_CHARACTERS - 600, 0]
