"""Compiles the fast layers; everything else about the package stands in pyproject.toml.

AUTOGRADER_PURE=1 leaves them out: then the wheel holds only the engine, fits every machine, and with
SOURCE_DATE_EPOCH is the same byte for byte wherever it is built by the same setuptools.
"""

import os
import sys
from pathlib import Path
from typing import Any

from setuptools import Extension, setup
from setuptools.command.bdist_wheel import bdist_wheel

sys.path.insert(0, str(Path(__file__).resolve().parent / "ext"))
import fastconv_build


class BdistWheel(bdist_wheel):
    """Builds wheels without the modes that a checkout or a umask happens to give to files."""

    def write_wheelfile(self, wheelfile_base: str, *args: Any, **options: Any) -> None:
        """Write the last of the wheel's files; all are then alike."""
        super().write_wheelfile(wheelfile_base, *args, **options)
        for path in Path(wheelfile_base).parent.rglob("*"):
            path.chmod(0o755 if path.is_dir() else 0o644)


def extensions() -> list[Extension]:
    """The module `fastconv`; where it can't be compiled, NumPy takes its place."""
    if os.environ.get("AUTOGRADER_PURE") == "1":
        return []
    if reason := fastconv_build.untested_here():
        print(reason, file=sys.stderr)
        return []
    from Cython.Build import cythonize

    fastconv = fastconv_build.extension("fastconv", "ext", optional=True)
    return list(cythonize([fastconv], build_dir="build/cython", language_level=3))


setup(ext_modules=extensions(), cmdclass={"bdist_wheel": BdistWheel})
