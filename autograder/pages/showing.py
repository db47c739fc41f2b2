"""Show text of strangers on a page: escaped, capped, and with signs for what can't be seen."""

from __future__ import annotations

import re
import unicodedata

from markupsafe import Markup, escape

# Characters that one text, and one line of it, may have on a page; a browser lays out no more at ease.
MOST = 20_000
MOST_IN_LINE = 2_000
MOST_LINES = 1_500
_CUT = " …"
# Control and format characters, lone halves of a pair, private and unassigned ones, and two line breaks.
_UNSEEN = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"})
_OTHER = re.compile(r"[^\x20-\x7e\n\t]")


def plain(text: str, most: int = MOST) -> str:
    r"""Give text for a title or an attribute, with the numbers of characters that can't be seen.

    >>> plain("a\u202eb")
    'a[U+202E]b'
    """
    return _OTHER.sub(lambda found: _sign(found.group(), "[{}]"), _cut(_lines(text), most))


def visible(text: str, most: int = MOST) -> Markup:
    r"""Give text as HTML in which each character that can't be seen is a marked sign.

    >>> visible("<b>\0")
    Markup('&lt;b&gt;<span class="sign">U+0000</span>')
    """
    safe = str(escape(_cut(_lines(text), most)))
    # only digits go into the signs, so the text stays safe
    return Markup(_OTHER.sub(lambda found: _sign(found.group(), '<span class="sign">{}</span>'), safe))


def visible_lines(text: str) -> list[Markup]:
    """Give a text's lines as `visible` does, each capped."""
    lines = _cut(_lines(text).rstrip("\n"), MOST).split("\n")
    shown = [visible(line, MOST_IN_LINE) for line in lines[:MOST_LINES]]
    return shown + [Markup("…")] * (len(lines) > MOST_LINES)


def _lines(text: str) -> str:
    return text.replace("\r\n", "\n")


def _cut(text: str, most: int) -> str:
    return text if len(text) <= most else text[:most] + _CUT


def _sign(character: str, form: str) -> str:
    if unicodedata.category(character) in _UNSEEN:
        return form.format(f"U+{ord(character):04X}")
    return character
