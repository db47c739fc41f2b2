"""An assignment as data: `assignment.toml`, read strictly into frozen types.

The engine knows no homework by name. What is graded, for how many points, within which limits and
against which questions stands in ``source/<id>/assignment.toml``; the questions themselves are
Python modules of the assignment (see `autograder.authoring`). `docs/assignments.md` is the manual.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Literal

import msgspec

from autograder.authoring.specs import CheckSpec, FileRule, HintLevel, Strict
from autograder.authoring.student import Limits
from autograder.errors import AssignmentError
from autograder.model import Visibility

# The clock's limit in units of the processor's: code that waits for a busy machine has done nothing wrong.
LEAST_WALL = 3


class FilesSpec(Strict):
    """The files of a submission, and the caps within which they are read."""

    rules: tuple[FileRule, ...]
    max_files: int = 200
    max_total_mb: float = 300.0


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
    """The data set: where the real one comes from, and the assignment's own modules that deal with it.

    `folder` is the unpacked folder's name, and `marker` a file in it by which it is known; the environment
    variable `variable` may name the folder. `reader` is a module in ``reference/<id>/`` with
    ``read(folder, train, test) -> DataSet``; `generator` is one beside the support code with
    ``write(folder)``, which makes a stand-in of the same format. `test_samples` are read for measuring.
    """

    folder: str
    marker: str
    url: str
    md5: str
    bytes: int
    reader: str
    variable: str = ""
    generator: str = ""
    test_samples: int = 2000


# --- the engine's own kinds of checks ---------------------------------------------------------------


class Outputs(CheckSpec, kw_only=True):
    """Compare what the student's code gives on a question's cases with what is expected.

    `output` names the one of the question's outputs that this check judges (all of them if empty),
    `regimes` the cases that it takes (all of them if empty). All its cases must be right, by any one
    of the questions: a gradient may be judged by the reference's forward pass or by the student's.
    """

    questions: tuple[str, ...]
    output: str = ""
    regimes: tuple[str, ...] = ()

    @property
    def asks(self) -> tuple[str, ...]:
        """See `CheckSpec.asks`."""
        return self.questions


class Speed(CheckSpec, kw_only=True):
    """Time the student's layer against the fast one, as a ratio of times for each output element."""

    question: str
    min_ratio: float

    @property
    def asks(self) -> tuple[str, ...]:
        """See `CheckSpec.asks`."""
        return (self.question,)


class ProbeSpec(CheckSpec, kw_only=True):
    """Ask a probe, whose answer carries its own verdict.

    `is_training` says that the probe trains, so that it is skipped where training is switched off;
    `counts_untouched` that the release's own, unrun notebook earns the points, too.
    """

    question: str
    is_training: bool = False
    counts_untouched: bool = False

    @property
    def asks(self) -> tuple[str, ...]:
        """See `CheckSpec.asks`."""
        return (self.question,)

    @property
    def trains(self) -> bool:
        """See `CheckSpec.trains`."""
        return self.is_training

    @property
    def earns_untouched(self) -> bool:
        """See `CheckSpec.earns_untouched`."""
        return self.counts_untouched


class Comments(CheckSpec, kw_only=True):
    """Comments that the release did not have, in the code of the named definitions."""

    definitions: tuple[str, ...]
    full_coverage: float = 0.25

    @property
    def names_definitions(self) -> tuple[str, ...]:
        """See `CheckSpec.names_definitions`."""
        return self.definitions


class RunOrder(CheckSpec, kw_only=True):
    """The stored run: counts in order, no errors, the outputs that the named cells should show."""

    cells: tuple[str, ...]
    optional_from: str = ""

    @property
    def names_cells(self) -> tuple[str, ...]:
        """See `CheckSpec.names_cells`."""
        return (*self.cells, *filter(None, [self.optional_from]))


class Rerun(CheckSpec, kw_only=True):
    """The stored numbers of the named cells are what the release's cells print with the student's code.

    `needs` are names that the cells use and the release defines elsewhere.
    """

    cells: tuple[str, ...]
    needs: tuple[str, ...] = ()

    @property
    def names_cells(self) -> tuple[str, ...]:
        """See `CheckSpec.names_cells`."""
        return self.cells

    @property
    def names_definitions(self) -> tuple[str, ...]:
        """See `CheckSpec.names_definitions`."""
        return self.needs


class Files(CheckSpec, kw_only=True):
    """The expected files and no others."""

    @property
    def earns_untouched(self) -> bool:
        """See `CheckSpec.earns_untouched`."""
        return True


class Pdf(CheckSpec, kw_only=True):
    """A PDF that really opens, has pages, and carries the notebook's text."""

    min_pages: int = 1
    min_characters: int = 200


class Manual(CheckSpec, kw_only=True):
    """Judged by a person, who is shown the pictures that the named cells stored."""

    after_cell: str
    question_for_grader: str

    @property
    def names_cells(self) -> tuple[str, ...]:
        """See `CheckSpec.names_cells`."""
        return (self.after_cell,)


# The engine's own kinds by the names that `kind` has in the file.
SPECS: Mapping[str, type[CheckSpec]] = {
    "outputs": Outputs,
    "speed": Speed,
    "probe": ProbeSpec,
    "comments": Comments,
    "run-order": RunOrder,
    "rerun": Rerun,
    "files": Files,
    "pdf": Pdf,
    "manual": Manual,
}


class ItemSpec(Strict):
    """One rubric item; `id` is the same string in the notebook's metadata, here and in the report."""

    id: str
    title: str
    step: int
    points: float
    checks: tuple[CheckSpec, ...] = ()
    extra_credit: bool = False
    visibility: Visibility = Visibility.VISIBLE


