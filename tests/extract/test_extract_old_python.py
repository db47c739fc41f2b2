"""Submissions written for Python 2 and for NumPy before 1.24."""

import ast

import msgspec
import pytest
from extract_samples import EMULATE, OFF, codes, notebook, run
from hypothesis import given
from hypothesis import strategies as st

from autograder.extract import extract
from autograder.extract.python2 import to_python3


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ('print "a"', 'print( "a")'),
        ("print", "print()"),
        ('print "a", x # note', 'print( "a", x) # note'),
        ('print "a",', "print( \"a\", end=' ')"),
        ('print"a"', 'print("a")'),
        ('print "a %d" % \\\n    x', 'print( "a %d" % \\\n    x)'),
        ('print "a %d" % (x,\n    )', 'print( "a %d" % (x,\n    ))'),
        ('print ("a %d") % x', 'print( ("a %d") % x)'),
        ('print("a"), x', 'print(("a"), x)'),
        ('print("a")', 'print("a")'),
        ('if x: print "a"', 'if x: print( "a")'),
        ('x = 1; print "a"; y = 2', 'x = 1; print( "a"); y = 2'),
        ('print >>f, "a"', 'print(  "a", file=f)'),
        ('print >>f.g, "a",', "print(  \"a\", file=f.g, end=' ')"),
        ("print >>f", "print( file=f)"),
        ("print = 1", "print = 1"),
        ("x = print", "x = print"),
        ("try: pass\nexcept A, e: pass", "try: pass\nexcept A as e: pass"),
        ("try: pass\nexcept (A, B), e: pass", "try: pass\nexcept (A, B) as e: pass"),
        ("try: pass\nexcept (A, B): pass", "try: pass\nexcept (A, B): pass"),
        ('raise A, "no"', 'raise A( "no")'),
        ('raise A, "no", trace', 'raise A( "no") '),
        ("x <> y", "x != y"),
        ("10L + 0xFFl", "10 + 0xFF"),
        ("print `x` + `y`", "print( repr(x) + repr(y))"),
        ("if x:\n\ty = 1\n        z = 2", "if x:\n        y = 1\n        z = 2"),
        ("t = '''\nprint x\n'''", "t = '''\nprint x\n'''"),
        ('s = "print x"', 's = "print x"'),
    ],
)
def test_old_statements_are_converted(old, new):
    converted, lines = to_python3(old)
    assert converted == new
    ast.parse(converted)
    changed = [n for n, (a, b) in enumerate(zip(old.split("\n"), new.split("\n"), strict=True), 1) if a != b]
    assert lines == changed


@given(st.text(alphabet="print ex,c\n\t()'\"#:;>=L1\\%[]{}", max_size=80))
def test_no_text_breaks_the_conversion_or_loses_a_line(text):
    assert to_python3(text)[0].count("\n") == text.count("\n")


OLD = """
from __future__ import division
def f(x):
    for i in xrange(2):
        print "step %d" % i
    try:
        return x / 2
    except ZeroDivisionError, e:
        raise ValueError, "no"
"""


def test_a_python_2_function_is_read_with_one_notice():
    result = extract(notebook("y = 1", OLD), ["f"], EMULATE)
    assert codes(result) == ["python2", "old-habit", "old-habit"]
    assert result.notices[0].message == "cell 2 is Python 2 (line 4); it was read as Python 3."
    assert result.notices[0].where == "cell 2, line 4"
    assert result.compat == ("xrange", "python2")
    namespace = {"xrange": range}
    for chunk in result.chunks:
        exec(chunk.source, namespace)
    assert namespace["f"](4) == 2


DIVIDES = "def f(x): return x / 2"


def kernel(name, *sources):
    return msgspec.structs.replace(notebook(*sources), language=name)


