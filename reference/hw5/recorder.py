"""Make `Solver` and the network record their arguments and train nothing; run inside the sandbox.

This source runs before the notebook's code, so that every import of `Solver` finds the recording one. The
classes are changed in place, so that an alias, a subclass and a star import have the same object.
"""

from __future__ import annotations

import contextlib
import importlib
import inspect
import random
import sys
import types
from collections.abc import Callable
from typing import Any

import numpy as np

# Attributes of a `Solver` that only a training fills.
RESULTS = ("loss_history", "train_acc_history", "val_acc_history", "best_val_acc", "best_params", "epoch")
MOST_CALLS, MOST_ITEMS, MOST_DEPTH = 200, 100, 6


class NoTrainingHappened(Exception):
    """The code reads the results of a training, but none happens while settings are looked for."""


calls: list[dict[str, Any]] = []
reads: list[str] = []
pretended: float | None = None


class Anything:
    """Stands for a plotting library: every attribute and result is itself, and nothing is drawn."""

    def __getattr__(self, name: str) -> Anything:
        if name.startswith("__") and name not in ("__path__",):
            raise AttributeError(name)
        return self

    def __call__(self, *_: Any, **__: Any) -> Anything:
        """Do nothing."""
        return self

    def __getitem__(self, _: Any) -> Anything:
        return self

    def __setitem__(self, _: Any, __: Any) -> None:
        return None

    def __iter__(self) -> Any:
        return iter((self, self))


def place() -> str:
    """Give the cell and line of the running code."""
    frame = sys._getframe()
    while frame is not None and not frame.f_code.co_filename.startswith("<cell "):
        frame = frame.f_back  # type: ignore[assignment]  # the outermost frame has none
    return f"{frame.f_code.co_filename.strip('<>')}, line {frame.f_lineno}" if frame is not None else ""


def plain(value: Any, depth: int = 0) -> Any:
    """Give a value that can be sent, cut to a sane size; an object becomes its type's name in brackets."""
    if isinstance(value, np.generic):
        value = value.item()
    if isinstance(value, int) and abs(value) >= 1 << 64:
        return float("inf")  # no setting is so large, and integers of any size do not cross
    if value is None or isinstance(value, bool | int | float):
        return value
    if isinstance(value, str):
        return value[:MOST_ITEMS]
    if depth < MOST_DEPTH and isinstance(value, dict):
        return {str(key): plain(item, depth + 1) for key, item in list(value.items())[:MOST_ITEMS]}
    if depth < MOST_DEPTH and isinstance(value, list | tuple):
        return [plain(item, depth + 1) for item in value[:MOST_ITEMS]]
    return f"<{type(value).__name__}>"


def defaults_of(function: Any) -> dict[str, Any]:
    """Give the default values of a function's arguments, by name."""
    parameters = inspect.signature(function).parameters.values()
    return {one.name: one.default for one in parameters if one.default is not one.empty}


def arguments_of(function: Any, owner: Any, args: Any, kwargs: Any) -> dict[str, Any]:
    """Bind the arguments as a call does, with the ``**`` ones by their own names."""
    signature = inspect.signature(function)
    bound = signature.bind(owner, *args, **kwargs).arguments
    extra = [name for name, one in signature.parameters.items() if one.kind is one.VAR_KEYWORD]
    for name in extra:
        bound.update(bound.pop(name, {}))
    return dict(list(bound.items())[1:])


class Weights(dict):  # type: ignore[type-arg]  # students' code sees a dict
    """The parameters of a network that has none: code that looks at them after a training reads a result."""

    def __init__(self, network: Any) -> None:
        super().__init__()
        self._network = network

    def __missing__(self, name: str) -> Any:
        return read_result(f"params[{name!r}]") if is_trained(self._network) else np.float64(0)

    def __iter__(self) -> Any:
        if is_trained(self._network):
            read_result("params")
        return super().__iter__()

    def keys(self) -> Any:
        """See `dict.keys`; `values` and `items` likewise."""
        iter(self)
        return super().keys()

    def values(self) -> Any:
        """See `keys`."""
        iter(self)
        return super().values()

    def items(self) -> Any:
        """See `keys`."""
        iter(self)
        return super().items()


