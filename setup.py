"""Compiles the fast layers; everything else about the package stands in pyproject.toml.

AUTOGRADER_PURE=1 leaves them out: then the wheel holds only the engine and fits every machine.
"""

import os
import sys

from setuptools import Extension, setup


def extensions() -> list[Extension]:
    """The module `fastconv`; where it can't be compiled, NumPy takes its place."""
    if os.environ.get("AUTOGRADER_PURE") == "1":
        return []
    from Cython.Build import cythonize

    flags = [] if sys.platform == "win32" else ["-O3", "-g0"]
    fastconv = Extension("fastconv", ["ext/fastconv.pyx"], extra_compile_args=flags, optional=True)
    return list(cythonize([fastconv], build_dir="build/cython", language_level=3))


setup(ext_modules=extensions())
