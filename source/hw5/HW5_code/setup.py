"""Compile the fast layers: ``python setup.py build_ext --inplace``, or ``pip install .``, in this folder."""

import os
import sys
from pathlib import Path

here = Path(__file__).resolve().parent
if not (here / "fastconv.pyx").exists():
    sys.exit("fastconv.pyx is missing here: unpack the homework's zip file again.")
os.chdir(here)  # so that it works in any folder
sys.path.insert(0, str(here))

try:
    import fastconv_build
    from Cython.Build import cythonize
    from setuptools import setup
except ImportError as error:
    sys.exit(f"{error.name} is missing. Install what the build needs: pip install setuptools cython")

if reason := fastconv_build.untested_here():
    print(reason, file=sys.stderr)
    modules = []
else:
    modules = cythonize(
        [fastconv_build.extension("HW5_code.fastconv", ".")], build_dir="build", language_level=3
    )

setup(packages=["HW5_code"], package_dir={"HW5_code": "."}, ext_modules=modules)
