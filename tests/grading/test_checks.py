"""The checks, each with a context that holds just what it needs, and a student in this process."""

import contextlib
import io

import msgspec
import numpy as np
import pytest
from in_process import InProcess

from autograder.assignment import (
    Comments,
    Files,
    Manual,
    Outputs,
    Pdf,
    ProbeSpec,
    Rerun,
    RunOrder,
    Speed,
    Written,
)
from autograder.authoring import (
    Case,
    DataSet,
    Expected,
    FaultKind,
    Handles,
    Judgement,
    Probe,
    SpeedComparison,
    StudentFault,
    TimedCall,
    Timing,
)
from autograder.authoring.questions import Answer, Answers
from autograder.authoring.specs import FileRule
from autograder.errors import AssignmentError
from autograder.extract import CommentFacts
from autograder.grading.checks import KINDS
from autograder.grading.checks.rerun import numbers_agree
from autograder.model import (
    Cell,
    CellKind,
    Chunk,
    Definitions,
    FileRecord,
    Notebook,
    Output,
    OutputKind,
    OutputText,
    Status,
    Submission,
)


def run_check(spec, context):
    return KINDS[spec.kind].run(spec, context)


class FakeContext:
    """Holds what a test puts in it."""

    def __init__(self, namespace=None, **parts):
        self.student = InProcess(namespace or {})
        self.untouched = False
        self.cells, self.readings, self.prepared = {}, {}, {}
        self.__dict__.update(parts)

    @contextlib.contextmanager
    def handles(self, limits, alone=False):
        yield Handles(self.student, lambda: self.student)

    @contextlib.contextmanager
    def run(self, definitions, limits):
        namespace = {}
        for chunk in definitions.chunks:
            exec(chunk.source, namespace)
        yield InProcess(namespace)

    def once(self, key, make):
        if key[0] == "answers":
            return Answers(answers=tuple(self.known[key[1]]), printed=OutputText(text=f"for {key[1]}"))
        return make() if key[0] == "found" else None

    def question(self, name, kind):
        assert isinstance(self.asked, kind)
        return self.asked

    def mistakes(self, question, output, answers):
        return {}

    def generator(self, name):
        return np.random.default_rng(0)

    def data(self, count):
        zeros = np.zeros((count, 1, 2, 2), np.float32)
        return DataSet(
            x_train=zeros, y_train=np.zeros(count), x_test=zeros, y_test=np.zeros(count), name="zeros"
        )

    def clock(self):
        return Now.seconds


# --- outputs -------------------------------------------------------------------------------------


def answer(regime="a", value=1.0, fault=None):
    case = Case(id="c", about=f"the case of {regime}", regime=regime, inputs={})
    if fault:
        return Answer(
            case=case, outputs={}, expected={}, fault=StudentFault(fault, "it ended badly", "cell 4")
        )
    wanted = {"out": Expected(value=np.ones(1), allowed=1e-9)}
    return Answer(case=case, outputs={"out": np.full(1, value)}, expected=wanted)


def outputs(*questions, **more):
    return Outputs(kind="outputs", id="o", questions=questions or ("q",), **more)


def test_all_cases_right():
    finding = run_check(outputs(), FakeContext(known={"q": [answer(), answer("b")]}))
    assert finding.output is None
    assert (finding.status, finding.fraction) == (Status.PASSED, 1.0)
    assert finding.message == "All 2 cases are right."


def test_one_wrong_case_costs_the_check_and_is_shown():
    finding = run_check(outputs(hints=("look",)), FakeContext(known={"q": [answer(), answer("b", 2.0)]}))
    assert finding.output == OutputText(text="for q")
    assert (finding.status, finding.fraction, finding.hints) == (Status.FAILED, 0.0, ("look",))
    assert finding.message.startswith("1 of 2 cases is right. the case of b: `out[0]` is")
    assert finding.cause.at == "out[0]"


