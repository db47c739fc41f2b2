"""The hidden questions: fixed cases with frozen outputs, and one of each regime for each submission."""

from pathlib import Path

import numpy as np

from autograder.authoring import Comparison, Expected, read_frozen, rounding_bound

from . import visible

REGIMES = {"basic": {}, "regularised": {"reg": 0.3}, "large-scores": {"scale": 1e3}}
OUTPUTS = Path(__file__).with_name("outputs.npz")


def fixed_cases():
    """Give the cases that every submission gets."""
    rng = np.random.default_rng(41)
    return [visible.draw(rng, f"fixed-{name}", name, **recipe) for name, recipe in REGIMES.items()]


def cases(rng):
    """Give the fixed cases, and one of each regime for this submission alone."""
    drawn = [visible.draw(rng, f"drawn-{name}", name, **recipe) for name, recipe in REGIMES.items()]
    return [*fixed_cases(), *drawn]


def compute(case):
    """Give the right loss and gradient by the log-sum-exp of each example's scores."""
    weights, x, y, reg = case.inputs.values()
    scores, count = x @ weights, len(x)
    largest = scores.max(axis=1)
    log_sums = largest + np.log(np.exp(scores - largest[:, None]).sum(axis=1))
    probabilities = np.exp(scores - log_sums[:, None])
    wanted = np.eye(weights.shape[1])[y]
    loss = np.mean(log_sums - (scores * wanted).sum(axis=1)) + reg * np.sum(weights**2)
    gradient = np.einsum("nd,nc->dc", x, probabilities - wanted) / count + 2 * reg * weights
    return {"loss": np.asarray(loss), "dW": gradient}


def freeze():
    """Compute the fixed cases' outputs anew."""
    return {f"{case.id}/{name}": value for case in fixed_cases() for name, value in compute(case).items()}


def expect(handles, case):
    """Give the right outputs: frozen ones where the case is fixed."""
    if case.id.startswith("fixed-"):
        frozen = read_frozen(OUTPUTS)
        values = {name: frozen[f"{case.id}/{name}"] for name in ("loss", "dW")}
    else:
        values = compute(case)
    return {name: Expected(value=value, allowed=_allowed(value, case)) for name, value in values.items()}


def _allowed(value, case):
    """Bound the rounding of sums over examples, whose terms are as large as the scores."""
    size = np.abs(case.inputs["X"]) @ np.abs(case.inputs["W"])
    return 16 * rounding_bound(case.inputs["X"].size, np.abs(value) + size.max(), np.float64)


FROZEN = {OUTPUTS.name: freeze}
QUESTIONS = {"softmax": Comparison(outputs=("loss", "dW"), cases=cases, ask=visible.ask, expect=expect)}
