"""The tables of learning platforms: a module for each, and what they share.

::

    the platform's file ─▶ Sheet ─▶ Columns ─┐
    results ────────────────────────────────┴▶ fill ─▶ what changes, and the file with the changes alone
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from autograder.delivery.outgoing import Outgoing
from autograder.delivery.sheets import blackboard, brightspace, canvas, moodle
from autograder.delivery.sheets.filling import Filling, fill, in_cents
from autograder.delivery.sheets.layout import Columns
from autograder.delivery.sheets.sheet import Sheet, read_sheet
from autograder.model import Struct


class Platform(Struct):
    """A platform's table: how its parts are found, and a new file's rows where the platform takes one."""

    layout: Callable[[Sheet, Sequence[str]], Columns]
    about: str
    fresh: Callable[[Sequence[Outgoing], str], list[list[str]]] | None = None


PLATFORMS = {
    "canvas": Platform(layout=canvas.layout, fresh=canvas.fresh, about="Canvas's gradebook"),
    "moodle": Platform(layout=moodle.worksheet_layout, about="Moodle's grading worksheet"),
    "moodle-gradebook": Platform(
        layout=moodle.gradebook_layout, fresh=moodle.gradebook_fresh, about="Moodle's gradebook"
    ),
    "brightspace": Platform(layout=brightspace.layout, fresh=brightspace.fresh, about="Brightspace's grades"),
    "blackboard": Platform(layout=blackboard.layout, fresh=blackboard.fresh, about="Blackboard's grades"),
}

__all__ = ["PLATFORMS", "Filling", "Platform", "fill", "in_cents", "read_sheet"]