class Assignment(Strict):
    """A whole assignment. Tables of the file have the fields' names; `items` are ``[[items]]``.

    `hint_level` says how much a diagnosis tells: nothing, a nudge, or an explanation. `budget_seconds` is
    the clock time that a submission's code may take in all: it ends what stays below each call's limit and
    makes the grader wait for hours all the same.
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
    hint_level: HintLevel = "nudge"
    budget_seconds: float = 900.0
    due_at: str | None = None

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
        items = (
            msgspec.structs.replace(item, checks=tuple(c for c in item.checks if c.visible))
            for item in self.items
        )
        return msgspec.structs.replace(self, items=tuple(item for item in items if item.checks))


def read_assignment(path: Path, specs: Mapping[str, type[CheckSpec]] = SPECS) -> Assignment:
    """Read and check an ``assignment.toml``.

    Parameters
    ----------
    path : Path
        The file.
    specs : mapping of str to type
        The kinds of checks by name: the engine's own, and the assignment's.

    Raises
    ------
    AssignmentError
        With the file, the place in it, and what was expected there.
    """
    table = read_table(path)
    try:
        rows = [dict(row) for row in table.get("items", ())]
        checks = [row.pop("checks", ()) for row in rows]
        bare = msgspec.convert({**table, "items": rows}, Assignment)
        items = tuple(
            msgspec.structs.replace(item, checks=tuple(_spec(one, specs) for one in wanted))
            for item, wanted in zip(bare.items, checks, strict=True)
        )
    except (msgspec.ValidationError, TypeError, ValueError) as error:
        raise AssignmentError(f"{path}: {error}", "docs/assignments.md describes every key.") from error
    assignment = msgspec.structs.replace(bare, items=items)
    for problem in _inconsistencies(assignment):
        raise AssignmentError(f"{path}: {problem}", "docs/assignments.md describes every key.")
    return assignment


def read_table(path: Path) -> dict[str, Any]:
    """Read a TOML file.

    Raises
    ------
    AssignmentError
        It can't be read, or is no TOML.
    """
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise AssignmentError(f"{path}: can't be read: {error.strerror}") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise AssignmentError(f"{path}: not valid TOML: {error}") from error


def _spec(table: Mapping[str, Any], specs: Mapping[str, type[CheckSpec]]) -> CheckSpec:
    kind = table.get("kind")
    if not isinstance(kind, str) or kind not in specs:
        raise ValueError(f"`{table.get('id')}`: kind = {kind!r}, known are: {', '.join(sorted(specs))}")
    try:
        return msgspec.convert(table, specs[kind])
    except msgspec.ValidationError as error:
        raise ValueError(f"`{table.get('id')}` of kind `{kind}`: {error}") from error


def scaled(assignment: Assignment, slowness: float) -> Assignment:
    """Give the assignment with every limit of time grown by a factor; the other limits stay."""
    limits = {
        name: msgspec.structs.replace(
            one, cpu_seconds=one.cpu_seconds * slowness, wall_seconds=one.wall_seconds * slowness
        )
        for name, one in assignment.limits.items()
    }
    return msgspec.structs.replace(
        assignment, limits=limits, budget_seconds=assignment.budget_seconds * slowness
    )


def _tight_clocks(limits: Mapping[str, Limits]) -> list[str]:
    """Find the limits of the clock that would end code which only waits for a busy machine."""
    return [
        f"[limits.{name}]: wall_seconds = {one.wall_seconds:g} must be at least {LEAST_WALL} times "
        f"cpu_seconds = {one.cpu_seconds:g}, since a busy machine makes code wait"
        for name, one in limits.items()
        if one.wall_seconds < LEAST_WALL * one.cpu_seconds
    ]


def _unfit(check: CheckSpec, assignment: Assignment) -> Iterator[str]:
    """Find keys of a check that do not fit the rest of the assignment."""
    if check.weight < 0:
        yield f"`{check.id}`: weight must not be negative, got {check.weight}"
    if check.limits not in assignment.limits:
        known = ", ".join(sorted(assignment.limits))
        yield f"`{check.id}`: limits = {check.limits!r}, known are: {known}"
    there = (*assignment.sandbox.imports, *assignment.sandbox.tools)
    if isinstance(check, Pdf) and "pypdf" not in there:
        yield f"`{check.id}`: a check of kind `pdf` needs `pypdf` among the tools of [sandbox]"


def _inconsistencies(assignment: Assignment) -> list[str]:
    problems = []
    item_ids = [item.id for item in assignment.items]
    check_ids = [check.id for item in assignment.items for check in item.checks]
    for what, ids in (("item", item_ids), ("check", check_ids)):
        problems += [f"two {what}s are called `{one}`" for one in sorted(set(ids)) if ids.count(one) > 1]
    for item in assignment.items:
        if item.points < 0:
            problems.append(f"`{item.id}`: points must not be negative, got {item.points}")
        if not item.checks or sum(check.weight for check in item.checks) <= 0:
            problems.append(f"`{item.id}`: needs at least one check with a positive weight")
        problems += [problem for check in item.checks for problem in _unfit(check, assignment)]
    problems += _tight_clocks(assignment.limits)
    longest = max((one.wall_seconds for one in assignment.limits.values()), default=0.0)
    if assignment.budget_seconds < longest:
        problems.append(
            f"budget_seconds = {assignment.budget_seconds:g} must be at least the longest "
            f"wall_seconds = {longest:g}"
        )
    if "default" not in assignment.limits:
        problems.append("[limits.default] is missing")
    if not any(rule.suffix == ".ipynb" for rule in assignment.files.rules):
        problems.append('[[files.rules]] must have one with suffix = ".ipynb"')
    return problems
