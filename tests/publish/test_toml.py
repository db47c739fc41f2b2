"""TOML as it is written for a release: read again, it is what was written."""

import tomllib

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from autograder.publish.toml import to_toml

TEXT = st.text()
PLAIN = st.one_of(st.booleans(), st.integers(-(2**62), 2**62), st.floats(allow_nan=False), TEXT)
VALUES = st.recursive(PLAIN, lambda inner: st.lists(inner) | st.dictionaries(TEXT, inner))


@settings(max_examples=50, deadline=None)
@given(st.dictionaries(TEXT, VALUES))
def test_what_is_written_reads_back(table):
    assert tomllib.loads(to_toml(table)) == table


def test_none_is_an_absent_key():
    assert to_toml({"a": None, "b": {"c": None, "d": 1}, "e": [{"f": None}]}) == "[b]\nd = 1\n\n[[e]]\n"


def test_a_table_follows_its_own_keys():
    assert to_toml({"t": {"x": 1}, "y": (True, 0.5)}) == "y = [true, 0.5]\n\n[t]\nx = 1\n"


def test_what_toml_has_no_word_for():
    with pytest.raises(TypeError, match="TOML has no bytes"):
        to_toml({"a": b""})
