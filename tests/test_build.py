"""The wheels that the root builds."""

import os
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent


def build_wheel(source: Path, into: Path, **environment: str) -> Path:
    command = ["-m", "pip", "wheel", "-q", "--no-build-isolation", "--no-deps", "-w", str(into), "."]
    done = subprocess.run(
        [sys.executable, *command], cwd=source, capture_output=True, text=True, check=False,
        env={**os.environ, **environment},
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    (wheel,) = into.glob("*.whl")
    return wheel


def copy_of_the_source(to: Path, mode: int) -> Path:
    to.mkdir()
    for name in ("setup.py", "pyproject.toml", "README.md", "LICENSE"):
        shutil.copy(ROOT / name, to)
    shutil.copytree(ROOT / "ext", to / "ext")
    shutil.copytree(ROOT / "autograder", to / "autograder", ignore=shutil.ignore_patterns("__pycache__"))
    for path in to.rglob("*.*"):
        path.chmod(mode if path.is_file() else 0o755)
    return to


@pytest.mark.slow
def test_the_pure_wheel_has_the_engine_only_and_is_the_same_every_time(tmp_path: Path) -> None:
    wheels = []
    for place, umask in (("one", 0o022), ("two", 0o077)):
        before = os.umask(umask)
        try:
            source = copy_of_the_source(tmp_path / place, mode=0o666 & ~umask)
            wheels.append(
                build_wheel(
                    source, tmp_path / f"{place}-out", AUTOGRADER_PURE="1", SOURCE_DATE_EPOCH="1700000000"
                )
            )
        finally:
            os.umask(before)
    assert [wheel.name for wheel in wheels] == ["autograder-0.1.0-py3-none-any.whl"] * 2
    assert wheels[0].read_bytes() == wheels[1].read_bytes()
    with zipfile.ZipFile(wheels[0]) as archive:
        names = archive.namelist()
    assert {name.split("/")[0] for name in names} == {"autograder", "autograder-0.1.0.dist-info"}
    assert "autograder/py.typed" in names
