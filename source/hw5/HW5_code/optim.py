"""Update weights by their gradient.

Every rule is ``rule(w, dw, config) -> (next_w, config)``. The config holds the rule's settings, with defaults
for missing ones, and the rule's memory; pass it on to the next step. The weights, a
float array, and the memory are changed in place, so that no step makes a new array of their size.
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from . import fast_layers, numpy_layers

__all__ = ["adam", "rmsprop", "sgd", "sgd_momentum"]

Array = NDArray[Any]
Config = dict[str, Any]


def _settings(config: Config | None, **defaults: float) -> Config:
    """Fill in the missing settings as plain floats, which leave float32 weights float32."""
    config = {} if config is None else config
    for name, value in defaults.items():
        config[name] = float(config.get(name, value))
    return config


def _remembered(config: Config, name: str, w: Array) -> Array:
    """Give an array of the weights' size that the config keeps; zeros at first."""
    if name not in config:
        config[name] = np.zeros_like(w)
    kept: Array = config[name]
    return kept


def sgd(w: Array, dw: Array, config: Config | None = None) -> tuple[Array, Config]:
    """Take a step down the gradient (stochastic gradient descent).

    Settings: learning_rate.
    """
    config = _settings(config, learning_rate=1e-2)
    w -= config["learning_rate"] * dw
    return w, config


def sgd_momentum(w: Array, dw: Array, config: Config | None = None) -> tuple[Array, Config]:
    """Take a step of stochastic gradient descent with momentum: gradients change a velocity.

    Settings: learning_rate; momentum, the share of the velocity that stays (0 gives `sgd`).
    Remembers: velocity.
    """
    config = _settings(config, learning_rate=1e-2, momentum=0.9)
    velocity = _remembered(config, "velocity", w)
    velocity *= config["momentum"]
    velocity -= config["learning_rate"] * dw
    w += velocity
    return w, config


def rmsprop(w: Array, dw: Array, config: Config | None = None) -> tuple[Array, Config]:
    """Take a step of RMSProp: every weight's step is divided by the recent size of its gradient.

    Settings: learning_rate; decay_rate of the mean of squares; epsilon, against division by zero.
    Remembers: cache, the mean of squares.
    """
    config = _settings(config, learning_rate=1e-2, decay_rate=0.99, epsilon=1e-8)
    squares = _remembered(config, "cache", w)
    squares *= config["decay_rate"]
    squares += (1 - config["decay_rate"]) * dw * dw
    size = np.sqrt(squares)
    size += config["epsilon"]
    w -= config["learning_rate"] * dw / size
    return w, config


def adam(w: Array, dw: Array, config: Config | None = None) -> tuple[Array, Config]:
    """Take a step of Adam: momentum, divided by the recent size of the gradient, both corrected for bias.

    Kingma and Ba, Adam: A Method for Stochastic Optimization, 2015, algorithm 1, except that the count
    of steps is one ahead, as it always was in the course's code: the first step is then 0.74 of the
    learning rate instead of all of it, and the homework's figures depend on it. A setting of t = 0
    gives the paper's algorithm.

    Settings: learning_rate; beta1 and beta2, the decay of the means; epsilon.
    Remembers: m and v, the means of gradients and of their squares; t, the count.
    """
    config = _settings(config, learning_rate=1e-3, beta1=0.9, beta2=0.999, epsilon=1e-8)
    beta1, beta2 = config["beta1"], config["beta2"]
    t = config["t"] = config.get("t", 1) + 1
    arrays = (w, dw, _remembered(config, "m", w), _remembered(config, "v", w))
    alike = all(each.dtype == w.dtype and each.flags.c_contiguous for each in arrays)
    layers = fast_layers.layers if alike and w.dtype in (np.float32, np.float64) else numpy_layers
    # Both means start at zero, so the first ones are too small by a factor of 1 - beta ** t.
    step_size, correction = config["learning_rate"] / (1 - beta1**t), 1 / (1 - beta2**t)
    layers.adam_step(*arrays, step_size, beta1, beta2, config["epsilon"], correction)
    return w, config