def is_trained(network: Any) -> bool:
    """Say whether a `Solver` was to train the network."""
    return getattr(network, "was_trained", False) is True


def read_result(name: str) -> Any:
    """Record that a result was read, and give a pretended value.

    Raises
    ------
    NoTrainingHappened
        Results are refused in this run.
    """
    reads.append(f"`{name}` ({place()})")
    if pretended is None:
        raise NoTrainingHappened(f"`{name}`")
    many = name.endswith("_history")
    return [pretended] * 2 if many else {} if name == "best_params" else pretended


def pretended_loss(network: Any, x: Any, y: Any = None) -> Any:
    """Stand for the network's loss: scores (N, C) without y, else a loss and no gradients.

    All labels of the stand-in data are 0: a good training's scores are highest there, a poor one's elsewhere.
    """
    level = read_result("loss") if is_trained(network) else 0.0
    if y is not None:
        return 2.3 - level, {}
    scores = np.zeros((len(x), 10))
    scores[:, 0 if level else 1] = 1.0
    return scores


def record_network(network: Any) -> None:
    """Have a network's class record its arguments, make no parameters, and compute nothing."""
    original = network.__init__

    def remember(self: Any, *args: Any, **kwargs: Any) -> None:
        self.recorded = plain(arguments_of(original, self, args, kwargs))
        self.params = Weights(self)

    network.__init__ = remember
    network.loss = pretended_loss


def record_solver(solver: Any) -> None:
    """Have a `Solver` class record its arguments and train nothing."""
    original = solver.__init__

    def remember(self: Any, *args: Any, **kwargs: Any) -> None:
        given = arguments_of(original, self, args, kwargs)
        shown = defaults_of(original) | given
        vars(self).update((name, value) for name, value in shown.items() if name not in RESULTS)
        model = given.pop("model", None)
        given.pop("data", None)
        if len(calls) < MOST_CALLS:
            network = getattr(model, "recorded", None)
            calls.append({"solver": plain(given), "network": network, "place": place()})

    def train(self: Any) -> None:
        with contextlib.suppress(AttributeError, TypeError):
            self.model.was_trained = True

    solver.__init__, solver.train = remember, train
    solver.check_accuracy = lambda *_, **__: read_result("check_accuracy")
    for name in RESULTS:
        setattr(solver, name, property(_reader(name)))


def _reader(name: str) -> Callable[[Any], Any]:
    return lambda _: read_result(name)


def stand_in_data(
    num_training: int = 49000, num_validation: int = 1000, num_test: int = 1000, *_: Any
) -> Any:
    """Give arrays of the shapes of CIFAR-10 that take no memory."""
    counts = {"train": num_training, "val": num_validation, "test": num_test}
    images = {f"X_{n}": np.broadcast_to(np.float32(0), (count, 3, 32, 32)) for n, count in counts.items()}
    return images | {f"y_{n}": np.broadcast_to(np.int64(0), (count,)) for n, count in counts.items()}


def begin(seed: int, results: float | None) -> None:
    """Put everything in place; `results` is the accuracy that trainings pretend to reach, None to refuse."""
    global pretended  # noqa: PLW0603 - this module is run as a script, and read by its functions
    pretended = results
    np.random.seed(seed)
    random.seed(seed)
    sys.modules["matplotlib"] = sys.modules["matplotlib.pyplot"] = Anything()  # type: ignore[assignment]
    with contextlib.suppress(ImportError):
        importlib.import_module("HW5_code.data_utils")
    for name, module in list(sys.modules.items()):
        if isinstance(module, types.ModuleType) and hasattr(module, "get_CIFAR10_data"):
            vars(module)["get_CIFAR10_data"] = stand_in_data
        if name.endswith(".solver") and hasattr(module, "Solver"):
            record_solver(module.Solver)


def recorded() -> dict[str, Any]:
    """Give the calls of `Solver` and the reads of results, in their order."""
    return {"calls": calls, "reads": reads[:MOST_ITEMS]}
