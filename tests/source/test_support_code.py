"""The support code: layers, gradients, update rules, Solver, plots, and its own build."""

import io
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from HW5_code import layer_utils, layers, optim, solver, vis_utils
from HW5_code.gradient_check import eval_numerical_gradient, eval_numerical_gradient_array
from HW5_code.solver import Solver

Array = np.ndarray[Any, Any]
ROOT = Path(__file__).parents[2]
CODE = ROOT / "source" / "hw5" / "HW5_code"


@pytest.fixture
def rng() -> np.random.Generator:
    return np.random.default_rng(231)


# --- layers --------------------------------------------------------------------------------------


def test_fully_connected_gradients_are_the_numerical_ones(rng: np.random.Generator) -> None:
    x, w, b = rng.standard_normal((3, 2, 4)), rng.standard_normal((8, 5)), rng.standard_normal(5)
    out, cache = layers.fc_forward(x, w, b)
    np.testing.assert_allclose(out, x.reshape(3, 8) @ w + b)
    dout = rng.standard_normal(out.shape)
    for array, gradient in zip((x, w, b), layers.fc_backward(dout, cache), strict=True):
        numerical = eval_numerical_gradient_array(lambda _: layers.fc_forward(x, w, b)[0], array, dout)
        assert gradient.shape == array.shape
        np.testing.assert_allclose(gradient, numerical, rtol=1e-6, atol=1e-9)


@pytest.mark.parametrize(("w", "b"), [((7, 5), (5,)), ((8, 5), (4,)), ((8,), (5,))])
def test_fully_connected_says_what_does_not_fit(w: tuple[int, ...], b: tuple[int, ...]) -> None:
    with pytest.raises(ValueError, match=r"x \(3, 2, 4\) has 8 numbers .* w should be \(8, M\)"):
        layers.fc_forward(np.zeros((3, 2, 4)), np.zeros(w), np.zeros(b))


def test_relu_and_its_gradient(rng: np.random.Generator) -> None:
    x = np.array([[-1.0, 0.0, 2.0]], dtype=np.float32)
    out, cache = layers.relu_forward(x)
    np.testing.assert_array_equal(out, [[0, 0, 2]])
    gradient = layers.relu_backward(np.full_like(x, 3), cache)
    np.testing.assert_array_equal(gradient, [[0, 0, 3]])
    assert out.dtype == gradient.dtype == np.float32


def test_softmax_of_equal_scores_is_log_of_the_classes() -> None:
    loss, dx = layers.softmax_loss(np.zeros((4, 10)), np.arange(4))
    assert loss == pytest.approx(np.log(10))
    np.testing.assert_allclose(dx.sum(axis=1), 0, atol=1e-15)


def test_softmax_gradient_is_the_numerical_one(rng: np.random.Generator) -> None:
    x, y = 3 * rng.standard_normal((5, 4)), np.array([0, 3, 1, 1, 2])
    numerical = eval_numerical_gradient(lambda _: layers.softmax_loss(x, y)[0], x)
    np.testing.assert_allclose(layers.softmax_loss(x, y)[1], numerical, rtol=1e-5, atol=1e-9)


def test_softmax_survives_huge_scores() -> None:
    loss, dx = layers.softmax_loss(np.array([[1e4, -1e4]], dtype=np.float32), np.array([1]))
    assert loss == pytest.approx(2e4)
    assert np.isfinite(dx).all()
    assert dx.dtype == np.float32


