"""The evidence for an item: the parts of a report that a person reads before giving points."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence

from markupsafe import Markup

from autograder.model import CheckReport, ItemReport, Notice, Passage, Report, Status, Struct
from autograder.pages.showing import visible, visible_lines
from autograder.report.totals import in_short

# A remark at a line: "cell 3, line 12: why?"
AT_LINE = re.compile(r"^(?P<where>[^\n]{1,80}), line (?P<line>\d{1,7}): ?(?P<text>.*)$", re.MULTILINE)
_MOST_NUMBERS = 3_000
Hide = Callable[[str], str]


class CodeLine(Struct):
    """One line of a passage: its number, its text as HTML, whether to look at it, and remarks at it."""

    number: int
    text: Markup
    is_marked: bool
    remarks: tuple[str, ...] = ()


class ShownPassage(Struct):
    """A passage in lines."""

    where: str
    lines: tuple[CodeLine, ...]
    truncated: bool


class ShownCheck(Struct):
    """One check with what there is to read about it; `numbers` are what it compared, by name.

    One that `has_points` decides a share of the item's.
    """

    id: str
    status: Status
    message: str
    has_points: bool
    numbers: tuple[tuple[str, Markup], ...]
    passages: tuple[ShownPassage, ...]
    pictures: tuple[str, ...]


class Evidence(Struct):
    """All that there is to read about an item of a report.

    `message` says why the item has its points, `about` are the report's notices and `to_read` the passages
    that nobody judges.
    """

    message: str
    status: Status | None
    checks: tuple[ShownCheck, ...]
    notices: tuple[Notice, ...]
    integrity: tuple[Notice, ...]


def evidence_of(report: Report, item: str, said: str, hide: Hide) -> Evidence:
    """Gather the evidence for an item.

    Parameters
    ----------
    report : Report
        The newest report on the attempt.
    item : str
        The item's id.
    said : str
        The reviewer's remark, whose remarks at lines are shown there.
    hide : callable
        Blanks out who it is, in every text.
    """
    found = next((one for one in report.items if one.id == item), None)
    remarks = remarks_at_lines(said)
    return Evidence(
        message=hide(_reason(found) if found else report.message),
        status=found.status if found else None,
        checks=tuple(_check(one, remarks, hide) for one in found.checks) if found else (),
        notices=_hidden(report.notices, hide),
        integrity=_hidden(report.integrity, hide),
    )


def _reason(item: ItemReport) -> str:
    """Give the reason for an item's points; its own message leaves out what students may not see yet."""
    counted = [check for check in item.checks if check.max_score > 0] or item.checks
    return in_short(counted) if counted else item.message


def _check(check: CheckReport, remarks: dict[tuple[str, int], list[str]], hide: Hide) -> ShownCheck:
    passages = [*check.evidence]
    if check.output is not None and check.output.text:
        name = "the answer" if check.status is Status.MANUAL and not passages else "printed"
        passages.append(Passage(where=name, text=check.output.text, truncated=check.output.truncated))
    return ShownCheck(
        id=check.id,
        status=check.status,
        message=hide(check.message),
        has_points=check.max_score > 0,
        numbers=tuple((name, visible(hide(text), _MOST_NUMBERS)) for name, text in _numbers(check) if text),
        passages=tuple(_passage(one, remarks, hide) for one in passages),
        pictures=tuple(name for name in check.pictures if name.endswith(".png")),
    )


def _numbers(check: CheckReport) -> Iterator[tuple[str, str]]:
    """Give what a check compared, and what the mistake looks like."""
    if check.cause is not None:
        yield from (("expected", check.cause.expected), ("theirs", check.cause.actual))
    if check.diagnosis is not None:
        yield "looks like", f"{check.diagnosis.id}: {check.diagnosis.message}"


def _passage(one: Passage, remarks: dict[tuple[str, int], list[str]], hide: Hide) -> ShownPassage:
    marked = frozenset(one.marked)
    return ShownPassage(
        where=one.where,
        lines=tuple(
            CodeLine(
                number=number,
                text=text,
                is_marked=number in marked,
                remarks=tuple(remarks.get((one.where, number), ())),
            )
            for number, text in enumerate(visible_lines(hide(one.text)), one.line)
        ),
        truncated=one.truncated,
    )


def _hidden(notices: Sequence[Notice], hide: Hide) -> tuple[Notice, ...]:
    return tuple(Notice(code=one.code, message=hide(one.message), where=hide(one.where)) for one in notices)


def remarks_at_lines(text: str) -> dict[tuple[str, int], list[str]]:
    r"""Find the remarks at lines in a reviewer's text, by place and line.

    >>> remarks_at_lines("Good.\ncell 3, line 12: why?")
    {('cell 3', 12): ['why?']}
    """
    found: dict[tuple[str, int], list[str]] = {}
    for one in AT_LINE.finditer(text):
        found.setdefault((one["where"], int(one["line"])), []).append(one["text"])
    return found


def without_lines(text: str) -> str:
    """Give a reviewer's text without its remarks at lines, which belong to one student's code."""
    return "\n".join(line for line in text.split("\n") if not AT_LINE.match(line)).strip()
