"""Checks of the files that were handed in, and of the PDF."""

import msgspec
import pytest
from check_context import FakeContext, run_check

from autograder.assignment import Files, Pdf
from autograder.authoring.specs import FileRule
from autograder.model import Cell, CellKind, FileRecord, Notebook, Status, Submission

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
        (b"PK\x03\x04", "The file is named .pdf but is not a PDF: it does not begin with %PDF."),
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
