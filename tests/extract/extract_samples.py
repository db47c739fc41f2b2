"""Small notebooks for the tests of extraction, and a way to run the code that was found."""

import contextlib
import textwrap

from autograder.assignment import CompatSpec
from autograder.model import Cell, CellKind, Notebook

EMULATE, OFF = CompatSpec(), CompatSpec(numpy_aliases="off", python2="off")


def notebook(*sources, **more):
    cells = tuple(
        Cell(index=i, id=f"c{i}", kind=CellKind.CODE, source=textwrap.dedent(source).strip("\n"), **more)
        for i, source in enumerate(sources)
    )
    return Notebook(path="n.ipynb", cells=cells)


def run(found):
    """Run the chunks as the sandbox does: a chunk that fails costs only its own names."""
    namespace = {}
    for chunk in found.chunks:
        with contextlib.suppress(SyntaxError):
            exec(chunk.source, namespace)
    return namespace


def names(found):
    return [name for chunk in found.chunks for name in chunk.names]


def codes(found):
    return [notice.code for notice in found.notices]


GIVEN = notebook(
    "import numpy as np", "def f():\n    # write here\n    return None", "print(f())\nprint('two')"
)
