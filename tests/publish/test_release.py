"""The release: built twice, compared with nbgrader's own, installed, and searched for what is private."""

import base64
import io
import json
import os
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import numpy as np
import pytest

from autograder.assignment import read_assignment
from autograder.course import find_course
from autograder.errors import AutograderError, ReleaseError
from autograder.publish import build, find_leaks, stale
from autograder.publish.build import is_built, release_files

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def files():
    return release_files(ROOT, "hw5")


@pytest.fixture(scope="module")
def course_copy(tmp_path_factory):
    """A course of its own, so that a test may change it."""
    root = tmp_path_factory.mktemp("course")
    for name in ("source", "reference", "ext"):
        ignore = shutil.ignore_patterns("__pycache__", "*.so", "build")
        shutil.copytree(ROOT / name, root / name, ignore=ignore)
    for name in ("pyproject.toml", "nbgrader_config.py", "LICENSE"):
        shutil.copy(ROOT / name, root / name)
    return root


def test_the_committed_release_is_what_the_source_gives():
    assert [name for name in stale(ROOT, "hw5") if not is_built(name)] == []


def test_what_is_built_is_not_committed(files):
    listed = subprocess.run(
        ["git", "ls-files", "release"], cwd=ROOT, capture_output=True, text=True, check=False
    )
    if listed.returncode:
        pytest.skip("not a git checkout")
    committed = {name.removeprefix("release/hw5/") for name in listed.stdout.split()}
    assert committed == {name for name in files if not is_built(name)}


def test_equal_sources_give_equal_bytes(files, course_copy):
    assert release_files(course_copy, "hw5") == files


def test_the_notebook_has_stubs_and_no_outputs(files):
    notebook = json.loads(files["HW5.ipynb"])
    text = "\n".join("".join(cell["source"]) for cell in notebook["cells"])
    assert "# TODO: your code goes here" in text
    for gone in ("BEGIN SOLUTION", "END SOLUTION", "HIDDEN TESTS", "x_padded"):
        assert gone not in text
    assert all(not cell.get("outputs") for cell in notebook["cells"])
    assert all(cell.get("execution_count") is None for cell in notebook["cells"])


def test_graded_cells_are_locked_and_have_checksums(files):
    cells = {c["id"]: c for c in json.loads(files["HW5.ipynb"])["cells"]}
    for name in ("conv-forward", "conv-backward-dx", "fast-layers", "net", "training"):
        metadata = cells[name]["metadata"]
        assert metadata["nbgrader"]["locked"] is True
        assert metadata["nbgrader"]["checksum"]
        assert metadata["deletable"] is False
    assert cells["second-block"]["metadata"]["nbgrader"]["solution"] is True


