"""The smallest case that fails, and what is said and drawn of its first wrong element."""

from pathlib import Path
from xml.etree import ElementTree

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from in_process import InProcess

from autograder.authoring.figures import CELL, MARGIN, MARK
from autograder.authoring.loading import load_module
from autograder.authoring.questions import Answer, Handles
from autograder.authoring.student import FaultKind, StudentFault
from autograder.course import find_course
from autograder.grading.checks.smallest import BUDGET, search_smallest

ROOT = Path(__file__).parents[2]
COURSE = find_course(ROOT, "hw5")
QUESTIONS = COURSE.authored.questions
REFERENCE = load_module(COURSE.reference / "convolution.py")
QUESTION = {"out": "forward", "dx": "backward", "dw": "backward", "db": "backward"}


def forward(x, w, b, conv_param):
    return REFERENCE.forward(x, w, b, conv_param["stride"], conv_param["pad"]), (x, w, b, conv_param)


def backward(dout, cache):
    x, w, _, conv_param = cache
    return REFERENCE.backward(dout, x, w, conv_param["stride"], conv_param["pad"])


def search(output, **functions):
    names = {"conv_forward_naive": forward, "conv_backward_naive": backward, **functions}
    student = InProcess(names)
    return search_smallest(QUESTIONS[QUESTION[output]], Handles(student, lambda: student), output)


# --- the search ----------------------------------------------------------------------------------


@pytest.mark.parametrize("output", QUESTION)
def test_where_all_is_right_there_is_none(output):
    assert search(output) is None


def wrong_where(condition):
    """A forward pass that is off by one where a condition on the arguments holds."""

    def layer(x, w, b, conv_param):
        out, cache = forward(x, w, b, conv_param)
        return out + condition(x, w, conv_param["stride"], conv_param["pad"]), cache

    return layer


@pytest.mark.parametrize(
    ("condition", "case"),
    [
        (lambda x, w, s, p: True, "x (1, 1, 2, 2), w (1, 1, 2, 2), stride 1, pad 0"),
        (lambda x, w, s, p: p > 0, "x (1, 1, 2, 2), w (1, 1, 2, 2), stride 1, pad 1"),
        (lambda x, w, s, p: s == 2, "x (1, 1, 2, 2), w (1, 1, 2, 2), stride 2, pad 1"),
        (lambda x, w, s, p: s == 3, "x (1, 1, 3, 3), w (1, 1, 2, 2), stride 3, pad 1"),
        (lambda x, w, s, p: p == 2, "x (1, 1, 2, 2), w (1, 1, 2, 2), stride 1, pad 2"),
        (lambda x, w, s, p: len(x) > 1, "x (2, 1, 2, 2), w (1, 1, 2, 2), stride 1, pad 0"),
        (lambda x, w, s, p: x.shape[1] > 1, "x (1, 2, 2, 2), w (1, 2, 2, 2), stride 1, pad 0"),
        (lambda x, w, s, p: len(w) > 1, "x (1, 1, 2, 2), w (2, 1, 2, 2), stride 1, pad 0"),
        (lambda x, w, s, p: x.shape[3] > x.shape[2], "x (1, 1, 2, 3), w (1, 1, 2, 2), stride 1, pad 0"),
        (lambda x, w, s, p: w.shape[2] > w.shape[3], "x (1, 1, 3, 3), w (1, 1, 2, 1), stride 1, pad 0"),
    ],
)
def test_the_simplest_that_shows_the_mistake_is_found(condition, case):
    assert search("out", conv_forward_naive=wrong_where(condition)).smallest.case == case


def test_it_is_shown_in_small_whole_numbers():
    found = search("out", conv_forward_naive=wrong_where(lambda *_: 1)).smallest
    assert found.inputs == {"x": "[[2. 5.]\n [2. 8.]]", "w": "[[5. 2.]\n [2. 4.]]", "b": "[10.]"}
    assert (found.expected, found.actual) == ("[[66.]]", "[[67.]]")
    assert found.message == "`out[0, 0, 0, 0]` is 67 instead of 66"
    assert found.terms == "out[0, 0, 0, 0] = 2 * 5 + 5 * 2 + 2 * 2 + 8 * 4 + 10 (the bias) = 66"


