"""Reading and comparing take linear time."""

import pytest
from growth import grows_linearly

from autograder.model import Cell, CellKind, Notebook
from autograder.pages.similarity.render import render_page
from autograder.similarity import compare_all, work_of
from autograder.similarity.passages import members_of
from autograder.similarity.tokens import tokens_of
from autograder.similarity.works import MOST_CHARACTERS, own_of

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
        found = compare_all(works, work_of("given", notebook("x")), 0.1, 10)
        return render_page(found, len(works), "t", (0.1, 10))

    assert grows_linearly(work, make, 60)


def test_passages_of_a_class_of_copies_are_marked_in_linear_time():
    code = "\n".join(f"def f{n}(x): return x.a{n}[x.b{n}].c{n}(x.d{n}, x.e{n})" for n in range(8))
    given = work_of("given", notebook("x"))

    # each copy differs from all others at one place, so that every passage has its own holders
    def make(n):
        return [work_of(f"s{i}", notebook(code + f"\nx.own{i}(x)[x.z{i}]" * 12)) for i in range(n)]

    def work(works):
        owns = [own_of(one, given.runs) for one in works]
        return members_of(owns)

    assert grows_linearly(work, make, 12)


def test_only_the_beginning_of_very_long_code_is_compared():
    work = work_of("a", notebook("x = 1\n" * 100, "y" * MOST_CHARACTERS, "z = 2"))
    assert [len(cell.source) for cell in work.cells] == [600, MOST_CHARACTERS - 600, 0]
