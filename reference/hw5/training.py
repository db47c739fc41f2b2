"""The training of HW5: the settings that a notebook gives to `Solver`, and a run of one epoch with them.

The settings are found by running the code with a `Solver` that records its arguments and trains nothing
(see `recorder`). The call that counts is the last one of the `train` cell. Where that cell is still the
release's, it is the last one of the student's own cells.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from autograder.assignment import CompatSpec
from autograder.authoring import (
    Array,
    DataSet,
    Definitions,
    FaultKind,
    Handle,
    Keep,
    Notebook,
    Struct,
    Student,
    StudentFault,
    Value,
)
from autograder.extract import code_of_cells, match_cells
from autograder.model import Cell, Chunk

from . import network

TRAIN, SOLVER, NETWORK = "train", "Solver", "ThreeLayerConvNet"
RECORDER = (Path(__file__).parent / "recorder.py").read_text(encoding="utf-8")
# Results that the code is told: none at all, a poor training's, a good one's. Each run has a seed of its own.
RUNS: tuple[tuple[int, float | None], ...] = ((1, None), (2, 0.0), (3, 1.0))


class TrainingCode(Struct):
    """The code that trains, to be run with a recording `Solver`.

    `where` names the cell whose last call counts; it is empty if no code trains. `hidden` names a cell
    that mentions `Solver` all the same.
    """

    definitions: Definitions = Definitions()
    where: str = ""
    hidden: str = ""


class Settings(Struct):
    """A training's settings as found: the network's and the solver's keyword arguments.

    `unread` says why a person has to look at the settings; no `where` says that no training was found.
    """

    network: dict[str, Value] = {}
    solver: dict[str, Value] = {}
    where: str = ""
    notes: tuple[str, ...] = ()
    unread: tuple[str, ...] = ()


class Trained(Struct):
    """The results of a training: the parameters by name, and the losses by iteration."""

    parameters: Mapping[str, Array]
    losses: tuple[float, ...]
    notes: tuple[str, ...] = ()


_NETWORK_SETTINGS = {"weight_scale": float, "reg": float, "num_filters": int, "filter_size": int}
_NETWORK_SETTINGS |= {"hidden_dim": int}
_SOLVER_SETTINGS = ("update_rule", "optim_config", "lr_decay", "batch_size")
MOST_SETTING = 1e6
_RULES = ("sgd", "sgd_momentum", "rmsprop", "adam")
BASELINE = Settings(
    network={"reg": 1e-3},
    solver={"batch_size": 200, "update_rule": "adam", "optim_config": {"learning_rate": 1e-3}},
    where="the reference's settings",
)


# --- the code that trains --------------------------------------------------------------------------


def find_code(notebook: Notebook, given: Notebook) -> TrainingCode:
    """Find the code that trains, by its text alone."""
    matched = match_cells(notebook, given)
    train, own = matched.get(TRAIN), _own_training(notebook, matched)
    unchanged = train is None or train.source.strip() == _given_source(given)
    chosen = own if own and unchanged else [train] if train is not None else []
    if not chosen:
        hidden = [cell.label for cell in notebook.code_cells if SOLVER in cell.source]
        return TrainingCode(hidden=hidden[-1] if hidden else "")
    definitions = code_of_cells(notebook, {cell.index for cell in chosen}, CompatSpec())
    return TrainingCode(definitions=definitions, where=chosen[-1].label)


def _given_source(given: Notebook) -> str:
    return next((cell.source.strip() for cell in given.code_cells if cell.grade_id == TRAIN), "")


def _own_training(notebook: Notebook, matched: Mapping[str, Cell]) -> list[Cell]:
    """Give the student's own cells that train: they mention `Solver`, or a name that such a cell defines."""
    theirs = {cell.index for cell in matched.values()}
    own = [cell for cell in notebook.code_cells if cell.index not in theirs]
    direct = [cell for cell in own if re.search(rf"\b{SOLVER}\b", cell.source)]
    names = {name for cell in direct for name in re.findall(r"^(?:def|class)\s+(\w+)", cell.source, re.M)}
    calls = re.compile(rf"\b(?:{'|'.join(map(re.escape, sorted(names)))})\b") if names else None
    return [cell for cell in own if cell in direct or (calls is not None and calls.search(cell.source))]


# --- the settings that it gives to Solver ------------------------------------------------------------


class Recorded(Struct):
    """One run of the code: the calls of `Solver` in order, and the results that were read."""

    calls: tuple[dict[str, Any], ...] = ()
    reads: tuple[str, ...] = ()

    @property
    def last(self) -> dict[str, Any]:
        """The last call's settings, without its place."""
        return {name: self.calls[-1].get(name) for name in ("solver", "network")} if self.calls else {}


