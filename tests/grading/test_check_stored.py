"""Checks of what a notebook stores: the order of its run, answers for a person, numbers of a re-run."""

import contextlib
import io

import pytest
from check_context import FakeContext, run_check
from in_process import InProcess

from autograder.assignment import Manual, Rerun, RunOrder, Written
from autograder.grading.checks.rerun import numbers_agree
from autograder.model import (
    Cell,
    CellKind,
    Chunk,
    Definitions,
    Notebook,
    Output,
    OutputKind,
    OutputText,
    Status,
)


def code(index, count=None, *outputs):
    return Cell(
        index=index, id=f"c{index}", kind=CellKind.CODE, source="x", execution_count=count, outputs=outputs
    )


SAYS = Output(kind=OutputKind.STREAM, text="difference 2e-8")
FAILS = Output(kind=OutputKind.ERROR, text="NameError")
PICTURE = Output(kind=OutputKind.DISPLAY, png=b"\x89PNG")


def run_order(*cells):
    context = FakeContext(notebook=Notebook(path="n", cells=cells), cells={"a": 0, "b": 1, "extra": 2})
    return run_check(RunOrder(kind="run-order", id="r", cells=("a", "b"), optional_from="extra"), context)


def test_a_run_from_the_top():
    finding = run_order(code(0, 1, SAYS), code(1, 2, SAYS), code(2))
    assert (finding.status, finding.fraction) == (Status.PASSED, 1.0)


@pytest.mark.parametrize(
    ("cells", "fraction", "says"),
    [
        ((code(0), code(1), code(2)), 0, "No cell was ever run"),
        ((code(0, 2, SAYS), code(1, 1, SAYS)), 2 / 3, "[2] stands above [1]"),
        ((code(0, 1, SAYS), code(1, 2, FAILS)), 2 / 3, "The stored output has an error in cell 2."),
        ((code(0, 1, SAYS), code(1, 2)), 2 / 3, "No output is stored for `b`."),
        ((code(0, 1, SAYS), code(1)), 5 / 6, "Not run or not found: `b`."),
        ((code(0, 1, SAYS), code(1, 2, SAYS), code(2, 1, FAILS)), 1, "ran in order"),
    ],
)
def test_what_a_run_lacks_is_said(cells, fraction, says):
    finding = run_order(*cells)
    assert finding.fraction == pytest.approx(fraction, abs=1e-4)
    assert says in finding.message


def test_outputs_without_counts_are_for_a_person():
    finding = run_order(code(0, None, SAYS), code(1, None, SAYS), code(2))
    assert (finding.status, finding.fraction) == (Status.MANUAL, pytest.approx(2 / 3, abs=1e-4))
    assert finding.message == (
        "2 of 2 cells have outputs, but no cell has an execution count: the order of the run can't be seen, "
        "so a person decides."
    )
    assert run_order(code(0, None, SAYS), code(1), code(2)).fraction == pytest.approx(1 / 6, abs=1e-4)
    assert run_order(code(0, None, SAYS), code(1, None, FAILS)).fraction == pytest.approx(1 / 3, abs=1e-4)


MANUAL = Manual(kind="manual", id="m", after_cell="extra", question_for_grader="Well?")


def test_a_person_gets_the_pictures():
    notebook = Notebook(path="n", cells=(code(0, 1, PICTURE), code(1), code(2), code(3, 7, PICTURE, SAYS)))
    given = Notebook(path="g", cells=(code(0), text(1, "The release's")))
    finding = run_check(MANUAL, FakeContext(notebook=notebook, given=given, cells={"extra": 2}))
    assert (finding.status, finding.pictures) == (Status.MANUAL, (b"\x89PNG",))
    assert finding.message == "Well? Cells run: 1; pictures kept: 1."


def text(index, source):
    return Cell(index=index, id=f"t{index}", kind=CellKind.MARKDOWN, source=source)


def test_a_person_gets_the_code_the_text_and_what_was_printed_after_the_cell():
    loud = Output(kind=OutputKind.STREAM, text="y" * 30_000)
    cells = (
        code(0, 1, SAYS),
        text(1, "Before"),
        code(2),
        text(3, "The release's"),
        code(4, 5, SAYS, SAYS),
        code(5),
        text(6, "My answer"),
        code(7, 6, loud),
        code(8, 7),
    )
    given = Notebook(path="g", cells=(text(0, "The release's"),))
    context = FakeContext(notebook=Notebook(path="n", cells=cells), given=given, cells={"extra": 2})
    evidence = run_check(MANUAL, context).evidence
    assert [(one.where, one.text) for one in evidence[:-1]] == [
        ("cell 5", "x"),
        ("cell 5, printed", SAYS.text * 2),
        ("cell 7", "My answer"),
        ("cell 8", "x"),
    ]
    assert (evidence[-1].where, evidence[-1].truncated) == ("cell 8, printed", True)
    assert sum(len(one.text) for one in evidence) == 20_000


def test_nothing_for_a_person():
    notebook = Notebook(path="n", cells=(code(0, 1), code(1), code(2)))
    finding = run_check(MANUAL, FakeContext(notebook=notebook, cells={"extra": 1}))
    assert finding.status is Status.SKIPPED


