"""A class whose reports wait for a person: comments, an answer, stored plots; one item is judged."""

import datetime
import functools
import hashlib
import struct
import zlib

import msgspec
from reports import PLACE

from autograder.assignment import Attempts, ExtraCredit, ItemSpec, Late, Rounding
from autograder.authoring.specs import CheckSpec
from autograder.grades.importing import import_reports
from autograder.grades.rubric import Rubric
from autograder.grades.store import Gradebook
from autograder.model import (
    AssignmentFacts,
    Cause,
    Diagnosis,
    FileRecord,
    Finding,
    Grader,
    Learner,
    Notice,
    OutputText,
    Passage,
    Report,
    Status,
    SubmissionFacts,
)
from autograder.pages.review.desk import Desk
from autograder.report import SCHEMA_VERSION, pictures_path, report_path, to_json
from autograder.report.scoring import score_item
from autograder.report.totals import outcome_of, total

DUE = datetime.datetime(2027, 3, 1, 23, 59, tzinfo=datetime.UTC)
CODE = '''def smooth(signal, width):
    """Average each value with its neighbours."""
    # the ends have fewer neighbours, so the sum is divided by how many there are
    padded = np.pad(signal, width)
    sums = np.convolve(padded, np.ones(2 * width + 1), mode="valid")
    counts = np.convolve(np.pad(np.ones(len(signal)), width), np.ones(2 * width + 1), mode="valid")
    # shape: the same as that of the signal
    return sums / counts
'''
ANSWER = "The loss begins at log C, because each of the C classes gets the same share 1/C at first."


def item(name, title, points, step=1, **more):
    check = CheckSpec(kind="files", id=f"{name}-check")
    return ItemSpec(id=name, title=title, step=step, points=points, checks=(check,), **more)


ITEMS = (
    item("smooth", "The smoothing function", 20),
    item("comments", "Comments in the code", 10),
    item("why", "Why the loss begins there", 5),
    item("plots", "Plots of your own", 10, extra_credit=True),
)
CONFIG = "1" * 64
RUBRIC = Rubric(
    config_sha256=CONFIG,
    assignment="hw1",
    items=ITEMS,
    asked={f"{one.id}-check": one.id for one in ITEMS},
    round_to=0.5,
    due_at=DUE.isoformat(),
    late=Late(),
    attempts=Attempts(),
    extra_credit=ExtraCredit(),
    rounding=Rounding(),
)


@functools.cache
def png(width=320, height=180):
    """A picture of a falling curve."""
    rows = b""
    for y in range(height):
        edge = int(height * 0.9 * (1 - (y / height) ** 0.4))
        rows += b"\0" + b"".join(
            b"\x1d\x5b\xb8" if abs(x * height // width - edge) < 3 else b"\xff\xff\xff" for x in range(width)
        )

    def chunk(kind, data):
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    head = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n"
        + chunk(b"IHDR", head)
        + chunk(b"IDAT", zlib.compress(rows))
        + chunk(b"IEND", b"")
    )


def findings(code=CODE, answer=ANSWER, printed="epoch 1: loss 2.303\nepoch 2: loss 1.871\n"):
    marked = tuple(n for n, line in enumerate(code.split("\n"), 4) if line.strip().startswith("#"))
    comments = Finding(
        check="comments-check",
        status=Status.MANUAL,
        fraction=0.7,
        message="You commented 2 of 7 statements. The score is a proposal; a person decides.",
        evidence=(Passage(where="cell 3", text=code, line=4, marked=marked),),
    )
    why = Finding(
        check="why-check",
        status=Status.MANUAL,
        fraction=0.0,
        message="Does the answer name 1/C and log C? The answer has 18 words.",
        output=OutputText(text=answer),
    )
    plots = Finding(
        check="plots-check",
        status=Status.MANUAL,
        fraction=0.0,
        message="Do the plots ask something, and does the text answer it?",
        evidence=(
            Passage(where="cell 9", text="plt.plot(losses)\nplt.show()"),
            Passage(where="cell 9, printed", text=printed),
        ),
        pictures=(png(8, 8),),
    )
    smooth = Finding(
        check="smooth-check",
        status=Status.FAILED,
        fraction=0.5,
        message="The ends are 0 where 2 was expected.",
        cause=Cause(expected="[2 3 2]", actual="[0 3 0]"),
        diagnosis=Diagnosis(id="ends-left-out", message="Which values has the first one beside it?"),
    )
    found = (smooth, comments, why, plots)
    return {one.check: msgspec.structs.replace(one, asked=RUBRIC.asked[one.check]) for one in found}


def report(learner, number=1, *, found=None, notices=(), integrity=(), origin=None, path="hw1.ipynb"):
    items = tuple(score_item(one, found or findings(), RUBRIC.round_to) for one in ITEMS)

    class Spec:
        max_score = 35

    digest = hashlib.sha256(f"{learner}{number}".encode("utf-8", "surrogatepass")).hexdigest()
    name = "".join(c if c.isascii() and c.isalnum() else "-" for c in learner)[:40].lstrip("-") or "x"
    return Report(
        schema_version=SCHEMA_VERSION,
        generated_at="2027-03-02T00:00:00+00:00",
        outcome=outcome_of(items),
        message="Graded, except for what a person has yet to judge.",
        grader=Grader(name="autograder", version="1", config_sha256=CONFIG, cases_sha256="0" * 64, seed=0),
        environment=PLACE,
        assignment=AssignmentFacts(id="hw1", title="Homework 1", version="1", max_score=35),
        submission=SubmissionFacts(
            id=name,
            origin=origin or f"submitted/{name}/hw1.ipynb",
            files=(FileRecord(path=path, bytes=1, sha256=digest),),
            attempt=number,
            submitted_at=(DUE + datetime.timedelta(hours=number - 9)).isoformat(),
        ),
        learner=Learner(id=learner),
        score=total(Spec(), items),
        items=items,
        notices=tuple(notices),
        integrity=tuple(integrity),
    )


NOTICE = Notice(
    code="to-read", message="The number 6 of the release's test stands in `smooth`.", where="cell 3, line 7"
)


def write(folder, *reports):
    """Write a batch's folder: reports, and the pictures beside them."""
    paths = []
    for one in reports:
        facts = one.submission
        path = report_path(folder, facts.id, facts.attempt)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(to_json(one))
        paths.append(path)
        pictures = pictures_path(folder, facts.id, facts.attempt)
        pictures.mkdir(parents=True, exist_ok=True)
        (pictures / "plots-check-1.png").write_bytes(png())
    return paths


def person(learner, name):
    row = {"learner": learner, "name": name, "email": f"{learner}@example.org", "section": ""}
    return {**row, "identities": msgspec.json.encode([learner, name]).decode()}


def fill(url, folder, reports, people=(), who="ta1"):
    """Bring reports and people into a gradebook."""
    from autograder.grades import tables

    with Gradebook(url, who) as gradebook:
        gradebook.apply(RUBRIC)
        gradebook.add(tables.persons, people)
        done = import_reports(gradebook, write(folder, *reports))
        assert not done.refused


def open_desk(url, who="ta1", **more):
    return Desk(Gradebook(url, who), "hw1", **more)