def test_only_the_regimes_that_are_named_count():
    context = FakeContext(known={"q": [answer("a"), answer("b", 2.0)]})
    assert run_check(outputs(regimes=("a",)), context).status is Status.PASSED
    with pytest.raises(AssignmentError, match="no case of the regimes z, so nothing is compared"):
        run_check(outputs(regimes=("z",)), context)


def test_right_by_any_of_the_questions():
    context = FakeContext(known={"q": [answer(value=2.0)], "r": [answer()]})
    assert run_check(outputs("q", "r"), context).status is Status.PASSED
    assert run_check(outputs("q"), context).status is Status.FAILED


@pytest.mark.parametrize(
    ("fault", "status"),
    [
        (FaultKind.RAISED, Status.ERROR),
        (FaultKind.CPU, Status.TIMEOUT),
        (FaultKind.WALL, Status.TIMEOUT),
        (FaultKind.MISSING, Status.FAILED),
        (FaultKind.CRASHED, Status.ERROR),
    ],
)
def test_a_fault_has_a_state_and_its_traceback(fault, status):
    finding = run_check(outputs(), FakeContext(known={"q": [answer(fault=fault)]}))
    assert (finding.status, finding.fraction) == (status, 0.0)
    assert "it ended badly" in finding.message
    assert finding.cause.actual == "cell 4"


# --- speed ---------------------------------------------------------------------------------------


class Now:
    """A clock that only work moves, so that a busy machine changes nothing."""

    seconds = 0.0


def busy(seconds):
    def work():
        Now.seconds += seconds

    return work


def comparison(plain_seconds=0.0, elements=1):
    def slow(handles):
        return TimedCall(target="slow", args=(), elements=elements)

    def fast(handles):
        return TimedCall(target="fast", args=(), elements=1)

    comparisons = (SpeedComparison(name="forward", slow=slow, fast=fast, repeat=3),)
    return Timing(comparisons=comparisons, plain=busy(plain_seconds), plain_elements=1)


def speed_context(slow, fast, **more):
    return FakeContext({"slow": slow, "fast": fast}, asked=comparison(**more))


def test_a_speed_up_is_a_ratio_by_element():
    finding = run_check(
        Speed(kind="speed", id="s", question="q", min_ratio=3), speed_context(busy(0.02), busy(0.001))
    )
    assert finding.status is Status.PASSED
    assert finding.metrics["forward_speedup"] > 3
    assert "faster than your own: forward" in finding.message


def test_too_small_a_speed_up():
    finding = run_check(
        Speed(kind="speed", id="s", question="q", min_ratio=1000), speed_context(busy(0.004), busy(0.001))
    )
    assert (finding.status, finding.fraction) == (Status.FAILED, 0.0)
    assert "Expected: at least 1000 times." in finding.message


def test_a_vectorised_function_is_not_blamed_for_a_small_ratio():
    context = speed_context(busy(0.004), busy(0.001), plain_seconds=0.05)
    finding = run_check(Speed(kind="speed", id="s", question="q", min_ratio=1000), context)
    assert finding.status is Status.PASSED
    assert "far faster than a plain loop" in finding.message


def test_nothing_to_time():
    def slow(handles):
        raise ValueError("there is nothing to time yet")

    context = speed_context(busy(0), busy(0))
    timing = comparison()
    context.asked = Timing(
        comparisons=(SpeedComparison(name="forward", slow=slow, fast=timing.comparisons[0].fast),),
        plain=busy(0),
        plain_elements=1,
    )
    finding = run_check(Speed(kind="speed", id="s", question="q", min_ratio=1), context)
    assert (finding.status, finding.message) == (Status.FAILED, "forward: there is nothing to time yet.")


def slow_until_the_limit(seconds, kind=FaultKind.CPU):
    def work():
        Now.seconds += seconds
        raise StudentFault(kind, "it met a limit")

    return work


def test_a_slow_side_that_meets_a_limit_has_shown_how_slow_it_is():
    context = speed_context(slow_until_the_limit(30), busy(0.001))
    finding = run_check(Speed(kind="speed", id="s", question="q", min_ratio=10), context)
    assert finding.status is Status.PASSED
    assert finding.metrics["forward_speedup"] == pytest.approx(30_000)


