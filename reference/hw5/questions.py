"""The hidden questions of HW5, and what they are judged by.

Fixed cases have inputs and outputs frozen in ``fixed.npz`` (rebuilt by ``python -m reference.hw5.freeze``
from the root, and compared by a test); the others are drawn anew for each submission from its own seed,
so that no table of answers helps.
"""

from __future__ import annotations

import functools
import hashlib
from collections.abc import Iterable, Iterator, Mapping, Sequence, Set
from pathlib import Path
from typing import Any

import numpy as np
from msgspec.structs import replace

from autograder.errors import AssignmentError
from autograder.extract import CallSite, find_calls
from autograder.extract.match import match_cells
from autograder.model import Notebook
from autograder.numerics import numerical_gradient, rounding_bound
from autograder.questions import (
    Case,
    Comparison,
    Desk,
    Expected,
    Generator,
    Images,
    Judgement,
    Probe,
    Settings,
    Trained,
    TrainingRun,
)
from autograder.student import Array, Handle, Keep, Student, Value

from . import conduct, convolution, explaining, network, visible

HERE = Path(__file__).parent
CLASSES = 10
OUTPUTS = ("out", "dx", "dw", "db")
ARRAYS = ("x", "w", "b", "dout")
FIXED, FIXED_HASH = HERE / "fixed.npz", HERE / "fixed.npz.sha256"

# regime: (x, (F, HH, WW), stride, pad, dtype), shapes at which a naive loop takes about a millisecond.
# A regime has one peculiarity, so that one fault costs one check; only `mixed` has several.
Recipe = tuple[tuple[int, int, int, int], tuple[int, int, int], int, int, str]
RECIPES: dict[str, tuple[Recipe, ...]] = {
    "basic": (
        ((2, 3, 5, 5), (4, 3, 3), 1, 1, "float64"),
        ((3, 1, 4, 4), (2, 3, 3), 1, 1, "float64"),
    ),
    "stride": (
        ((2, 3, 7, 7), (2, 3, 3), 2, 1, "float64"),
        ((2, 2, 8, 8), (3, 4, 4), 3, 1, "float64"),
        ((1, 2, 7, 7), (2, 3, 3), 3, 1, "float64"),
    ),
    "pad": (
        ((2, 2, 4, 4), (3, 5, 5), 1, 2, "float64"),
        ((1, 3, 4, 4), (2, 7, 7), 1, 3, "float64"),
        ((1, 2, 4, 4), (2, 1, 1), 1, 2, "float64"),  # fields that see the border alone
    ),
    "no-pad": (
        ((2, 2, 5, 5), (3, 3, 3), 1, 0, "float64"),
        ((1, 3, 6, 6), (2, 2, 2), 1, 0, "float64"),
    ),
    "rectangular": (
        ((2, 2, 5, 8), (3, 3, 3), 1, 1, "float64"),
        ((1, 3, 6, 4), (2, 2, 4), 1, 1, "float64"),
        ((2, 2, 7, 6), (2, 3, 2), 1, 1, "float64"),
    ),
    "float32": (
        ((2, 3, 5, 5), (2, 3, 3), 1, 1, "float32"),
        ((1, 2, 6, 6), (3, 3, 3), 1, 1, "float32"),
    ),
    "mixed": (
        ((2, 2, 5, 8), (3, 3, 2), 2, 1, "float64"),
        ((1, 3, 8, 6), (2, 3, 4), 3, 2, "float64"),
    ),
}
# What the homework leaves open is asked apart, as a note: sizes that the stride does not divide (what is
# left over is not used), and whole numbers as images with weights that are none, or backwards.
UNEVEN: tuple[Recipe, ...] = (
    ((1, 2, 6, 6), (2, 3, 3), 2, 1, "float64"),
    ((1, 2, 6, 7), (2, 3, 3), 3, 1, "float64"),
    ((2, 1, 5, 5), (2, 2, 2), 2, 0, "float64"),
)


def draw(rng: Generator, name: str, regime: str, recipe: Recipe) -> Case:
    """One case of a recipe, with standard normal values."""
    (n, c, rows, columns), filters, stride, pad, dtype = recipe
    return visible.convolution_case(rng, name, regime, (n, c, rows, columns), filters, stride, pad, dtype)