@pytest.mark.parametrize(
    ("y", "message"),
    [
        (np.array([0, 3]), "labels from 0 to 2; got y .* from 0 to 3"),
        (np.array([-1, 2]), "from -1 to 2"),
        (np.array([1]), r"should hold 2 labels .* got y \(1,\)"),
    ],
)
def test_labels_that_do_not_fit_are_named(y: Array, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        layers.softmax_loss(np.zeros((2, 3)), y)


def test_naive_pooling_by_hand() -> None:
    x = np.arange(20.0).reshape(1, 1, 4, 5)
    out, cache = layers.max_pool_forward_naive(x, {"pool_height": 2, "pool_width": 3, "stride": 2})
    np.testing.assert_array_equal(out, [[[[7, 9], [17, 19]]]])
    dx = layers.max_pool_backward_naive(np.array([[[[1.0, 2.0], [3.0, 4.0]]]]), cache)
    assert {tuple(place): dx[0, 0, *place] for place in np.argwhere(dx[0, 0])} == {
        (1, 2): 1, (1, 4): 2, (3, 2): 3, (3, 4): 4,
    }  # fmt: skip


def test_naive_pooling_gradient_is_the_numerical_one(rng: np.random.Generator) -> None:
    x = rng.standard_normal((2, 2, 5, 4))
    param = {"pool_height": 3, "pool_width": 2, "stride": 1}
    out, cache = layers.max_pool_forward_naive(x, param)
    dout = rng.standard_normal(out.shape)
    numerical = eval_numerical_gradient_array(lambda x: layers.max_pool_forward_naive(x, param)[0], x, dout)
    np.testing.assert_allclose(layers.max_pool_backward_naive(dout, cache), numerical, atol=1e-8)


def test_fully_connected_and_relu(rng: np.random.Generator) -> None:
    x, w, b = rng.standard_normal((3, 8)), rng.standard_normal((8, 5)), rng.standard_normal(5)
    out, cache = layer_utils.fc_relu_forward(x, w, b)
    dout = rng.standard_normal(out.shape)
    for array, gradient in zip((x, w, b), layer_utils.fc_relu_backward(dout, cache), strict=True):
        numerical = eval_numerical_gradient_array(
            lambda _: layer_utils.fc_relu_forward(x, w, b)[0], array, dout
        )
        np.testing.assert_allclose(gradient, numerical, rtol=1e-6, atol=1e-9)


# --- numerical gradients -------------------------------------------------------------------------


def test_numerical_gradient_restores_its_point_and_can_talk(capsys: pytest.CaptureFixture[str]) -> None:
    x = np.array([[1.0, 2.0]])
    gradient = eval_numerical_gradient(lambda x: float(np.sum(x**3)), x, verbose=True, h=1e-4)
    np.testing.assert_allclose(gradient, [[3, 12]], rtol=1e-6)
    np.testing.assert_array_equal(x, [[1, 2]])
    assert "(0, 1) 12.0" in capsys.readouterr().out


def test_numerical_gradient_of_a_function_that_gives_a_view() -> None:
    """The two sides of a difference must not share memory."""
    x = np.array([1.0, 2.0])
    np.testing.assert_allclose(eval_numerical_gradient_array(lambda x: x[:], x, np.ones(2)), 1)


@pytest.mark.parametrize("of", [eval_numerical_gradient, eval_numerical_gradient_array])
def test_whole_numbers_have_no_numerical_gradient(of: Any) -> None:
    with pytest.raises(ValueError, match="x must be an array of floats, got int64"):
        of(np.sum, np.array([1, 2]), *([np.ones(2)] if of is eval_numerical_gradient_array else []))


# --- update rules --------------------------------------------------------------------------------


def oracle_steps(name: str, w: Array, gradients: Array, settings: dict[str, float]) -> Array:
    torch = pytest.importorskip("torch", reason="PyTorch is the oracle (the extra `oracle`)")
    weights = torch.tensor(w, requires_grad=True)
    rule = {
        "sgd": lambda: torch.optim.SGD([weights], lr=settings["learning_rate"]),
        "sgd_momentum": lambda: torch.optim.SGD(
            [weights], lr=settings["learning_rate"], momentum=settings["momentum"]
        ),
        "rmsprop": lambda: torch.optim.RMSprop(
            [weights], lr=settings["learning_rate"], alpha=settings["decay_rate"], eps=settings["epsilon"]
        ),
        "adam": lambda: torch.optim.Adam(
            [weights],
            lr=settings["learning_rate"],
            betas=(settings["beta1"], settings["beta2"]),
            eps=settings["epsilon"],
        ),
    }[name]()
    for gradient in gradients:
        weights.grad = torch.tensor(gradient)
        rule.step()
    return weights.detach().numpy()


@pytest.mark.parametrize(
    ("name", "settings"),
    [
        ("sgd", {"learning_rate": 0.1}),
        ("sgd_momentum", {"learning_rate": 0.1, "momentum": 0.8}),
        ("rmsprop", {"learning_rate": 0.02, "decay_rate": 0.9, "epsilon": 1e-7}),
        ("adam", {"learning_rate": 0.02, "beta1": 0.8, "beta2": 0.95, "epsilon": 1e-7, "t": 0}),
    ],
)
def test_update_rules_are_pytorch_s(name: str, settings: dict[str, float], rng: np.random.Generator) -> None:
    w, gradients = rng.standard_normal((4, 3)), rng.standard_normal((6, 4, 3))
    config: dict[str, Any] = dict(settings)
    found = w.copy()
    for gradient in gradients:
        found, config = getattr(optim, name)(found, gradient, config)
    np.testing.assert_allclose(found, oracle_steps(name, w, gradients, settings), rtol=1e-12)


def test_adam_counts_one_ahead() -> None:
    """Its first step is lr * 0.1 / (1 - 0.9**2) / sqrt(0.001 / (1 - 0.999**2)), whatever the gradient."""
    w, config = optim.adam(np.zeros(2), np.array([3.0, -40.0]), {"learning_rate": 1e-3})
    step = 1e-3 * 0.1 / 0.19 / np.sqrt(0.001 / 0.001999)
    np.testing.assert_allclose(w, [-step, step], rtol=1e-7)
    assert config["t"] == 2


@pytest.mark.parametrize("name", optim.__all__)
def test_update_rules_change_weights_in_place_and_keep_their_type(name: str) -> None:
    """A learning rate that is a NumPy number must not turn float32 weights into float64."""
    w, dw = np.ones(3, dtype=np.float32), np.full(3, 2, dtype=np.float32)
    config: dict[str, Any] = {"learning_rate": np.float64(0.1)}
    for _ in range(2):
        before = w.copy()
        moved, config = getattr(optim, name)(w, dw, config)
        assert moved is w
        assert moved.dtype == np.float32
        assert (moved < before).all()
        np.testing.assert_array_equal(dw, 2)


@pytest.mark.parametrize("order", ["C", "F"])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_adam_is_the_same_whichever_layers_compute_it(
    dtype: type, order: str, rng: np.random.Generator, monkeypatch: pytest.MonkeyPatch
) -> None:
    w = rng.standard_normal((50, 7)).astype(dtype)
    gradients = rng.standard_normal((5, 50, 7)).astype(dtype)

    def steps() -> Array:
        moved, config = np.array(w, order=order), None
        for gradient in gradients:
            moved, config = optim.adam(moved, gradient, config)
        return moved

    fast = steps()
    monkeypatch.setattr(optim.fast_layers, "layers", optim.numpy_layers)
    np.testing.assert_allclose(fast, steps(), rtol=1e-4 if dtype is np.float32 else 1e-12)


@pytest.mark.parametrize(
    ("name", "rate"), [("sgd", 1e-2), ("sgd_momentum", 1e-2), ("rmsprop", 1e-2), ("adam", 1e-3)]
)
def test_settings_have_defaults(name: str, rate: float) -> None:
    _, config = getattr(optim, name)(np.ones(2), np.ones(2))
    assert config["learning_rate"] == rate


# --- Solver --------------------------------------------------------------------------------------


class Linear:
    """A linear model of two numbers, which counts its calls."""

    def __init__(self, classes: int = 3) -> None:
        self.params = {"W": np.zeros((2, classes))}
        self.sizes: list[int] = []

    def loss(self, X: Array, y: Array | None = None) -> Any:
        scores = X @ self.params["W"]
        if y is None:
            return scores
        self.sizes.append(len(X))
        loss, dscores = layers.softmax_loss(scores, y)
        return loss, {"W": X.T @ dscores}


@pytest.fixture
def corners(rng: np.random.Generator) -> dict[str, Array]:
    """Make three clouds of points, which a linear model can tell apart."""
    y = np.arange(120) % 3
    angles = 2 * np.pi / 3 * y
    X = np.stack([np.cos(angles), np.sin(angles)], axis=1) + 0.1 * rng.standard_normal((120, 2))
    return {"X_train": X[:90], "y_train": y[:90], "X_val": X[90:], "y_val": y[90:]}


def test_the_lines_and_when_they_are_printed(
    corners: dict[str, Array], capsys: pytest.CaptureFixture[str]
) -> None:
    """They are printed at the first iteration, then every so many, and at the end of an epoch."""
    Solver(Linear(), corners, num_epochs=2, batch_size=9, print_every=4).train()
    lines = capsys.readouterr().out.splitlines()
    pattern = r"\(Epoch \d / 2, iteration \d+ / 20\) train acc: [01]\.\d{6}; val_acc: [01]\.\d{6}"
    assert all(re.fullmatch(pattern, line) for line in lines)
    assert [tuple(map(int, re.findall(r"\d+", line)[:3:2])) for line in lines] == [
        (0, 1), (0, 5), (0, 9), (1, 10), (1, 13), (1, 17), (2, 20),
    ]  # fmt: skip


def test_histories_have_an_entry_for_every_measurement(
    corners: dict[str, Array], capsys: pytest.CaptureFixture[str]
) -> None:
    solver = Solver(Linear(), corners, num_epochs=2, batch_size=9, print_every=4, verbose=False)
    solver.train()
    assert len(solver.loss_history) == 20
    assert len(solver.train_acc_history) == len(solver.val_acc_history) == 7
    assert capsys.readouterr().out == ""


@pytest.mark.parametrize("rule", optim.__all__)
def test_every_rule_learns(corners: dict[str, Array], rule: str) -> None:
    np.random.seed(1)
    model = Linear()
    solver = Solver(model, corners, rule, {"learning_rate": 0.1}, batch_size=30, num_epochs=20, verbose=False)
    solver.train()
    assert solver.loss_history[0] == pytest.approx(np.log(3))
    assert solver.loss_history[-1] < solver.loss_history[0] / 2
    assert solver.best_val_acc == max(solver.val_acc_history) > 0.95


def test_draws_of_random_numbers_are_the_classic_ones(corners: dict[str, Array]) -> None:
    """The homework's figures depend on them: np.random.choice draws batches, and nothing for small data."""
    seen: list[Array] = []

    class Recorder(Linear):
        def loss(self, X: Array, y: Array | None = None) -> Any:
            if y is not None:
                seen.append(X)
            return super().loss(X, y)

    np.random.seed(5)
    Solver(Recorder(), corners, num_epochs=1, batch_size=30, print_every=1, verbose=False).train()
    np.random.seed(5)
    for X in seen:
        np.testing.assert_array_equal(X, corners["X_train"][np.random.choice(90, 30)])


@pytest.mark.parametrize("error", [AttributeError, OSError, TypeError])
def test_a_c_library_that_can_not_keep_memory_does_without(
    corners: dict[str, Array], monkeypatch: pytest.MonkeyPatch, error: type[Exception]
) -> None:
    def library(_: None) -> None:
        raise error

    monkeypatch.setattr(solver.ctypes, "CDLL", library)
    Solver(Linear(), corners, num_epochs=1, batch_size=9, verbose=False).train()


def test_accuracy_is_measured_on_a_sample(corners: dict[str, Array]) -> None:
    solver = Solver(Linear(), corners, num_train_samples=10, num_val_samples=5, verbose=False)
    np.random.seed(5)
    found = solver.check_accuracy(corners["X_train"], corners["y_train"], 10)
    np.random.seed(5)
    chosen = np.random.choice(90, 10)
    assert found == np.mean(corners["y_train"][chosen] == 0)
    assert solver.check_accuracy(corners["X_val"], corners["y_val"], 30, batch_size=7) == pytest.approx(1 / 3)


def test_the_best_parameters_come_back(corners: dict[str, Array]) -> None:
    """The model learns for an epoch, then unlearns, since the rate becomes negative."""
    np.random.seed(2)
    config = {"learning_rate": 0.5}
    solver = Solver(
        Linear(), corners, "sgd", config, lr_decay=-2.0, num_epochs=2, batch_size=30, verbose=False
    )
    solver.train()
    assert solver.val_acc_history[-1] < solver.best_val_acc == max(solver.val_acc_history)
    assert solver.check_accuracy(corners["X_val"], corners["y_val"]) == solver.best_val_acc
    assert config == {"learning_rate": 0.5}


def test_the_learning_rate_decays_by_epoch(corners: dict[str, Array]) -> None:
    solver = Solver(Linear(), corners, "adam", lr_decay=0.5, num_epochs=3, batch_size=45, verbose=False)
    solver.train()
    assert solver.optim_configs["W"]["learning_rate"] == 1e-3 / 8
    assert solver.epoch == 3


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        (
            {"update_rule": "Adam"},
            "update_rule should be one of adam, rmsprop, sgd, sgd_momentum; got 'Adam'",
        ),
        ({"update_rule": "np"}, "update_rule should be one of"),
        ({"batch_size": 0}, "batch_size should be 1 or more, got 0"),
        ({"print_every": 0}, "print_every should be 1 or more, got 0"),
        ({"num_train_samples": 0}, "num_train_samples should be 1 or more, or None, got 0"),
        ({"num_val_samples": -1}, "num_val_samples should be 1 or more, or None, got -1"),
    ],
)
def test_impossible_settings_are_named(
    corners: dict[str, Array], changes: dict[str, Any], message: str
) -> None:
    with pytest.raises(ValueError, match=message):
        Solver(Linear(), corners, **changes)


