"""Find the settings that a notebook gives to `Solver`, and train one epoch with them.

The settings are found by running the code with a `Solver` that records its arguments and trains nothing
(see `recorder`). The call that counts is the last one of the `train` cell. Where that cell is still the
release's, it is the last one of the student's own cells.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
from msgspec.structs import replace

from autograder.assignment import CompatSpec
from autograder.authoring import (
    Array,
    DataSet,
    Definitions,
    FaultKind,
    Generator,
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
# The results that each run pretends: none at all, a poor training's, a good one's. Each has its own seed.
RUNS: tuple[tuple[int, float | None], ...] = ((1, None), (2, 0.0), (3, 1.0))


class TrainingCode(Struct):
    """The code that trains, to be run with a recording `Solver`.

    `cells` are the cells that train, counted from 1. `where` names the one whose last call counts; it is
    empty if no code trains. `hidden` names a cell that mentions `Solver` all the same.
    """

    definitions: Definitions = Definitions()
    cells: tuple[int, ...] = ()
    where: str = ""
    hidden: str = ""


class Settings(Struct):
    """A training's settings as found: the network's and the solver's keyword arguments.

    `unread` says why a person has to look at the settings. `where` is empty if no training was found.
    """

    network: dict[str, Value] = {}
    solver: dict[str, Value] = {}
    where: str = ""
    notes: tuple[str, ...] = ()
    unread: tuple[str, ...] = ()


class Trained(Struct):
    """The results of a training: the parameters by name, and the losses by iteration.

    `doubt` says how the submission's network differs from the one that was trained; empty if it does not.
    """

    parameters: Mapping[str, Array]
    losses: tuple[float, ...]
    notes: tuple[str, ...] = ()
    doubt: str = ""


_NETWORK_SETTINGS = {"weight_scale": float, "reg": float, "num_filters": int, "filter_size": int}
_NETWORK_SETTINGS |= {"hidden_dim": int}
_SOLVER_SETTINGS = ("update_rule", "optim_config", "lr_decay", "batch_size")
MOST_SETTING = 1e6
MOST_DEPTH, MOST_STATEMENTS = 8, 300
# Images of the comparison: few, as a network may use the student's own loops. The largest difference of
# gradients, relative to their norms: some thousand times what float32 loses.
COMPARED, SAME_GRADIENT = 4, 1e-2
# Each image comes twice: as many iterations as in an epoch of twice the images, in half the memory.
EPOCHS = 2
# Images on which `Solver` chooses between the first parameters and the last; its batch size if none is given.
VALIDATED, USUAL_BATCH = 200, 100
# Every chunk of the code binds such a name beside its own; the name is missing if the chunk failed.
_MARK = "__chunk_"
# The classes that record their arguments, and what makes them do so.
_RECORDED = {NETWORK: "record_network", SOLVER: "record_solver"}
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
    places = [cell.index for cell in chosen]
    return TrainingCode(
        definitions=code_of_cells(notebook, places, CompatSpec()),
        cells=tuple(place + 1 for place in places),
        where=chosen[-1].label,
    )


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


class Call(Struct):
    """One call of `Solver`: its own arguments, and those of the network, None where that is another one."""

    solver: dict[str, Any]
    network: dict[str, Any] | None
    place: str


class Recorded(Struct):
    """One run of the code: the calls of `Solver` in order, the results read, and the first failure."""

    calls: tuple[Call, ...] = ()
    reads: tuple[str, ...] = ()
    failure: str = ""


Ask = Callable[[Student], Recorded]
RunCode = Callable[[Definitions, Ask], Recorded]


def find_settings(code: TrainingCode, preamble: Iterable[Chunk], run: RunCode) -> Settings:
    """Run the code with a recording `Solver`, and give the settings of the call that counts.

    Parameters
    ----------
    code : TrainingCode
        The code that trains.
    preamble : iterable of Chunk
        The lines that the assignment runs before a notebook.
    run : callable
        Runs definitions in the sandbox, and gives a function's result for the handle on them.
    """
    if not code.where:
        unread = (f"the training in {code.hidden}",) if code.hidden else ()
        return Settings(notes=("no cell calls `Solver`",), unread=unread)
    runs: list[Recorded] = []
    for seed, results in RUNS:
        chunks = _recording(code, tuple(preamble), seed, results)
        definitions = Definitions(chunks=chunks, compat=code.definitions.compat)
        try:
            runs.append(run(definitions, functools.partial(_record, chunks=chunks)))
        except StudentFault as fault:
            # forged answers are no reason to ask a person: the training will end in the same fault
            forged = fault.kind is FaultKind.PROTOCOL
            why = f"its code did not come to an end: {fault.message}"
            return Settings(where=code.where, unread=() if forged else (why,))
    return _decide(code.where, runs)


def _record(student: Student, chunks: Sequence[Chunk]) -> Recorded:
    """Ask a run what it recorded, and which statement failed first."""
    answer = student.call("__recorded__")
    return replace(_checked(answer), failure=_first_failure(student, chunks))


def _first_failure(student: Student, chunks: Sequence[Chunk]) -> str:
    """Describe the first failure among the code's statements; nothing if there is none."""
    marks = [chunk.names[-1] for chunk in chunks if chunk.names and chunk.names[-1].startswith(_MARK)]
    for mark in marks[:MOST_STATEMENTS]:
        try:
            student.call(mark)
        except StudentFault as fault:
            _, failed, why = fault.message.partition("its definition failed: ")
            if failed:
                return why
    return ""


