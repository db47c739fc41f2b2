"""Text of strangers on a page: escaped, capped, and nothing in it unseen."""

import time

import pytest

from autograder.pages.showing import MOST, plain, visible, visible_lines


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("a < b & c", "a &lt; b &amp; c"),
        ("<script>alert(1)</script>", "&lt;script&gt;alert(1)&lt;/script&gt;"),
        ("\"x\" 'y'", "&#34;x&#34; &#39;y&#39;"),
        ("a\u202eb", 'a<span class="sign">U+202E</span>b'),
        ("\0", '<span class="sign">U+0000</span>'),
        ("\x1b[31m", '<span class="sign">U+001B</span>[31m'),
        ("\u200b\u2066\ufeff", "".join(f'<span class="sign">U+{n}</span>' for n in ("200B", "2066", "FEFF"))),
        ("\ud800", '<span class="sign">U+D800</span>'),
        ("a\r\nb\rc", 'a\nb<span class="sign">U+000D</span>c'),
        ("naïve 猫 ✓", "naïve 猫 ✓"),
    ],
)
def test_what_is_not_seen_is_a_sign_and_all_is_escaped(text, shown):
    assert visible(text) == shown


def test_a_title_has_signs_without_markup():
    assert plain("\u202e<b>\0") == "[U+202E]<b>[U+0000]"


def test_a_text_is_cut_and_says_so():
    assert visible("x" * 50, 10) == "x" * 10 + " …"
    assert visible("x" * 10, 10) == "x" * 10


def test_lines_are_capped_in_number_and_length():
    lines = visible_lines("\n" * (MOST - 1) + "x")
    assert len(lines) == 1501
    assert lines[-1] == "…"
    assert [len(line) for line in visible_lines("x" * 9000 + "\n\n")] == [2002]


@pytest.mark.parametrize("text", ["\u202e" * 5_000_000, "<" * 10_000_000, "\n" * 10_000_000])
def test_ten_megabytes_take_no_time(text):
    start = time.perf_counter()
    visible_lines(text)
    plain(text)
    assert time.perf_counter() - start < 1
