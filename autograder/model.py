"""The types that flow: submission → definitions → findings → report.

All are frozen `msgspec` structs: what one step hands to the next is never changed by the next.
The report's types are the source of the published JSON Schema (see `autograder.report.schema`),
so a field's docstring there is part of a contract.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from enum import Enum
from typing import Any, Literal, dataclass_transform

import msgspec


@dataclass_transform(frozen_default=True, kw_only_default=True, field_specifiers=(msgspec.field,))
class Struct(msgspec.Struct, frozen=True, kw_only=True):
    """Base of the immutable records; fields are named when one is made (msgspec asks each class for it)."""


# --- a submission, as intake hands it on -------------------------------------------------------


class Notice(Struct):
    """Something a person should know that changes no score by itself.

    `code` is a stable kebab-case name, `message` a whole sentence, `where` a file, cell or line.
    """

    code: str
    message: str
    where: str = ""


# Notices of one code that are shown; a person reads no more than that.
MOST_ALIKE = 20


def capped(notices: Iterable[Notice]) -> tuple[Notice, ...]:
    """Keep the first notices of each code, and say how many more there are.

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


class FileRecord(Struct):
    """One file of a submission: its path inside it, its size and its SHA-256 (hex)."""

    path: str
    bytes: int
    sha256: str


class CellKind(Enum):
    """What a notebook cell is."""

    CODE = "code"
    MARKDOWN = "markdown"
    RAW = "raw"


class OutputKind(Enum):
    """What a stored output is: a stream, a displayed or returned value, or a traceback."""

    STREAM = "stream"
    DISPLAY = "display"
    RESULT = "result"
    ERROR = "error"


class Output(Struct):
    """One stored output of a code cell: its plain text, and its picture if it has one (PNG bytes)."""

    kind: OutputKind
    text: str = ""
    png: bytes | None = None


class Cell(Struct):
    """One cell; `index` counts from 0 over all the notebook's cells."""

    index: int
    id: str
    kind: CellKind
    source: str
    execution_count: int | None = None
    outputs: tuple[Output, ...] = ()
    grade_id: str | None = None

    @property
    def label(self) -> str:
        """How messages name the cell: counted from 1, as people count."""
        return f"cell {self.index + 1}"


class Notebook(Struct):
    """A notebook of format 4, older ones upgraded."""

    path: str
    cells: tuple[Cell, ...]
    language: str = "python"

    @property
    def code_cells(self) -> tuple[Cell, ...]:
        """The code cells, in order."""
        return tuple(cell for cell in self.cells if cell.kind is CellKind.CODE)


class Submission(Struct):
    """What one learner handed in, read and checked, none of it run.

    `contents` holds the bytes of the files that a check may need (the PDF); the notebook is parsed
    into `notebook`. `problem` is set where there is nothing to grade, and says why. `fingerprint` hashes the
    bytes that were read.
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
    attempt: int = 1
    fingerprint: str = ""


# --- definitions, as extraction hands them on --------------------------------------------------


class Chunk(Struct):
    """One top-level statement of the notebook's code.

    `names` are the names that it binds; `cell` and `line` (both from 1) say where it stands, so that
    a traceback can point into the student's own notebook.
    """

    source: str
    names: tuple[str, ...]
    cell: int
    line: int = 1


class Definitions(Struct):
    """The part of a notebook's code that the checks need, in the order in which it is run.

    Imports come first, then the definitions in the notebook's order. `compat` names the old names
    that the code relies on and that are emulated (``np.int``, ``xrange``, …), `withheld` the functions
    beside it that raise when they are called (``package.module.fast_*``).
    """

    chunks: tuple[Chunk, ...] = ()
    compat: tuple[str, ...] = ()
    withheld: tuple[str, ...] = ()
    notices: tuple[Notice, ...] = ()

    @property
    def names(self) -> frozenset[str]:
        """Every name that some chunk binds."""
        return frozenset(name for chunk in self.chunks for name in chunk.names)


# --- findings, as checks hand them on ----------------------------------------------------------


class Status(Enum):
    """How a check or an item ended. `MANUAL` waits for a person; `SKIPPED` could not be judged."""

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
    """The first thing that was wrong, as text: the input, what was expected, what came, and where."""

    case: str = ""
    expected: str = ""
    actual: str = ""
    at: str = ""


class OutputText(Struct):
    """What the student's code printed, or the student wrote, capped; `truncated` says that there was more."""

    text: str = ""
    truncated: bool = False


