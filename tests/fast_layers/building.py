"""Build the compiled module and the students' folder elsewhere, perhaps with other settings."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]

BUILD = """
import sys
sys.path.insert(0, ".")
import fastconv_build
from Cython.Build import cythonize
from setuptools import setup
made = fastconv_build.extension("fastconv", ".")
made.extra_compile_args += {flags!r}
made.extra_link_args += {flags!r}
setup(ext_modules=cythonize([made], compiler_directives={directives!r}, language_level=3),
      script_args=["build_ext", "--inplace"])
"""


def copy_sources(folder: Path) -> None:
    """Copy the module's sources alone into a new folder."""
    folder.mkdir(parents=True, exist_ok=True)
    for path in (ROOT / "ext").glob("fastconv*"):
        if path.suffix in {".pyx", ".h", ".cpp", ".py"}:
            shutil.copy(path, folder)


def build(
    folder: Path, flags: tuple[str, ...] = (), directives: dict[str, bool] | None = None
) -> subprocess.CompletedProcess[str]:
    """Build the module `fastconv` from a folder's sources, in that folder."""
    code = BUILD.format(flags=list(flags), directives=directives or {})
    return run([sys.executable, "-c", code], folder)


def copy_release(folder: Path) -> Path:
    """Make the students' folder HW5_code as in a release: the support code and the module's sources."""
    inside = folder / "HW5_code"
    copy_sources(inside)
    for path in (ROOT / "source" / "hw5" / "HW5_code").iterdir():
        if path.suffix in {".py", ".toml"}:
            shutil.copy(path, inside)
    return inside


def run(command: list[str], folder: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run a command in a folder."""
    return subprocess.run(
        command, cwd=folder, env={**os.environ, **environment}, capture_output=True, text=True, check=False
    )
