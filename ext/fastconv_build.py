"""Describe how to compile the fast layers, for the project's setup.py and for the students'."""

import os
import platform
import sys
from pathlib import Path

from setuptools import Extension

# No -ffast-math: NaN must stay NaN, and some compilers would flush denormals in the whole process.
FLAGS = [
    "-O3",
    "-g0",
    "-std=c++17",
    "-pthread",
    "-ffp-contract=fast",
    "-fno-math-errno",
    "-fno-trapping-math",
    "-Wno-psabi",
]


def untested_here() -> str | None:
    """Say why the layers are not compiled on this machine; None if they are, or FASTCONV_COMPILE=1 is set."""
    if sys.platform == "linux" or os.environ.get("FASTCONV_COMPILE") == "1":
        return None
    return (
        f"The compiled fast layers are not tested on {platform.system()}: NumPy takes their place. "
        "To compile them all the same, with gcc or clang, set FASTCONV_COMPILE=1"
    )


def extension(name: str, folder: str, optional: bool = False) -> Extension:
    """Give the module that is imported as `name`, compiled from ``fastconv.pyx`` and the kernels in `folder`.

    The folder is relative to the current one. If `optional` is true, the build goes on without the module if
    it can't be compiled.
    """
    sources = Path(folder)
    return Extension(
        name,
        [str(sources / "fastconv.pyx"), *sorted(map(str, sources.glob("fastconv_*.cpp")))],
        include_dirs=[folder],
        depends=sorted(map(str, sources.glob("fastconv_*.h"))),
        extra_compile_args=FLAGS,
        extra_link_args=["-pthread"],
        optional=optional,
    )
