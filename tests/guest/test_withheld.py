"""Withheld functions raise an error that names them, under every name that they have."""

import sys
import types

import pytest

from autograder.guest.definitions import describe
from autograder.guest.withheld import Withheld, withhold


@pytest.fixture
def kit(monkeypatch):
    """A module with functions of Python and of C, and another that has taken one of them."""
    kit, other = types.ModuleType("kit"), types.ModuleType("other")
    exec("def conv(x, *, scale=2): return scale * x\ndef pool(x): return x", vars(kit))
    kit.conv_compiled, kit.conv_size = abs, 3
    other.taken, other.table = kit.conv, {"conv": kit.conv}
    monkeypatch.setitem(sys.modules, "kit", kit)
    return kit, other


def test_it_raises_under_every_name(kit):
    kit, other = kit
    withhold(["kit.conv*"])
    for function in (kit.conv, other.taken, other.table["conv"], kit.conv_compiled):
        with pytest.raises(Withheld):
            function(1)
    with pytest.raises(Withheld):
        other.taken(1, scale=3)


def test_names_outside_the_pattern_are_left_alone(kit):
    withhold(["kit.conv*", "nowhere.at.all.*"])
    assert kit[0].pool(1) == 1
    assert kit[0].conv_size == 3
    assert abs(-1) == 1


def test_the_message_names_the_function(kit):
    withhold(["kit.conv"])
    with pytest.raises(Withheld) as caught:
        kit[1].taken(1)
    assert describe(caught.value) == "your code calls `conv`: it must compute this itself."
