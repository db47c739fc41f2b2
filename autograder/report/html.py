"""Show a report as HTML: a fragment with its own style, for notebooks and for pages.

A notebook's front end decides on light or dark by marks of its own, so the style knows those of JupyterLab,
VS Code and Colab beside the browser's wish. The fragment has its own ground: where no mark is known, it is a
light sheet on a dark page, and readable. It has no script and asks for nothing.
"""

from __future__ import annotations

import base64
import re
from collections.abc import Iterator, Mapping
from html import escape

from autograder.model import CheckReport, ItemReport, Report, Smallest, Status
from autograder.report.html_style import STYLE
from autograder.report.totals import in_short, is_lost, is_unwritten, one_each, refers_elsewhere, tells_more
from autograder.text import harmless

_WORDS = {
    Status.PASSED: ("✓", "passed", "good"),
    Status.FAILED: ("✗", "failed", "bad"),
    Status.ERROR: ("✗", "error", "bad"),
    Status.TIMEOUT: ("✗", "too slow", "bad"),
    Status.SKIPPED: ("–", "not judged", "open"),
    Status.MANUAL: ("?", "a person decides", "open"),
}
_UNWRITTEN = ("○", "not written", "open")
_STOPPED = (Status.ERROR, Status.TIMEOUT)
_BAD = (Status.FAILED, Status.ERROR, Status.TIMEOUT)
# Characters of one text; a browser lays out no more at ease.
_MOST = 20_000
_SIZE = re.compile(rb'viewBox="0 0 (\d+(?:\.\d+)?) (\d+(?:\.\d+)?)"')
_PNG = b"\x89PNG\r\n\x1a\n"
_CODE = re.compile(r"`([^`\n]{1,200})`")
_NONE: Mapping[str, bytes] = {}


def report_html(
    report: Report,
    pictures: Mapping[str, bytes] = _NONE,
    *,
    heading: str = "",
    warning: str = "",
    closing: str = "",
    points: bool = True,
) -> str:
    """Render a whole report as an HTML fragment.

    Parameters
    ----------
    report : Report
        The report. All of it that is shown in a terminal is shown here.
    pictures : mapping, optional
        The contents of its pictures by name; others are left out.
    heading, warning, closing : str, optional
        Lines above, what to do before reading on, and a line below.
    points : bool, optional
        Whether to show points. A self-check leaves them out.
    """
    title = _text(report.assignment.title)
    above = f'<p class="ag-soft">{_text(heading)}</p>' if heading else ""
    above += f'<p class="ag-warning"><strong>{prose(warning)}</strong></p>' if warning else ""
    below = f'<p class="ag-closing">{_text(closing)}</p>' if closing else ""
    parts = "".join(_parts(report, pictures, points=points))
    sheet = f'<section class="ag-report" aria-label="Report on {title}">{above}{parts}{below}</section>'
    return f"<style>{STYLE}</style>{sheet}"


def _parts(report: Report, pictures: Mapping[str, bytes], *, points: bool) -> Iterator[str]:
    if report.score is None:
        yield f'<p class="ag-closing">{prose(report.message)}</p>'
    yield from _table(report, points=points)
    lost = (check for item in report.items for check in item.checks if is_lost(check))
    bad = [check for check in lost if tells_more(check)]
    for number, check in enumerate(bad):
        yield from _folded(check, pictures, is_open=number == 0)
    for notice in report.notices:
        said = f"{notice.where}: {notice.message}".removeprefix(": ")
        yield f'<p class="ag-note"><strong>note:</strong> {prose(said)}</p>'


def mark(status: Status) -> str:
    """Render a status as a sign and a word, so that it does not need its colour."""
    return _marked(_WORDS[status])


def _mark_of(scored: ItemReport | CheckReport) -> str:
    """Render the state of an item or a check; work that was not begun is no mistake."""
    if scored.status in _BAD and is_unwritten(scored):
        return _marked(_UNWRITTEN)
    return mark(Status.SKIPPED if scored.status in _BAD and refers_elsewhere(scored) else scored.status)


def _marked(words: tuple[str, str, str]) -> str:
    sign, word, kind = words
    return f'<span class="ag-mark ag-{kind}"><span aria-hidden="true">{sign}</span> {word}</span>'


# --- the table ------------------------------------------------------------------------------------------


def _table(report: Report, *, points: bool) -> Iterator[str]:
    if not report.items:
        return
    yield '<div class="ag-scroll" tabindex="0" role="group" aria-label="Parts"><table class="ag-table">'
    yield '<thead><tr class="ag-row"><th scope="col">State</th><th scope="col">Part</th>'
    yield '<th scope="col" class="ag-number">Points</th>' if points else ""
    yield '<th scope="col">Why</th></tr></thead><tbody>'
    for item in report.items:
        yield from _rows(item, points=points)
    yield "</tbody></table></div>"


def _rows(item: ItemReport, *, points: bool) -> Iterator[str]:
    counted = [check for check in item.checks if check.max_score > 0]
    lost = one_each([check for check in counted if is_lost(check)])
    if len(lost) <= 1:
        message = in_short(lost or counted or item.checks) if item.checks else item.message
        yield _row(item, item.title, message, points=points)
        return
    passed = sum(check.status is Status.PASSED for check in counted)
    yield _row(item, item.title, f"{passed} of {len(counted)} checks passed.", points=points)
    for check in lost:
        yield _row(check, check.id, check.message, points=points, kind="ag-part")


