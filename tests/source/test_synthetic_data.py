"""The stand-in for CIFAR-10: its files are the same everywhere, and it is neither too easy nor too hard."""

import hashlib
import multiprocessing
import pickle
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from HW5_code import synthetic_data
from HW5_code.data_utils import load_CIFAR10
from HW5_code.layer_utils import (
    conv_relu_pool_backward,
    conv_relu_pool_forward,
    fc_relu_backward,
    fc_relu_forward,
)
from HW5_code.layers import fc_backward, fc_forward, softmax_loss
from HW5_code.solver import Solver

Array = np.ndarray[Any, Any]
FIRST_CHUNK = "727c12fc1f33f9b72bb43afc623f936013d4871ac5d0ff19fb1cfaa9f4dda158"


class Net:
    """The homework's network with any number of filters, and their gradient times a factor."""

    def __init__(self, weight_scale: float, filters: int = 32, factor: float = 1.0) -> None:
        shapes = {"W1": (filters, 3, 7, 7), "W2": (filters * 256, 100), "W3": (100, 10)}
        draw = {name: np.random.normal(0, weight_scale, shape) for name, shape in shapes.items()}
        draw |= {"b1": np.zeros(filters), "b2": np.zeros(100), "b3": np.zeros(10)}
        self.params = {name: value.astype(np.float32) for name, value in draw.items()}
        self.factor = factor

    def loss(self, X: Array, y: Array | None = None) -> Any:
        p, grads = self.params, {}
        pool = {"pool_height": 2, "pool_width": 2, "stride": 2}
        pooled, conv_cache = conv_relu_pool_forward(X, p["W1"], p["b1"], {"stride": 1, "pad": 3}, pool)
        hidden, hidden_cache = fc_relu_forward(pooled, p["W2"], p["b2"])
        scores, cache = fc_forward(hidden, p["W3"], p["b3"])
        if y is None:
            return scores
        loss, dscores = softmax_loss(scores, y)
        dhidden, grads["W3"], grads["b3"] = fc_backward(dscores, cache)
        dpooled, grads["W2"], grads["b2"] = fc_relu_backward(dhidden, hidden_cache)
        _, grads["W1"], grads["b1"] = conv_relu_pool_backward(dpooled, conv_cache, need_dx=False)
        return loss, grads | {"W1": self.factor * grads["W1"]}


def centred(count: int, seed: int = synthetic_data.SEED) -> tuple[Array, Array]:
    pictures, labels = synthetic_data.sample(count, seed)
    return pictures.astype(np.float32) - pictures.mean(axis=0, dtype=np.float64).astype(np.float32), labels


# --- the pictures --------------------------------------------------------------------------------


def test_the_same_pictures_on_every_machine() -> None:
    pictures, labels = synthetic_data.sample(500)
    digest = hashlib.sha256(pictures.tobytes() + labels.astype("<i8").tobytes())
    assert digest.hexdigest() == FIRST_CHUNK


def test_shapes_types_and_classes() -> None:
    pictures, labels = synthetic_data.sample(1000)
    assert (pictures.shape, pictures.dtype) == ((1000, 3, 32, 32), np.uint8)
    assert (labels.shape, labels.dtype) == ((1000,), np.int64)
    for part in (labels[:500], labels[500:]):
        np.testing.assert_array_equal(np.bincount(part), np.full(10, 50))


@pytest.mark.parametrize("count", [0, 1, 499, 501])
def test_fewer_pictures_are_the_first_of_more(count: int) -> None:
    pictures, labels = synthetic_data.sample(1000)
    few, few_labels = synthetic_data.sample(count)
    np.testing.assert_array_equal(few, pictures[:count])
    np.testing.assert_array_equal(few_labels, labels[:count])


def test_other_seeds_and_chunks_give_other_pictures() -> None:
    one, other = synthetic_data.sample(1000)[0], synthetic_data.sample(500, seed=1)[0]
    hashes = {picture.tobytes() for picture in (*one, *other)}
    assert len(hashes) == 1500


def test_pictures_use_the_range_of_colours() -> None:
    pictures, _ = synthetic_data.sample(500)
    assert (pictures.min(), pictures.max()) == (0, 255)
    assert 90 < pictures.mean() < 160
    assert pictures.std() > 35
    assert np.mean((pictures == 0) | (pictures == 255)) < 0.05


