"""A small data set, and a machine without any other."""

import shutil
from pathlib import Path

import pytest
from data_sets import FOLDER
from HW5_code import synthetic_data


@pytest.fixture(scope="module")
def original(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Make a small, whole data set: 5 batches of 4 images, and 6 test images."""
    return synthetic_data.write(tmp_path_factory.mktemp("data") / FOLDER, train=20, test=6)


@pytest.fixture
def folder(original: Path, tmp_path: Path) -> Path:
    """Give a copy of it that a test may damage."""
    return Path(shutil.copytree(original, tmp_path / FOLDER))


@pytest.fixture(autouse=True)
def elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Hide the cache, folders and variables of this machine."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.delenv("CIFAR10_DIR", raising=False)
    monkeypatch.setenv("no_proxy", "*")
    (tmp_path / "work").mkdir()
    monkeypatch.chdir(tmp_path / "work")
    return tmp_path
