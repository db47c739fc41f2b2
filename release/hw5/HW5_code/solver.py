"""Train a model on minibatches with an update rule, and measure its accuracies on the way."""

import ctypes
import sys
import time
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from . import optim

__all__ = ["Solver"]

Array = NDArray[Any]


# From glibc's malloc.h: the size from which an array gets pages of its own, which go back to the system when
# it is freed (32 MB is the most that every version allows), and the free memory that a process may keep.
M_TRIM_THRESHOLD, M_MMAP_THRESHOLD = -1, -3
OWN_PAGES_BYTES, KEPT_BYTES = 32 << 20, 256 << 20


class Model(Protocol):
    """A model that a Solver can train.

    ``loss(X)`` gives scores (N, C), ``loss(X, y)`` the loss and a dict of gradients with the names
    of `params`, a dict of arrays.
    """

    params: dict[str, Array]

    def loss(self, X: Array, y: Array | None = None) -> Any:
        """Give scores, or the loss and its gradients."""


class Solver:
    """Trains a model on minibatches drawn at random.

    Parameters
    ----------
    model : object
        With ``params`` and ``loss(X, y=None)``, as `ThreeLayerConvNet` has.
    data : dict
        'X_train', 'y_train', 'X_val', 'y_val'.
    update_rule : str
        A function of `optim`: 'sgd', 'sgd_momentum', 'rmsprop' or 'adam'.
    optim_config : dict, optional
        The rule's settings, as 'learning_rate'.
    lr_decay : float
        The learning rate is multiplied by this after every epoch.
    batch_size : int
        Examples of a minibatch.
    num_epochs : int
        In an epoch as many examples are drawn as there are.
    print_every : int
        The accuracies are measured at the first iteration, then every so many iterations, and at the
        end of every epoch.
    verbose : bool
        Print the accuracies when they are measured; in a terminal, show how far the training is.
    num_train_samples, num_val_samples : int or None
        The number of examples for the accuracies, drawn anew each time; None takes all.

    Attributes
    ----------
    loss_history : list of float
        The loss at every iteration.
    train_acc_history, val_acc_history : list of float
        The accuracies, one each time they were measured.
    best_val_acc : float
        The best validation accuracy; after training the model has the parameters that reached it.

    Raises
    ------
    ValueError
        There is no such update rule, the data has no examples, or a number is too small.
    """

    def __init__(
        self,
        model: Model,
        data: dict[str, Array],
        update_rule: str = "sgd",
        optim_config: dict[str, Any] | None = None,
        lr_decay: float = 1.0,
        batch_size: int = 100,
        num_epochs: int = 10,
        print_every: int = 10,
        verbose: bool = True,
        num_train_samples: int | None = 1000,
        num_val_samples: int | None = None,
    ) -> None:
        if update_rule not in optim.__all__:
            raise ValueError(f"update_rule should be one of {', '.join(optim.__all__)}; got {update_rule!r}")
        for name, value in (("batch_size", batch_size), ("print_every", print_every)):
            if value < 1:
                raise ValueError(f"{name} should be 1 or more, got {value}")
        for name, samples in (("num_train_samples", num_train_samples), ("num_val_samples", num_val_samples)):
            if samples is not None and samples < 1:
                raise ValueError(f"{name} should be 1 or more, or None, got {samples}")
        _keep_freed_memory()
        self.model = model
        self.X_train, self.y_train = _examples(data, "train")
        self.X_val, self.y_val = _examples(data, "val")
        self.update_rule = getattr(optim, update_rule)
        self.optim_configs = {name: dict(optim_config or {}) for name in model.params}
        self.lr_decay = lr_decay
        self.batch_size = batch_size
        self.num_epochs = num_epochs
        self.print_every = print_every
        self.verbose = verbose
        self.num_train_samples = num_train_samples
        self.num_val_samples = num_val_samples
        self.epoch = 0
        self.best_val_acc = 0.0
        self.best_params: dict[str, Array] = {}
        self.loss_history: list[float] = []
        self.train_acc_history: list[float] = []
        self.val_acc_history: list[float] = []

    def train(self) -> None:
        """Train for `num_epochs`; then give the model the parameters with the best validation accuracy."""
        per_epoch = max(len(self.X_train) // self.batch_size, 1)
        iterations = self.num_epochs * per_epoch
        progress = _Progress(iterations, shown=self.verbose and sys.stderr.isatty())
        for done in range(1, iterations + 1):
            self._step()
            progress.show(done, self.loss_history[-1])
            ends_epoch = done % per_epoch == 0
            if ends_epoch:
                self._end_epoch()
            if ends_epoch or (done - 1) % self.print_every == 0:
                progress.clear()
                self._measure(done, iterations)
        progress.clear()
        if self.best_params:
            self.model.params = self.best_params

    def _step(self) -> None:
        """Draw a minibatch, compute its gradients, and change every parameter once."""
        chosen = np.random.choice(len(self.X_train), self.batch_size)
        loss, grads = self.model.loss(self.X_train[chosen], self.y_train[chosen])
        self.loss_history.append(loss)
        for name, value in self.model.params.items():
            config = self.optim_configs[name]
            self.model.params[name], self.optim_configs[name] = self.update_rule(value, grads[name], config)

    def _end_epoch(self) -> None:
        self.epoch += 1
        for config in self.optim_configs.values():
            config["learning_rate"] *= self.lr_decay

    def _measure(self, iteration: int, iterations: int) -> None:
        """Measure and print both accuracies, and keep the parameters if they are the best so far."""
        train_acc = self.check_accuracy(self.X_train, self.y_train, self.num_train_samples)
        val_acc = self.check_accuracy(self.X_val, self.y_val, self.num_val_samples)
        self.train_acc_history.append(train_acc)
        self.val_acc_history.append(val_acc)
        if self.verbose:
            print(
                f"(Epoch {self.epoch} / {self.num_epochs}, iteration {iteration} / {iterations}) "
                f"train acc: {train_acc:f}; val_acc: {val_acc:f}"
            )
        if val_acc > self.best_val_acc or not self.best_params:
            self.best_val_acc = val_acc
            self.best_params = {name: value.copy() for name, value in self.model.params.items()}

    def check_accuracy(
        self, X: Array, y: Array, num_samples: int | None = None, batch_size: int = 100
    ) -> float:
        """Give the share of examples whose largest score is that of the right class.

        Parameters
        ----------
        X, y : arrays
            Examples and their classes.
        num_samples : int, optional
            Draw that many of them, with replacement, if there are more.
        batch_size : int
            The number of examples that go through the model at a time.
        """
        chosen = np.arange(len(X))
        if num_samples is not None and len(X) > num_samples:
            chosen = np.random.choice(len(X), num_samples)
        right = 0
        for first in range(0, len(chosen), batch_size):
            batch = chosen[first : first + batch_size]
            scores = self.model.loss(X[batch])
            right += int(np.sum(np.argmax(scores, axis=1) == y[batch]))
        return right / len(chosen)


def _keep_freed_memory() -> None:
    """Keep the memory of freed arrays for the next ones, if the C library is glibc.

    Otherwise the system takes it back, clears it and hands it out again page by page, which takes a fifth of
    every training step.
    """
    try:
        mallopt = ctypes.CDLL(None).mallopt
    except (AttributeError, OSError, TypeError):  # macOS and musl; Windows
        return
    mallopt(M_MMAP_THRESHOLD, OWN_PAGES_BYTES)
    mallopt(M_TRIM_THRESHOLD, KEPT_BYTES)


class _Progress:
    """A line on stderr that shows the progress of a training, and disappears when it is over.

    Only a terminal gets it: in a notebook it would stay among the cell's outputs, which are handed in.
    """

    PAUSE = 0.25  # seconds between updates

    def __init__(self, iterations: int, shown: bool) -> None:
        self.iterations = iterations
        self.shown = shown
        self.began = self.last = time.monotonic()
        self.width = 0

    def show(self, done: int, loss: float) -> None:
        """Update the line, if it is time."""
        now = time.monotonic()
        if not self.shown or now - self.last < self.PAUSE:
            return
        left = (now - self.began) / done * (self.iterations - done)
        self.last = now
        self._write(f"iteration {done} / {self.iterations}, loss {loss:.4f}, {left:.0f} s left")

    def clear(self) -> None:
        """Clear the line."""
        if self.width:
            self._write("")

    def _write(self, line: str) -> None:
        sys.stderr.write("\r" + line.ljust(self.width) + ("" if line else "\r"))
        sys.stderr.flush()
        self.width = len(line)


def _examples(data: dict[str, Array], part: str) -> tuple[Array, Array]:
    """Give the examples of one part of the data, and their classes."""
    try:
        X, y = data[f"X_{part}"], data[f"y_{part}"]
    except KeyError as error:
        raise ValueError(f"data should have X_{part} and y_{part}; {error} is missing") from None
    if len(X) == 0 or len(X) != len(y):
        raise ValueError(
            f"X_{part} has {len(X)} examples and y_{part} {len(y)}; both should have the same, not 0"
        )
    return X, y
