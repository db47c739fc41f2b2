"""What a check has before it: everything it needs is handed in, nothing is fetched."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager
from typing import Protocol

from autograder.assignment import FileRule, HintLevel
from autograder.checks.smallest import Shrunk
from autograder.diagnosis import Suspect
from autograder.model import Definitions, Notebook, OutputText, Submission
from autograder.questions import Answer, Desk, Generator, Images, Question
from autograder.student import Student


class Bench(Protocol):
    """A check's view of one submission and of the assignment that it answers."""

    @property
    def submission(self) -> Submission:
        """The submission, read."""
        ...

    @property
    def notebook(self) -> Notebook:
        """The submission's notebook."""
        ...

    @property
    def given(self) -> Notebook:
        """The release's notebook, as it was handed out."""
        ...

    @property
    def definitions(self) -> Definitions:
        """The submission's definitions."""
        ...

    @property
    def untouched(self) -> bool:
        """Whether nothing was done: the release's code, and no cell was ever run."""
        ...

    @property
    def cells(self) -> Mapping[str, int]:
        """Which of the submission's cells stands for which of the release's, by grade id: its index."""
        ...

    @property
    def file_rules(self) -> Sequence[FileRule]:
        """Which files the assignment asks for."""
        ...

    @property
    def suspects(self) -> Sequence[Suspect]:
        """The known mistakes."""
        ...

    @property
    def hint_level(self) -> HintLevel:
        """How much a diagnosis tells."""
        ...

    def tool(self, definitions: Definitions, limits: str) -> AbstractContextManager[Student]:
        """A child in which other definitions run than the submission's alone."""
        ...

    def question(self, name: str) -> Question:
        """One of the assignment's questions."""
        ...

    def answers(self, question: str, limits: str) -> Sequence[Answer]:
        """What came of asking a `Comparison`; asked once, whoever wants it."""
        ...

    def printed(self, question: str) -> OutputText | None:
        """What the code printed while a `Comparison` was asked, once: for the first who asks."""
        ...

    def smallest(self, question: str, output: str, limits: str) -> Shrunk | None:
        """The smallest case of a `Comparison` that fails, for the first who asks: it is shown once."""
        ...

    def desk(self, limits: str, alone: bool = False) -> AbstractContextManager[Desk]:
        """Handles on fresh children; `alone`, the student's code can't call what is withheld from it."""
        ...

    def generator(self, name: str) -> Generator:
        """A random generator of this submission and this name."""
        ...

    def images(self, count: int) -> Images:
        """That many training images, and the images for measuring."""
        ...

    def baseline_accuracy(self, question: str) -> float:
        """The accuracy that a training reaches with the reference's settings and the same budget."""
        ...

    def clock(self) -> float:
        """Seconds, from a clock that only goes forward."""
        ...
