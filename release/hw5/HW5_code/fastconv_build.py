"""How the compiled fast layers are built: for the project's setup.py, and for the one that students get."""

import os
import platform
import sys
from pathlib import Path

from setuptools import Extension

# No -ffast-math: NaN has to stay NaN, and some compilers would make all of the process flush denormals.
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
    """Why the layers are not compiled on this machine, unless FASTCONV_COMPILE=1 asks for it; else None."""
    if sys.platform == "linux" or os.environ.get("FASTCONV_COMPILE") == "1":
        return None
    return (
        f"The compiled fast layers are not tested on {platform.system()}: NumPy takes their place. "
        "To try all the same, with gcc or clang: FASTCONV_COMPILE=1"
    )


def extension(name: str, folder: str, optional: bool = False) -> Extension:
    """The module called `name`, from the sources in `folder`.

    Parameters
    ----------
    name : str
        As it is imported.
    folder : str
        Of ``fastconv.pyx`` and the kernels, relative to the current one.
    optional : bool
        Go on without it where it can't be compiled.
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