RunCode = Callable[[Definitions], Value]


def find_settings(code: TrainingCode, preamble: Iterable[Chunk], run: RunCode) -> Settings:
    """Run the code with a recording `Solver`, and give the settings of the call that counts.

    Parameters
    ----------
    code : TrainingCode
        The code that trains.
    preamble : iterable of Chunk
        The lines that the assignment runs before a notebook.
    run : callable
        Runs definitions in the sandbox, and gives the value of ``__recorded__()``.
    """
    if not code.where:
        unread = (f"the training in {code.hidden}",) if code.hidden else ()
        return Settings(notes=("no cell calls `Solver`",), unread=unread)
    runs: list[Recorded] = []
    for seed, results in RUNS:
        definitions = _recording(code.definitions, tuple(preamble), seed, results)
        try:
            runs.append(_checked(run(definitions)))
        except StudentFault as fault:
            # forged answers are no reason to ask a person: the training will end in the same fault
            forged = fault.kind is FaultKind.PROTOCOL
            why = f"its code did not come to an end: {fault.message}"
            return Settings(where=code.where, unread=() if forged else (why,))
    return _decide(code.where, runs)


def _recording(
    code: Definitions, preamble: tuple[Chunk, ...], seed: int, results: float | None
) -> Definitions:
    """Give the code with the recorder before it, and every class that is to be recorded changed in place."""
    set_up = (
        "import sys as __sys, types as __types\n"
        f"__recorder = __types.ModuleType('recorder'); __sys.modules['recorder'] = __recorder\n"
        f"exec({RECORDER!r}, vars(__recorder))\n"
        f"__recorder.begin({seed}, {results})\n"
        "__recorded__ = __recorder.recorded\n"
    )
    chunks = [*preamble, Chunk(source=set_up, names=("__recorded__",), cell=0)]
    for chunk in code.chunks:
        chunks.append(chunk)
        for name, record in ((NETWORK, "record_network"), (SOLVER, "record_solver")):
            if name in chunk.names and re.match(rf"(?:@.*\n)*class\s+{name}\b", chunk.source):
                chunks.append(Chunk(source=f"__recorder.{record}({name})", names=(), cell=0))
    return Definitions(chunks=tuple(chunks), compat=code.compat)


def _checked(answer: Value) -> Recorded:
    """Check the claim of a run; one of another form counts as no call."""
    if not isinstance(answer, dict) or not isinstance(answer.get("calls"), list):
        return Recorded()
    calls = tuple(call for call in answer["calls"] if isinstance(call, dict))
    reads = answer.get("reads")
    return Recorded(calls=calls, reads=tuple(map(str, reads)) if isinstance(reads, list) else ())


def _decide(where: str, runs: list[Recorded]) -> Settings:
    """Take the last call where all runs agree in it; else say why a person has to look."""
    first = runs[0]
    if not any(one.calls for one in runs):
        return Settings(where=where, unread=("its code fails before it calls `Solver`",))
    found = _settings(where, next(one for one in runs if one.calls).calls[-1])
    if all((one.last, len(one.calls)) == (first.last, len(first.calls)) for one in runs):
        return found
    read = next((one.reads[0] for one in runs if one.reads), "")
    why = f"they depend on the results of a training: {read}" if read else "they differ from run to run"
    return Settings(network=found.network, solver=found.solver, where=where, notes=found.notes, unread=(why,))


def _settings(where: str, call: Mapping[str, Any]) -> Settings:
    made, given = call.get("network"), call.get("solver")
    given = given if isinstance(given, dict) else {}
    unread = () if isinstance(made, dict) else (f"the network that `Solver` is given ({call.get('place')})",)
    made = made if isinstance(made, dict) else {}
    chosen = _known_network(made), _known_solver(given)
    notes = (*_unused(made, _NETWORK_SETTINGS, chosen[0]), *_unused(given, _SOLVER_SETTINGS, chosen[1]))
    return Settings(network=chosen[0], solver=chosen[1], where=where, notes=notes, unread=unread)


def _unused(
    arguments: Mapping[str, Value], wanted: Iterable[str], used: Mapping[str, Value]
) -> Iterator[str]:
    """Note each setting that no training can have; the default took its place."""
    for name in wanted:
        if arguments.get(name) is not None and name not in used:
            yield f"`{name}` can't be {str(arguments[name])[:40]}: the default was taken"


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
    size, filters = settings.network.get("filter_size", 7), settings.network.get("num_filters", 32)
    return max(1.0, float(filters * size * size / (32 * 49)))


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
