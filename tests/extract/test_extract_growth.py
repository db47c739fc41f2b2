"""Each reader of code takes linear time, and a notice says if a cap is met."""

import pytest
from extract_samples import EMULATE, codes, notebook
from growth import grows_linearly

from autograder.extract import (
    code,
    code_of_cells,
    comment_facts,
    comments,
    extract,
    match,
    match_cells,
    outside,
    review_hints,
)
from autograder.extract.python2 import MAX_LINE, fails_silently, to_python3
from autograder.model import Chunk, FileRecord

GIVEN = notebook("def f(x):\n    pass\n    return x", "import numpy as np\nprint(f(1))", "pass\npass\nx = 1")


def forget():
    """Empty the caches: these tests measure the work itself."""
    for remembered in (code._parse_cell, code._remembered, code._last, match._common):
        remembered.cache_clear()


def read_all(given):
    forget()
    definitions = extract(given, ["f", "g"], EMULATE)
    comment_facts(given, GIVEN, ["f", "g"])
    review_hints(definitions.chunks, GIVEN, {"layers.py": "x = 1234567890\n" * 50})
    match_cells(given, GIVEN)
    outside(given, definitions.chunks, (FileRecord(path="a.py", bytes=1, sha256=""),))
    code_of_cells(given, {len(given.cells) - 1}, EMULATE)


FORMS = {
    "newlines": (lambda n: "%%bash\n" + "\n" * n + "x", 20_000),
    "indented newlines": (lambda n: "%%bash\n" + " \n" * n + "x", 20_000),
    "runs": (lambda n: "%run\n" * n, 1_500),
    "semicolons": (lambda n: "a;" * n, 1_000),
    "semicolons after a wide letter": (lambda n: "µ;" * n, 1_000),
    "print": (lambda n: "print(" * n + ")" * (7 * n), 2_000),
    "print lines": (lambda n: "print 'a'\n" * n, 400),
    "quotes": (lambda n: "a b\n" + "'\\" * n, 8_000),
    "lines of quotes": (lambda n: "a b\n" + ("'\\" * 20 + "\n") * n, 150),
    "backslashes in a long string": (lambda n: 'a b\nx = """' + "\\a" * n + "\\\n", 8_000),
    "blocks": (lambda n: "a b\n" * n, 200),
    "laughs": (lambda n: "x = [0]\n" + "x = [x, x]\n" * n + "def f(): return x", 300),
    "definitions of one name": (lambda n: "def f(x): return x\n" * n, 500),
    "a name set anew": (lambda n: "def f(x): return x\n" + "f += g\n" * n, 500),
    "aliases": (lambda n: "f = g\n" * n, 400),
    "functions that change a name": (
        lambda n: "x = 1\ndef f(): return x\n" + "def h():\n  global x\n  x = 2\n" * n + "h()\n" * n,
        200,
    ),
    "names of one statement": (
        lambda n: ", ".join(f"a{i}" for i in range(n)) + " = [0]\ndef f(): return " + f"{'a1 + ' * n}a0",
        1_000,
    ),
    "a chain of names": (
        lambda n: "a0 = 1\n" + "".join(f"a{i + 1} = a{i}\n" for i in range(n)) + f"def f(): return a{n}",
        200,
    ),
    "one big function": (
        lambda n: (
            "".join(f"a{i} = 1\n" for i in range(n))
            + "def f(x):\n"
            + "".join(f"  x += a{i}\n" for i in range(n))
        ),
        150,
    ),
    "functions inside one": (
        lambda n: "def f(x):\n" + "".join(f"  x{i} = lambda: x\n" for i in range(n)),
        300,
    ),
    "comprehensions inside one": (
        lambda n: "def f(x):\n" + "".join(f"  x{i} = [y for y in x]\n" for i in range(n)),
        600,
    ),
    "names like a missing one": (lambda n: "".join(f"def ff{i}(): pass\n" for i in range(n)), 400),
    "comments": (lambda n: "def f(x):\n" + "  # something to be said here\n  x += 1\n" * n, 400),
    "hints": (lambda n: "def f(x):\n" + "  if x.shape == (1, 2): open(x)\n" * n, 150),
}


