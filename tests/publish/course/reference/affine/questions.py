"""The hidden question: fixed cases with frozen outputs, and one drawn for each submission."""

from pathlib import Path

import numpy as np

from autograder.authoring import Case, Comparison, Expected, read_frozen

from . import visible

FROZEN_OUTPUTS = Path(__file__).with_name("expected.npz")
SHAPES = {"flat": (3, 4), "images": (2, 2, 3, 2)}


def draw_hidden_case(rng, name, shape):
    features = int(np.prod(shape[1:]))
    inputs = {
        "x": rng.standard_normal(shape),
        "w": rng.standard_normal((features, 3)),
        "b": rng.standard_normal(3),
    }
    return Case(id=name, about=f"x {shape}", regime=name, inputs=inputs)


def fixed_cases():
    fixed = np.random.default_rng(7)
    return [draw_hidden_case(fixed, name, shape) for name, shape in SHAPES.items()]


def cases(rng):
    return [*fixed_cases(), draw_hidden_case(rng, "drawn", (2, 3, 2))]


def compute(case):
    x, w, b = (case.inputs[name] for name in ("x", "w", "b"))
    return np.tensordot(x.reshape(x.shape[0], -1), w, axes=1) + b


def expect(_, case):
    value = read_frozen(FROZEN_OUTPUTS)[case.id] if case.id in SHAPES else compute(case)
    return {"out": Expected(value=value, allowed=1e-12)}


def freeze():
    return {case.id: compute(case) for case in fixed_cases()}


FROZEN = {FROZEN_OUTPUTS.name: freeze}
QUESTIONS = {"forward": Comparison(outputs=("out",), cases=cases, ask=visible.ask, expect=expect)}
