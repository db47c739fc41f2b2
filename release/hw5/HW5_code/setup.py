"""Compiles the fast layers: ``python setup.py build_ext --inplace``, or ``pip install .``, in this folder."""

import os
import sys
from pathlib import Path

try:
    from Cython.Build import cythonize
    from setuptools import Extension, setup
except ImportError as error:
    sys.exit(f"{error.name} is missing. Install what the build needs: pip install setuptools cython")

os.chdir(Path(__file__).resolve().parent)  # so that it works from every folder
if not Path("fastconv.pyx").exists():
    sys.exit("fastconv.pyx is missing here: unpack the homework's zip file again.")

flags = [] if sys.platform == "win32" else ["-O3", "-g0"]
fastconv = Extension("HW5_code.fastconv", ["fastconv.pyx"], extra_compile_args=flags)

setup(
    packages=["HW5_code"],
    package_dir={"HW5_code": "."},
    ext_modules=cythonize([fastconv], build_dir="build", language_level=3),
)