def test_data_that_does_not_fit_is_named(corners: dict[str, Array]) -> None:
    with pytest.raises(ValueError, match="data should have X_val and y_val; 'X_val' is missing"):
        Solver(Linear(), {key: value for key, value in corners.items() if key != "X_val"})
    with pytest.raises(ValueError, match="X_train has 90 examples and y_train 89"):
        Solver(Linear(), {**corners, "y_train": corners["y_train"][1:]})
    with pytest.raises(ValueError, match="X_val has 0 examples and y_val 0"):
        Solver(Linear(), {**corners, "X_val": corners["X_val"][:0], "y_val": corners["y_val"][:0]})


# --- plots ---------------------------------------------------------------------------------------


def test_a_grid_of_pictures(rng: np.random.Generator) -> None:
    pictures = rng.standard_normal((5, 4, 3, 2))
    grid = vis_utils.visualize_grid(pictures, ubound=10, padding=1)
    assert grid.shape == (3 * 5 - 1, 3 * 4 - 1, 2)
    first = pictures[0]
    expected = 10 * (first - first.min()) / (first.max() - first.min())
    np.testing.assert_allclose(grid[:4, :3], expected)
    fifth = grid[5:9, 4:7]
    assert (fifth.min(), fifth.max()) == (0, 10)
    assert not grid[10:].any()
    assert not grid[4].any()


