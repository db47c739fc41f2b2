"""The training of HW5: the settings found in a notebook's text, and a run of one epoch with them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence, Set
from typing import Any

from msgspec.structs import replace

from autograder.authoring import Array, DataSet, Handle, Keep, Notebook, Struct, Student, Value
from autograder.extract import CallSite, find_calls
from autograder.extract.match import match_cells

from . import network


class Settings(Struct):
    """A training's settings as found: the network's and the solver's keyword arguments.

    `unread` names what stands in the notebook and could not be read, so that a person has to look; no
    `where` says that no training was found.
    """

    network: dict[str, Value] = {}
    solver: dict[str, Value] = {}
    where: str = ""
    notes: tuple[str, ...] = ()
    unread: tuple[str, ...] = ()


class Trained(Struct):
    """What a training gave back: the parameters by name, and the losses by iteration."""

    parameters: Mapping[str, Array]
    losses: tuple[float, ...]
    notes: tuple[str, ...] = ()


_NETWORK_SETTINGS = {"weight_scale": float, "reg": float, "num_filters": int, "filter_size": int}
_NETWORK_SETTINGS |= {"hidden_dim": int}
_SOLVER_SETTINGS = ("update_rule", "optim_config", "lr_decay", "batch_size")
# What is looked for in a notebook: calls, with their parameters by position.
_CALLS = {
    "Solver": ("model", "data", *_SOLVER_SETTINGS),
    "ThreeLayerConvNet": ("input_dim", "num_filters", "filter_size", "hidden_dim", "num_classes"),
}
TOO_LONG = "what comes late in the notebook, as following it takes too many steps"
MOST_SETTING = 1e6
_RULES = ("sgd", "sgd_momentum", "rmsprop", "adam")
BASELINE = Settings(
    network={"reg": 1e-3},
    solver={"batch_size": 200, "update_rule": "adam", "optim_config": {"learning_rate": 1e-3}},
    where="the reference's settings",
)


def find_settings(notebook: Notebook, given: Notebook) -> Settings:
    """The settings of the `train` cell; where that is still the release's, of the last cell of their own."""
    calls, is_whole = find_calls(notebook, _CALLS)
    matched = {name: cell.index + 1 for name, cell in match_cells(notebook, given).items()}
    own = {cell.index + 1 for cell in notebook.code_cells}.difference(matched.values())
    trainings = [call for call in calls if call.name == "Solver"]
    here = [call for call in trainings if call.ran == matched.get("train")]
    others = [call for call in trainings if call.ran in own]
    chosen = here or others if _is_changed("train", matched, notebook, given) else others or here
    if not chosen:
        return _not_found(notebook, own | {matched.get("train", 0)})
    found = _settings(chosen[-1], trainings, [call for call in calls if call.name == "ThreeLayerConvNet"])
    return found if is_whole else replace(found, unread=(*found.unread, TOO_LONG))


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


def train(student: Student, settings: Settings, images: DataSet) -> Trained:
    """Train for one epoch on as many images as the budget buys at these settings."""
    count = max(1, int(len(images.x_train) / _work(settings)))
    notes = () if count == len(images.x_train) else (f"trained on {count} images, as the network is large",)
    student.seed(231)
    solver = {**settings.solver, "num_epochs": 1}
    once = Settings(network=settings.network, solver=solver)
    trained = run(student, once, images.x_train[:count], images.y_train[:count])
    return Trained(parameters=trained.parameters, losses=trained.losses, notes=notes)


def run(student: Student, settings: Settings, x: Array, y: Array) -> Trained:
    """Train the student's network on some images with the student's `Solver`."""
    model = student.call("ThreeLayerConvNet", **settings.network, keep=Keep.HANDLE)
    data = {"X_train": x, "y_train": y, "X_val": x[:20], "y_val": y[:20]}
    options: dict[str, Any] = {"verbose": False, "num_train_samples": 20, **settings.solver}
    solver = student.call("Solver", model, data, **options, keep=Keep.HANDLE)
    student.method(solver, "train")
    losses = student.get(solver, "loss_history")
    return Trained(
        parameters=parameters_of(student, model, x.shape[1:]), losses=tuple(float(value) for value in losses)
    )


def parameters_of(student: Student, model: Handle, image: tuple[int, int, int]) -> network.Parameters:
    """The parameters that a student's network has for images of the shape `image`, (C, H, W).

    Raises
    ------
    ValueError
        They are no parameters of such a network; says why.
    """
    values = student.get(model, "params")
    if not isinstance(values, dict):
        raise ValueError(f"`params` must be a dict with the arrays {', '.join(network.NAMES)}")
    return network.checked(values, image, network.CLASSES)
