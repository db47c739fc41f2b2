"""An assignment's definition: the tables of ``assignment.toml`` as frozen types."""

from __future__ import annotations

from typing import Annotated, Literal

from msgspec import Meta
from msgspec.structs import replace

from autograder.assignment.policy import Attempts, ExtraCredit, Late, Rounding
from autograder.authoring.specs import CheckSpec, FileRule, HintLevel, NotNegative, Strict
from autograder.authoring.student import Limits, Positive, PositiveInt
from autograder.model import Visibility


class FilesSpec(Strict):
    """The files of a submission, and the caps within which they are read."""

    rules: tuple[FileRule, ...]
    max_files: PositiveInt = 200
    max_total_mb: Positive = 300.0


class SandboxSpec(Strict):
    """The packages and the support code that run beside a student's code.

    `imports` are the installed packages that a submission may import, `if_installed` those that it may
    import where the machine has them, `tools` those that checks use on what was handed in, `support` the
    folders of the assignment that are mounted beside the notebook, and `extension` the compiled module
    (built from ``ext/``) that is put into the first support folder. `preamble` lines are run before a
    submission's definitions, so that a broken import cell costs nobody the support code. `withheld` are
    functions of the support code that would answer for the student's own (``module.name``, where the name
    may be a pattern): none can be called where outputs are compared or timed.
    """

    imports: tuple[str, ...] = ("numpy",)
    if_installed: tuple[str, ...] = ()
    tools: tuple[str, ...] = ()
    support: tuple[str, ...] = ()
    extension: str = ""
    preamble: tuple[str, ...] = ()
    withheld: tuple[str, ...] = ()


class CompatSpec(Strict):
    """Old names that are emulated with a warning (``emulate``), or counted as they fall (``off``)."""

    numpy_aliases: Literal["emulate", "off"] = "emulate"
    python2: Literal["emulate", "off"] = "emulate"


class DataSpec(Strict):
    """The data set: its source, and the assignment's own modules that deal with it.

    `folder` is the unpacked folder's name, and `marker` a file in it by which it is known; the environment
    variable `variable` may name the folder. `url`, `md5` and `bytes` are the archive's, if there is one to
    fetch. `reader` is a file in ``reference/<id>/`` with ``read(folder, train, test) -> DataSet``;
    `generator` is one beside the support code with ``write(folder)``, which makes a stand-in of the same
    format. `test_samples` are read for measuring.
    """

    folder: str
    marker: str
    reader: str
    url: str = ""
    md5: str = ""
    bytes: PositiveInt | None = None
    variable: str = ""
    generator: str = ""
    test_samples: PositiveInt = 2000


class ItemSpec(Strict):
    """One rubric item; `id` is the same string in the notebook's metadata, here and in the report."""

    id: str
    title: str
    step: int
    points: NotNegative
    checks: tuple[CheckSpec, ...] = ()
    extra_credit: bool = False
    visibility: Visibility = Visibility.VISIBLE


class Assignment(Strict):
    """A whole assignment. Tables of the file have the fields' names; `items` are ``[[items]]``.

    `hint_level` says how much a diagnosis tells: nothing, a nudge, or an explanation. `budget_seconds` is
    the clock time that a submission's code may take in all: it ends what stays below each call's limit and
    makes the grader wait for hours all the same. An item's points are rounded to a multiple of `round_to`.
    `hand_out` has patterns of more files beside the notebook that students receive. `late`, `attempts`,
    `extra_credit` and `rounding` are the rules by which points become a grade.
    """

    id: str
    title: str
    version: str
    notebook: str
    definitions: tuple[str, ...]
    files: FilesSpec
    items: tuple[ItemSpec, ...]
    limits: dict[str, Limits]
    sandbox: SandboxSpec = SandboxSpec()
    compat: CompatSpec = CompatSpec()
    data: DataSpec | None = None
    questions: str = ""
    hand_out: tuple[str, ...] = ()
    hint_level: HintLevel = "nudge"
    budget_seconds: Positive = 900.0
    round_to: Annotated[float, Meta(ge=0.0001, lt=1e15)] = 0.0001
    due_at: str | None = None
    late: Late = Late()
    attempts: Attempts = Attempts()
    extra_credit: ExtraCredit = ExtraCredit()
    rounding: Rounding = Rounding()

    @property
    def max_score(self) -> float:
        """The points without the extra credit."""
        return sum(item.points for item in self.items if not item.extra_credit)

    @property
    def checks(self) -> tuple[CheckSpec, ...]:
        """All checks, item by item."""
        return tuple(check for item in self.items for check in item.checks)

    def visible_part(self) -> Assignment:
        """The assignment as students get it: without the checks that are hidden."""
        items = (replace(item, checks=tuple(c for c in item.checks if c.visible)) for item in self.items)
        return replace(self, items=tuple(item for item in items if item.checks))


def scaled(assignment: Assignment, slowness: float) -> Assignment:
    """Give the assignment with every limit of time grown by a factor; the other limits stay."""
    limits = {
        name: replace(one, cpu_seconds=one.cpu_seconds * slowness, wall_seconds=one.wall_seconds * slowness)
        for name, one in assignment.limits.items()
    }
    return replace(assignment, limits=limits, budget_seconds=assignment.budget_seconds * slowness)
