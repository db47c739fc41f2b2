"""Update rules: from weights and their gradient to the next weights.

Every rule is ``rule(w, dw, config) -> (next_w, config)``. The config holds the rule's settings, the
missing ones filled in, and what it remembers from step to step; give it back at the next step. The
next weights have the type and the shape of w, and w itself stays as it is.
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray

__all__ = ["adam", "rmsprop", "sgd", "sgd_momentum"]

Array = NDArray[Any]
Config = dict[str, Any]


def _settings(config: Config | None, **defaults: float) -> Config:
    """The config, the missing settings filled in, as plain floats, which leave float32 weights float32."""
    config = {} if config is None else config
    for name, value in defaults.items():
        config[name] = float(config.get(name, value))
    return config


def sgd(w: Array, dw: Array, config: Config | None = None) -> tuple[Array, Config]:
    """Stochastic gradient descent: a step down the gradient.

    Settings: learning_rate.
    """
    config = _settings(config, learning_rate=1e-2)
    return w - config["learning_rate"] * dw, config


def sgd_momentum(w: Array, dw: Array, config: Config | None = None) -> tuple[Array, Config]:
    """Stochastic gradient descent with momentum: the step is a velocity that gradients change.

    Settings: learning_rate; momentum, the share of the velocity that stays (0 gives `sgd`).
    Remembers: velocity.
    """
    config = _settings(config, learning_rate=1e-2, momentum=0.9)
    velocity = config.get("velocity", np.zeros_like(w))
    velocity = config["momentum"] * velocity - config["learning_rate"] * dw
    config["velocity"] = velocity
    return w + velocity, config


def rmsprop(w: Array, dw: Array, config: Config | None = None) -> tuple[Array, Config]:
    """RMSProp: every weight's step is divided by the recent size of its gradient.

    Settings: learning_rate; decay_rate of the mean of squares; epsilon, against division by zero.
    Remembers: cache, the mean of squares.
    """
    config = _settings(config, learning_rate=1e-2, decay_rate=0.99, epsilon=1e-8)
    decay = config["decay_rate"]
    squares = decay * config.get("cache", np.zeros_like(w)) + (1 - decay) * dw * dw
    config["cache"] = squares
    return w - config["learning_rate"] * dw / (np.sqrt(squares) + config["epsilon"]), config


def adam(w: Array, dw: Array, config: Config | None = None) -> tuple[Array, Config]:
    """Adam: momentum, and steps divided by the recent size of the gradient, both freed from bias.

    Kingma and Ba, Adam: A Method for Stochastic Optimization, 2015, algorithm 1, except that the count
    of steps is one ahead, as in the course's code from the first: the first step is then 0.74 of the
    learning rate instead of all of it, and the homework's figures depend on it. A setting of t = 0
    gives the paper's algorithm.

    Settings: learning_rate; beta1 and beta2, the decay of the means; epsilon.
    Remembers: m and v, the means of gradients and of their squares; t, the count.
    """
    config = _settings(config, learning_rate=1e-3, beta1=0.9, beta2=0.999, epsilon=1e-8)
    beta1, beta2 = config["beta1"], config["beta2"]
    t = config["t"] = config.get("t", 1) + 1
    m = config["m"] = beta1 * config.get("m", np.zeros_like(w)) + (1 - beta1) * dw
    v = config["v"] = beta2 * config.get("v", np.zeros_like(w)) + (1 - beta2) * dw * dw
    # Both means start at zero, so that the first ones are too small by 1 - beta ** t.
    size = np.sqrt(v / (1 - beta2**t)) + config["epsilon"]
    return w - config["learning_rate"] / (1 - beta1**t) * m / size, config
