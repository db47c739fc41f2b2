"""The tables of ``assignment.toml`` that checks see: the keys of every check, and the files asked for."""

from __future__ import annotations

from typing import Annotated, Literal

from msgspec import Meta

from autograder.authoring.student import Positive
from autograder.model import Struct

HintLevel = Literal["none", "nudge", "explain"]
NotNegative = Annotated[float, Meta(ge=0, lt=1e15)]
Share = Annotated[float, Meta(gt=0, le=1)]


class Strict(Struct, forbid_unknown_fields=True):
    """A table of the TOML file: an unknown key is an error, not a silence."""


class FileRule(Strict):
    """One file that a submission must or may have.

    `suffix` is compared without case; `name` is what the release calls it and only breaks ties.
    """

    suffix: str
    name: str = ""
    required: bool = True
    max_mb: Positive = 20.0


class CheckSpec(Strict):
    """The keys of every check; a kind adds its own.

    `kind` names the kind, `id` the check. `weight` is the check's share of the item's points against the
    item's other checks; a weight of 0 makes it a note, which costs nothing. `limits` names one of the
    assignment's ``[limits.*]`` tables. `visible` checks go into the release, and ``autograder check`` runs
    them.
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
        """True if it is skipped where training is switched off."""
        return False

    @property
    def waits_for_person(self) -> bool:
        """True if only a person gives its points, however right the work is."""
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
