"""The engine's own kinds of checks, with the keys of their tables in ``assignment.toml``."""

from __future__ import annotations

from collections.abc import Mapping

from autograder.authoring.specs import CheckSpec, QuestionSpec, Share
from autograder.authoring.student import Positive, PositiveInt


class Outputs(CheckSpec, kw_only=True):
    """Compare the outputs of the student's code on a question's cases with the expected outputs.

    `output` names one of the question's outputs, and `regimes` some of its cases; all of them if empty. All
    these cases must be right by at least one of the questions: a gradient may be judged by the reference's
    forward pass or by the student's.
    """

    questions: tuple[str, ...]
    output: str = ""
    regimes: tuple[str, ...] = ()

    @property
    def asks(self) -> tuple[str, ...]:
        """See `CheckSpec.asks`."""
        return self.questions


class Speed(QuestionSpec, kw_only=True):
    """Compare the time of the student's layer with that of the fast one, per output element."""

    min_ratio: Positive


class ProbeSpec(QuestionSpec, kw_only=True):
    """Ask a probe, which judges its own answer.

    `is_training` says that the probe trains, so that it is skipped when training is off. `counts_untouched`
    says that the release's own, unrun notebook may earn the points.
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
    """Look for comments that the release does not have, in the code of the named definitions."""

    definitions: tuple[str, ...]
    full_coverage: Share = 0.25

    @property
    def names_definitions(self) -> tuple[str, ...]:
        """See `CheckSpec.names_definitions`."""
        return self.definitions


class RunOrder(CheckSpec, kw_only=True):
    """Judge the stored run: execution counts in order, no errors, and outputs below the named cells."""

    cells: tuple[str, ...]
    optional_from: str = ""

    @property
    def names_cells(self) -> tuple[str, ...]:
        """See `CheckSpec.names_cells`."""
        return (*self.cells, *filter(None, [self.optional_from]))


class Rerun(CheckSpec, kw_only=True):
    """Compare the stored numbers of the named cells with those that the student's code prints there.

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
    """Require the expected files and no others."""

    @property
    def earns_untouched(self) -> bool:
        """See `CheckSpec.earns_untouched`."""
        return True


class Pdf(CheckSpec, kw_only=True):
    """Require a PDF that opens, has pages, and has the notebook's text."""

    min_pages: PositiveInt = 1
    min_characters: PositiveInt = 200


class ForPerson(CheckSpec, kw_only=True):
    """Leave the judgement to a person, who is asked `question_for_grader`."""

    question_for_grader: str

    @property
    def waits_for_person(self) -> bool:
        """See `CheckSpec.waits_for_person`."""
        return True


class Manual(ForPerson, kw_only=True):
    """Show a person the pictures that were stored after the named cell."""

    after_cell: str

    @property
    def names_cells(self) -> tuple[str, ...]:
        """See `CheckSpec.names_cells`."""
        return (self.after_cell,)


class Written(ForPerson, kw_only=True):
    """Show a person the answer that the student wrote in the named cell."""

    cell: str

    @property
    def names_cells(self) -> tuple[str, ...]:
        """See `CheckSpec.names_cells`."""
        return (self.cell,)


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
