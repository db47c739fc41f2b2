"""Render the page of pairs, each side by side with its shared passages marked."""

from __future__ import annotations

import html
import itertools
from collections.abc import Iterator, Mapping, Sequence

from autograder.similarity.compare import CLASS, MOST, RUN, WINDOW, Pair, Span, TokenizedCell, Work

_COLOURS = 6
_STYLE = """
:root { color-scheme: light; }
body { font: 15px/1.5 system-ui, sans-serif; margin: 2rem auto; max-width: 90rem; padding: 0 1rem;
  color: #1b1f24; }
table { border-collapse: collapse; margin: 1rem 0 2rem; }
th, td { text-align: left; padding: .3rem 1.2rem .3rem 0; border-bottom: 1px solid #d5dae0; }
td.number { text-align: right; font-variant-numeric: tabular-nums; }
section { border-top: 2px solid #1b1f24; margin-top: 3rem; }
.sides { display: grid; grid-template-columns: 1fr 1fr; gap: 1rem; }
.side { min-width: 0; }
pre { font: 12.5px/1.45 ui-monospace, monospace; background: #f6f7f9; padding: .7rem; overflow-x: auto;
  margin: 0; }
h4 { font-size: .85rem; margin: .8rem 0 .2rem; color: #57606a; }
mark { color: inherit; padding: .1em 0; }
mark.c0 { background: #ffe08a; } mark.c1 { background: #b9e3c6; } mark.c2 { background: #bcdcff; }
mark.c3 { background: #f6c6d8; } mark.c4 { background: #dccbf7; } mark.c5 { background: #ffd0ae; }
mark sup { font: 700 10px system-ui, sans-serif; margin-right: .25em; }
"""
_NOTE = (
    "These submissions have passages in common that are not in the homework as it was handed out. "
    "The figures say how long those passages are, not how they came about: code from the lecture, work in a "
    "permitted group, a common source or a natural way to write it all look like this. They are no finding "
    "and no part of any score; a person reads the passages and, where there is a question, asks."
)


def render_page(
    pairs: Sequence[Pair], works: Mapping[str, Work], title: str, least: tuple[float, int]
) -> str:
    """Render the page as HTML; the same pairs give the same bytes.

    `works` are the submissions by id, `title` is the assignment's, and `least` has the thresholds that the
    pairs met: the shared part in [0, 1], and tokens.
    """
    return "\n".join(_page(pairs, works, title, least))


def _page(
    pairs: Sequence[Pair], works: Mapping[str, Work], title: str, least: tuple[float, int]
) -> Iterator[str]:
    yield '<!doctype html>\n<html lang="en">'
    yield '<head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">'
    yield f"<title>Passages in common: {html.escape(title)}</title><style>{_STYLE}</style></head>"
    yield f"<body><h1>Passages in common: {html.escape(title)}</h1><p>{_NOTE}</p>"
    yield (
        f"<p>{len(works)} submissions were compared. Shown are pairs that share {least[0]:.0%} or more of "
        f"what one of the two wrote, and at least {least[1]} tokens (names, signs, words). Names, numbers, "
        f"layout and comments do not matter. A passage below {RUN} tokens is never marked, one of "
        f"{RUN + WINDOW - 1} or more is never missed. What is in the homework as handed out, or in more than "
        f"{MOST:.0%} of {CLASS} or more submissions, is left out.</p>"
    )
    yield from _table(pairs) if pairs else ["<p><strong>No pair shares as much.</strong></p>"]
    for number, pair in enumerate(pairs, 1):
        yield from _section(number, pair, works)
    yield "</body></html>\n"


def _table(pairs: Sequence[Pair]) -> Iterator[str]:
    yield "<table><thead><tr><th></th><th>submissions</th><th>shared part of each</th><th>tokens</th>"
    yield "<th>passages</th></tr></thead><tbody>"
    for number, p in enumerate(pairs, 1):
        names = f"{html.escape(p.first)} and {html.escape(p.second)}"
        yield (
            f'<tr><td>{number}</td><td><a href="#pair-{number}">{names}</a></td>'
            f'<td class="number">{p.share_first:.0%}, {p.share_second:.0%}</td>'
            f'<td class="number">{p.tokens}</td><td class="number">{len(p.spans_first)}</td></tr>'
        )
    yield "</tbody></table>"


def _section(number: int, pair: Pair, works: Mapping[str, Work]) -> Iterator[str]:
    names = f"{html.escape(pair.first)} and {html.escape(pair.second)}"
    yield f'<section id="pair-{number}"><h2>{number}. {names}</h2>'
    yield '<div class="sides">'
    for identity, share, spans in (
        (pair.first, pair.share_first, pair.spans_first),
        (pair.second, pair.share_second, pair.spans_second),
    ):
        yield f'<div class="side"><h3>{html.escape(identity)}: {share:.0%} of what it wrote</h3>'
        yield from _cells(works[identity], spans)
        yield "</div>"
    yield "</div></section>"


def _cells(work: Work, spans: Sequence[Span]) -> Iterator[str]:
    """Render the cells with a shared passage."""
    for index, here in itertools.groupby(spans, key=lambda span: span.cell):
        cell = work.cells[index]
        yield f"<h4>{html.escape(cell.label)}</h4><pre>{''.join(_marked(cell, list(here)))}</pre>"


def _marked(cell: TokenizedCell, spans: Sequence[Span]) -> Iterator[str]:
    at = 0
    for span in sorted(spans, key=lambda s: s.start):
        yield html.escape(cell.source[at : span.start])
        colour = f"c{(span.number - 1) % _COLOURS}"
        yield f'<mark class="{colour}" title="passage {span.number}"><sup>{span.number}</sup>'
        yield html.escape(cell.source[span.start : span.end]) + "</mark>"
        at = span.end
    yield html.escape(cell.source[at:])
