"""Define the check kind `training`: a training with the settings found in a submission."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np
from msgspec.structs import replace

from autograder.authoring import (
    Array,
    CheckContext,
    CheckKind,
    DataSet,
    Definitions,
    Finding,
    Generator,
    Notebook,
    QuestionSpec,
    Status,
    Struct,
    Student,
    StudentFault,
    faulted,
    nothing_done,
)

from . import training
from .training import Settings, Trained, TrainingCode

# Limits for finding the settings, which needs little time.
SETTINGS_LIMITS = "default"


class Training(QuestionSpec, kw_only=True):
    """A training with the settings found in the submission.

    An accuracy of `full` earns all points, one of `none` nothing, and one between them a share. Nothing is
    judged if the budget of images is too small for the reference's own settings to reach `full`.
    """

    full: float
    none: float
    counts_untouched: bool = False

    def __post_init__(self) -> None:
        if not 0 <= self.none < self.full <= 1:
            raise ValueError("`none` must be an accuracy below `full`, both from 0 to 1")

    @property
    def trains(self) -> bool:
        """See `CheckSpec.trains`."""
        return True

    @property
    def earns_untouched(self) -> bool:
        """See `CheckSpec.earns_untouched`."""
        return self.counts_untouched


class TrainingRun(Struct):
    """A training.

    `train` runs settings in the sandbox within a budget of images, `accuracy` measures parameters on the
    trusted side, and `baseline` are the settings that the reference is trained with.
    """

    train: Callable[[Student, Student, Settings, DataSet, Generator], Trained]
    accuracy: Callable[[Mapping[str, Array], Array, Array], float]
    baseline: Settings
    images: int


def read_code(_: Training, notebook: Notebook, given: Notebook) -> TrainingCode:
    """Find the code of a notebook's training."""
    return training.find_code(notebook, given)


def settings_of(code: TrainingCode, context: CheckContext) -> Settings:
    """Run the code of a training in the sandbox, and give the settings that it gives to `Solver`."""
    preamble = [chunk for chunk in context.assignment.given_definitions.chunks if not chunk.cell]

    def run(definitions: Definitions, ask: training.Ask) -> training.Recorded:
        with context.run(definitions, SETTINGS_LIMITS) as student:
            return ask(student)

    return training.find_settings(code, preamble, run)


def measure_baseline(spec: Training, context: CheckContext) -> float:
    """Measure the accuracy that the reference's settings reach with the same images, seed and budget."""
    run = context.question(spec.question, TrainingRun)
    data = context.data(run.images)
    with context.handles(spec.limits) as handles:
        trained = run.train(handles.given, handles.given, run.baseline, data, context.generator(spec.id))
    return run.accuracy(trained.parameters, data.x_test, data.y_test)


def check_training(spec: Training, context: CheckContext) -> Finding:
    """Train with the settings found, and measure on images that the sandbox never saw."""
    if context.untouched and not spec.counts_untouched:
        return nothing_done(spec)
    settings = settings_of(context.readings[spec.id], context)
    if not settings.where:
        return _left_to_a_person(_without_settings(spec, settings), settings)
    if context.prepared[spec.id] < spec.full:
        return _not_judged(spec, context.prepared[spec.id])
    return _left_to_a_person(_trained(spec, context, settings), settings)


def _trained(spec: Training, context: CheckContext, settings: Settings) -> Finding:
    run, rng = context.question(spec.question, TrainingRun), context.generator(spec.id)
    images = training.relabelled(context.data(run.images), rng)
    given = context.assignment.given_definitions
    try:
        # settings that take too long are no fault of the release's code, which trains with them
        with context.run(context.definitions, spec.limits) as theirs, context.run(given, spec.limits) as ours:
            trained = run.train(theirs, ours, settings, images, rng)
        with np.errstate(all="ignore"):
            reached = run.accuracy(trained.parameters, images.x_test, images.y_test)
    except StudentFault as fault:
        return faulted(spec, fault)
    except (ArithmeticError, LookupError, MemoryError, TypeError, ValueError) as error:
        return _failed(spec, f"The trained network can't be measured: {error}")
    finding = _measured(spec, settings, trained, reached, context.prepared[spec.id])
    finding = replace(finding, data=images.name, metrics={**finding.metrics, "data": images.name})
    return _doubted(finding, trained.doubt) if trained.doubt and finding.fraction else finding


def credit(reached: float, none: float, full: float) -> float:
    """Give the share of the points that an accuracy earns: it grows linearly from `none` to `full`."""
    return min(1.0, max(0.0, (reached - none) / (full - none)))


def _not_judged(spec: Training, baseline: float) -> Finding:
    message = (
        f"Not judged: with so few images the reference's own settings reach {baseline:.1%}, not the "
        f"{spec.full:.0%} that earn all, so that good settings can't be told from poor ones. Grade with more "
        "training images."
    )
    return Finding(check=spec.id, status=Status.SKIPPED, fraction=0.0, message=message, switched_off=True)


def _failed(spec: Training, message: str) -> Finding:
    return Finding(check=spec.id, status=Status.FAILED, fraction=0.0, message=message, hints=spec.hints)


def _without_settings(spec: Training, settings: Settings) -> Finding:
    return _failed(spec, f"No training settings were found: {'; '.join(settings.notes)}.")


def _left_to_a_person(finding: Finding, settings: Settings) -> Finding:
    """Leave the item to a person where the settings are not certain; the points so far are a proposal."""
    if not settings.unread:
        return finding
    message = f"{finding.message} A person decides about the settings: {'; '.join(settings.unread)}."
    return replace(finding, status=Status.MANUAL, message=message)


def _doubted(finding: Finding, doubt: str) -> Finding:
    """Propose nothing for settings that were tried with another network than the submission's."""
    message = f"{doubt} A person decides. With the network as it was handed out: {finding.message}"
    return replace(finding, status=Status.MANUAL, fraction=0.0, message=message)


def _measured(
    spec: Training, settings: Settings, trained: Trained, reached: float, baseline: float
) -> Finding:
    fraction = credit(reached, spec.none, spec.full)
    notes = "".join(f" ({note})" for note in (*settings.notes, *trained.notes))
    return Finding(
        check=spec.id,
        status=Status.PASSED if fraction == 1.0 else Status.FAILED,
        fraction=round(fraction, 4),
        message=(
            f"The settings of {settings.where} reach {reached:.1%} on images not used for training; "
            f"{spec.full:.0%} earn all, and the reference's reach {baseline:.1%}.{notes}"
        ),
        hints=() if fraction == 1.0 else spec.hints,
        metrics=_metrics(settings, trained, {"accuracy": reached, "reference_accuracy": baseline}),
    )


def _metrics(
    settings: Settings, trained: Trained, accuracies: Mapping[str, float]
) -> dict[str, float | int | str]:
    metrics: dict[str, float | int | str] = {name: round(value, 4) for name, value in accuracies.items()}
    metrics |= {"iterations": len(trained.losses), "settings": _describe(settings)}
    losses = [loss for loss in (trained.losses[:1] + trained.losses[-1:]) if np.isfinite(loss)]
    metrics.update(zip(("first_loss", "last_loss"), (round(loss, 4) for loss in losses), strict=False))
    return metrics


def _describe(settings: Settings) -> str:
    values = {**settings.network, **settings.solver}
    return ", ".join(f"{name}={value!r}" for name, value in sorted(values.items()))[:500]


KINDS = {
    "training": CheckKind(
        spec=Training,
        run=check_training,
        question=TrainingRun,
        read=read_code,
        reading=TrainingCode,
        prepare=measure_baseline,
    )
}
