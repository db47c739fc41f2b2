"""The wheels that the root builds."""

import os
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


def build_wheel(source: Path, into: Path, **environment: str) -> Path:
    command = ["-m", "pip", "wheel", "-q", "--no-build-isolation", "--no-deps", "-w", str(into), "."]
    done = subprocess.run(
        [sys.executable, *command], cwd=source, capture_output=True, text=True, check=False,
        env={**os.environ, **environment},
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    (wheel,) = into.glob("*.whl")
    return wheel


def copy_of_the_source(to: Path) -> Path:
    to.mkdir()
    for name in ("setup.py", "pyproject.toml", "README.md", "LICENSE"):
        shutil.copy(ROOT / name, to)
    shutil.copytree(ROOT / "ext", to / "ext")
    shutil.copytree(ROOT / "autograder", to / "autograder", ignore=shutil.ignore_patterns("__pycache__"))
    return to


def checked_out_elsewhere(source: Path, to: Path) -> Path:
    """Copy the files with newer times, readable by their owner alone."""
    shutil.copytree(source, to, copy_function=shutil.copyfile)
    for path in to.rglob("*"):
        path.chmod(0o700 if path.is_dir() else 0o600)
    return to


@pytest.mark.slow
def test_the_pure_wheel_has_the_engine_only_and_is_the_same_every_time(tmp_path: Path) -> None:
    one = copy_of_the_source(tmp_path / "one")
    two = checked_out_elsewhere(one, tmp_path / "two")
    options = {"AUTOGRADER_PURE": "1", "SOURCE_DATE_EPOCH": "1700000000"}
    wheel = build_wheel(one, tmp_path / "one-out", **options)
    before = os.umask(0o077)
    try:
        again = build_wheel(two, tmp_path / "two-out", **options)
    finally:
        os.umask(before)
    assert wheel.name == again.name == "numerical_autograder-0.1.0-py3-none-any.whl"
    assert wheel.read_bytes() == again.read_bytes()
    with zipfile.ZipFile(wheel) as archive:
        names = archive.namelist()
    assert {name.split("/")[0] for name in names} == {"autograder", "numerical_autograder-0.1.0.dist-info"}
    assert "autograder/py.typed" in names
