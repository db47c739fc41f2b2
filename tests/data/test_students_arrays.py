"""The arrays that the students' code returns, and the places where it looks for the data."""

from pathlib import Path

import numpy as np
import pytest
from data_sets import FOLDER
from HW5_code import data_utils, synthetic_data


def test_students_get_their_split(folder: Path) -> None:
    data = data_utils.get_CIFAR10_data(14, 5, 3, folder)
    images, labels = synthetic_data.sample(20)
    mean = images[:14].mean(axis=0)
    np.testing.assert_allclose(data["X_val"], images[14:19] - mean, atol=1e-4)
    np.testing.assert_array_equal(data["y_val"], labels[14:19])
    assert abs(data["X_train"].mean()) < 1e-4
    assert {name: values.shape[0] for name, values in data.items()} == {
        "X_train": 14, "y_train": 14, "X_val": 5, "y_val": 5, "X_test": 3, "y_test": 3,
    }  # fmt: skip
    assert all(values.dtype == (np.float32 if name[0] == "X" else np.int64) for name, values in data.items())


@pytest.mark.parametrize(
    ("counts", "message"),
    [((20, 1, 1), "has 20 images for training and validation; ask for 1 to 20, not 21"),
     ((10, 1, 7), "has 6 images for test; ask for 1 to 6, not 7"),
     ((-5, 1, 1), "ask for 1 to 20")],
)  # fmt: skip
def test_students_ask_for_too_many(folder: Path, counts: tuple[int, int, int], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        data_utils.get_CIFAR10_data(*counts, folder)


def test_where_students_code_finds_its_data(
    folder: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    assert data_utils.find_CIFAR10(folder) == folder
    assert data_utils.find_CIFAR10(tmp_path) == folder
    monkeypatch.chdir(tmp_path)
    assert data_utils.find_CIFAR10() == Path(FOLDER)
    other = synthetic_data.write(tmp_path / "other", train=5, test=1)
    monkeypatch.setenv("CIFAR10_DIR", str(other))
    assert data_utils.find_CIFAR10() == other


def test_students_name_a_folder_without_data(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(
        FileNotFoundError, match=r"nowhere: the folder that was asked for has no file test_batch"
    ):
        data_utils.find_CIFAR10("nowhere")
    monkeypatch.setenv("CIFAR10_DIR", str(tmp_path))
    with pytest.raises(FileNotFoundError, match=r"the folder that CIFAR10_DIR names has no file test_batch"):
        data_utils.find_CIFAR10()


@pytest.fixture
def small_stand_in(monkeypatch: pytest.MonkeyPatch) -> None:
    """Make the stand-in small; test_synthetic_data.py makes one of full size."""
    whole = synthetic_data.write
    monkeypatch.setattr(synthetic_data, "write", lambda folder: whole(folder, train=20, test=6))


@pytest.mark.usefixtures("small_stand_in")
def test_students_get_a_stand_in_and_are_told(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    made = data_utils.find_CIFAR10()
    assert tmp_path / "cache" in made.parents
    first = capsys.readouterr().out
    assert "CIFAR-10 is not here: generated pictures of shapes stand in for it; they are made once" in first
    assert data_utils.find_CIFAR10() == made
    again = capsys.readouterr().out
    assert "stand in for it (" in again
    assert len(data_utils.load_CIFAR10(made)[0]) == 20


@pytest.mark.usefixtures("small_stand_in")
def test_students_without_a_place_for_the_stand_in(tmp_path: Path) -> None:
    (tmp_path / "cache").write_text("a file where the folder should be")
    with pytest.raises(OSError, match=r"can't be written there .* Set XDG_CACHE_HOME .* or CIFAR10_DIR"):
        data_utils.find_CIFAR10()
