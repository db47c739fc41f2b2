"""The record of a check kind, for the kinds that an assignment adds to the engine's own.

A module of questions may have a table ``KINDS`` of names and `CheckKind` records; ``kind = "<name>"`` in
``assignment.toml`` then means that kind.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from autograder.authoring.context import CheckContext
from autograder.authoring.specs import CheckSpec
from autograder.model import Finding, Notebook, Struct

# `Any`, since each kind has its own types of specs, readings and prepared values.
Run = Callable[[Any, CheckContext], Finding]
Read = Callable[[Any, Notebook, Notebook], Any]
Prepare = Callable[[Any, CheckContext], Any]


class CheckKind(Struct):
    """A kind of check.

    spec      the type of the check's table in ``assignment.toml``
    run       (spec, context) -> Finding: judges one submission. It imports no clock, file, process or socket
    question  the type of the questions that the check asks; None for any type, or if it asks none
    read      (spec, notebook, given) -> reading: looks at a submission's code and text without running it.
              It runs in the reader's process, within the limits of that process
    reading   the type of `read`'s result, made of plain values; another result is refused
    prepare   (spec, context) -> a JSON value: measures something once for a batch, with the release's own
              notebook as the submission. The user's cache keeps it; `run` finds it in ``context.prepared``
    """

    spec: type[CheckSpec]
    run: Run
    question: type[Struct] | None = None
    read: Read | None = None
    reading: Any = None
    prepare: Prepare | None = None