def _cast(case: Case, dtype: str, names: Sequence[str]) -> Case:
    """The case with some of its arrays as whole numbers, up to about ten."""
    cast = {name: (case.inputs[name] * 4.0).astype(dtype) for name in names}
    about = f"{case.about}, {', '.join(names)} {dtype}"
    return replace(case, about=about, inputs={**case.inputs, **cast})


def _odd_cases(rng: Generator) -> Sequence[Case]:
    """What the homework leaves open, or asks without a word: each has a regime, so a check, of its own."""
    uneven = [draw(rng, f"uneven-{number}", "uneven", recipe) for number, recipe in enumerate(UNEVEN, 1)]
    # Whole numbers everywhere, so that sums in whole numbers are exact; then as images alone.
    integers = _cast(draw(rng, "integers", "integers", RECIPES["basic"][0]), "int64", ARRAYS)
    images = _cast(draw(rng, "integer-images", "integer-images", RECIPES["basic"][0]), "int64", ("x",))
    return [*uneven, integers, images]


def _repeated_cases(rng: Generator) -> Sequence[Case]:
    """A case that is asked twice in a row; its message says so."""
    case = draw(rng, "repeated", "repeated", vary(rng, RECIPES["basic"][0]))
    return [replace(case, about=f"{case.about}, called again with the same arrays")]


def fixed_cases() -> Sequence[Case]:
    """The cases that every submission gets, drawn from one fixed seed."""
    rng = np.random.default_rng(20231)
    return [
        draw(rng, f"fixed-{regime}-{number}", regime, recipe)
        for regime, recipes in RECIPES.items()
        for number, recipe in enumerate(recipes, 1)
    ]


def vary(rng: Generator, recipe: Recipe) -> Recipe:
    """Another recipe of the same regime: one or two more images, channels and filters."""
    (n, c, rows, columns), (f, height, width), stride, pad, dtype = recipe
    more = [int(k) for k in rng.integers(0, 2, size=3)]
    grow = stride * int(rng.integers(0, 2))
    image = (n + more[0], c + more[1], rows + grow, columns + grow)
    return image, (f + more[2], height, width), stride, pad, dtype


def cases(rng: Generator) -> Sequence[Case]:
    """The fixed cases, and one of each regime for this submission alone."""
    drawn = [
        draw(rng, f"drawn-{regime}", regime, vary(rng, recipes[int(rng.integers(len(recipes)))]))
        for regime, recipes in RECIPES.items()
    ]
    return [*fixed_cases(), *drawn]


# --- expected values -----------------------------------------------------------------------------


def compute(case: Case) -> dict[str, Array]:
    """out, dx, dw, db of a case, float64."""
    x, w, b, dout = (case.inputs[k] for k in ARRAYS)
    stride, pad = case.inputs["stride"], case.inputs["pad"]
    dx, dw, db = convolution.backward(dout, x, w, stride, pad)
    return {"out": convolution.forward(x, w, b, stride, pad), "dx": dx, "dw": dw, "db": db}


def _magnitudes(case: Case) -> dict[str, Array]:
    """The same sums over absolute values: what rounding errors are proportional to."""
    absolute = {k: np.abs(case.inputs[k]) for k in ARRAYS}
    return compute(Case(id=case.id, about="", regime="", inputs={**case.inputs, **absolute}))


def frozen() -> dict[str, Array]:
    """The fixed cases' outputs, after their hash was compared.

    Raises
    ------
    AssignmentError
        The file is not the one that was frozen.
    """
    content = FIXED.read_bytes()
    if hashlib.sha256(content).hexdigest() != FIXED_HASH.read_text(encoding="ascii").strip():
        raise AssignmentError(f"{FIXED}: is not the file that was frozen", "python -m reference.hw5.freeze")
    with np.load(FIXED) as arrays:
        return {name: arrays[name] for name in arrays.files}


def expect(_: Desk, case: Case) -> Mapping[str, Expected]:
    """The right outputs of a case: frozen ones where it is fixed, computed where it was drawn."""
    if case.id.startswith("fixed-"):
        return _expect_fixed()[case.id]
    return _with_bounds(case, compute(case))


