"""The tables of ``assignment.toml`` that checks see: the keys of every check, and the rules for files."""

from __future__ import annotations

from typing import Annotated, Literal

from msgspec import Meta

from autograder.authoring.student import Positive
from autograder.model import Struct

HintLevel = Literal["none", "nudge", "explain"]
NotNegative = Annotated[float, Meta(ge=0, lt=1e15)]
Share = Annotated[float, Meta(gt=0, le=1)]


class Strict(Struct, forbid_unknown_fields=True):
    """A table of the TOML file; an unknown key is an error."""


class FileRule(Strict):
    """One file that a submission must or may have.

    `suffix` is compared without case. `name` is its name in the release, and only breaks ties.
    """

    suffix: str
    name: str = ""
    required: bool = True
    max_mb: Positive = 20.0


class CheckSpec(Strict):
    """The keys of every check; a kind adds its own.

    `kind` names the kind, `id` the check. `weight` decides the check's share of the item's points; a check of
    weight 0 is a note, which costs nothing. `limits` names one of the assignment's ``[limits.*]`` tables.
    `visible` checks go into the release, and ``autograder check`` runs them.
    """

    kind: str
    id: str
    weight: NotNegative = 1.0
    visible: bool = False
    limits: str = "default"
    hints: tuple[str, ...] = ()

    @property
    def asks(self) -> tuple[str, ...]:
        """The questions that the check asks."""
        return ()

    @property
    def names_cells(self) -> tuple[str, ...]:
        """The release's cells that the check looks at, by grade id."""
        return ()

    @property
    def names_definitions(self) -> tuple[str, ...]:
        """The definitions that the check looks at."""
        return ()

    @property
    def trains(self) -> bool:
        """True if it is skipped when training is off."""
        return False

    @property
    def waits_for_person(self) -> bool:
        """True if only a person gives its points."""
        return False

    @property
    def earns_untouched(self) -> bool:
        """True if the release's own, unrun notebook may earn its points."""
        return False


class QuestionSpec(CheckSpec, kw_only=True):
    """The keys of a check that asks one question."""

    question: str

    @property
    def asks(self) -> tuple[str, ...]:
        """See `CheckSpec.asks`."""
        return (self.question,)
