"""The engine's own kinds of checks: the keys that their tables have in ``assignment.toml``."""

from __future__ import annotations

from collections.abc import Mapping

from autograder.authoring.specs import CheckSpec, QuestionSpec, Share
from autograder.authoring.student import Positive, PositiveInt


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


class Speed(QuestionSpec, kw_only=True):
    """Time the student's layer against the fast one, as a ratio of times for each output element."""

    min_ratio: Positive


class ProbeSpec(QuestionSpec, kw_only=True):
    """Ask a probe, whose answer carries its own verdict.

    `is_training` says that the probe trains, so that it is skipped where training is switched off;
    `counts_untouched` that the release's own, unrun notebook earns the points, too.
    """

    is_training: bool = False
    counts_untouched: bool = False

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
    full_coverage: Share = 0.25

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

    min_pages: PositiveInt = 1
    min_characters: PositiveInt = 200


class Manual(CheckSpec, kw_only=True):
    """Judged by a person, who is shown the pictures that the named cells stored."""

    after_cell: str
    question_for_grader: str

    @property
    def names_cells(self) -> tuple[str, ...]:
        """See `CheckSpec.names_cells`."""
        return (self.after_cell,)

    @property
    def waits_for_person(self) -> bool:
        """See `CheckSpec.waits_for_person`."""
        return True


class Written(CheckSpec, kw_only=True):
    """A written answer, judged by a person; `cell` is the cell that students write it in."""

    cell: str
    question_for_grader: str

    @property
    def names_cells(self) -> tuple[str, ...]:
        """See `CheckSpec.names_cells`."""
        return (self.cell,)

    @property
    def waits_for_person(self) -> bool:
        """See `CheckSpec.waits_for_person`."""
        return True


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
    "written": Written,
}