WRITTEN = Written(kind="written", id="w", cell="why", question_for_grader="Is it right?", hints=("Write.",))


def written(text, given="*Your answer.*"):
    kind = CellKind.MARKDOWN
    asked = Notebook(path="g", cells=(Cell(index=0, id="a", kind=kind, source=given, grade_id="why"),))
    answered = Notebook(path="n", cells=(Cell(index=0, id="a", kind=kind, source=text),))
    return run_check(WRITTEN, FakeContext(notebook=answered, given=asked, cells={"why": 0}))


def test_a_person_gets_the_written_answer():
    finding = written("Because *rounding* adds up.")
    assert (finding.status, finding.output.text) == (Status.MANUAL, "Because *rounding* adds up.")
    assert finding.message == "Is it right? The answer has 4 words."


def test_a_long_answer_is_cut_and_that_is_said():
    assert written("word " * 10_000).output.truncated


@pytest.mark.parametrize("text", ["", " \n", "*Your  answer.*\n"])
def test_no_answer_waits_for_nobody(text):
    finding = written(text)
    assert (finding.status, finding.message, finding.hints) == (
        Status.FAILED,
        "Nothing was written here.",
        ("Write.",),
    )


def test_an_answer_whose_cell_is_gone_is_looked_for_by_a_person():
    empty = Notebook(path="n", cells=())
    finding = run_check(WRITTEN, FakeContext(notebook=empty, given=empty))
    assert finding.status is Status.MANUAL
    assert "The cell `why` was not found; look for the answer elsewhere." in finding.message


# --- stored outputs and a re-run ------------------------------------------------------------------


class Printing(InProcess):
    """Keeps what is printed."""

    def __init__(self, namespace):
        super().__init__(namespace)
        self._text = io.StringIO()

    def _answer(self, request):
        with contextlib.redirect_stdout(self._text):
            return super()._answer(request)

    def printed(self):
        return OutputText(text=self._text.getvalue())


class PrintingContext(FakeContext):
    @contextlib.contextmanager
    def run(self, definitions, limits):
        with super().run(definitions, limits) as student:
            yield Printing(student._namespace)


@pytest.mark.parametrize(
    ("one", "other", "agree"),
    [("5 6", "# 5", False), ("loss 1.0", "loss 1.0", True), ("nan", "nan", True), ("1 2", "1 3", False)],
)
def test_lines_agree_in_all_their_numbers_or_not_at_all(one, other, agree):
    assert numbers_agree(one, other) is agree


def rerun(stored, mine="def f(x):\n    return 2 * x", cells=("show",)):
    given = [
        Cell(index=0, id="a", kind=CellKind.CODE, source="def halve(x):\n    return x / 2"),
        Cell(
            index=1,
            id="b",
            kind=CellKind.CODE,
            grade_id="show",
            source="print('twice:', f(3.0))\nprint('small', halve(f(1e-9)))",
        ),
    ]
    cell = Cell(
        index=1, id="b", kind=CellKind.CODE, source="", outputs=(Output(kind=OutputKind.STREAM, text=stored),)
    )
    context = PrintingContext(
        given=Notebook(path="", cells=tuple(given)),
        notebook=Notebook(path="", cells=(given[0], cell)),
        definitions=Definitions(chunks=(Chunk(source=mine, names=("f",), cell=1),)),
        cells={"show": 1},
    )
    return run_check(Rerun(kind="rerun", id="r", cells=cells, needs=("halve",), hints=("run it",)), context)


@pytest.mark.parametrize(
    "stored", ["twice: 6.0\nsmall 1e-09\n", "twice: 6.0001\nsmall 7e-08", "twice:  6\nmore 4"]
)
def test_stored_numbers_that_a_rerun_prints_are_right(stored):
    assert rerun(stored).status is Status.PASSED


@pytest.mark.parametrize(
    ("stored", "said"),
    [
        (
            "twice: 7.5\nsmall 1e-09",
            "The stored output of cell 2 says “twice: 7.5”, but a re-run prints “twice: 6.0”",
        ),
        (
            "twice: 6.0\nsmall 0.5",
            "The stored output of cell 2 says “small 0.5”, but a re-run prints “small 1e-09”",
        ),
        ("twice: nan", "The stored output of cell 2 says “twice: nan”, but a re-run prints “twice: 6.0”"),
    ],
)
def test_stored_numbers_that_a_rerun_does_not_print_are_found(stored, said):
    finding = rerun(stored)
    assert finding.status is Status.FAILED
    assert finding.message.startswith(said)
    assert finding.hints == ("run it",)


def test_where_nothing_can_be_compared_nothing_is_said():
    assert rerun("").message == "The stored outputs share no numbers with a re-run, so nothing is compared."
    assert rerun("hello 1 2 3").status is Status.SKIPPED
    assert rerun("twice: 6.0", cells=("absent",)).status is Status.SKIPPED
    broken = rerun("twice: 6.0", mine="def f(x):\n    raise ValueError('no')")
    assert broken.status is Status.SKIPPED
    assert "The cells do not run here, so nothing is compared: ValueError: no" in broken.message
