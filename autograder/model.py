"""The records that flow: submission → definitions → findings → report.

All are frozen `msgspec` structs: no step changes what it receives. The published JSON Schema is generated
from the report's types (see `autograder.report.schema`), and their docstrings are part of it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from enum import Enum
from typing import Annotated, Any, Literal, dataclass_transform

import msgspec


@dataclass_transform(frozen_default=True, kw_only_default=True, field_specifiers=(msgspec.field,))
class Struct(msgspec.Struct, frozen=True, kw_only=True):
    """Base of the immutable records. Their fields are given by name."""


# --- a submission, as intake hands it on -------------------------------------------------------


class Notice(Struct):
    """A fact that a person should know and that changes no score by itself.

    `code` is a stable kebab-case name, `message` a whole sentence, `where` a file, cell or line.
    """

    code: str
    message: str
    where: str = ""


# The number of notices of one code that are shown; a person would not read more.
MOST_ALIKE = 20


def capped(notices: Iterable[Notice]) -> tuple[Notice, ...]:
    """Keep the first notices of each code, and add one that counts the rest.

    >>> [one.message for one in capped(Notice(code="a", message=f"no. {n}") for n in range(1_224))][-2:]
    ['no. 19', 'and 1,204 more of this kind.']
    """
    counts: Counter[str] = Counter()
    kept = []
    for notice in notices:
        counts[notice.code] += 1
        if counts[notice.code] <= MOST_ALIKE:
            kept.append(notice)
    more = ((code, count - MOST_ALIKE) for code, count in counts.items() if count > MOST_ALIKE)
    return (*kept, *(Notice(code=code, message=f"and {left:,} more of this kind.") for code, left in more))


# The published schema says more of some texts than their type does: see `autograder.report.schema`.
Sha256 = Annotated[str, msgspec.Meta(extra_json_schema={"pattern": "^([0-9a-f]{64})?$"})]
Moment = Annotated[
    str,
    msgspec.Meta(
        extra_json_schema={
            "format": "date-time",
            "pattern": r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)$",
        }
    ),
]
Count = Annotated[int, msgspec.Meta(ge=0)]
Number = Annotated[int, msgspec.Meta(ge=1)]
Points = Annotated[float, msgspec.Meta(ge=0)]
Seconds = Annotated[float, msgspec.Meta(ge=0)]
Share = Annotated[float, msgspec.Meta(ge=0, le=1)]


class FileRecord(Struct):
    """One file of a submission: its path inside it, its size and its SHA-256 (hex)."""

    path: str
    bytes: Count
    sha256: Sha256


class CellKind(Enum):
    """The type of a notebook cell."""

    CODE = "code"
    MARKDOWN = "markdown"
    RAW = "raw"


class OutputKind(Enum):
    """The type of a stored output: a stream, a displayed or returned value, or a traceback."""

    STREAM = "stream"
    DISPLAY = "display"
    RESULT = "result"
    ERROR = "error"


class Output(Struct):
    """One stored output of a code cell: its plain text, and its picture (PNG) if it has one."""

    kind: OutputKind
    text: str = ""
    png: bytes | None = None


class Cell(Struct):
    """One cell; `index` is its position among all cells of the notebook, from 0."""

    index: int
    id: str
    kind: CellKind
    source: str
    execution_count: int | None = None
    outputs: tuple[Output, ...] = ()
    grade_id: str | None = None

    @property
    def label(self) -> str:
        """The cell's name in messages, counted from 1."""
        return f"cell {self.index + 1}"


class Notebook(Struct):
    """A notebook in format 4; older ones are upgraded when they are read."""

    path: str
    cells: tuple[Cell, ...]
    language: str = "python"

    @property
    def code_cells(self) -> tuple[Cell, ...]:
        """The code cells, in order."""
        return tuple(cell for cell in self.cells if cell.kind is CellKind.CODE)


class Submission(Struct):
    """The work that one learner handed in, as it was read. None of its code was run.

    `notebook` is the parsed notebook; `contents` holds the bytes of other files that a check may need (the
    PDF). `problem` says why there is nothing to grade, if so. `fingerprint` is the hash of the bytes read.
    """

    id: str
    learner: str
    origin: str
    files: tuple[FileRecord, ...] = ()
    notebook: Notebook | None = None
    contents: dict[str, bytes] = {}
    notices: tuple[Notice, ...] = ()
    problem: Notice | None = None
    submitted_at: str | None = None
    saved_at: str | None = None
    attempt: int = 1
    fingerprint: str = ""


# --- definitions, as extraction hands them on --------------------------------------------------


class Chunk(Struct):
    """One top-level statement of the notebook's code.

    `names` are the names that it binds. `cell` and `line`, both from 1, are its place in the student's
    notebook, for tracebacks.
    """

    source: str
    names: tuple[str, ...]
    cell: int
    line: int = 1


