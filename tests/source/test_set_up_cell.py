"""The notebook's set-up cell, on a student's own machine and in Colab."""

from __future__ import annotations

import hashlib
import os
import re
import shutil
import sys
import tarfile
from pathlib import Path
from types import ModuleType, SimpleNamespace

import pytest
from nbformat import NotebookNode
from source_notebook import SOURCE, cell

from autograder.publish.wheel import students_wheel


def tarred(folder: Path) -> Path:
    """Make a small archive to stand in for CIFAR-10's."""
    (folder / "cifar-10-batches-py").mkdir(parents=True)
    (folder / "cifar-10-batches-py" / "test_batch").write_bytes(b"a batch")
    with tarfile.open(folder / "data.tar.gz", "w:gz") as archive:
        archive.add(folder / "cifar-10-batches-py", "cifar-10-batches-py")
    return folder / "data.tar.gz"


def in_colab(source: str, zipped: Path, data: Path, md5: str | None = None) -> None:
    """Run the set-up cell as in Colab, where the student chooses the file `zipped`."""

    def upload() -> dict[str, bytes]:
        shutil.copy(zipped, zipped.name)
        return {zipped.name: zipped.read_bytes()}

    google, colab = ModuleType("google"), ModuleType("google.colab")
    colab.files = SimpleNamespace(upload=upload)  # type: ignore[attr-defined]
    source = re.sub(r"(?<=CIFAR10_URL = ).*", repr(data.as_uri()), source)
    md5 = md5 or hashlib.md5(data.read_bytes()).hexdigest()
    source = re.sub(r"(?<=CIFAR10_MD5 = ).*", repr(md5), source)
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(sys.modules, "google", google)
        patch.setitem(sys.modules, "google.colab", colab)
        exec(compile(source, "setup-colab", "exec"), {})


@pytest.fixture
def set_up(notebook: NotebookNode, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> tuple[str, Path]:
    """The cell's source, and an empty working folder to run it in."""
    monkeypatch.delenv("CIFAR10_DIR", raising=False)
    (tmp_path / "content").mkdir()
    monkeypatch.chdir(tmp_path / "content")
    return cell(notebook, "setup-colab").source, tmp_path


@pytest.fixture
def homework_zip(tmp_path: Path) -> Path:
    """Make the students' zip: one folder with everything, here without the extension's sources."""
    shutil.copytree(SOURCE / "HW5_code", tmp_path / "zip" / "hw5" / "HW5_code")
    return Path(shutil.make_archive(str(tmp_path / "hw5"), "zip", tmp_path / "zip"))


def test_set_up_does_nothing_outside_colab(
    set_up: tuple[str, Path], capsys: pytest.CaptureFixture[str]
) -> None:
    exec(compile(set_up[0], "setup-colab", "exec"), {})
    said = capsys.readouterr().out
    assert "nothing is downloaded or changed" in said
    assert "HW5_code:    not found" in said
    assert "CIFAR-10:    not found" in said
    assert list(Path().iterdir()) == []


def test_set_up_finds_what_is_there(
    set_up: tuple[str, Path], capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    (Path("HW5_code") / "cifar-10-batches-py").mkdir(parents=True)
    Path("HW5_code/fastconv.cpython-311.so").touch()
    exec(compile(set_up[0], "setup-colab", "exec"), {})
    said = capsys.readouterr().out
    assert "HW5_code:    found" in said
    assert "fast layers: compiled" in said
    assert "CIFAR-10:    HW5_code" in said
    monkeypatch.setenv("CIFAR10_DIR", str(set_up[1]))
    exec(compile(set_up[0], "setup-colab", "exec"), {})
    assert f"CIFAR-10:    {set_up[1]}" in capsys.readouterr().out


def test_set_up_in_colab_unpacks_builds_and_downloads(
    set_up: tuple[str, Path], homework_zip: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    source, folder = set_up
    data = tarred(folder / "data")
    in_colab(source, homework_zip, data)
    assert Path.cwd() == folder / "content" / "hw5"
    assert Path("cifar-10-batches-py/test_batch").read_bytes() == b"a batch"
    said = capsys.readouterr().out
    assert "The fast layers could not be compiled:" in said
    assert "HW5_code:    found" in said
    assert "autograder:  installed" in said
    assert "CIFAR-10:    cifar-10-batches-py" in said
    os.chdir(folder / "content")  # a restarted kernel starts here
    data.unlink()
    data.write_bytes(b"not asked for again")
    in_colab(source, folder / "nothing.zip", data)
    assert Path.cwd() == folder / "content" / "hw5"


def test_set_up_in_colab_installs_the_checking_program(
    set_up: tuple[str, Path],
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    source, folder = set_up
    shutil.copytree(SOURCE / "HW5_code", tmp_path / "zip" / "hw5" / "HW5_code")
    name, content = students_wheel(SOURCE.parents[1] / "autograder")
    (tmp_path / "zip" / "hw5" / name).write_bytes(content)
    zipped = Path(shutil.make_archive(str(tmp_path / "hw5"), "zip", tmp_path / "zip"))
    # pip installs into this folder, without looking for packages that are there
    monkeypatch.setenv("PIP_TARGET", str(tmp_path / "site"))
    monkeypatch.setenv("PIP_NO_DEPS", "1")
    in_colab(source, zipped, tarred(folder / "data"))
    assert (tmp_path / "site" / "autograder" / "selfcheck").is_dir()
    assert "could not be installed" not in capsys.readouterr().out
    (tmp_path / "content" / "hw5" / name).write_bytes(b"damaged")
    os.chdir(tmp_path / "content")
    in_colab(source, zipped, tarred(folder / "more"))
    assert "The checking program could not be installed:" in capsys.readouterr().out


def test_set_up_in_colab_refuses_damaged_data(set_up: tuple[str, Path], homework_zip: Path) -> None:
    source, folder = set_up
    with pytest.raises(OSError, match=r"CIFAR-10 arrived damaged \(MD5 [0-9a-f]{32}\): please run"):
        in_colab(source, homework_zip, tarred(folder / "data"), md5="0" * 32)
    assert not Path("cifar-10-batches-py").exists()


def test_set_up_in_colab_asks_for_the_right_zip(set_up: tuple[str, Path]) -> None:
    source, folder = set_up
    data = tarred(folder / "data")
    wrong = Path(shutil.make_archive(str(folder / "wrong"), "zip", folder / "data"))
    with pytest.raises(FileNotFoundError, match="HW5_code is missing: please choose the zip file"):
        in_colab(source, wrong, data)
