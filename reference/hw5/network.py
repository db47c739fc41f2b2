"""Compute the homework's three-layer network on the trusted side: loss, gradients and accuracy.

conv - relu - 2x2 max pool - fully connected - relu - fully connected - softmax, with stride 1, a pad
that keeps the size, and the L2 term ``reg / 2 * sum(W ** 2)`` over W1, W2, W3.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from . import convolution

Array = NDArray[Any]
Parameters = Mapping[str, Array]

CLASSES = 10
NAMES = ("W1", "b1", "W2", "b2", "W3", "b3")
# Multiplications for one image: some thirty times those of the release's network with its own settings.
MOST_WORK = 160e6
# Numbers of a layer's output that are held at once.
MOST_HELD = 10_000_000


def checked(parameters: Mapping[str, Any], image: tuple[int, int, int], classes: int) -> Parameters:
    """Give the parameters, if they fit each other and computing with them takes little.

    Parameters
    ----------
    parameters : mapping of str to anything
        The claim of a student's network about its parameters.
    image : (C, H, W)
        The shape of one image.
    classes : int
        The number of classes.

    Raises
    ------
    ValueError
        They do not fit, or cost too much; the text names the parameter and what was expected.
    """
    for name in NAMES:
        value = parameters.get(name)
        if not isinstance(value, np.ndarray) or value.dtype.kind != "f":
            raise ValueError(f"`params` must have an array of floats `{name}`")
    w1 = parameters["W1"]
    if (
        w1.ndim != 4
        or w1.shape[1] != image[0]
        or w1.shape[2] != w1.shape[3]
        or not 0 < w1.shape[2] < image[1]
    ):
        raise ValueError(f"`W1` must be an array (filters, {image[0]}, size, size), and is {w1.shape}")
    for name, shape in _shapes(parameters, image, classes).items():
        if parameters[name].shape != shape:
            actual = parameters[name].shape
            raise ValueError(f"`{name}` is {actual}, and must be {shape} with this `W1` and `b2`")
    places = math.prod(_output_size(parameters, image))
    work = (w1.size * places + parameters["W2"].size + parameters["W3"].size) / 1e6
    if work > MOST_WORK / 1e6:
        most = f"{MOST_WORK / 1e6:.0f} million are the most"
        raise ValueError(f"the network multiplies {work:.0f} million times for an image; {most}")
    return {name: parameters[name] for name in NAMES}


def _shapes(
    parameters: Mapping[str, Any], image: tuple[int, int, int], classes: int
) -> dict[str, tuple[int, ...]]:
    """Give the shapes that follow from W1 and from the number of hidden units."""
    rows, columns = _output_size(parameters, image)
    filters, hidden = len(parameters["W1"]), parameters["b2"].size
    features = filters * (rows // 2) * (columns // 2)
    return {
        "b1": (filters,),
        "W2": (features, hidden),
        "b2": (hidden,),
        "W3": (hidden, classes),
        "b3": (classes,),
    }


def _output_size(parameters: Mapping[str, Any], image: tuple[int, int, int]) -> tuple[int, int]:
    """Give the rows and columns of the convolution's output."""
    border = 2 * _pad(parameters) - int(parameters["W1"].shape[2]) + 1
    return image[1] + border, image[2] + border


def _pad(parameters: Mapping[str, Any]) -> int:
    return (int(parameters["W1"].shape[2]) - 1) // 2


