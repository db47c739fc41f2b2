"""A sum of products in words and as a picture: what is drawn, what is left out, and who can read it."""

from xml.etree import ElementTree

import numpy as np
import pytest

from autograder.authoring import Answer, Case, Expected, Sum, explain_sum
from autograder.authoring.figures import BORDER, INK, MARK, MARK_EDGE, RIGHT, SOFT, WRONG
from autograder.authoring.sums import MOST_CELLS, MOST_TERMS

SVG = "{http://www.w3.org/2000/svg}"


def dot(size=3, *, yours=None, **more):
    """The explanation of one element of a matrix product."""
    a, b = np.arange(1.0, 2 * size + 1).reshape(2, size), np.ones((size, 2))
    right = a @ b
    case = Case(id="c", about="c", regime="", inputs={})
    outputs = {"c": right + 1 if yours is None else yours}
    answer = Answer(case=case, outputs=outputs, expected={"c": Expected(value=right, allowed=right)})
    products = [(("a", (1, k)), ("b", (k, 0))) for k in range(size)]
    return explain_sum(
        Sum(output="c", index=(1, 0), arrays={"a": a, "b": b}, products=products, **more), answer
    )


def words(drawing):
    return [one.text for one in ElementTree.fromstring(drawing).iter(f"{SVG}text")]


def test_the_sum_is_written_and_drawn_with_its_factors():
    explanation = dot()
    assert explanation.terms == "c[1, 0] = 4 * 1 + 5 * 1 + 6 * 1 = 15"
    said = words(explanation.drawing)
    for one in ("a", "b", "expected c", "your c", "×", "≠", "4 × 1", "5 × 1", "6 × 1", "= 15", "16"):
        assert one in said, one
    labels = list(ElementTree.fromstring(explanation.drawing).iter(f"{SVG}circle"))
    assert len(labels) == 3 * 3  # of each term one in a, one in b, and one in the sum


def test_a_constant_is_named():
    explanation = dot(constant=(2.5, "the offset"))
    assert explanation.terms.endswith(" + 2.5 (the offset) = 17.5")
    assert "2.5 (the offset)" in words(explanation.drawing)


def test_a_rim_has_its_words_in_the_legend():
    assert "made up" in words(dot(borders={"a": (1, "made up")}).drawing)
    assert "made up" not in words(dot(borders={"a": (0, "made up")}).drawing)
    assert "made up" not in words(dot(borders={"z": (1, "made up")}).drawing)


@pytest.mark.parametrize("size", [MOST_TERMS, MOST_TERMS - 1])
def test_as_many_terms_as_fit_are_written(size):
    explanation = dot(size)
    assert ("…" in explanation.terms) == (size > MOST_TERMS)
    assert explanation.terms.count("+") == size - 1


def test_more_are_counted():
    explanation = dot(MOST_CELLS)
    left = [one for one in words(explanation.drawing) if "more" in one]
    assert left == ([f"… {MOST_CELLS - MOST_TERMS + 2} more"])


def test_what_is_too_large_to_read_is_not_drawn():
    explanation = dot(MOST_CELLS + 1)
    assert explanation.drawing == ""
    assert "…" in explanation.terms


@pytest.mark.parametrize("yours", ["text", None, np.array([["a", "b"], ["c", "d"]])])
def test_what_is_no_matrix_of_numbers_is_not_drawn(yours):
    assert (dot(yours=yours).drawing == "") == (yours is not None)


def test_numbers_that_are_none_are_drawn():
    said = words(dot(yours=np.array([[np.nan, np.inf], [-np.inf, 1e300]])).drawing)
    assert {"nan", "inf", "-inf", "1e+300"} <= {*said}


def luminance(colour):
    parts = [int(colour[n : n + 2], 16) / 255 for n in (1, 3, 5)]
    linear = [one / 12.92 if one <= 0.03928 else ((one + 0.055) / 1.055) ** 2.4 for one in parts]
    return sum(weight * one for weight, one in zip((0.2126, 0.7152, 0.0722), linear, strict=True))


def contrast(one, other):
    low, high = sorted((luminance(one), luminance(other)))
    return (high + 0.05) / (low + 0.05)


@pytest.mark.parametrize(
    ("ink", "ground", "least"),
    [
        (INK, "#ffffff", 4.5),
        (INK, MARK, 4.5),
        (SOFT, BORDER, 4.5),
        (RIGHT, "#ffffff", 4.5),
        ("#ffffff", MARK_EDGE, 4.5),
        (WRONG, "#ffffff", 3),
        (MARK_EDGE, MARK, 3),
    ],
)
def test_the_colours_can_be_told_apart_by_their_light_alone(ink, ground, least):
    assert contrast(ink, ground) >= least


def test_the_frames_differ_without_colour():
    root = ElementTree.fromstring(dot().drawing)
    frames = [one for one in root.iter(f"{SVG}rect") if one.get("stroke-width") == "3.5"]
    assert [bool(one.get("stroke-dasharray")) for one in frames] == [False, True]