def test_another_shape_is_shown_without_terms():
    found = search("dx", conv_backward_naive=lambda dout, cache: (dout[0], *backward(dout, cache)[1:]))
    assert found.drawing == b""
    assert found.smallest.terms == ""
    assert "`dx` has shape (1, 1, 1), expected (1, 1, 2, 2)" in found.smallest.message


def test_nothing_given_back_is_shown_as_nothing():
    found = search("dx", conv_backward_naive=lambda dout, cache: None)
    assert (found.smallest.actual, found.smallest.expected) == ("", "[[25. 10.]\n [10. 20.]]")


def test_a_case_that_raises_is_the_smallest_too():
    def fragile(x, w, b, conv_param):
        if conv_param["pad"]:
            raise ValueError("no border, please")
        return forward(x, w, b, conv_param)

    found = search("out", conv_forward_naive=fragile).smallest
    assert (found.case, found.message) == (
        "x (1, 1, 2, 2), w (1, 1, 2, 2), stride 1, pad 1",
        "ValueError: no border, please",
    )


def test_a_limit_ends_the_search():
    class Slow(InProcess):
        def _answer(self, request):
            raise StudentFault(FaultKind.CPU, "too slow")

    student = Slow({})
    assert search_smallest(QUESTIONS["forward"], Handles(student, lambda: student), "out") is None


def test_a_question_without_small_cases_has_no_smallest():
    assert search_smallest(QUESTIONS["own-gradient"], Handles(InProcess({}), lambda: None), "dx") is None


def test_the_small_cases_are_few_and_the_simplest_come_first():
    small = QUESTIONS["backward"].small()
    assert len(small) <= BUDGET
    assert small[0].about == "x (1, 1, 2, 2), w (1, 1, 2, 2), stride 1, pad 0"
    for case in small:
        x, w, stride, pad = (case.inputs[name] for name in ("x", "w", "stride", "pad"))
        assert not any((x.shape[a] + 2 * pad - w.shape[a]) % stride for a in (2, 3))
        assert all((case.inputs[name] % 1 == 0).all() for name in ("x", "w", "b", "dout"))


# --- what is said and drawn ----------------------------------------------------------------------

SVG = "{http://www.w3.org/2000/svg}"


def expected_of(case):
    return {**QUESTIONS["forward"].expect(None, case), **QUESTIONS["backward"].expect(None, case)}


def explained(question, case, output, index, wrong=1.0):
    """What is said and drawn of an element that is wrong."""
    student = InProcess({"conv_forward_fast": forward, "conv_backward_fast": backward})
    expected = expected_of(case)
    outputs = {name: one.value + wrong for name, one in expected.items()}
    answer = Answer(case=case, outputs=outputs, expected=expected)
    return QUESTIONS[question].explain(Handles(student, lambda: student), answer, output, index)


def words(drawing):
    return [text.text for text in ElementTree.fromstring(drawing).iter(f"{SVG}text")]


def marked(drawing):
    """The marked cells of a drawing, as rows and columns, by the left edge of their matrix."""
    found = {}
    boxes = list(ElementTree.fromstring(drawing).iter(f"{SVG}rect"))
    cells = [box for box in boxes if box.get("height") == str(CELL) and box.get("fill") != "none"]
    left = None
    for box, before in zip(cells, [None, *cells], strict=False):
        x, y = float(box.get("x")), float(box.get("y"))
        if before is None or (y < float(before.get("y")) and x > float(before.get("x"))):
            left = x
        if box.get("fill") == MARK:
            place = (round((y - MARGIN - 22) / CELL), round((x - left) / CELL))
            found.setdefault(left, set()).add(place)
    return [sorted(found[left]) for left in sorted(found)]