def test_a_picture_of_one_colour_divides_by_nothing() -> None:
    assert not vis_utils.visualize_grid(np.full((1, 2, 2, 3), 7.0)).any()


def test_arrays_that_are_no_stack_of_pictures_are_refused() -> None:
    with pytest.raises(ValueError, match=r"Xs should be \(N, H, W, C\), got \(3, 3\)"):
        vis_utils.visualize_grid(np.zeros((3, 3)))


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


@pytest.mark.parametrize(("stream", "verbose"), [(Terminal, True), (Terminal, False), (io.StringIO, True)])
def test_a_terminal_shows_how_far_the_training_is(
    corners: dict[str, Array],
    stream: type[io.StringIO],
    verbose: bool,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setattr(solver._Progress, "PAUSE", 0.0)
    shown = stream()
    monkeypatch.setattr(sys, "stderr", shown)
    Solver(Linear(), corners, num_epochs=2, batch_size=10, verbose=verbose).train()
    text = shown.getvalue()
    if stream is io.StringIO or not verbose:
        assert text == ""
        return
    assert re.search(r"\riteration 2 / \d+, loss \d+\.\d{4}, \d+ s left", text)
    assert text.endswith("\r")
    assert text.split("\r")[-2].strip() == ""
    assert "s left" not in capsys.readouterr().out


# --- what a student builds and imports -------------------------------------------------------------


@pytest.fixture
def homework(tmp_path: Path) -> Path:
    """Copy the support code as in the release, with the fast layers' sources beside it."""
    shutil.copytree(
        CODE, tmp_path / "HW5_code", ignore=shutil.ignore_patterns("__pycache__", "*.so", "build")
    )
    for source in (ROOT / "ext").glob("fastconv*"):
        shutil.copy(source, tmp_path / "HW5_code")
    return tmp_path


def run(folder: Path, *command: str) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "PYTHONDONTWRITEBYTECODE": "1"}
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False, env=environment)


@pytest.mark.slow
def test_a_build_without_cython_says_what_to_install(homework: Path) -> None:
    code = "import sys, runpy; sys.modules['Cython'] = None; runpy.run_path('HW5_code/setup.py')"
    done = run(homework, sys.executable, "-c", code)
    assert done.returncode == 1
    assert "pip install setuptools cython" in done.stderr


def test_star_imports_bring_only_what_is_meant() -> None:
    names: dict[str, Any] = {}
    exec(
        "from HW5_code.layers import *; from HW5_code.fast_layers import *; "
        "from HW5_code.layer_utils import *; from HW5_code.gradient_check import *",
        names,
    )
    public = {name for name in names if not name.startswith("_")}
    assert "conv_forward_naive" not in public
    assert {"conv_forward_fast", "fc_forward", "conv_relu_pool_backward", "BACKEND"} <= public
    assert not {"np", "Any", "Array", "layers"} & public