@pytest.mark.parametrize("fault", [slow_until_the_limit(1), slow_until_the_limit(30, FaultKind.MEMORY)])
def test_another_limit_or_a_short_one_shows_nothing(fault):
    finding = run_check(
        Speed(kind="speed", id="s", question="q", min_ratio=10), speed_context(fault, busy(0))
    )
    assert (finding.status is Status.PASSED, finding.fraction) == (False, 0.0)


def test_one_long_burst_decides():
    bursts = []

    def slow():
        Now.seconds += 3
        bursts.append(1)

    run_check(Speed(kind="speed", id="s", question="q", min_ratio=10), speed_context(slow, busy(0.001)))
    assert len(bursts) == 1


def test_a_race_that_ends_in_a_fault():
    def broken():
        raise RuntimeError("no")

    finding = run_check(
        Speed(kind="speed", id="s", question="q", min_ratio=1), speed_context(broken, busy(0))
    )
    assert (finding.status, finding.fraction) == (Status.ERROR, 0.0)


# --- the network ---------------------------------------------------------------------------------


def probe_context(judge, **more):
    return FakeContext(asked=Probe(judge=judge), **more)


PROBE = ProbeSpec(kind="probe", id="n", question="q", hints=("look",))


def test_a_probe_that_is_satisfied():
    finding = run_check(PROBE, probe_context(lambda *_: Judgement(fraction=1.0, message="fine")))
    assert (finding.status, finding.fraction, finding.hints) == (Status.PASSED, 1.0, ())


def test_a_probe_that_is_not():
    judgement = Judgement(fraction=0.5, message="half", expected="2", actual="1")
    finding = run_check(PROBE, probe_context(lambda *_: judgement))
    assert (finding.status, finding.fraction, finding.cause.expected) == (Status.FAILED, 0.5, "2")


def test_what_can_not_be_understood_is_said():
    def judge(*_):
        raise ValueError("`params` must be a dict")

    finding = run_check(PROBE, probe_context(judge))
    assert finding.message == "The answer is not what was asked for: `params` must be a dict"


def test_a_network_that_ends_in_a_fault():
    def judge(handles, *_):
        return handles.student.call("ThreeLayerConvNet")

    finding = run_check(PROBE, probe_context(judge))
    assert finding.status is Status.FAILED
    assert "`ThreeLayerConvNet` is not defined" in finding.message


def test_nothing_done_earns_nothing():
    context = probe_context(lambda *_: Judgement(fraction=1.0, message="fine"), untouched=True)
    assert run_check(PROBE, context).fraction == 0
    generous = ProbeSpec(kind="probe", id="n", question="q", counts_untouched=True)
    assert run_check(generous, context).fraction == 1


# --- what the notebook stores --------------------------------------------------------------------


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
    finding = run_check(MANUAL, FakeContext(notebook=notebook, cells={"extra": 2}))
    assert (finding.status, finding.pictures) == (Status.MANUAL, (b"\x89PNG",))
    assert finding.message == "Well? Cells run: 1; pictures kept: 1."


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


# --- stored outputs and a re-run ---------------------------------------------------------------------


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


# --- files ---------------------------------------------------------------------------------------

RULES = (FileRule(suffix=".ipynb", name="HW5.ipynb"), FileRule(suffix=".pdf", name="HW5.pdf"))


def files(*names, contents=None):
    records = tuple(FileRecord(path=name, bytes=1, sha256="0") for name in names)
    submission = Submission(id="s001", learner="s001", origin="s001", files=records, contents=contents or {})
    return FakeContext(submission=submission, file_rules=RULES)


