"""The commonest mistakes: each has its name, and costs the same in either style of code."""

import json
import re

import numpy as np
import pytest
from common_mistakes import LOOPS, MISTAKES, PLACES, lost, names, reports_of
from corpus_grading import ROOT, graded, points
from corpus_wrong import FULL

from autograder.authoring.student import FaultKind, StudentFault
from autograder.grading.diagnosis.exceptions import told_by_fault, told_by_form
from autograder.model import Chunk, Definitions

pytestmark = [pytest.mark.slow, pytest.mark.filterwarnings("ignore::RuntimeWarning")]
WRITTEN = (ROOT / "docs" / "verdicts.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("style", ["loops", "places"])
def test_both_styles_are_right_to_begin_with(style):
    reports = graded(style, [{"loops": LOOPS, "places": PLACES}[style]])
    assert points(reports) == FULL
    assert names(reports) == set()


@pytest.mark.parametrize("name", MISTAKES)
def test_a_mistake_has_its_name_and_costs_the_same_in_both_styles(name):
    found = {style: reports_of(name, style) for style in ("loops", "places")}
    for reports in found.values():
        assert names(reports) == MISTAKES[name].names
    assert lost(found["loops"]) == lost(found["places"])
    row = f"| {name} | {' | '.join(f'{one:g}' for one in lost(found['loops']))} |"
    assert row in WRITTEN, f"docs/verdicts.md: its table is made by tools/verdicts costs; expected {row}"


def test_one_slip_costs_the_same_however_it_shows():
    for crop in ("[pad:-pad]", "[1:-1]"):
        rows = re.findall(rf"\| the crop `{re.escape(crop)}`,[^|]*\|(.*)", WRITTEN)
        assert len(rows) >= 2
        assert len(set(rows)) == 1


def test_a_case_that_shows_the_mistake_is_shown_beside_its_name():
    reports = reports_of("the stride left out, and the crop `[pad:-pad]`", "loops")
    checks = {c.id: c for c in reports["conv-backward-dx"].checks}
    assert checks["dx-stride"].diagnosis.id == "dx-stride-left-out"
    assert checks["dx-stride"].smallest.case == "x (1, 1, 2, 2), w (1, 1, 2, 2), stride 2, pad 1"
    assert checks["dx-no-pad"].diagnosis.id == "dx-empty-without-pad"
    assert checks["dx-no-pad"].smallest.case == "x (1, 1, 2, 2), w (1, 1, 2, 2), stride 1, pad 0"


def test_hints_are_shown_where_they_fit():
    floats = reports_of("sizes by `/` in both passes", "loops")
    assert not any(c.hints for r in floats.values() for c in r.checks)
    crop = {
        c.id: c for c in reports_of("the crop `[pad:-pad]`, returned", "loops")["conv-backward-dx"].checks
    }
    assert crop["dx-no-pad"].hints == ()  # the sentence of the mistake says so already


def test_a_function_as_it_was_handed_out_is_not_written_yet():
    forward = reports_of("not written, as handed out", "loops")["conv-forward"]
    assert forward.checks[0].message == "Not written yet: there is no `out` in any case."
    assert forward.checks[0].smallest is None


PRIVATE = LOOPS.replace("x, w, b, conv_param = cache", "x, w, b, conv_param, x_pad = cache").replace(
    "return out, (x, w, b, conv_param)", "return out, (x, w, b, conv_param, x_pad)"
)


def test_a_cache_that_the_forward_pass_owes_is_its_own_reason():
    reports = graded(
        "private",
        [PRIVATE.replace("H_out = 1 + (H + 2 * pad - HH) //", "H_out = 1 + (H + 2 * pad - HH) /", 1)],
    )
    messages = {c.message for r in reports.values() for c in r.checks if c.score < c.max_score}
    assert not any("to unpack" in message for message in messages)
    assert names(reports) == {"float-for-whole-number"}


def test_a_private_cache_is_right():
    assert points(graded("private cache", [PRIVATE])) == FULL


# --- exceptions ----------------------------------------------------------------------------------

CODE = Definitions(
    chunks=(
        Chunk(source="def f(x):\n    size = x / 2\n    return g(size)", names=("f",), cell=1),
        Chunk(source="def g(n):\n    return range(n)", names=("g",), cell=1),
    )
)
FLOAT, UNPACKED = "float-for-whole-number", "unpacked-into-other-names"
WHOLE = Definitions(chunks=CODE.chunks[1:])


@pytest.mark.parametrize(
    ("message", "code", "id_", "says"),
    [
        (
            "TypeError: 'float' object cannot be interpreted as an integer",
            CODE,
            "float-for-whole-number",
            "`//`",
        ),
        ("TypeError: 'float' object cannot be interpreted as an integer", WHOLE, None, ""),
        ("TypeError: slice indices must be integers or None or have", CODE, FLOAT, "`//`"),
        ("NameError: name 'math' is not defined", CODE, "name-not-defined", "import it"),
        ("NameError: name 'size' is not defined", CODE, "name-not-defined", "a variable of `f`"),
        ("NameError: name 'bias' is not defined", CODE, "name-not-defined", "Nothing in the notebook"),
        (
            "UnboundLocalError: cannot access local variable 'x'",
            CODE,
            "no-value-yet",
            "`x` has no value",
        ),
        (
            "ValueError: not enough values to unpack (expected 5, got 4)",
            CODE,
            "unpacked-into-other-names",
            "5",
        ),
        ("NotImplementedError: later (line 2 of `f`: `raise`)", CODE, "not-written", "`NotImplementedError`"),
        (
            "TypeError: g() takes 1 positional argument but 2 were given",
            CODE,
            "other-arguments",
            "`g` is called with other arguments than its `def` line has.",
        ),
        ("TypeError: g() missing 1 required positional argument: 'n'", CODE, "other-arguments", "`g` is"),
        (
            "TypeError: Layer.g() takes 1 positional argument but 2 were given",
            CODE,
            "other-arguments",
            "a method of `Layer`: the first argument is `self`",
        ),
        ("TypeError: zeros() takes from 1 to 3 positional arguments but 4 were given", CODE, None, ""),
        ("ValueError: math domain error", CODE, None, ""),
        ("TypeError: 'NoneType' object is not subscriptable", CODE, None, ""),
    ],
)
def test_an_exception_has_a_name_where_it_leaves_one_reading(message, code, id_, says):
    told = told_by_fault(StudentFault(FaultKind.RAISED, message), code, Definitions())
    assert (told and told.id) == id_
    assert told is None or says in told.sentence


@pytest.mark.parametrize(
    ("line", "message", "says"),
    [
        (
            "n, c = x.shape",
            "AttributeError: 'list' object has no attribute 'shape'",
            "`x` holds a value of the type `list`",
        ),
        (
            "return x.sum() + x.sum(axis=0)",
            "AttributeError: 'NoneType' object has no attribute 'sum'",
            "`x` holds None",
        ),
        ("size = x.shape + w.shape", "AttributeError: 'int' object has no attribute 'shape'", None),
        ("size = f(x).shape", "AttributeError: 'int' object has no attribute 'shape'", None),
        ("size = layer.x.shape", "AttributeError: 'int' object has no attribute 'shape'", None),
        ("y = x.reshaped(3)", "AttributeError: 'numpy.ndarray' object has no attribute 'reshaped'", None),
    ],
)
def test_a_variable_that_holds_no_array_is_named_where_the_line_has_one(line, message, says):
    traceback = f'  File "<cell 1>", line 2, in f\n    {line}\n{message}'
    told = told_by_fault(StudentFault(FaultKind.RAISED, message, traceback), CODE, Definitions())
    assert (told and told.id) == (says and "no-array")
    assert told is None or told.sentence.startswith(says)


ARRAY = np.ones((2, 3))


@pytest.mark.parametrize(
    ("values", "id_", "says"),
    [
        ([None, None], "not-written", "there is no `dx` in any case"),
        ([np.empty(0), np.empty(0)], "always-empty", "`dx` is empty in every case"),
        (
            [(ARRAY,), (ARRAY,)],
            "array-in-a-sequence",
            "is a tuple with an array in it, and not the array. A comma",
        ),
        (
            [[ARRAY], [ARRAY]],
            "array-in-a-sequence",
            "is a list with an array in it, and not the array. Brackets",
        ),
        ([None, ARRAY], None, ""),
        ([np.empty(0), np.empty((0, 3))], None, ""),
        ([(ARRAY, ARRAY)], None, ""),
        ([[1.0], [2.0]], None, ""),
        ([], None, ""),
    ],
)
def test_an_output_s_form_has_a_name_where_it_is_the_same_in_all_cases(values, id_, says):
    told = told_by_form("dx", values)
    assert (told and told.id) == id_
    assert told is None or says in told.sentence


def test_an_index_beyond_the_last_is_named_where_nothing_else_is():
    reports = graded("index", [LOOPS.replace("+ b[f]", "+ b[f + 1]")])
    assert names(reports) == {"index-out-of-range"}
    checks = reports["conv-forward"].checks
    assert checks[0].diagnosis.message.endswith("and the last one is 2: counting begins at 0.")


@pytest.mark.parametrize(
    ("old", "new", "name"),
    [
        # room for another number of outputs, into which the right ones do not fit
        ("W_out = 1 + (W + 2", "W_out = 1 + (H + 2", "width-from-height"),
        ("H_out = 1 + (H + 2", "H_out = 1 + (W + 2", "height-from-width"),
        ("pad - WW) //", "pad - HH) //", "width-from-the-filters-height"),
        ("pad - HH) //", "pad - WW) //", "height-from-the-filters-width"),
    ],
)
def test_a_size_that_another_function_does_not_share_is_named(old, new, name):
    fill = "    out[...] = of_windows(x_pad, w, b, stride)\n    return out, (x, w, b, conv_param)"
    start, end = LOOPS.index("    for n in"), LOOPS.index("\n\n\ndef conv_backward")
    source = HELPER + LOOPS[:start] + fill + LOOPS[end:]
    assert names(graded("windows", [source])) == set()
    wrong = source[: source.index(old)] + new + source[source.index(old) + len(old) :]
    assert names(graded(name, [wrong])) == {name}


HELPER = """
def of_windows(x_pad, w, b, stride):
    fields = np.lib.stride_tricks.sliding_window_view(x_pad, w.shape[2:], axis=(2, 3))
    return np.einsum('ncijkl,fckl->nfij', fields[:, :, ::stride, ::stride], w) + b[:, None, None]

"""


def test_a_crop_that_can_not_be_reshaped_is_the_empty_crop():
    crop = "dx_pad[:, :, pad:-pad, pad:-pad].reshape(x.shape)"
    reports = graded("reshaped", [LOOPS.replace("dx_pad[:, :, pad:pad + H, pad:pad + W]", crop)])
    assert names(reports) == {"dx-empty-without-pad"}
    assert lost(reports) == (0, 2, 0, 0)


def test_the_release_s_own_division_is_no_evidence():
    fault = StudentFault(FaultKind.RAISED, "TypeError: 'float' object cannot be interpreted as an integer")
    assert told_by_fault(fault, CODE, CODE) is None


def test_the_release_knows_the_new_names():
    known = json.loads((ROOT / "release" / "hw5" / "check" / "mistakes.json").read_text(encoding="utf-8"))
    assert {"dx-empty-without-pad", "out-left-at-zero", "loops-over-the-input"} <= {
        one["id"] for one in known
    }


def test_the_table_has_a_row_for_each_mistake():
    assert len(MISTAKES) >= 20
    assert all(f"| {name} |" in WRITTEN for name in MISTAKES)
