"""Judge the network of HW5 as a whole: its gradients, and whether it learns images by heart."""

from __future__ import annotations

from collections.abc import Sequence

from autograder.authoring import Array, DataSet, Generator, Handles, Judgement, Keep, Value

from . import network, training

STEPS = 50


def check_gradients(handles: Handles, rng: Generator, _: DataSet | None) -> Judgement:
    """Compare loss and gradients of a small network with the reference's at the same parameters."""
    x, y = rng.standard_normal((2, 3, 16, 16)), rng.integers(network.CLASSES, size=2)
    handles.student.seed(int(rng.integers(2**31)))
    model = handles.student.call(
        "ThreeLayerConvNet",
        num_filters=3,
        filter_size=3,
        input_dim=(3, 16, 16),
        hidden_dim=7,
        weight_scale=0.05,
        reg=0.1,
        dtype="float64",
        keep=Keep.HANDLE,
    )
    parameters = training.parameters_of(handles.student, model, (3, 16, 16))
    loss, grads = handles.student.method(model, "loss", x, y)
    wanted = network.gradients(parameters, x, y, 0.1)
    worst = {name: network.distance(grads, name, value) for name, value in wanted.items()}
    off = abs(float(loss) - network.loss(parameters, x, y, 0.1))
    wrong = [name for name, error in worst.items() if not error < 1e-6]
    fraction = 0.0 if not off <= 1e-8 else 1.0 - len(wrong) / len(worst)
    return Judgement(
        fraction=fraction,
        message=_gradient_message(off, wrong),
        expected="relative errors below 1e-6",
        actual=", ".join(f"{name}: {error:.1e}" for name, error in worst.items()),
        metrics={f"error_{name}": float(f"{error:.3g}") for name, error in worst.items()},
    )


def _gradient_message(off: float, wrong: Sequence[str]) -> str:
    if not off <= 1e-8:
        return f"The loss of a small network is off by {off:.3g}."
    if wrong:
        return f"The loss is right, the gradients of {', '.join(wrong)} are not."
    return "The loss and the gradients of all six parameters are right."


def overfit(handles: Handles, rng: Generator, images: DataSet | None) -> Judgement:
    """Have a network learn 100 images by heart; the trusted side takes the steps and counts."""
    assert images is not None  # a Probe that wants images gets them
    images = training.relabelled(images, rng)
    x, y = images.x_train[:100], images.y_train[:100]
    handles.student.seed(6666666)
    model = handles.student.call("ThreeLayerConvNet", weight_scale=1e-2, keep=Keep.HANDLE)
    first = training.shuffled(training.parameters_of(handles.student, model, x.shape[1:]), rng)

    def gradients(parameters: network.Parameters, chosen: Array) -> Value:
        handles.student.set(model, "params", dict(parameters))
        _, grads = handles.student.method(model, "loss", x[chosen], y[chosen])
        return grads

    batches = [rng.choice(len(x), 50) for _ in range(STEPS)]
    reached = network.accuracy(network.by_adam(first, batches, gradients), x, y)
    return Judgement(
        fraction=1.0 if reached >= 0.9 else max(0.0, (reached - 0.1) / 0.8) * 0.5,
        message=f"After {STEPS} iterations the network knows {reached:.0%} of 100 images by heart.",
        expected="at least 90 %",
        actual=f"{reached:.0%}",
        metrics={"accuracy": round(reached, 4)},
    )