@functools.cache
def _expect_fixed() -> Mapping[str, Mapping[str, Expected]]:
    """The fixed cases' expectations: the same for every submission, so made once a process."""
    values = frozen()
    return {
        case.id: _with_bounds(case, {name: values[f"{case.id}/{name}"] for name in OUTPUTS})
        for case in fixed_cases()
    }


def _with_bounds(case: Case, values: Mapping[str, Array]) -> dict[str, Expected]:
    lengths = convolution.terms(case.inputs["w"], case.inputs["dout"].shape)
    magnitudes, dtype = _magnitudes(case), _precision(case)
    expected = {
        name: Expected(value=value, allowed=rounding_bound(lengths[name], magnitudes[name], dtype))
        for name, value in values.items()
    }
    return dict(visible.with_reasons(case, expected))


def _precision(case: Case) -> type[np.floating[Any]]:
    """The precision in which a student's code may compute: that of the least exact array."""
    single = any(case.inputs[name].dtype == np.float32 for name in ARRAYS)
    return np.float32 if single else np.float64


def expect_out(desk: Desk, case: Case) -> Mapping[str, Expected]:
    """The forward pass's output alone; its small cases have no gradient from above."""
    if "dout" not in case.inputs:
        x, w, b = (case.inputs[name] for name in ("x", "w", "b"))
        out = convolution.forward(x, w, b, case.inputs["stride"], case.inputs["pad"])
        case = replace(case, inputs={**case.inputs, "dout": np.zeros_like(out)})
    return {"out": expect(desk, case)["out"]}


def expect_gradients(desk: Desk, case: Case) -> Mapping[str, Expected]:
    """The backward pass's outputs alone."""
    return {name: value for name, value in expect(desk, case).items() if name != "out"}


def expect_out_again(desk: Desk, case: Case) -> Mapping[str, Expected]:
    """The forward pass's output, and inputs that nobody has written into."""
    return {**expect_out(desk, case), **conduct.untouched(case)}


def _gradient_cases(rng: Generator) -> Sequence[Case]:
    recipe = ((1, 2, 4, 4), (2, 3, 3), 1, 1, "float64")
    return [draw(rng, "drawn-gradient", "gradient", recipe)]


def expect_numerical(_: Desk, case: Case) -> Mapping[str, Expected]:
    """Numerical gradients of the reference's forward pass."""
    base = [case.inputs[k] for k in ("x", "w", "b")]
    stride, pad, dout = (case.inputs[k] for k in ("stride", "pad", "dout"))

    def gradient(position: int) -> Expected:
        def evaluate(points: Sequence[Array]) -> Iterator[Array]:
            for point in points:
                yield convolution.forward(*base[:position], point, *base[position + 1 :], stride, pad)

        value = numerical_gradient(lambda points: list(evaluate(points)), base[position], dout)
        return Expected(value=value, allowed=1e-6 * (1.0 + np.abs(value)))

    expected = {name: gradient(position) for position, name in enumerate(("dx", "dw", "db"))}
    return visible.with_reasons(case, expected)


# --- asking --------------------------------------------------------------------------------------


def ask_with_own_cache(desk: Desk, case: Case) -> Mapping[str, Value]:
    """The student's gradients from the cache of their own forward pass, whatever is in it."""
    result = desk.student.call("conv_forward_naive", *visible.arguments(case), keep=[0, 1])
    cache = result[1] if isinstance(result, tuple | list) and len(result) == 2 else None
    return visible.gradients(desk.student, case, cache)


def ask_with_plain_cache(desk: Desk, case: Case) -> Mapping[str, Value]:
    """The student's gradients from the cache that the docstring promises: (x, w, b, conv_param)."""
    return visible.gradients(desk.student, case, visible.arguments(case))


# --- the network ---------------------------------------------------------------------------------