@pytest.mark.parametrize("form", range(10))
def test_forms_lie_within_their_picture(form: int) -> None:
    """A form has an inside, stays within 1.5 radii, and covers both halves."""
    steps = np.arange(-700, 701, 20, dtype=np.int32)
    u, v = np.meshgrid(steps, steps)
    inside = synthetic_data._depth(form, u, v) < 0
    assert 0.02 < inside.mean() < 0.3
    assert np.hypot(u[inside], v[inside]).max() < 1.5 * 256
    assert inside[:, : len(steps) // 2].any()
    assert inside[:, len(steps) // 2 :].any()


# --- the files -----------------------------------------------------------------------------------


def test_files_are_those_of_cifar_10(tmp_path: Path) -> None:
    folder = synthetic_data.write(tmp_path / "new" / "set", train=50, test=20)
    names = {f"data_batch_{number}" for number in range(1, 6)} | {"test_batch", "batches.meta"}
    assert {path.name for path in folder.iterdir()} == names
    batch = pickle.loads((folder / "data_batch_2").read_bytes(), encoding="bytes")
    assert set(batch) == {b"batch_label", b"labels", b"data", b"filenames"}
    assert batch[b"batch_label"] == b"training batch 2 of 5"
    assert (batch[b"data"].shape, batch[b"data"].dtype) == ((10, 3072), np.uint8)
    assert [type(label) for label in batch[b"labels"]] == [int] * 10
    pictures, labels = synthetic_data.sample(20)
    np.testing.assert_array_equal(batch[b"data"][0], pictures[10].ravel())
    assert batch[b"labels"] == labels[10:].tolist()
    assert batch[b"filenames"][0].decode().startswith(synthetic_data.CLASSES[labels[10]])


def test_test_pictures_are_not_training_pictures(tmp_path: Path) -> None:
    x, _, x_test, _ = load_CIFAR10(synthetic_data.write(tmp_path / "set", train=500, test=500))
    assert not {one.tobytes() for one in x} & {one.tobytes() for one in x_test}


@pytest.mark.parametrize(("train", "test"), [(0, 1), (7, 1), (5, 0), (-5, 1)])
def test_numbers_that_do_not_fill_the_files_are_refused(tmp_path: Path, train: int, test: int) -> None:
    with pytest.raises(ValueError, match="train should be a multiple of 5 and test at least 1, got"):
        synthetic_data.write(tmp_path / "set", train, test)


def test_an_existing_data_set_is_left_alone(tmp_path: Path) -> None:
    folder = synthetic_data.write(tmp_path / "set", train=5, test=1)
    before = {path: path.stat().st_mtime_ns for path in folder.iterdir()}
    assert synthetic_data.write(folder, train=50, test=10) == folder
    assert {path: path.stat().st_mtime_ns for path in folder.iterdir()} == before


def test_an_empty_folder_is_filled_and_another_one_is_not(tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    assert len(list(synthetic_data.write(tmp_path / "empty", train=5, test=1).iterdir())) == 7
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "thesis.txt").write_text("mine")
    with pytest.raises(OSError, match="not empty"):
        synthetic_data.write(tmp_path / "full", train=5, test=1)
    assert [path.name for path in tmp_path.iterdir() if path.name.startswith(".")] == []


def test_several_processes_may_write_it_at_once(tmp_path: Path) -> None:
    with multiprocessing.get_context("spawn").Pool(3) as pool:
        folders = pool.starmap(synthetic_data.write, [(tmp_path / "set", 10, 2)] * 3)
    assert set(folders) == {tmp_path / "set"}
    assert [path.name for path in tmp_path.iterdir()] == ["set"]
    assert len(load_CIFAR10(tmp_path / "set")[0]) == 10


# --- how hard it is --------------------------------------------------------------------------------


def test_the_network_learns_a_hundred_pictures_by_heart() -> None:
    """The homework's own settings; it must reach 0.95."""
    X, y = centred(300)
    data = {"X_train": X[:100], "y_train": y[:100], "X_val": X[100:], "y_val": y[100:]}
    np.random.seed(6666666)
    config = {"learning_rate": 1e-3}
    solver = Solver(Net(1e-2), data, "adam", config, batch_size=100, num_epochs=25, verbose=False)
    solver.train()
    assert solver.train_acc_history[-1] >= 0.95
    assert max(solver.val_acc_history) < 0.4


def test_a_wrong_gradient_shows() -> None:
    """With eight filters, after 60 steps; the whole network's figures are in the module's docstring."""
    X, y = centred(1200)
    data = {"X_train": X[:1000], "y_train": y[:1000], "X_val": X[1000:], "y_val": y[1000:]}
    losses = {}
    for factor in (1.0, -1.0):
        np.random.seed(1)
        config = {"learning_rate": 1e-3}
        solver = Solver(Net(1e-2, 8, factor), data, "adam", config, batch_size=100, num_epochs=6,
                        num_train_samples=100, print_every=60, verbose=False)  # fmt: skip
        solver.train()
        losses[factor] = np.mean(solver.loss_history[-5:])
    assert losses[1.0] < 1.75
    assert losses[-1.0] > 1.95
