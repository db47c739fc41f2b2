"""What comes back as a network's parameters is checked before the trusted side computes with it."""

import re
import sys

import numpy as np
import pytest
from corpus_grading import course

# the reference is loaded by the course, under a name of its own
NETWORK = sys.modules[course().authored.questions["training"].accuracy.__module__]
IMAGE = (3, 8, 8)


def parameters(filters=2, size=3, hidden=5, **changed):
    right = {
        "W1": np.ones((filters, 3, size, size)),
        "b1": np.ones(filters),
        "W2": np.ones((filters * 16, hidden)),
        "b2": np.ones(hidden),
        "W3": np.ones((hidden, 10)),
        "b3": np.ones(10),
    }
    return {**right, **changed}


def checked(given):
    return NETWORK.checked(given, IMAGE, 10)


def test_what_fits_is_taken_and_nothing_else():
    given = parameters(more=np.ones(3))
    assert set(checked(given)) == {"W1", "b1", "W2", "b2", "W3", "b3"}
    assert NETWORK.accuracy(checked(given), np.ones((3, *IMAGE)), np.zeros(3, int)) == 1.0


@pytest.mark.parametrize(
    ("given", "says"),
    [
        (parameters(W2=None), "`params` must have an array of floats `W2`"),
        (parameters(b1=[1.0, 2.0]), "an array of floats `b1`"),
        (parameters(b3=np.ones(10, int)), "an array of floats `b3`"),
        (parameters(W3=np.ones((5, 10), complex)), "an array of floats `W3`"),
        (parameters(W1=np.ones(())), "`W1` must be an array (filters, 3, size, size), and is ()"),
        (parameters(W1=np.ones((2, 4, 3, 3))), "and is (2, 4, 3, 3)"),
        (parameters(W1=np.ones((2, 3, 3, 1))), "and is (2, 3, 3, 1)"),
        (parameters(W1=np.ones((2, 3, 0, 0))), "and is (2, 3, 0, 0)"),
        (parameters(W1=np.ones((2, 3, 99, 99))), "and is (2, 3, 99, 99)"),
        (parameters(b1=np.ones(3)), "`b1` is (3,), and must be (2,) with this `W1` and `b2`"),
        (parameters(W2=np.ones((5, 32))), "`W2` is (5, 32), and must be (32, 5)"),
        (parameters(b2=np.ones((5, 1))), "`b2` is (5, 1), and must be (5,)"),
        (parameters(b2=np.ones(())), "`W2` is (32, 5), and must be (32, 1)"),
        (parameters(W3=np.ones((5, 2))), "`W3` is (5, 2), and must be (5, 10)"),
        (parameters(b3=np.ones(11)), "`b3` is (11,), and must be (10,)"),
        (parameters(filters=200_000, hidden=1), "the network multiplies 349 million times for an image"),
    ],
)
def test_what_does_not_fit_is_said(given, says):
    with pytest.raises(ValueError, match=re.escape(says)):
        checked(given)


def test_numbers_that_are_none_are_measured_as_they_are():
    given = checked(parameters(W1=np.full((2, 3, 3, 3), np.nan)))
    with np.errstate(all="ignore"):
        assert 0 <= NETWORK.accuracy(given, np.ones((3, *IMAGE)), np.zeros(3, int)) <= 1