def _row(
    scored: ItemReport | CheckReport, name: str, message: str, *, points: bool, kind: str = "ag-whole"
) -> str:
    number = f'<td class="ag-number">{points_of(scored)}</td>' if points else ""
    return (
        f'<tr class="ag-row {kind}"><td>{_mark_of(scored)}</td><th scope="row">{_text(name)}</th>'
        f"{number}<td>{prose(message)}</td></tr>"
    )


def points_of(scored: ItemReport | CheckReport) -> str:
    """Write points and their maximum."""
    score = "–" if scored.score is None else f"{round(scored.score, 2):g}"
    return f"{score} / {scored.max_score:g}"


# --- one check ------------------------------------------------------------------------------------------


def _folded(check: CheckReport, pictures: Mapping[str, bytes], *, is_open: bool) -> Iterator[str]:
    state, name = " open" if is_open else "", f"<code>{_text(check.id)}</code>"
    yield f'<details class="ag-check"{state}><summary>{mark(check.status)} {name}</summary>'
    yield f"{details(check, pictures)}</details>"


def details(check: CheckReport, pictures: Mapping[str, bytes] = _NONE) -> str:
    """Render all that is known about a check that did not pass: reason, mistake, smallest case."""
    return "".join(_details(check, pictures))


def _details(check: CheckReport, pictures: Mapping[str, bytes]) -> Iterator[str]:
    yield f'<div class="ag-details"><p>{prose(check.message)}</p>'
    if check.diagnosis is not None:
        yield (
            f'<p class="ag-mistake"><strong>Looks like <code>{_text(check.diagnosis.id)}</code>:</strong> '
            f"{prose(check.diagnosis.message)}</p>"
        )
    if check.smallest is not None:
        yield from _smallest(check.smallest)
    yield from _pictures(check, pictures)
    if check.hints:
        yield f'<ul class="ag-hints">{"".join(f"<li>{prose(hint)}</li>" for hint in check.hints)}</ul>'
    if check.cause is not None and check.cause.actual and check.status in _STOPPED:
        yield f'<p class="ag-case"><strong>Where your code stopped:</strong> {_text(check.cause.case)}</p>'
        yield _pre(check.cause.actual, "Where your code stopped")
    elif check.cause is not None:
        named = {"expected": check.cause.expected, "yours": check.cause.actual}
        where = f" ({check.cause.case})" if check.cause.case else ""
        shown = _matrices({name: text for name, text in named.items() if text})
        yield from _more(f"The numbers that were compared{where}", shown)
    if check.output is not None and check.output.text:
        cut = " …" if check.output.truncated else ""
        yield from _more("What your code printed", _pre(check.output.text + cut, "What your code printed"))
    yield "</div>"


def _smallest(found: Smallest) -> Iterator[str]:
    yield f'<p class="ag-case"><strong>The smallest case that fails:</strong> {_text(found.case)}</p>'
    compared = {"expected": found.expected, "yours": found.actual}
    yield _matrices(found.inputs | {name: text for name, text in compared.items() if text})
    yield f"<p>{prose(found.message)}</p>"
    if found.terms:
        yield f'<p class="ag-terms">{_text(found.terms)}</p>'


def _matrices(matrices: Mapping[str, str]) -> str:
    if not matrices:
        return ""
    shown = (
        f'<div class="ag-matrix"><span class="ag-name">{_text(name)}</span>{_pre(matrix, name)}</div>'
        for name, matrix in matrices.items()
    )
    return f'<div class="ag-matrices">{"".join(shown)}</div>'


def _pre(text: str, name: str) -> str:
    """Render text as it stands. It may scroll, so the keyboard must reach it, and it needs a name."""
    return f'<pre class="ag-pre" tabindex="0" role="group" aria-label="{_text(name)}">{_text(text)}</pre>'


def _more(summary: str, shown: str) -> Iterator[str]:
    if shown:
        yield f'<details class="ag-more"><summary>{_text(summary)}</summary>{shown}</details>'


def _pictures(check: CheckReport, pictures: Mapping[str, bytes]) -> Iterator[str]:
    words = check.smallest.terms or check.smallest.message if check.smallest else check.message
    for name in check.pictures:
        if name in pictures:
            yield '<div class="ag-scroll" tabindex="0" role="group" aria-label="Picture">'
            yield f"{picture(pictures[name], words)}</div>"


def picture(content: bytes, words: str) -> str:
    """Render a picture, SVG or PNG, as an image that holds its own bytes: there, no script of it runs."""
    kind = "png" if content.startswith(_PNG) else "svg+xml"
    source = f"data:image/{kind};base64,{base64.b64encode(content).decode()}"
    found = _SIZE.search(content[:1000])
    size = f' width="{found[1].decode()}" height="{found[2].decode()}"' if found else ""
    shape = " ag-drawing" if found else ""
    return f'<img class="ag-picture{shape}" src="{source}"{size} alt="{_text(words)}">'


def prose(text: str) -> str:
    """Render a message, with code between backticks as code.

    >>> prose("`out` is < 3")
    '<code>out</code> is &lt; 3'
    """
    return _CODE.sub(r"<code>\1</code>", _text(text))


def _text(text: str) -> str:
    return escape(harmless(text if len(text) <= _MOST else f"{text[:_MOST]} …"))
