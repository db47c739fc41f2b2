"""Leaks of every kind, planted in a small course: each is found, and what tells nothing is not."""

import base64
import bz2
import gzip
import io
import json
import lzma
import zipfile
import zlib

import numpy as np
import pytest
from publish.places import COURSE

from autograder.course import find_course
from autograder.errors import ReleaseError
from autograder.publish import find_leaks
from autograder.publish.build import release_files
from autograder.publish.leaks import DEPTH
from autograder.publish.private import gather

SOLUTION = "rows_of_numbers = x.reshape(x.shape[0], -1)"
HIDDEN = "assert np.allclose(affine_forward(np.ones((2, 3, 5)), np.ones((15, 2)), np.zeros(2)), 15.0)"
with np.load(COURSE / "reference/affine/expected.npz") as _archive:
    FROZEN = _archive["flat"]
FIXED_X = np.random.default_rng(7).standard_normal((3, 4))


def leaks_in(content, name="file.txt"):
    return find_leaks(COURSE, "affine", {name: content})


def zipped(**members):
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return buffer.getvalue()


def saved(**arrays):
    buffer = io.BytesIO()
    np.savez_compressed(buffer, **arrays)
    return buffer.getvalue()


def test_what_is_private():
    private = gather(find_course(COURSE, "affine"))
    places = {passage.where for passage in private.passages.values()}
    assert places == {
        "the solution in affine.ipynb, cell 2",
        "a hidden test in affine.ipynb, cell 5",
        "the marking scheme in affine.ipynb, cell 8",
        "reference/questions.py",
    }
    assert {"expected.npz/flat", "forward/flat/x", "forward/images/w"} <= set(private.arrays)
    assert not [name for name in private.arrays if "drawn" in name]


# --- text ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "where"),
    [
        (SOLUTION, "the solution in affine.ipynb, cell 2"),
        (HIDDEN, "a hidden test in affine.ipynb, cell 5"),
        (HIDDEN[:-8], ""),
        ("def draw_hidden_case(rng, name, shape):", "reference/questions.py"),
        ("One point for a question that has an answer of one's own.", "the marking scheme"),
    ],
)
def test_a_line_is_named_with_its_place(text, where):
    found = leaks_in(f"first\nsecond\n    # {text} and more\n".encode())
    assert [leak.file for leak in found] == (["file.txt:3"] if where else [])
    assert all(where in leak.what for leak in found)


def test_another_layout_hides_nothing():
    assert leaks_in(b"rows_of_numbers=x.reshape(\n    x.shape[0],\n\t-1 )")


def test_a_short_line_tells_nothing():
    assert leaks_in(b"out = rows_of @ w + b") == []


def test_a_line_that_also_stands_in_the_given_code_tells_nothing():
    assert leaks_in(b"from autograder.authoring.questions import Case, Comparison, Expected") == []


def test_a_solution_pasted_into_the_given_code_is_found(course):
    given = course / "source/affine/affine_code/layers.py"
    text = [
        "def forward(x, w, b):",
        "    # every input becomes one row of numbers",
        f"    {SOLUTION}",
        "    out = rows_of_numbers @ w + b",
        "    return out",
    ]
    given.write_text("\n".join(text))
    with pytest.raises(ReleaseError, match=r"affine_code/layers\.py:2: the solution in affine\.ipynb"):
        release_files(course, "affine")


def test_a_solution_quoted_in_the_text_is_found(course):
    path = course / "source/affine/affine.ipynb"
    notebook = json.loads(path.read_text())
    notebook["cells"][0]["source"] = ["The idea:\n", f"`{SOLUTION}`"]
    path.write_text(json.dumps(notebook))
    with pytest.raises(ReleaseError, match=r"affine\.ipynb, cell 1:2: the solution"):
        release_files(course, "affine")


# --- numbers -------------------------------------------------------------------------------------

VALUE = float(FROZEN[0, 1])


