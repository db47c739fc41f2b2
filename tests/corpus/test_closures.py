"""What extraction chooses of a whole notebook is what its functions need: no less, and no more."""

import contextlib
import io
import linecache
import sys
from pathlib import Path

import msgspec
import numpy as np
import pytest
from corpus_grading import ROOT, course, given, notebook_with

from autograder.grading.reading import definitions_of
from autograder.guest.definitions import Missing, Namespace
from autograder.intake import read_notebook

RIGHT = {path.stem: path for path in sorted((Path(__file__).parent / "right").glob("*.py"))}
# Those whose functions return.
SAMPLES = ["s001", "s002", "s003", "s004", "s005", "s006", "s007", "s009", "s015"]
CONVOLUTION = {"conv_forward_naive", "conv_backward_naive"}


def answers(chunks):
    """Every output of both passes on a small case, or the name of the error."""
    main, lines, namespace = sys.modules["__main__"], dict(linecache.cache), Namespace()
    rng = np.random.default_rng(0)
    x, w, b = rng.normal(size=(2, 2, 5, 4)), rng.normal(size=(3, 2, 3, 2)), rng.normal(size=3)
    try:
        with contextlib.redirect_stdout(io.StringIO()):
            namespace.run([msgspec.to_builtins(chunk) for chunk in chunks])
            out, cache = namespace.find("conv_forward_naive")(x, w, b, {"stride": 2, "pad": 1})
            gradients = namespace.find("conv_backward_naive")(np.ones_like(out), cache)
        return [np.asarray(value).tolist() for value in (out, *gradients)]
    except (Exception, Missing, SystemExit) as error:
        return type(error).__name__
    finally:
        sys.modules["__main__"] = main
        linecache.cache.clear()
        linecache.cache.update(lines)


def chosen(notebook):
    """The chunks for the convolution, without star imports and what the network alone needs."""
    assignment = msgspec.structs.replace(course().assignment, definitions=tuple(sorted(CONVOLUTION)))
    return [chunk for chunk in definitions_of(notebook, assignment, given()).chunks if chunk.cell]


def needless(chunks):
    """What changes no answer if it is left out; a wanted name's earlier definitions are kept on purpose."""
    whole = answers(chunks)
    return [
        one.source.partition("\n")[0]
        for one in chunks
        if one.names
        and CONVOLUTION.isdisjoint(one.names)
        and answers([other for other in chunks if other is not one]) == whole
    ]


@pytest.mark.parametrize("name", RIGHT)
def test_each_chosen_statement_of_a_right_solution_is_needed(name):
    if "scipy" in RIGHT[name].read_text(encoding="utf-8"):
        pytest.importorskip("scipy.signal")
    chunks = chosen(notebook_with(*RIGHT[name].read_text(encoding="utf-8").split("# --- another cell\n")))
    assert isinstance(answers(chunks), list)
    assert needless(chunks) == []


@pytest.mark.parametrize("name", SAMPLES)
def test_each_chosen_statement_of_a_sample_is_needed(name):
    (path,) = (ROOT / "tests" / "samples" / "hw5" / name).glob("*.ipynb")
    assert needless(chosen(read_notebook(path))) == []