def _recording(
    code: TrainingCode, preamble: tuple[Chunk, ...], seed: int, results: float | None
) -> tuple[Chunk, ...]:
    """Give the code with the recorder before it, and every class that is to be recorded changed in place."""
    set_up = (
        "import sys as __sys, types as __types\n"
        f"__recorder = __types.ModuleType('recorder'); __sys.modules['recorder'] = __recorder\n"
        f"exec({RECORDER!r}, vars(__recorder))\n"
        f"__recorder.begin({seed}, {results})\n"
        "__recorded__ = __recorder.recorded\n"
    )
    chunks = [*preamble, Chunk(source=set_up, names=("__recorded__",), cell=0)]
    for number, chunk in enumerate(_as_cells(code.definitions.chunks, code.cells)):
        chunks.append(replace(chunk, names=(*chunk.names, f"{_MARK}{number}")))
        for name, record in _RECORDED.items():
            if _defines(chunk, name):
                chunks.append(Chunk(source=f"__recorder.{record}({name})", names=(), cell=0))
    return tuple(chunks)


def _defines(chunk: Chunk, name: str) -> bool:
    """Say whether a chunk is the class of that name."""
    return name in chunk.names and re.match(rf"(?:@.*\n)*class\s+{name}\b", chunk.source) is not None


def _as_cells(chunks: Sequence[Chunk], cells: Collection[int]) -> list[Chunk]:
    """Join the statements of each cell that trains: as in a notebook, one that fails ends its cell."""
    joined: list[Chunk] = []
    for chunk in chunks:
        last = joined[-1] if joined else None
        if last is not None and chunk.cell == last.cell and chunk.cell in cells:
            lines = last.source.count("\n") + 1
            gap = chunk.line - last.line - lines
            classes = any(_defines(one, name) for one in (last, chunk) for name in _RECORDED)
            if gap >= 0 and not classes:
                source = last.source + "\n" * (gap + 1) + chunk.source
                joined[-1] = replace(last, source=source, names=(*last.names, *chunk.names))
                continue
        joined.append(chunk)
    return joined


def _checked(answer: Value) -> Recorded:
    """Check the claim of a run, down to plain values; one of another form counts as no call."""
    try:
        return msgspec.convert(_plain(answer), Recorded)
    except msgspec.ValidationError:
        return Recorded()


def _plain(value: Value, depth: int = 0) -> Any:
    """Give a claimed value with everything in it plain; anything else becomes its type's name in brackets."""
    if value is None or isinstance(value, bool | int | float | str):
        return value
    if depth < MOST_DEPTH and isinstance(value, dict):
        return {str(key): _plain(item, depth + 1) for key, item in value.items()}
    if depth < MOST_DEPTH and isinstance(value, list | tuple):
        return [_plain(item, depth + 1) for item in value]
    return f"<{type(value).__name__}>"


def _decide(where: str, runs: list[Recorded]) -> Settings:
    """Take the last call where all runs agree in it; else say why a person has to look."""
    lasts = [_settings(where, one.calls[-1]) if one.calls else None for one in runs]
    found = next((one for one in lasts if one is not None), None)
    failure = next((one.failure for one in runs if one.failure), "")
    if found is None:
        why = f"its code does not come to a call of `Solver`{': ' if failure else ''}{failure}"
        return Settings(where=where, unread=(why,))
    if failure.startswith("MemoryError"):
        return replace(found, unread=(f"its code met the limit of memory: {failure}",))
    if all(one == found for one in lasts) and len({len(one.calls) for one in runs}) == 1:
        return found
    read = next((one.reads[0] for one in runs if one.reads), "")
    why = f"they depend on the results of a training: {read}" if read else "they differ from run to run"
    return replace(found, unread=(why,))


def _settings(where: str, call: Call) -> Settings:
    made, given = call.network or {}, call.solver
    unread = () if call.network is not None else (f"the network that `Solver` is given ({call.place[:80]})",)
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
    """Give the network's settings, each of its type and in a sane range."""
    return {
        name: kind(arguments[name])
        for name, kind in _NETWORK_SETTINGS.items()
        if _is_sane(arguments.get(name))
    }


def _known_solver(given: Mapping[str, Value]) -> dict[str, Value]:
    """Give the training's settings, each of its type and in a sane range."""
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
    """Say whether a value is a number that a setting can be: not NaN, and not absurdly large."""
    return isinstance(value, int | float) and not isinstance(value, bool) and abs(value) <= MOST_SETTING


def _work(filters: Array) -> float:
    """Give the cost of an image, relative to the usual 32 filters of size 7."""
    return max(1.0, filters[:, 0].size / (32 * 49))