def _features(parameters: Parameters, x: Array) -> dict[str, Array]:
    """Give the activations of a forward pass, by layer."""
    conv = convolution.forward(x, parameters["W1"], parameters["b1"], 1, _pad(parameters))
    active = np.maximum(conv, 0)
    n, f, rows, columns = active.shape
    blocks = active[:, :, : rows // 2 * 2, : columns // 2 * 2].reshape(n, f, rows // 2, 2, columns // 2, 2)
    pooled = blocks.max(axis=(3, 5))
    hidden = pooled.reshape(n, -1) @ parameters["W2"] + parameters["b2"]
    scores = np.maximum(hidden, 0) @ parameters["W3"] + parameters["b3"]
    return {"active": active, "blocks": blocks, "pooled": pooled, "hidden": hidden, "scores": scores}


def scores(parameters: Parameters, x: Array) -> Array:
    """Give class scores (N, classes), computed in batches so that the memory stays small."""
    batch = max(1, min(100, MOST_HELD // max(1, len(parameters["b1"]) * x.shape[2] * x.shape[3])))
    parts = [_features(parameters, x[i : i + batch])["scores"] for i in range(0, len(x), batch)]
    return np.concatenate(parts)


def accuracy(parameters: Parameters, x: Array, y: Array) -> float:
    """Give the share of images whose highest score is their label's."""
    return float(np.mean(np.argmax(scores(parameters, x), axis=1) == y))


def loss(parameters: Parameters, x: Array, y: Array, reg: float) -> float:
    """Give the mean cross-entropy plus the L2 term."""
    return _softmax(_features(parameters, x)["scores"], y)[0] + 0.5 * reg * sum(
        float(np.sum(np.square(parameters[name].astype(np.float64)))) for name in ("W1", "W2", "W3")
    )


def gradients(parameters: Parameters, x: Array, y: Array, reg: float) -> dict[str, Array]:
    """Give the gradients of `loss`, by parameter."""
    layers = _features(parameters, x)
    flat = layers["pooled"].reshape(len(x), -1)
    upstream = _softmax(layers["scores"], y)[1]
    relu = np.maximum(layers["hidden"], 0)
    dhidden = (upstream @ parameters["W3"].T) * (layers["hidden"] > 0)
    dpooled = (dhidden @ parameters["W2"].T).reshape(layers["pooled"].shape)
    _, dw1, db1 = convolution.backward(_unpool(dpooled, layers), x, parameters["W1"], 1, _pad(parameters))
    return {
        "W1": dw1 + reg * parameters["W1"],
        "b1": db1,
        "W2": flat.T @ dhidden + reg * parameters["W2"],
        "b2": dhidden.sum(axis=0),
        "W3": relu.T @ upstream + reg * parameters["W3"],
        "b3": upstream.sum(axis=0),
    }


def by_adam(
    parameters: Parameters, batches: Sequence[Array], ask: Callable[[Parameters, Array], Any]
) -> Parameters:
    """Give the parameters after a step of Adam, at a rate of 1e-3, for each batch of images.

    Parameters
    ----------
    parameters : mapping of str to array
        The first ones.
    batches : sequence of arrays
        The positions of each batch's images.
    ask : callable
        Gives a network's claim about its gradients at parameters and positions.

    Raises
    ------
    ValueError
        A gradient is missing or has another shape; names it.
    """
    mean, square = ({name: np.zeros_like(value) for name, value in parameters.items()} for _ in range(2))
    for step, chosen in enumerate(batches, 1):
        claimed = ask(parameters, chosen)
        for name in NAMES:
            gradient = _gradient(claimed, name, parameters[name].shape)
            mean[name] = 0.9 * mean[name] + 0.1 * gradient
            square[name] = 0.999 * square[name] + 0.001 * gradient**2
        rates = {
            n: mean[n] / (1 - 0.9**step) / (np.sqrt(square[n] / (1 - 0.999**step)) + 1e-8) for n in NAMES
        }
        parameters = {name: parameters[name] - 1e-3 * rates[name] for name in NAMES}
    return parameters


def _gradient(claimed: Any, name: str, shape: tuple[int, ...]) -> Array:
    """Give a claimed gradient, if it is one of this shape."""
    value = claimed.get(name) if isinstance(claimed, dict) else None
    if not isinstance(value, np.ndarray) or value.dtype.kind != "f" or value.shape != shape:
        raise ValueError(f"`loss` must give a gradient of `{name}` with the shape {shape}")
    return value


def distance(claimed: Mapping[str, Any], name: str, wanted: Array) -> float:
    """Give a claimed gradient's distance from the right one, relative to its norm; inf for another form."""
    try:
        value = _gradient(claimed, name, wanted.shape)
    except ValueError:
        return math.inf
    return float(np.linalg.norm(value - wanted) / max(1e-12, float(np.linalg.norm(wanted))))


def _softmax(scores: Array, y: Array) -> tuple[float, Array]:
    shifted = scores - scores.max(axis=1, keepdims=True)
    logs = shifted - np.log(np.exp(shifted).sum(axis=1, keepdims=True))
    rows = np.arange(len(y))
    gradient = np.exp(logs)
    gradient[rows, y] -= 1
    return float(-logs[rows, y].mean()), gradient / len(y)


def _unpool(dpooled: Array, layers: Mapping[str, Array]) -> Array:
    """Send each pooled gradient to its window's first maximum, if that one is active."""
    blocks = layers["blocks"]
    n, f, rows, _, columns, _ = blocks.shape
    cells = blocks.transpose(0, 1, 2, 4, 3, 5).reshape(n, f, rows, columns, 4)
    winner = np.argmax(cells, axis=-1)[..., None]
    spread = np.zeros_like(cells)
    np.put_along_axis(spread, winner, dpooled[..., None], axis=-1)
    spread *= cells > 0
    dactive = np.zeros_like(layers["active"])
    unfolded = spread.reshape(n, f, rows, columns, 2, 2).transpose(0, 1, 2, 4, 3, 5)
    dactive[:, :, : rows * 2, : columns * 2] = unfolded.reshape(n, f, rows * 2, columns * 2)
    return dactive
