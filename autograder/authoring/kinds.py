"""The registry of check kinds: what an assignment's own module adds to those of the engine.

A module of questions may have a table ``KINDS`` of names and `CheckKind` records; ``kind = "<name>"`` in
``assignment.toml`` then means that kind.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from autograder.authoring.context import CheckContext
from autograder.authoring.specs import CheckSpec
from autograder.model import Finding, Notebook, Struct

# A kind's functions take that kind's own spec, and give and take its own types. The table can't say so.
Run = Callable[[Any, CheckContext], Finding]
Read = Callable[[Any, Notebook, Notebook], Any]
Prepare = Callable[[Any, CheckContext], Any]


class CheckKind(Struct):
    """A kind of check.

    spec      the check's table in ``assignment.toml``
    run       (spec, context) -> Finding: judges one submission. It imports no clock, file, process or socket
    read      (spec, notebook, given) -> reading: looks at the code and text of a submission, and runs none of
              it. It runs in the reader's process, within that one's limits
    question  the type of the questions that such a check asks, None where it asks any or none
    reading   the type of what `read` gives, made of plain values, to which the answer is held
    prepare   (spec, context) -> a JSON value: measured once for a batch, with the release's own notebook in
              the place of a submission; kept in the user's cache. `run` finds it as ``context.prepared``
    """

    spec: type[CheckSpec]
    run: Run
    question: type[Struct] | None = None
    read: Read | None = None
    reading: Any = None
    prepare: Prepare | None = None