def _check_gradients(desk: Desk, rng: Generator, _: Images | None) -> Judgement:
    """Loss and gradients of a small network, against the reference at the same parameters."""
    x, y = rng.standard_normal((2, 3, 16, 16)), rng.integers(CLASSES, size=2)
    desk.student.seed(int(rng.integers(2**31)))
    model = desk.student.call(
        "ThreeLayerConvNet",
        num_filters=3,
        filter_size=3,
        input_dim=(3, 16, 16),
        hidden_dim=7,
        weight_scale=0.05,
        reg=0.1,
        dtype="float64",
        keep=Keep.HANDLE,
    )
    parameters = _parameters(desk.student, model, (3, 16, 16))
    loss, grads = desk.student.method(model, "loss", x, y)
    wanted = network.gradients(parameters, x, y, 0.1)
    worst = {name: _relative(grads.get(name), value) for name, value in wanted.items()}
    off = abs(float(loss) - network.loss(parameters, x, y, 0.1))
    wrong = [name for name, error in worst.items() if not error < 1e-6]
    fraction = 0.0 if not off <= 1e-8 else 1.0 - len(wrong) / len(worst)
    return Judgement(
        fraction=fraction,
        message=_gradient_message(off, wrong),
        expected="relative errors below 1e-6",
        actual=", ".join(f"{name}: {error:.1e}" for name, error in worst.items()),
        metrics={f"error_{name}": float(f"{error:.3g}") for name, error in worst.items()},
    )


def _gradient_message(off: float, wrong: Sequence[str]) -> str:
    if not off <= 1e-8:
        return f"The loss of a small network is off by {off:.3g}."
    if wrong:
        return f"The loss is right, the gradients of {', '.join(wrong)} are not."
    return "The loss and the gradients of all six parameters are right."


def _relative(actual: Value, wanted: Array) -> float:
    if not isinstance(actual, np.ndarray) or actual.shape != wanted.shape:
        return float("inf")
    return float(np.max(np.abs(actual - wanted)) / max(1e-8, float(np.max(np.abs(wanted)))))


def _parameters(student: Student, model: Handle, image: tuple[int, int, int]) -> network.Parameters:
    values = student.get(model, "params")
    if not isinstance(values, dict):
        raise ValueError(f"`params` must be a dict with the arrays {', '.join(network.NAMES)}")
    return network.checked(values, image, CLASSES)


def _overfit(desk: Desk, _: Generator, images: Images | None) -> Judgement:
    """A network trained on 100 images must learn them by heart; the trusted side counts."""
    assert images is not None  # a Probe that wants images gets them
    x, y = images.x_train[:100], images.y_train[:100]
    desk.student.seed(6666666)
    settings = Settings(
        network={"weight_scale": 1e-2},
        solver={
            "num_epochs": 15,
            "batch_size": 50,
            "update_rule": "adam",
            "optim_config": {"learning_rate": 1e-3},
        },
    )
    trained = _train(desk.student, settings, x, y)
    reached = network.accuracy(trained.parameters, x, y)
    return Judgement(
        fraction=1.0 if reached >= 0.9 else max(0.0, (reached - 0.1) / 0.8) * 0.5,
        message=f"After 30 iterations the network knows {reached:.0%} of 100 images by heart.",
        expected="at least 90 %",
        actual=f"{reached:.0%}",
        metrics={"accuracy": round(reached, 4)},
    )


# --- training ------------------------------------------------------------------------------------

_NETWORK_SETTINGS = {"weight_scale": float, "reg": float, "num_filters": int, "filter_size": int}
_NETWORK_SETTINGS |= {"hidden_dim": int}
_SOLVER_SETTINGS = ("update_rule", "optim_config", "lr_decay", "batch_size")
# What is looked for in a notebook: calls, with their parameters by position.
_CALLS = {
    "Solver": ("model", "data", *_SOLVER_SETTINGS),
    "ThreeLayerConvNet": ("input_dim", "num_filters", "filter_size", "hidden_dim", "num_classes"),
}
MOST_SETTING = 1e6
_RULES = ("sgd", "sgd_momentum", "rmsprop", "adam")
_BASELINE = Settings(
    network={"reg": 1e-3},
    solver={"batch_size": 200, "update_rule": "adam", "optim_config": {"learning_rate": 1e-3}},
    where="the reference's settings",
)


