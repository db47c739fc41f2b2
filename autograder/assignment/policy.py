"""The tables by which points become a grade: late, attempts, extra_credit and rounding."""

from __future__ import annotations

from typing import Annotated, Literal

from msgspec import Meta

from autograder.authoring.specs import NotNegative, Strict
from autograder.authoring.student import PositiveInt

Percent = Annotated[float, Meta(ge=0, le=100)]


class Late(Strict):
    """The price of late work.

    Each hour or day (`per`) takes `points`, or `percent` of the assignment's maximum or of what was earned
    (`of`), and at most `most` in the same unit. `count` says how a part of an hour or day counts: as a whole
    one once it has ``begun``, only once it is ``full``, or in proportion (``exact``). Work within
    `grace_minutes` after `due_at` is in time; later work is late from `due_at` on. Work that is later than
    `cut_off_hours` is not accepted.
    """

    points: NotNegative = 0.0
    percent: Percent = 0.0
    of: Literal["maximum", "earned"] = "maximum"
    per: Literal["hour", "day"] = "day"
    count: Literal["begun", "full", "exact"] = "begun"
    most: NotNegative | None = None
    grace_minutes: NotNegative = 0.0
    cut_off_hours: NotNegative | None = None


class Attempts(Strict):
    """The attempt that counts, and the number of attempts that are accepted; no `most` means any number."""

    counts: Literal["last", "best", "first"] = "last"
    most: PositiveInt | None = None


class ExtraCredit(Strict):
    """The `most` points that extra credit adds, and whether it may lift a grade above the maximum."""

    most: NotNegative | None = None
    above_maximum: bool = True


class Rounding(Strict):
    """A grade is a multiple of `step`: the nearest one (a half goes up), or the next ``up`` or ``down``."""

    step: Annotated[float, Meta(ge=0.0001, le=1000)] = 0.01
    to: Literal["nearest", "up", "down"] = "nearest"