class Diagnosis(Struct):
    """The name of a mistake whose outputs are exactly the submission's, and a sentence about the idea."""

    id: str
    message: str


class Smallest(Struct):
    """The smallest case that fails: its inputs, what was expected and what came, as small matrices.

    `message` says what is wrong; `terms` is the sum behind the first wrong element.
    """

    case: str
    inputs: dict[str, str]
    message: str
    expected: str = ""
    actual: str = ""
    terms: str = ""


class Finding(Struct):
    """What one check found.

    `fraction` in [0, 1] is the share of the check's weight that was earned; a `MANUAL` finding may
    propose one. `metrics` are plain numbers and words for tables and plots; `data` names the data set that
    was used.
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
    diagnosis: Diagnosis | None = None
    smallest: Smallest | None = None
    data: str = ""


# --- the report --------------------------------------------------------------------------------


class Outcome(Enum):
    """How grading a submission ended, apart from any score.

    Only `GRADED` and `PENDING_MANUAL` carry a score. `GRADER_ERROR` is the grader's fault and
    `UNGRADABLE` the submission's (nothing in it can be read); `TIMEOUT` says that its code used up all the
    time that there is for one submission.
    """

    GRADED = "graded"
    PENDING_MANUAL = "pending_manual"
    UNGRADABLE = "ungradable"
    GRADER_ERROR = "grader_error"
    TIMEOUT = "timeout"


class Grader(Struct):
    """Which engine graded, with which configuration, cases and seed."""

    name: str
    version: str
    config_sha256: str
    cases_sha256: str
    seed: int


class Environment(Struct):
    """Where the student's code ran, within which limits and walls."""

    os: str
    arch: str
    python: str
    numpy: str
    sandbox: str
    walls: tuple[str, ...] = ()
    limits: dict[str, float | int | str] = {}
    data: str = ""


class AssignmentFacts(Struct):
    """Which assignment was graded; `max_score` leaves the extra credit out."""

    id: str
    title: str
    version: str
    max_score: float
    due_at: str | None = None


class SubmissionFacts(Struct):
    """What was handed in."""

    id: str
    origin: str
    files: tuple[FileRecord, ...] = ()
    attempt: int = 1
    submitted_at: str | None = None


class Learner(Struct):
    """Whose work it is, as the submission's place names them."""

    id: str


class Score(Struct):
    """Points: `raw` over the items, minus `penalties`, gives `final`; `extra_credit` is in `raw`.

    `pending` is what a person may still give.
    """

    raw: float
    penalties: float
    final: float
    max: float
    extra_credit: float = 0.0
    pending: float = 0.0


class CheckReport(Struct):
    """One check of an item, with the share of the item's points that it decides."""

    id: str
    status: Status
    score: float
    max_score: float
    visibility: Visibility
    message: str
    hints: tuple[str, ...] = ()
    cause: Cause | None = None
    metrics: dict[str, float | int | str] = {}
    output: OutputText | None = None
    pictures: tuple[str, ...] = ()
    diagnosis: Diagnosis | None = None
    smallest: Smallest | None = None
    duration: float = 0.0


class ItemReport(Struct):
    """One rubric item.

    `score` is None where nothing was judged; where the status is `MANUAL` it is a proposal.
    """

    id: str
    title: str
    status: Status
    score: float | None
    max_score: float
    extra_credit: bool
    visibility: Visibility
    message: str
    checks: tuple[CheckReport, ...] = ()
    duration: float = 0.0


class Report(Struct):
    """The whole verdict on one submission; complete whatever happened."""

    schema_version: str
    generated_at: str
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


class Symptom(Struct):
    """What `autograder doctor` says of one part: ``missing`` stops something, ``note`` is good to know."""

    part: str
    state: Literal["ok", "missing", "note"]
    finding: str
    remedy: str = ""


JSON = dict[str, Any]