@settings(max_examples=60, deadline=None)
@given(data=st.data(), output=st.sampled_from(list(QUESTION)))
def test_the_terms_add_up_to_the_right_value(data, output):
    case = data.draw(st.sampled_from(list(QUESTIONS["backward"].small())))
    right = expected_of(case)[output].value
    index = tuple(data.draw(st.integers(0, size - 1)) for size in right.shape)
    explanation = explained(QUESTION[output], case, output, index)
    left, *_, total = explanation.terms.split(" = ")
    assert left == f"{output}[{', '.join(map(str, index))}]"
    assert float(total) == right[index]
    terms = explanation.terms.split(" = ")[1].removesuffix(" (the bias)")
    if "…" not in terms:
        assert eval(terms) == right[index]  # the sum as it is written: numbers, + and * alone
    said = words(explanation.drawing)
    assert f"= {right[index]:.4g}" in said
    assert f"{right[index] + 1:.4g}" in said
    assert any(one.startswith("expected ") for one in said)


@pytest.mark.parametrize(("question", "output"), [("fast-forward", "out"), ("fast-backward", "dw")])
def test_what_a_student_s_own_machine_says_is_what_grading_says(question, output):
    for case in QUESTIONS["backward"].small()[::7]:
        index = (0,) * expected_of(case)[output].value.ndim
        assert explained(question, case, output, index) == explained(QUESTION[output], case, output, index)


def small_case(about):
    (case,) = (one for one in QUESTIONS["backward"].small() if one.about == about)
    return case


def test_the_drawing_marks_a_receptive_field_and_its_filter():
    case = small_case("x (1, 1, 3, 3), w (1, 1, 2, 2), stride 1, pad 1")
    drawing = explained("forward", case, "out", (0, 0, 1, 2)).drawing
    assert marked(drawing) == [[(1, 2), (1, 3), (2, 2), (2, 3)], [(0, 0), (0, 1), (1, 0), (1, 1)]]
    assert "zeros of the border (pad)" in words(drawing)


def test_the_drawing_pairs_each_number_with_its_partner():
    case = small_case("x (1, 1, 2, 2), w (1, 1, 2, 2), stride 1, pad 1")
    said = words(explained("forward", case, "out", (0, 0, 1, 0)).drawing)
    # of the field's four pixels two are in the border; the others meet the filter's second column
    assert [one for one in said if "×" in one and one != "×"] == ["2 × 2", "2 × 4"]


def test_a_drawing_has_a_title_a_description_and_its_own_ground():
    case = small_case("x (1, 1, 2, 2), w (1, 1, 2, 2), stride 1, pad 0")
    explanation = explained("forward", case, "out", (0, 0, 0, 0), wrong=np.nan)
    root = ElementTree.fromstring(explanation.drawing)
    assert root.find(f"{SVG}title").text == "out[0, 0, 0, 0] is 66, and yours is nan"
    assert root.find(f"{SVG}desc").text == explanation.terms
    ground = root.find(f"{SVG}rect")
    assert (
        root.get("viewBox") == f"0 0 {float(ground.get('width')) + 1:g} {float(ground.get('height')) + 1:g}"
    )
    assert ground.get("fill") == "#ffffff"


def test_an_element_that_is_in_no_sum_is_zero_and_drawn_so():
    case = small_case("x (2, 2, 3, 3), w (2, 2, 2, 2), stride 3, pad 1")
    explanation = explained("backward", case, "dx", (0, 0, 0, 1))
    assert explanation.terms == "dx[0, 0, 0, 1] = 0 = 0"
    assert "nothing: no product has it" in words(explanation.drawing)
    assert marked(explanation.drawing) == []


def test_of_many_terms_the_first_are_written_and_the_others_counted():
    case = small_case("x (2, 2, 3, 3), w (2, 2, 2, 2), stride 1, pad 0")
    explanation = explained("backward", case, "dw", (0, 0, 0, 0))
    assert [one for one in words(explanation.drawing) if "more" in one] == []
    case = small_case("x (2, 2, 3, 3), w (2, 2, 2, 2), stride 1, pad 2")
    explanation = explained("backward", case, "db", (1,))
    assert explanation.terms.count("+") == 11
    assert explanation.terms.endswith(f" + … = {case.inputs['dout'][:, 1].sum():g}")
    said = words(explanation.drawing)
    assert [one for one in said if "more" in one] == [f"… {2 * 36 - 10} more"]
