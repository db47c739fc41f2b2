"""The students' folder builds with gcc and with clang; if nothing can be built, NumPy takes over."""

import re
import shutil
import sys
import zipfile
from pathlib import Path

import pytest
from building import copy_release, run

SHOW = """
import sys
sys.modules["fastconv"] = None  # nothing that is installed
import numpy as np
from HW5_code import fast_layers, layer_utils
x, w = np.ones((2, 1, 4, 4)), np.ones((1, 1, 3, 3))
out, cache = fast_layers.conv_forward_fast(x, w, [1.0], {"stride": 1, "pad": 0})
dx, dw, db = fast_layers.conv_backward_fast(out, cache)
print(fast_layers.BACKEND, out.sum(), dx.sum(), dw.sum(), db.sum())
"""
EXPECTED = ["80.0", "720.0", "720.0", "80.0"]
WHEEL = ("-m", "pip", "wheel", "-q", "--no-build-isolation", "--no-deps", "-w")
BUILD = [sys.executable, "setup.py", "build_ext", "--inplace"]


@pytest.mark.slow
@pytest.mark.parametrize(("compiler", "plus"), [("gcc", "g++"), ("clang", "clang++")])
def test_a_release_builds(compiler: str, plus: str, tmp_path: Path) -> None:
    if shutil.which(plus) is None:
        pytest.skip(f"no {plus} here")
    inside = copy_release(tmp_path)
    done = run(BUILD, inside, CC=compiler, CXX=plus)
    assert done.returncode == 0, done.stderr[-4000:]
    assert "warning:" not in done.stderr, done.stderr[-4000:]
    shown = run([sys.executable, "-W", "error", "-c", SHOW], tmp_path)
    assert shown.stdout.split() == ["cython", *EXPECTED], shown.stderr
    # pip takes what is compiled already
    done = run([sys.executable, *WHEEL, str(tmp_path / "wheels"), "."], inside, CC=compiler, CXX=plus)
    assert done.returncode == 0, done.stderr
    (wheel,) = (tmp_path / "wheels").iterdir()
    names = set(zipfile.ZipFile(wheel).namelist())
    assert any(re.fullmatch(r"HW5_code/fastconv\..*\.(so|pyd)", name) for name in names)
    assert names >= {f"HW5_code/{path.name}" for path in inside.glob("*.py") if path.name != "setup.py"}


@pytest.mark.slow
def test_without_a_compiler_numpy_serves_and_says_so_once(tmp_path: Path) -> None:
    inside = copy_release(tmp_path)
    failed = run(BUILD, inside, PATH=str(tmp_path / "nothing"), CC="cc", CXX="c++")
    assert failed.returncode != 0
    assert "c++" in failed.stderr
    shown = run([sys.executable, "-c", SHOW], tmp_path)
    assert shown.stdout.split() == ["numpy", *EXPECTED], shown.stderr
    assert shown.stderr.count("RuntimeWarning") == 1
    assert shown.stderr.count("python setup.py build_ext --inplace") == 1


def test_a_folder_without_the_sources_says_what_to_do(tmp_path: Path) -> None:
    inside = copy_release(tmp_path)
    (inside / "fastconv.pyx").unlink()
    done = run(BUILD, inside)
    assert done.returncode == 1
    assert done.stderr.strip() == "fastconv.pyx is missing here: unpack the homework's zip file again."