def find_settings(notebook: Notebook, given: Notebook) -> Settings:
    """The settings of the `train` cell; where that is still the release's, of the last cell of their own."""
    calls = find_calls(notebook, _CALLS)
    matched = {name: cell.index + 1 for name, cell in match_cells(notebook, given).items()}
    own = {cell.index + 1 for cell in notebook.code_cells}.difference(matched.values())
    trainings = [call for call in calls if call.name == "Solver"]
    here = [call for call in trainings if call.ran == matched.get("train")]
    others = [call for call in trainings if call.ran in own]
    chosen = here or others if _is_changed("train", matched, notebook, given) else others or here
    if not chosen:
        return _not_found(notebook, own | {matched.get("train", 0)})
    return _settings(chosen[-1], trainings, [call for call in calls if call.name == "ThreeLayerConvNet"])


def _is_changed(grade_id: str, matched: Mapping[str, int], notebook: Notebook, given: Notebook) -> bool:
    """Whether a cell of the release is not as it was handed out."""
    theirs = [c.source.strip() for c in notebook.code_cells if c.index + 1 == matched.get(grade_id)]
    return theirs != [c.source.strip() for c in given.code_cells if c.grade_id == grade_id]


def _not_found(notebook: Notebook, own: Set[int]) -> Settings:
    """No training that can be followed: whether one stands there all the same."""
    shown = [
        f"cell {c.index + 1}" for c in notebook.code_cells if c.index + 1 in own and "Solver" in c.source
    ]
    unread = (f"the training in {shown[-1]}",) if shown else ()
    return Settings(notes=("no call of `Solver` that can be followed was found",), unread=unread)


def _settings(solver: CallSite, trainings: Sequence[CallSite], networks: Sequence[CallSite]) -> Settings:
    where = f"cell {solver.ran}"
    unread = [f"`{name}` of `Solver` ({_place(solver)})" for name in _unread(solver, _SOLVER_SETTINGS)]
    turns = {
        str(call.arguments) for call in trainings if (call.cell, call.line) == (solver.cell, solver.line)
    }
    if len(turns) > 1:
        unread.append(f"which of the {len(turns)} settings that {where} trains with is the one that counts")
    network = solver.given.get("model")
    if network is None or network.name != "ThreeLayerConvNet":
        above = [call for call in networks if call.ran <= solver.ran]
        network = above[-1] if above else None
        unread.append(f"the network that `Solver` is given ({_place(solver)})")
    if network is not None:
        names = _unread(network, tuple(_NETWORK_SETTINGS))
        unread += [f"`{name}` of `ThreeLayerConvNet` ({_place(network)})" for name in names]
    made = network.arguments if network else {}
    chosen = _known_network(made), _known_solver(solver.arguments)
    unused = [
        *_unused(made, _NETWORK_SETTINGS, chosen[0]),
        *_unused(solver.arguments, _SOLVER_SETTINGS, chosen[1]),
    ]
    return Settings(
        network=chosen[0], solver=chosen[1], where=where, notes=tuple(unused), unread=tuple(unread)
    )


def _unused(
    arguments: Mapping[str, Value], wanted: Iterable[str], used: Mapping[str, Value]
) -> Iterator[str]:
    """A note on each setting that no training can have; the default took its place."""
    for name in wanted:
        if arguments.get(name) is not None and name not in used:
            yield f"`{name}` can't be {str(arguments[name])[:40]}: the default was taken"


def _place(call: CallSite) -> str:
    return f"cell {call.cell}, line {call.line}"


def _unread(call: CallSite, wanted: Sequence[str]) -> list[str]:
    """The settings of a call that could not be read; those behind a star may be any."""
    return [name for name in call.unresolved if name in wanted or name in ("*", "**")]


def _known_network(arguments: Mapping[str, Value]) -> dict[str, Value]:
    """The network's settings, each of its type and in a sane range."""
    return {
        name: kind(arguments[name])
        for name, kind in _NETWORK_SETTINGS.items()
        if _is_sane(arguments.get(name))
    }