@pytest.mark.parametrize(
    ("names", "fraction", "says"),
    [
        (("HW5.ipynb", "HW5.pdf"), 1.0, "Handed in as asked: HW5.ipynb, HW5.pdf."),
        (("mine.IPYNB", "x/print.PDF"), 1.0, "as asked"),
        (("HW5.ipynb",), 0.5, "HW5.pdf is missing."),
        (("HW5.ipynb", "HW5.pdf", "notes.docx"), 0.5, "Not asked for: notes.docx."),
        (("HW5.ipynb", "a.pdf", "b.pdf"), 0.5, "Expected one .pdf file, got 2: a.pdf, b.pdf."),
        ((), 0.0, "HW5.ipynb is missing. HW5.pdf is missing."),
    ],
)
def test_the_files_that_were_asked_for(names, fraction, says):
    finding = run_check(Files(kind="files", id="f"), files(*names))
    assert finding.fraction == fraction
    assert says in finding.message


def pdf_with(text):
    import io

    import matplotlib as mpl
    from matplotlib.backends.backend_pdf import PdfPages
    from matplotlib.figure import Figure

    mpl.rcParams["pdf.fonttype"] = 42
    buffer = io.BytesIO()
    with PdfPages(buffer) as pages:
        figure = Figure()
        figure.text(0.1, 0.5, text, wrap=True)
        pages.savefig(figure)
    return buffer.getvalue()


def protected(content):
    import io

    import pypdf

    writer = pypdf.PdfWriter(io.BytesIO(content))
    writer.encrypt("secret")
    buffer = io.BytesIO()
    writer.write(buffer)
    return buffer.getvalue()


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (None, "There is no PDF that could be read."),
        (b"PK\x03\x04", "The file is named .pdf and is not a PDF: it does not begin with %PDF."),
        (b"%PDF-1.7\nnothing more", "The PDF does not open:"),
        ("locked", "protected by a password"),
    ],
)
def test_a_pdf_must_really_open(content, says):
    if content == "locked":
        content = protected(pdf_with("x" * 40))
    contents = {} if content is None else {"HW5.pdf": content}
    finding = run_check(Pdf(kind="pdf", id="p", min_characters=20), files("HW5.pdf", contents=contents))
    assert says in finding.message
    assert finding.status is Status.FAILED


WORDS = [f"word{letter}{other}".replace("d", "") for letter in "abcde" for other in "fghijkl"]


@pytest.mark.parametrize(
    ("text", "status", "says"),
    [
        (
            "\n".join(WORDS),
            Status.PASSED,
            "The PDF opens. It has 1 page and at least 1",
        ),
        (" " * 300, Status.MANUAL, "It has 1 page and 0 of the notebook's words: a person decides."),
        ("a" * 300, Status.MANUAL, "0 of the notebook's words"),
        (" ".join(WORDS[:10]), Status.MANUAL, "10 of the notebook's words"),
        (" ".join(WORDS[:2] * 60), Status.MANUAL, "2 of the notebook's words"),
    ],
)
def test_a_pdf_without_the_notebook_s_words_is_left_to_a_person(text, status, says):
    cell = Cell(index=0, id="a", kind=CellKind.CODE, source=" ".join(WORDS))
    context = files("HW5.pdf", contents={"HW5.pdf": pdf_with(text)})
    context.submission = msgspec.structs.replace(
        context.submission, notebook=Notebook(path="n", cells=(cell,))
    )
    finding = run_check(Pdf(kind="pdf", id="p", min_characters=40), context)
    assert (finding.status, finding.fraction == 1) == (status, status is Status.PASSED)
    assert says in finding.message


# --- comments ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("commented", "familiar", "status"),
    [(0, 0.0, Status.FAILED), (1, 0.9, Status.MANUAL), (3, 0.9, Status.PASSED), (3, 0.1, Status.MANUAL)],
)
def test_enough_comments_in_the_homework_s_words_pass_and_others_wait_for_a_person(
    commented, familiar, status
):
    facts = CommentFacts(statements=10, commented=commented, comments=("a b",) * commented, familiar=familiar)
    spec = Comments(kind="comments", id="c", definitions=("f",), full_coverage=0.3)
    assert run_check(spec, FakeContext(readings={"c": facts})).status is status
