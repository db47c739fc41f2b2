"""Ask the hidden questions of HW5, and judge them by the reference.

The fixed cases' outputs are frozen in ``fixed.npz``, which ``autograder freeze hw5`` writes and a test holds
against the code. The outputs of the other cases are computed.
"""

from __future__ import annotations

import functools
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from msgspec.structs import replace

from autograder.authoring import (
    Answer,
    Array,
    Case,
    Comparison,
    Expected,
    Explanation,
    Handles,
    Probe,
    Value,
    numerical_gradient,
    read_frozen,
    rounding_bound,
)

from . import cases, conduct, convolution, network, probes, training, training_check, visible

OUTPUTS = ("out", *visible.GRADIENTS)
FIXED = Path(__file__).with_name("fixed.npz")

# --- expected values -----------------------------------------------------------------------------


def compute(case: Case) -> dict[str, Array]:
    """Compute out, dx, dw and db of a case, float64."""
    x, w, b, dout = (case.inputs[k] for k in cases.ARRAYS)
    stride, pad = case.inputs["stride"], case.inputs["pad"]
    dx, dw, db = convolution.backward(dout, x, w, stride, pad)
    return {"out": convolution.forward(x, w, b, stride, pad), "dx": dx, "dw": dw, "db": db}


def magnitudes(case: Case) -> dict[str, Array]:
    """Compute the same sums over absolute values: rounding errors are proportional to them."""
    absolute = {k: np.abs(case.inputs[k]) for k in cases.ARRAYS}
    return compute(Case(id=case.id, about="", regime="", inputs={**case.inputs, **absolute}))


def freeze() -> dict[str, Array]:
    """Compute the fixed cases' outputs anew."""
    return {
        f"{case.id}/{name}": value for case in cases.fixed_cases() for name, value in compute(case).items()
    }


def expect(_: Handles, case: Case) -> Mapping[str, Expected]:
    """Give the right outputs of a case: frozen ones if it is fixed, computed ones if it was drawn."""
    if case.id.startswith("fixed-"):
        return _expect_fixed()[case.id]
    return with_bounds(case, compute(case))


@functools.cache
def _expect_fixed() -> Mapping[str, Mapping[str, Expected]]:
    """Give the fixed cases' expectations, which are the same for every submission and made once."""
    values = read_frozen(FIXED)
    return {
        case.id: with_bounds(case, {name: values[f"{case.id}/{name}"] for name in OUTPUTS})
        for case in cases.fixed_cases()
    }


def with_bounds(case: Case, values: Mapping[str, Array]) -> dict[str, Expected]:
    """Add to the right outputs the errors that rounding explains and the reasons for their shapes."""
    lengths = convolution.terms(case.inputs["w"], case.inputs["dout"].shape)
    sizes, dtype = magnitudes(case), _precision(case)
    expected = {
        name: Expected(value=value, allowed=rounding_bound(lengths[name], sizes[name], dtype))
        for name, value in values.items()
    }
    return dict(visible.with_reasons(case, expected))


def _precision(case: Case) -> type[np.floating[Any]]:
    """Give the precision in which a student's code may compute: that of the least exact array."""
    single = any(case.inputs[name].dtype == np.float32 for name in cases.ARRAYS)
    return np.float32 if single else np.float64


def expect_out(handles: Handles, case: Case) -> Mapping[str, Expected]:
    """Give the forward pass's output alone; its small cases have no upstream gradient."""
    if "dout" not in case.inputs:
        x, w, b = (case.inputs[name] for name in ("x", "w", "b"))
        out = convolution.forward(x, w, b, case.inputs["stride"], case.inputs["pad"])
        case = replace(case, inputs={**case.inputs, "dout": np.zeros_like(out)})
    return {"out": expect(handles, case)["out"]}


def expect_gradients(handles: Handles, case: Case) -> Mapping[str, Expected]:
    """Give the backward pass's outputs alone."""
    return {name: value for name, value in expect(handles, case).items() if name != "out"}