@pytest.mark.parametrize(
    "text",
    [
        repr(VALUE),
        f"{-VALUE:.9f}",
        f"{VALUE:.8e}",
        repr(float(np.float32(VALUE))),
        str(np.float32(VALUE)) if len(str(np.float32(abs(VALUE)))) > 9 else f"{VALUE:.12g}",
        str(FROZEN),
        np.array2string(FROZEN[:, :], precision=4),
        ", ".join(f"{v:.4f}" for v in FIXED_X.ravel()[1:4]),
        "\n".join(f"{v:.5e}" for v in FIXED_X.ravel()[-3:]),
        json.dumps(FROZEN.tolist()),
    ],
)
def test_digits_in_any_format(text):
    found = leaks_in(f"a = 0.25\nb = {text}\n".encode())
    assert found
    assert "a value of" in found[0].what


@pytest.mark.parametrize("text", ["0.5000000000", "1.234", "3.14159265358979", "1e-05", "0.001 0.002 0.003"])
def test_other_numbers_tell_nothing(text):
    assert leaks_in(text.encode()) == []


@pytest.mark.parametrize("dtype", ["<f8", ">f8", "<f4", ">f4"])
def test_bytes_of_part_of_an_array(dtype):
    part = FROZEN.ravel()[3:8].astype(dtype).tobytes()
    assert [leak.what for leak in leaks_in(b"\x00\x01" + part)] == ["bytes of expected.npz/flat"]


# --- what is wrapped -----------------------------------------------------------------------------

WRAPPED = {
    "zip": zipped(inner=SOLUTION),
    "zip in zip": zipped(inner=zipped(inner=SOLUTION)),
    "zip after other bytes": b"#!/bin/sh\n" + zipped(inner=SOLUTION),
    "gzip": gzip.compress(SOLUTION.encode()),
    "bzip2": bz2.compress(SOLUTION.encode()),
    "xz": lzma.compress(SOLUTION.encode()),
    "zlib": zlib.compress(SOLUTION.encode()),
    "base64": b"key: " + base64.b64encode(SOLUTION.encode()),
    "base64 after letters": b"abc" + base64.b64encode(SOLUTION.encode()),
    "base64 in lines": base64.encodebytes(b"-" * 60 + SOLUTION.encode()),
    "base64 for addresses": base64.urlsafe_b64encode(b"\xfb\xff" * 9 + SOLUTION.encode()),
    "gzip in base64": base64.b64encode(gzip.compress(SOLUTION.encode())),
    "base64 in JSON": json.dumps({"png": base64.encodebytes(SOLUTION.encode() * 3).decode()}).encode(),
    "npz": saved(out=FROZEN),
    "npz in base64": base64.b64encode(saved(x=FIXED_X)),
    "notebook's output": json.dumps(
        {"cells": [{"source": [], "outputs": [{"text": [SOLUTION[:9], SOLUTION[9:]]}]}]}
    ).encode(),
    "JSON": json.dumps({"deep": [{"list": [SOLUTION]}]}).encode(),
}


@pytest.mark.parametrize("kind", WRAPPED)
def test_in_any_wrapping(kind):
    assert leaks_in(WRAPPED[kind])


def test_in_the_wheel_and_in_the_zip_of_a_release():
    members = {"autograder/x.py": SOLUTION}
    inner = zipped(**members)
    (leak, *_) = leaks_in(zipped(**{"affine/engine.whl": inner}), "affine.zip")
    assert leak.file == "affine.zip/affine/engine.whl/autograder/x.py:1"


def test_wrapped_deeper_than_is_looked():
    content = SOLUTION.encode()
    for _ in range(DEPTH):
        content = gzip.compress(content)
    assert leaks_in(content)
    assert leaks_in(gzip.compress(content)) == []


@pytest.mark.parametrize(
    "content",
    [b"\x1f\x8b broken", b"PK\x03\x04 broken", zipped(inner=SOLUTION)[:60]],
    ids=["gzip", "zip", "half a zip"],
)
def test_what_can_t_be_opened_is_refused(content):
    assert [leak.what for leak in leaks_in(content)] == ["can't be opened, so it can't be searched"]
