"""A stranger's text is shown as it is, but moves no cursor and turns no line round."""

import pytest

from autograder.text import BYTE_ORDER_MARK, clean, from_spreadsheet, harmless, in_texts, spreadsheet


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("a\tb\n", "a\tb\n"),
        ("\x07", "\\x07"),
        ("\x1b[1;31mred\x1b[0m", "red"),
        ("\u202e", "\\u202e"),
        ("\x9b", "\\x9b"),
        ("\ud800", "\\ud800"),
        ("caf\u00e9 \u674e", "caf\u00e9 \u674e"),
    ],
)
def test_text_is_made_harmless(text, shown):
    assert clean(text) == harmless(text) == shown


def test_text_is_cut():
    assert clean("x" * 11, 10) == "x" * 10 + " …"


def test_every_text_in_plain_values_is_cleaned_and_none_is_cut():
    value = {"\x07": ["\x1b]0;x", {"a": "y" * 5000}, 3, None, True]}
    assert in_texts(harmless, value) == {"\\x07": ["\\x1b]0;x", {"a": "y" * 5000}, 3, None, True]}


@pytest.mark.parametrize("cell", ["-1", "+2.5", "-0.25", "7", "a-1", ""])
def test_a_number_with_a_sign_is_no_formula(cell):
    assert spreadsheet([[cell, "x"]]) == f"{BYTE_ORDER_MARK}{cell},x\n"


@pytest.mark.parametrize("cell", ["-1+2", "=1", "+cmd", "-1e", "--1", "@x", "-1\n", "\t1"])
def test_what_a_spreadsheet_would_compute_gets_an_apostrophe(cell):
    text = spreadsheet([[cell]]).removeprefix(BYTE_ORDER_MARK)
    assert text.strip('"').startswith("'")
    assert from_spreadsheet(f"'{cell}") == cell