@pytest.mark.slow
def test_nbgrader_makes_the_same_notebook_and_takes_nothing_private_along(files, course_copy):
    command = [sys.executable, "-m", "nbgrader", "generate_assignment", "hw5", "--force"]
    # it finds alembic, which makes its database, on PATH
    environment = {**os.environ, "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"}
    done = subprocess.run(
        command, cwd=course_copy, env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    made = course_copy / "release" / "hw5"
    assert (made / "HW5.ipynb").read_bytes() == files["HW5.ipynb"]
    private = {"assignment.toml", "questions.py"}
    assert not private & {path.name for path in made.rglob("*")}
    along = {p.relative_to(made).as_posix(): p.read_bytes() for p in made.rglob("*") if p.is_file()}
    assert find_leaks(ROOT, "hw5", along) == []


def test_the_definition_that_goes_out_is_the_visible_part(files, tmp_path):
    path = tmp_path / "assignment.toml"
    path.write_bytes(files["check/assignment.toml"])
    assert read_assignment(path) == find_course(ROOT, "hw5").assignment.visible_part()


def test_checksums_fit(files, tmp_path):
    import hashlib

    for line in files["SHA256SUMS"].decode().splitlines():
        digest, name = line.split("  ")
        assert hashlib.sha256(files[name]).hexdigest() == digest


def test_the_support_code_comes_with_its_extension(files):
    assert {"HW5_code/setup.py", "HW5_code/pyproject.toml", "HW5_code/fastconv.pyx"} <= set(files)
    assert not [name for name in files if name.endswith((".so", ".pyc"))]


def test_the_wheel_asks_for_what_the_assignment_s_checks_use(files):
    (name,) = [name for name in files if name.endswith(".whl")]
    with zipfile.ZipFile(io.BytesIO(files[name])) as archive:
        (metadata,) = [inside for inside in archive.namelist() if inside.endswith("/METADATA")]
        asked = archive.read(metadata).decode()
    sandbox = find_course(ROOT, "hw5").assignment.sandbox
    for package in (*sandbox.imports, *sandbox.tools):
        assert f"Requires-Dist: {package}" in asked


# --- leaks ---------------------------------------------------------------------------------------


def test_the_release_gives_nothing_away(files):
    assert find_leaks(ROOT, "hw5", files) == []


def frozen_array():
    with np.load(ROOT / "reference/hw5/fixed.npz") as archive:
        return archive["fixed-basic-1/out"]


SOLUTION = b"    x_padded = np.pad(x, ((0, 0), (0, 0), (pad, pad), (pad, pad)))\n"
HIDDEN = b"_log_sums = np.log(np.sum(np.exp(_scores), axis=1))"
REFERENCE = b'    sums: Array = np.einsum("ncijhw,fchw->nfij", fields, w, optimize=True)'


def zipped(content):
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("inner.txt", content)
    return buffer.getvalue()


@pytest.mark.parametrize(
    "planted",
    [
        pytest.param(
            b"x = 1\n" + b"field = x_padded[n, :, top:top + HH, left:left + WW]  \n", id="a solution's line"
        ),
        pytest.param(HIDDEN, id="a hidden test's line"),
        pytest.param(REFERENCE, id="a line of the reference"),
        pytest.param(zipped(HIDDEN), id="in a zip"),
        pytest.param(zipped(zipped(REFERENCE)), id="in a zip in a zip"),
        pytest.param(b"data: " + base64.b64encode(REFERENCE), id="in base64"),
        pytest.param(json.dumps({"cells": [{"source": [HIDDEN.decode()]}]}).encode(), id="in a notebook"),
        pytest.param(b"\x93NUMPY" + frozen_array().tobytes(), id="an array's bytes"),
        pytest.param(repr(frozen_array().ravel()[3]).encode(), id="a value's repr"),
        pytest.param(np.array2string(frozen_array(), precision=8).encode(), id="an array printed"),
    ],
)
def test_a_planted_leak_is_found(planted):
    leaks = find_leaks(ROOT, "hw5", {"README.md": planted})
    assert leaks
    assert leaks[0].file.startswith("README.md")


def test_a_leak_stops_the_build_and_leaves_the_old_release(course_copy, tmp_path):
    built = build(course_copy, "hw5", tmp_path)
    before = {p: p.read_bytes() for p in tmp_path.rglob("*") if p.is_file()}
    readme = course_copy / "source/hw5/README.student.md"
    text = readme.read_text()
    try:
        readme.write_text(text + REFERENCE.decode())
        with pytest.raises(ReleaseError, match=r"README\.md:\d+: .*sums: Array = np\.einsum"):
            build(course_copy, "hw5", tmp_path)
    finally:
        readme.write_text(text)
    assert {p: p.read_bytes() for p in tmp_path.rglob("*") if p.is_file()} == before
    assert built.files == len(before) - 1


# --- bad sources ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (lambda text: text.replace("### END SOLUTION", ""), "nbgrader refuses it"),
        (lambda text: text[: len(text) // 2], "is not a notebook"),
    ],
)
def test_a_broken_source_is_named(course_copy, change, says):
    source = course_copy / "source/hw5/HW5.ipynb"
    text = source.read_text()
    try:
        source.write_text(change(text))
        with pytest.raises(AutograderError, match=says) as error:
            release_files(course_copy, "hw5")
        assert str(source) in str(error.value)
    finally:
        source.write_text(text)


def test_a_stale_release_is_said_file_by_file(course_copy):
    build(course_copy, "hw5", course_copy / "release")
    assert stale(course_copy, "hw5") == []
    (course_copy / "release/hw5/README.md").write_text("mine")
    (course_copy / "release/hw5/more.txt").write_text("mine")
    assert stale(course_copy, "hw5") == ["README.md", "more.txt"]