class Start(Struct):
    """What a training starts from: the first parameters, and the price of large weights."""

    parameters: network.Parameters
    reg: float


def train(student: Student, given: Student, settings: Settings, images: DataSet, rng: Generator) -> Trained:
    """Train the network of a submission on as many images as the budget buys.

    The release's own code trains, in a child that never saw the submission. Only the settings and the first
    parameters come from the submission. The values of each parameter are shuffled, which makes no difference
    to random weights and destroys trained ones. The submission's gradients are compared with those of the
    network that is trained.

    Parameters
    ----------
    student, given : Student
        Handles on the submission's code and on the release's.
    settings : Settings
        What to train with.
    images : DataSet
        The images, with the labels of this submission.
    rng : Generator
        Shuffles, and draws the images of the comparison.

    Raises
    ------
    ValueError
        The network has no such parameters, or the training did not have the iterations asked for.
    """
    student.seed(231)
    model = student.call(NETWORK, **settings.network, keep=Keep.HANDLE)
    start = _start(student, model, images.x_train.shape[1:], rng)
    count = max(1, int(len(images.x_train) / _work(start.parameters["W1"])))
    x, y = images.x_train[:count], images.y_train[:count]
    chosen = rng.choice(count, min(COMPARED, count), replace=False)
    doubt = _compare(student, model, start, x[chosen], y[chosen])
    parameters, losses = _solve(given, start, settings.solver, x, y)
    notes = () if count == len(images.x_train) else (f"trained on {count} images, as the network is large",)
    return Trained(parameters=parameters, losses=losses, notes=notes, doubt=doubt)


def _start(student: Student, model: Handle, image: tuple[int, int, int], rng: Generator) -> Start:
    parameters, reg = parameters_of(student, model, image), student.get(model, "reg")
    if not _is_sane(reg):
        raise ValueError("the network's `reg` must be a number")
    return Start(parameters=shuffled(parameters, rng), reg=float(reg))


def shuffled(parameters: network.Parameters, rng: Generator) -> network.Parameters:
    """Give parameters of the same values, each array's in another order."""
    return {name: rng.permutation(value.ravel()).reshape(value.shape) for name, value in parameters.items()}


def relabelled(images: DataSet, rng: Generator) -> DataSet:
    """Give the images with the classes' numbers exchanged, the same way for training and for measuring."""
    labels = rng.permutation(network.CLASSES)
    return replace(images, y_train=labels[images.y_train], y_test=labels[images.y_test])


def _compare(student: Student, model: Handle, start: Start, x: Array, y: Array) -> str:
    """Say how a student's network differs from the homework's; nothing if it does not."""
    student.set(model, "params", dict(start.parameters))
    answer = student.method(model, "loss", x, y)
    if not (isinstance(answer, tuple | list) and len(answer) == 2):
        return "`loss` must give the loss and the gradients."
    wanted = network.gradients(start.parameters, x, y, start.reg)
    wrong = [name for name in wanted if not network.distance(answer[1], name, wanted[name]) < SAME_GRADIENT]
    named = ", ".join(wrong)
    return (
        f"At the same parameters the network's gradients of {named} are not the homework's." if wrong else ""
    )


def _solve(
    given: Student, start: Start, solver: Mapping[str, Value], x: Array, y: Array
) -> tuple[network.Parameters, tuple[float, ...]]:
    """Train the release's network with the release's `Solver`; give the parameters and the losses."""
    given.seed(231)
    model = given.call(NETWORK, reg=start.reg, keep=Keep.HANDLE)
    given.set(model, "params", {name: value.astype(np.float32) for name, value in start.parameters.items()})
    data = {"X_train": x, "y_train": y, "X_val": x[:VALIDATED], "y_val": y[:VALIDATED]}
    # accuracies are measured at the first iteration and at the end of an epoch
    options = {**solver, "verbose": False, "num_train_samples": 20, "print_every": EPOCHS * len(x)}
    # a decay changes nothing in the one epoch that the homework asks for
    options |= {"num_epochs": EPOCHS, "lr_decay": 1.0}
    trainer = given.call(SOLVER, model, data, **options, keep=Keep.HANDLE)
    given.method(trainer, "train")
    losses = given.get(trainer, "loss_history")
    asked = EPOCHS * max(len(x) // solver.get("batch_size", USUAL_BATCH), 1)
    if len(losses) != asked:
        raise ValueError(f"the training had {len(losses)} iterations, and {asked} were asked for")
    return parameters_of(given, model, x.shape[1:]), tuple(float(value) for value in losses)


def parameters_of(student: Student, model: Handle, image: tuple[int, int, int]) -> network.Parameters:
    """Give the parameters of a student's network for images of the shape `image`, (C, H, W).

    Raises
    ------
    ValueError
        They are not the parameters of such a network; says why.
    """
    values = student.get(model, "params")
    if not isinstance(values, dict):
        raise ValueError(f"`params` must be a dict with the arrays {', '.join(network.NAMES)}")
    return network.checked(values, image, network.CLASSES)