def _known_solver(given: Mapping[str, Value]) -> dict[str, Value]:
    """The training's settings, each of its type and in a sane range."""
    chosen: dict[str, Value] = {}
    if given.get("update_rule") in _RULES:
        chosen["update_rule"] = given["update_rule"]
    if _is_sane(given.get("batch_size")) and given["batch_size"] >= 1:
        chosen["batch_size"] = min(int(given["batch_size"]), 1000)
    if _is_sane(given.get("lr_decay")):
        chosen["lr_decay"] = float(given["lr_decay"])
    config = given.get("optim_config")
    if isinstance(config, dict):
        chosen["optim_config"] = {k: float(v) for k, v in config.items() if _is_sane(v)}
    return chosen


def _is_sane(value: object) -> bool:
    """Whether it is a number that a setting can be: no NaN, none beyond every use."""
    return isinstance(value, int | float) and not isinstance(value, bool) and abs(value) <= MOST_SETTING


def _work(settings: Settings) -> float:
    """How much dearer an image is than with the usual 32 filters of size 7."""
    size = settings.network.get("filter_size", 7)
    return max(1.0, settings.network.get("num_filters", 32) * size * size / (32 * 49))


def train(student: Student, settings: Settings, images: Images) -> Trained:
    """Train for one epoch on as many images as the budget buys at these settings."""
    count = max(1, int(len(images.x_train) / _work(settings)))
    notes = () if count == len(images.x_train) else (f"trained on {count} images, as the network is large",)
    student.seed(231)
    solver = {**settings.solver, "num_epochs": 1}
    once = Settings(network=settings.network, solver=solver)
    trained = _train(student, once, images.x_train[:count], images.y_train[:count])
    return Trained(parameters=trained.parameters, losses=trained.losses, notes=notes)


def _train(student: Student, settings: Settings, x: Array, y: Array) -> Trained:
    model = student.call("ThreeLayerConvNet", **settings.network, keep=Keep.HANDLE)
    data = {"X_train": x, "y_train": y, "X_val": x[:20], "y_val": y[:20]}
    options: dict[str, Any] = {"verbose": False, "num_train_samples": 20, **settings.solver}
    solver = student.call("Solver", model, data, **options, keep=Keep.HANDLE)
    student.method(solver, "train")
    losses = student.get(solver, "loss_history")
    return Trained(
        parameters=_parameters(student, model, x.shape[1:]), losses=tuple(float(value) for value in losses)
    )


QUESTIONS = {
    "forward": Comparison(
        cases=cases,
        ask=visible.ask_forward,
        expect=expect_out,
        small=visible.small_forward_cases,
        explain=explaining.explain,
        explain_fault=visible.explain_fault,
    ),
    "backward": Comparison(
        cases=cases,
        ask=ask_with_own_cache,
        expect=expect_gradients,
        small=visible.small_cases,
        explain=explaining.explain,
        explain_fault=visible.explain_fault,
    ),
    "backward-plain": Comparison(
        cases=cases, ask=ask_with_plain_cache, expect=expect_gradients, explain_fault=visible.explain_fault
    ),
    "forward-again": Comparison(
        cases=_repeated_cases, ask=conduct.ask_forward_again, expect=expect_out_again
    ),
    "backward-again": Comparison(
        cases=_repeated_cases, ask=conduct.ask_backward_again, expect=expect_gradients
    ),
    "backward-again-plain": Comparison(
        cases=_repeated_cases, ask=conduct.ask_backward_again_plain, expect=expect_gradients
    ),
    "forward-odd": Comparison(cases=_odd_cases, ask=visible.ask_forward, expect=expect_out),
    "backward-odd": Comparison(cases=_odd_cases, ask=visible.ask_backward, expect=expect_gradients),
    "numerical": Comparison(cases=_gradient_cases, ask=ask_with_own_cache, expect=expect_numerical),
    "numerical-plain": Comparison(cases=_gradient_cases, ask=ask_with_plain_cache, expect=expect_numerical),
    "network-gradients": Probe(judge=_check_gradients),
    "overfit": Probe(judge=_overfit, wants_images=True),
    "training": TrainingRun(
        find=find_settings,
        train=train,
        accuracy=network.accuracy,
        baseline=_BASELINE,
        images=20_000,
        chance=0.1,
    ),
}