class Definitions(Struct):
    """The part of a notebook's code that the checks need, in the order in which it is run.

    Imports come first, then the definitions in the notebook's order. `compat` lists the old names in the code
    that are emulated (``np.int``, ``xrange``, …), and ``python2`` if all of the code is run with the meaning
    of Python 2. `withheld` lists functions of the support code that raise an error when they are called
    (``package.module.fast_*``).
    """

    chunks: tuple[Chunk, ...] = ()
    compat: tuple[str, ...] = ()
    withheld: tuple[str, ...] = ()
    notices: tuple[Notice, ...] = ()

    @property
    def names(self) -> frozenset[str]:
        """All names that the chunks bind."""
        return frozenset(name for chunk in self.chunks for name in chunk.names)


# --- findings, as checks hand them on ----------------------------------------------------------


class Status(Enum):
    """The result of a check or an item. `MANUAL` waits for a person; `SKIPPED` could not be judged."""

    PASSED = "passed"
    FAILED = "failed"
    ERROR = "error"
    TIMEOUT = "timeout"
    SKIPPED = "skipped"
    MANUAL = "manual"


class Visibility(Enum):
    """Who may see an item's details before grades are published."""

    VISIBLE = "visible"
    HIDDEN = "hidden"
    AFTER_DUE_DATE = "after_due_date"
    AFTER_PUBLISHED = "after_published"


class Cause(Struct):
    """The first wrong value as text: the case, the expected value, the student's value, and its place."""

    case: str = ""
    expected: str = ""
    actual: str = ""
    at: str = ""


class OutputText(Struct):
    """Text that the student or the student's code wrote; `truncated` says that there was more of it."""

    text: str = ""
    truncated: bool = False


# The id of the diagnosis that a function was not written yet.
NOT_WRITTEN = "not-written"


class Diagnosis(Struct):
    """A known mistake that gives exactly the submission's outputs, and a sentence that explains it."""

    id: str
    message: str


class Smallest(Struct):
    """The smallest failing case: its inputs, the expected and the student's output, as small matrices.

    `message` says what is wrong; `terms` writes out the sum that gives the first wrong element.
    """

    case: str
    inputs: dict[str, str]
    message: str
    expected: str = ""
    actual: str = ""
    terms: str = ""


class Passage(Struct):
    """A passage of the student's work for the person who judges: code, text, or what a cell printed.

    `line` is the number of its first line in the place that `where` names. `marked` are the numbers of the
    lines to look at. `truncated` says that there was more of it.
    """

    where: str
    text: str
    line: Number = 1
    marked: tuple[int, ...] = ()
    truncated: bool = False


# Characters of all passages of one check.
MAX_EVIDENCE = 20_000


def shortened(passages: Iterable[Passage], most: int = MAX_EVIDENCE) -> tuple[Passage, ...]:
    """Keep passages up to a number of characters; where there was more, the last one is `truncated`.

    >>> [one.text for one in shortened([Passage(where="a", text="abc"), Passage(where="b", text="def")], 4)]
    ['abc', 'd']
    """
    kept: list[Passage] = []
    for one in passages:
        if most <= 0:
            kept[-1] = msgspec.structs.replace(kept[-1], truncated=True)
            break
        text = one.text[:most]
        last = one.line + text.count("\n")
        marked = tuple(number for number in one.marked if number <= last)
        truncated = one.truncated or len(text) < len(one.text)
        kept.append(msgspec.structs.replace(one, text=text, marked=marked, truncated=truncated))
        most -= len(text)
    return tuple(kept)


class Finding(Struct):
    """The result of one check.

    `fraction` in [0, 1] is the earned share of the check's weight; in a `MANUAL` finding it is a proposal.
    `switched_off` says of a skipped check that a full batch would judge it. `metrics` are plain numbers and
    words for tables and plots. `pictures` are PNG or SVG files. `evidence` has passages for the person who
    judges. `data` names the data set that was used. `reason` is a cause that other checks may share: a report
    says it once. The pipeline adds the `seconds` that the check took, and a hash of what was `asked`.
    """

    check: str
    status: Status
    fraction: float
    message: str
    hints: tuple[str, ...] = ()
    cause: Cause | None = None
    metrics: dict[str, float | int | str] = {}
    output: OutputText | None = None
    pictures: tuple[bytes, ...] = ()
    evidence: tuple[Passage, ...] = ()
    diagnosis: Diagnosis | None = None
    smallest: Smallest | None = None
    data: str = ""
    reason: str = ""
    switched_off: bool = False
    asked: str = ""
    seconds: float = 0.0


# --- the report --------------------------------------------------------------------------------


class Outcome(Enum):
    """The result of grading a submission, apart from any score.

    `GRADED`, `PENDING_MANUAL` and `PARTIAL` have a score; that of `PARTIAL` is no grade, as checks were
    switched off. `GRADER_ERROR` means that the grader failed, `UNGRADABLE` that the submission can't be read,
    `TIMEOUT` that its code used up the time for one submission.
    """

    GRADED = "graded"
    PENDING_MANUAL = "pending_manual"
    PARTIAL = "partial"
    UNGRADABLE = "ungradable"
    GRADER_ERROR = "grader_error"
    TIMEOUT = "timeout"


