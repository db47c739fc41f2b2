"""A small data set, and a machine that knows of no other."""

import shutil
from pathlib import Path

import pytest
from data_sets import FOLDER
from HW5_code import synthetic_data


@pytest.fixture(scope="module")
def original(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A small, whole data set: 5 times 4 images and 6 for tests."""
    return synthetic_data.write(tmp_path_factory.mktemp("data") / FOLDER, train=20, test=6)


@pytest.fixture
def folder(original: Path, tmp_path: Path) -> Path:
    """A copy of it that may be spoilt."""
    return Path(shutil.copytree(original, tmp_path / FOLDER))


@pytest.fixture(autouse=True)
def elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """No cache, no folder and no variable of this machine plays a part."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.delenv("CIFAR10_DIR", raising=False)
    monkeypatch.setenv("no_proxy", "*")
    (tmp_path / "work").mkdir()
    monkeypatch.chdir(tmp_path / "work")
    return tmp_path
