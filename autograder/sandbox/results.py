"""The findings of a self-test of the sandbox."""

from __future__ import annotations

from autograder.model import Struct


class WallTest(Struct, frozen=True):
    """One thing that a self-test tried inside: whether it should work, and the answer."""

    name: str
    wanted: bool
    answer: str


class SelfTest(Struct, frozen=True):
    """The findings of a self-test.

    kind      the kind of sandbox, in a word for reports
    walls     the walls that stand
    probes    everything that was tried: some must work, the rest must be refused
    timings   milliseconds: ``start`` (of a sandbox), ``child`` (of a further child), ``call``
    """

    kind: str
    walls: tuple[str, ...]
    probes: tuple[WallTest, ...]
    timings: dict[str, float]