class Grader(Struct):
    """The engine that graded, with its configuration, cases and seed.

    `setup_sha256` is a hash of all that decides a finding beside the seed and what a check asks. `seed` is
    None in a student's view, since hidden cases follow from it.
    """

    name: str
    version: str
    config_sha256: Sha256
    cases_sha256: Sha256
    seed: Count | None
    setup_sha256: Sha256 = ""


class Environment(Struct):
    """The machine on which the student's code ran, with the limits and the walls of the sandbox."""

    os: str
    arch: str
    python: str
    numpy: str
    sandbox: str
    walls: tuple[str, ...] = ()
    limits: dict[str, float | int | str] = {}
    data: str = ""


class AssignmentFacts(Struct):
    """The assignment; `max_score` does not include extra credit.

    An item's score is a multiple of `round_to`, or its maximum. Reports of older versions do not say it.
    """

    id: str
    title: str
    version: str
    max_score: Points
    due_at: Moment | None = None
    round_to: Points | None = None


# A submission's id names files, so it can't hold a folder's path.
SAFE_ID = "^[A-Za-z0-9_][A-Za-z0-9._-]*$"
SafeId = Annotated[str, msgspec.Meta(pattern=SAFE_ID)]


class Lateness(Struct):
    """The time from the due date to the submission: in seconds, and in words."""

    seconds: Count
    message: str


class SubmissionFacts(Struct):
    """The submission, with the files that were handed in.

    `attempt` counts the learner's, from 1. `late` is None if the submission is in time or nobody knows.
    """

    id: SafeId
    origin: str
    files: tuple[FileRecord, ...] = ()
    attempt: Number = 1
    submitted_at: Moment | None = None
    late: Lateness | None = None


class Learner(Struct):
    """The person who handed the work in, by the name of the submission's file or folder.

    `ids` are the texts by which learning platforms know the person, where a roster was given.
    """

    id: str
    ids: tuple[str, ...] = ()


class Score(Struct):
    """Points: `raw` is the sum over the items, with `extra_credit`; less `penalties` it is `final`.

    `pending` are the points that a person may still give.
    """

    raw: Points
    penalties: Points
    final: Points
    max: Points
    extra_credit: Points = 0.0
    pending: Points = 0.0


class CheckReport(Struct):
    """One check of an item, with the share of the item's points that it decides.

    `fraction` is the earned part of that share, None in reports of older versions. A check is `switched_off`
    if it was skipped because the person who graded did not ask for it. `asked` is a hash of what was asked: a
    finding holds for another rubric that asks the same.
    """

    id: str
    status: Status
    score: Points
    max_score: Points
    visibility: Visibility
    message: str
    hints: tuple[str, ...] = ()
    cause: Cause | None = None
    metrics: dict[str, float | int | str] = {}
    output: OutputText | None = None
    pictures: tuple[str, ...] = ()
    evidence: tuple[Passage, ...] = ()
    diagnosis: Diagnosis | None = None
    smallest: Smallest | None = None
    fraction: Share | None = None
    switched_off: bool = False
    asked: str = ""
    duration: Seconds = 0.0


class ItemReport(Struct):
    """One rubric item.

    `score` is None if nothing was judged. If the status is `MANUAL`, it is a proposal.
    """

    id: str
    title: str
    status: Status
    score: Points | None
    max_score: Points
    extra_credit: bool
    visibility: Visibility
    message: str
    checks: tuple[CheckReport, ...] = ()
    duration: Seconds = 0.0


class Report(Struct):
    """The verdict on one submission. It has all its fields, even if nothing could be graded.

    `run_id` is the same in all reports of one batch. `view` says for whom it is: the ``student``'s has
    nothing that a student may not see, and no grade is made from it.
    """

    schema_version: Annotated[str, msgspec.Meta(extra_json_schema={"pattern": r"^\d+\.\d+$"})]
    generated_at: Moment
    outcome: Outcome
    message: str
    grader: Grader
    environment: Environment
    assignment: AssignmentFacts
    submission: SubmissionFacts
    learner: Learner
    score: Score | None
    items: tuple[ItemReport, ...] = ()
    notices: tuple[Notice, ...] = ()
    integrity: tuple[Notice, ...] = ()
    run_id: str = ""
    view: Literal["whole", "student"] = "whole"

    @property
    def score_to_export(self) -> Score | None:
        """The score that a gradebook may have; None where a part was not judged."""
        return None if self.outcome is Outcome.PARTIAL else self.score


class Symptom(Struct):
    """A finding of `autograder doctor` on one part; ``missing`` stops a command, ``note`` does not."""

    part: str
    state: Literal["ok", "missing", "note"]
    finding: str
    remedy: str = ""


JSON = dict[str, Any]