@pytest.mark.parametrize("form", FORMS)
def test_a_cell_is_read_in_linear_time(form):
    make, size = FORMS[form]
    assert grows_linearly(read_all, lambda n: notebook(make(n)), size)


@pytest.mark.parametrize(
    "source", ["pass\npass\nx = 1\nprint(f(1))", "def f(x):\n    pass\n    return x\n\ny"]
)
def test_cells_are_matched_in_linear_time(source):
    def work(given):
        forget()
        match_cells(given, GIVEN)

    assert grows_linearly(work, lambda n: notebook(*[f"{source} + {i}" for i in range(n)]), 300)
    assert grows_linearly(work, lambda n: notebook(f"{source}\n" * n), 1_000)


def test_imported_files_are_found_in_linear_time():
    files = [FileRecord(path=f"m{i}.py", bytes=1, sha256="") for i in range(50)]

    def work(chunks):
        forget()
        outside(GIVEN, chunks, files)

    def make(n):
        return [Chunk(source=f"import m{i % 50}", names=(), cell=1) for i in range(n)]

    assert grows_linearly(work, make, 1_000)


def test_the_statement_beside_a_comment_is_found_in_linear_time():
    def work(lines):
        return [comments._beside(line, lines) for line in lines]

    assert grows_linearly(work, range, 2_000)


def test_old_code_is_recognised_and_converted_in_linear_time():
    assert grows_linearly(fails_silently, lambda n: "print(" * n + ")" * n, 50_000)
    assert grows_linearly(fails_silently, lambda n: "print  " * n, 50_000)
    assert grows_linearly(to_python3, lambda n: "print 'a', 'b'\n" * n, 300)


def test_a_long_line_is_not_converted_from_python_2():
    assert to_python3("print 'a'\n")[0] == "print( 'a')\n"
    long = "print '" + "a" * MAX_LINE + "'"
    assert to_python3(long)[0] == long


def test_code_beyond_a_cap_is_not_read_and_a_notice_says_so(monkeypatch):
    forget()
    monkeypatch.setattr(code, "MAX_STATEMENTS", 10)
    found = extract(notebook("def f(): return 1", "x = 1\n" * 11), ["f"], EMULATE)
    assert found.notices[0].message.startswith("cell 2: its 11 statements are not read. A notebook's code is")
    assert found.names == {"f"}
    found = extract(notebook("x = 1\n" * 8, "y = 1\n" * 8, "def f(): return 1"), ["f"], EMULATE)
    assert codes(found) == ["code-too-long", "missing-definition"]
    assert found.notices[0].message.startswith("cell 3: the code from here on is not read.")


def test_a_cap_on_characters_and_one_on_broken_statements(monkeypatch):
    forget()
    monkeypatch.setattr(code, "MAX_SOURCES", 100)
    found = extract(notebook("def f(): return 1", "#" * 90, "y = 1"), ["f"], EMULATE)
    assert (codes(found), found.notices[0].where) == (["code-too-long"], "cell 2")
    monkeypatch.setattr(code, "MAX_SOURCES", 10_000)
    monkeypatch.setattr(code, "MAX_BROKEN", 30)
    found = extract(notebook("a b\n" * 31 + "def f(): return 1"), ["f"], EMULATE)
    assert codes(found) == ["syntax-error"] * 20 + ["code-too-long", "syntax-error", "missing-definition"]
    assert [one.message for one in found.notices][21] == "and 10 more of this kind."
    assert "the code from line 31 on is not read" in found.notices[20].message


def test_a_notebook_of_a_hundred_ordinary_cells_meets_no_cap():
    cells = [f"def g{i}(x):\n" + "    x = x + 1  # once more\n" * 100 for i in range(100)]
    assert codes(extract(notebook(*cells, "def f(): return g1(1)"), ["f"], EMULATE)) == []


def test_a_message_lists_ten_places_and_how_many_more():
    found = extract(notebook(*["def f(): return 1"] * 25), ["f"], EMULATE)
    assert found.notices[0].message == (
        "`f` is defined 25 times (cell 1, cell 2, cell 3, cell 4, cell 5, cell 6, cell 7, cell 8, cell 9, "
        "cell 10, … and 15 more); the last one counts."
    )