def expect_out_again(handles: Handles, case: Case) -> Mapping[str, Expected]:
    """Give the forward pass's output, and the inputs unchanged."""
    return {**expect_out(handles, case), **conduct.untouched(case)}


def expect_numerical(_: Handles, case: Case) -> Mapping[str, Expected]:
    """Give numerical gradients of the reference's forward pass."""
    base = [case.inputs[k] for k in ("x", "w", "b")]
    stride, pad, dout = (case.inputs[k] for k in ("stride", "pad", "dout"))

    def gradient(position: int) -> Expected:
        def evaluate(points: Sequence[Array]) -> Iterator[Array]:
            for point in points:
                arrays = list(base)
                arrays[position] = point
                x, w, b = arrays
                yield convolution.forward(x, w, b, stride, pad)

        value = numerical_gradient(lambda points: list(evaluate(points)), base[position], dout)
        return Expected(value=value, allowed=1e-6 * (1.0 + np.abs(value)))

    expected = {name: gradient(position) for position, name in enumerate(visible.GRADIENTS)}
    return visible.with_reasons(case, expected)


def explain(_: Handles, answer: Answer, output: str, index: tuple[int, ...]) -> Explanation:
    """Explain an element by the reference's layers."""
    return visible.explain_by(convolution.forward, convolution.backward, answer, output, index)


# --- asking --------------------------------------------------------------------------------------


def ask_with_plain_cache(handles: Handles, case: Case) -> Mapping[str, Value]:
    """Give the student's gradients from the cache that the docstring promises: (x, w, b, conv_param)."""
    return visible.gradients(handles.student, case, visible.arguments(case))


QUESTIONS = {
    "forward": Comparison(
        outputs=("out",),
        cases=cases.all_cases,
        ask=visible.ask_forward,
        expect=expect_out,
        small=visible.small_forward_cases,
        explain=explain,
        explain_fault=visible.explain_fault,
    ),
    "backward": Comparison(
        outputs=visible.GRADIENTS,
        cases=cases.all_cases,
        ask=visible.ask_backward,
        expect=expect_gradients,
        small=visible.small_cases,
        explain=explain,
        explain_fault=visible.explain_fault,
    ),
    "backward-plain": Comparison(
        outputs=visible.GRADIENTS,
        cases=cases.all_cases,
        ask=ask_with_plain_cache,
        expect=expect_gradients,
        explain_fault=visible.explain_fault,
    ),
    "forward-again": Comparison(
        outputs=("out", *conduct.AFTER),
        cases=cases.repeated_cases,
        ask=conduct.ask_forward_again,
        expect=expect_out_again,
    ),
    "backward-again": Comparison(
        outputs=visible.GRADIENTS,
        cases=cases.repeated_cases,
        ask=conduct.ask_backward_again,
        expect=expect_gradients,
    ),
    "backward-again-plain": Comparison(
        outputs=visible.GRADIENTS,
        cases=cases.repeated_cases,
        ask=conduct.ask_backward_again_plain,
        expect=expect_gradients,
    ),
    "forward-odd": Comparison(
        outputs=("out",), cases=cases.odd_cases, ask=visible.ask_forward, expect=expect_out
    ),
    "backward-odd": Comparison(
        outputs=visible.GRADIENTS, cases=cases.odd_cases, ask=visible.ask_backward, expect=expect_gradients
    ),
    "numerical": Comparison(
        outputs=visible.GRADIENTS,
        cases=cases.gradient_cases,
        ask=visible.ask_backward,
        expect=expect_numerical,
    ),
    "numerical-plain": Comparison(
        outputs=visible.GRADIENTS,
        cases=cases.gradient_cases,
        ask=ask_with_plain_cache,
        expect=expect_numerical,
    ),
    "network-gradients": Probe(judge=probes.check_gradients),
    "overfit": Probe(judge=probes.overfit, samples=100),
    "training": training_check.TrainingRun(
        train=training.train,
        accuracy=network.accuracy,
        baseline=training.BASELINE,
        images=24_500,
    ),
}
FROZEN = {FIXED.name: freeze}
KINDS = training_check.KINDS
