"""Code of Python 2 has Python 2's meaning; the support code beside it keeps today's."""

import numpy as np
import pytest

from autograder.guest.definitions import Missing, Namespace


def value(expression, *before, python2=True, cell=1):
    made = Namespace()
    sources = ["import numpy as np", *before, f"def f(a=7, b=2, v=None):\n    return {expression}"]
    made.run([{"source": s, "cell": cell, "line": 1, "names": ["f"]} for s in sources], python2)
    return made.find("f")()


@pytest.mark.parametrize(
    ("expression", "answer"),
    [
        ("a / b", 3),
        ("-a / b", -4),
        ("a / 2.0", 3.5),
        ("1 + (8 + 2 * 1 - 3) / 2", 4),
        ("True / 1", 1),
        ("(lambda n: n / 2)(5)", 2),
        ("[n / 2 for n in (1, 2, 3)]", [0, 1, 1]),
        ("a / b / 2.0", 1.5),
        ("map(abs, [-1, 2])[0]", 1),
        ("len(zip([1, 2], [3, 4]))", 2),
        ("range(3) + [3]", [0, 1, 2, 3]),
        ("filter(None, [0, 1])", [1]),
        ("filter(str.isdigit, 'a1')", "1"),
        ("{'a': 1}.keys()[0]", "a"),
        ("{'a': 1}.items()[0]", ("a", 1)),
        ("sorted({'a': 1}.iteritems())", [("a", 1)]),
        ("{'a': 1}.has_key('a')", True),
        ("iter([4]).next()", 4),
        ("round(2.5)", 3.0),
        ("round(-2.5)", -3.0),
        ("round(2.345, 1)", 2.3),
        ("np.arange(6)[1:a / 2.0].tolist()", [1, 2]),
        ("np.arange(6)[:b * 1.0].tolist()", [0, 1]),
        ("cmp(1, 2)", -1),
    ],
)
def test_an_expression_means_what_it_meant(expression, answer):
    found = value(expression)
    assert (found, type(found)) == (answer, type(answer))


@pytest.mark.parametrize(
    ("left", "right", "answer"),
    [
        (np.int64(7), 2, np.int64(3)),
        (np.arange(4), 2, np.array([0, 0, 1, 1])),
        (np.arange(4), np.int32(2), np.array([0, 0, 1, 1])),
        (np.arange(4), 2.0, np.array([0, 0.5, 1, 1.5])),
        (np.ones(2) * 3, 2, np.array([1.5, 1.5])),
    ],
)
def test_whole_numbers_of_numpy_divide_to_whole_numbers(left, right, answer):
    namespace = Namespace()
    chunk = {"source": "def f(a, b): return a / b", "cell": 1, "line": 1, "names": ["f"]}
    namespace.run([chunk], python2=True)
    found = namespace.find("f")(left, right)
    assert found.dtype == answer.dtype
    np.testing.assert_array_equal(found, answer)


@pytest.mark.parametrize(
    ("lines", "answer"),
    [
        ("n = 7\nn /= 2", 3),
        ("n = 7.0\nn /= 2", 3.5),
        ("n = [7]\nn[0] /= 2", [3]),
        ("n = np.arange(4)\nm = n\nn /= 2\nn = m.tolist()", [0, 0, 1, 1]),
        ("class A: k = 7\nA.k /= 2\nn = A.k", 3),
    ],
)
def test_a_division_in_place(lines, answer):
    assert value("n", *lines.split("\n")) == answer


def test_division_is_todays_below_its_import():
    assert value("a / b", "from __future__ import division") == 3.5


def test_code_that_is_not_the_notebooks_keeps_todays_division():
    assert value("a / b", cell=0) == 3.5
    assert value("a / b", python2=False) == 3.5
    assert value("np.mean([1, 2]) + np.true_divide(1, 2)") == 2.0


def test_an_error_names_the_line_and_quotes_it():
    namespace = Namespace()
    namespace.run([{"source": "x = 1 / 0", "cell": 4, "line": 3, "names": ["x"]}], python2=True)
    with pytest.raises(Missing, match=r"ZeroDivisionError: .*\(line 3 of the cell with `x = 1 / 0`"):
        namespace.find("x")


def test_code_nested_too_deep_runs_with_todays_meaning():
    assert value("+".join(["a"] * 900)) == 7 * 900