@pytest.mark.parametrize(
    ("given", "evidence"),
    [
        (kernel("python2", DIVIDES), "its kernel"),
        (notebook("print 'x'", DIVIDES), "the statement in cell 1, line 1"),
        (notebook("x = 1 <> 2", DIVIDES), "the statement in cell 1, line 1"),
        (notebook("x = `1`", DIVIDES), "the statement in cell 1, line 1"),
        (notebook("try: pass\nexcept A, e: pass", DIVIDES), "the statement in cell 1, line 2"),
        (notebook("for i in xrange(3): pass", DIVIDES), "`xrange` in cell 1, line 1"),
        (notebook("x = raw_input()", DIVIDES), "`raw_input` in cell 1, line 1"),
        (notebook("import cPickle as pickle", DIVIDES), "`cPickle` in cell 1, line 1"),
        (notebook("def h(d): return d.iteritems()", DIVIDES), "`iteritems` in cell 1, line 1"),
        (notebook("def h(d): return d.has_key(3)", DIVIDES), "`has_key` in cell 1, line 1"),
    ],
)
def test_a_notebook_is_python_2_by_evidence_which_a_notice_names(given, evidence):
    result = extract(given, ["f"], EMULATE)
    assert result.compat[-1] == "python2"
    cell = given.cells[-1].index + 1
    assert result.notices[-1].message == (
        f"The notebook is written for Python 2 ({evidence}), and was run with that meaning. "
        f"There `/` (cell {cell}, line 1) divides whole numbers to a whole number; today write `//`."
    )
    assert "python2" not in extract(given, ["f"], OFF).compat


@pytest.mark.parametrize(
    "given",
    [
        kernel("python", DIVIDES),
        kernel("python2", "def f(x): return f'{x / 2}'"),
        kernel("python2", "def f(x: int): return x / 2"),
        notebook("print 'x'", "def f(x, *, y=1): return x / 2"),
        notebook("xrange = range", "def f(x): return xrange(x)[x / 2]"),
        notebook("try:\n    xrange\nexcept NameError:\n    xrange = range", DIVIDES),
        notebook("try:\n    import cPickle as pickle\nexcept ImportError:\n    import pickle", DIVIDES),
        notebook("def h(d, xrange): return six.iteritems(d), xrange", DIVIDES),
        notebook("# for i in xrange(3)\ns = 'print 3'", DIVIDES),
    ],
)
def test_other_notebooks_keep_todays_division(given):
    assert "python2" not in extract(given, ["f"], EMULATE).compat


def test_python_2_is_a_syntax_error_if_it_is_not_emulated():
    assert codes(extract(notebook(OLD), ["f"], OFF)) == ["syntax-error", "missing-definition"]


@pytest.mark.parametrize("line", ['print >>sys.stderr, "x"', 'print ("%d") % x'])
def test_old_code_that_parses_today_but_fails_is_converted_too(line, capsys):
    result = extract(notebook(f"import sys\ndef f(x):\n    {line}\n    return x"), ["f"], EMULATE)
    assert run(result)["f"](2) == 2
    assert codes(result) == ["python2", "old-habit"]


def test_one_python_2_function_in_a_broken_cell_is_saved():
    code = "def f(x):\n    print x\n    return x\n\ndef g(:\n    pass"
    result = extract(notebook(code), ["f"], EMULATE)
    assert run(result)["f"](2) == 2
    assert [n.where for n in result.notices] == ["cell 1, line 5", "cell 1, line 2", ""]


def test_old_names_are_found_in_code_and_not_in_text():
    code = (
        "import numpy as np\ndef f(x):\n    '''np.float'''\n    # np.int, xrange(3)\n    return np.int32(x)"
    )
    assert extract(notebook(code), ["f"], EMULATE).compat == ()


@pytest.mark.parametrize(
    ("code", "legacy"),
    [
        ("import numpy as np\ndef f(x): return np.float(x)", ("np.float",)),
        ("import numpy\ndef f(x): return numpy.object", ("np.object",)),
        ("import numpy as N\ndef f(x): return N.int(x)", ("np.int",)),
        ("import numpy as np\ndef f(x): return np.lib.pad(x, 1)", ("np.lib.pad",)),
        ("import numpy as np\ndef f(x): return np.reshape(x, newshape=(1,))", ("np.reshape.newshape",)),
        ("import numpy as np\ndef f(x): return np.bool(x)", ()),
        ("def f(x): return reduce(g, [x]) + long(x)", ("long", "reduce", "python2")),
        ("def xrange(n): return [n]\ndef f(x): return xrange(x)", ()),
        ("def f(unicode): return unicode", ()),
        ("def f(x):\n    long = 1\n    return long", ()),
    ],
)
def test_old_names_are_found_by_the_names_that_the_code_uses(code, legacy):
    assert extract(notebook(code), ["f"], EMULATE).compat == legacy
