"""Define the check kind `training`: a short training with the settings found in a submission."""

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

# Below this gain over chance the reference itself has learnt too little to be held against.
TELLING_GAIN = 0.02
# Finding settings computes nothing that takes long.
SETTINGS_LIMITS = "default"


class Training(QuestionSpec, kw_only=True):
    """A short training with the settings found in the submission.

    Full credit at `full` of the reference's gain in accuracy over chance, none at `none` of it.
    """

    full: float = 0.9
    none: float = 0.2
    counts_untouched: bool = False

    @property
    def trains(self) -> bool:
        """See `CheckSpec.trains`."""
        return True

    @property
    def earns_untouched(self) -> bool:
        """See `CheckSpec.earns_untouched`."""
        return self.counts_untouched


class TrainingRun(Struct):
    """A short training.

    `train` runs settings in the sandbox within a budget of images, `accuracy` measures parameters on the
    trusted side, and `baseline` are the settings that the reference is trained with.
    """

    train: Callable[[Student, Student, Settings, DataSet, Generator], Trained]
    accuracy: Callable[[Mapping[str, Array], Array, Array], float]
    baseline: Settings
    images: int
    chance: float


class Accuracies(Struct):
    """The accuracies of a training, of the reference's settings, and of chance."""

    reached: float
    baseline: float
    chance: float
    data: str

    @property
    def gain(self) -> float:
        """The gain over chance, as a share of the reference's; 1 for whoever reaches the reference."""
        if self.reached >= self.baseline:
            return 1.0
        return (self.reached - self.chance) / max(self.baseline - self.chance, 1e-9)

    @property
    def tells(self) -> bool:
        """True if the budget is large enough to tell settings apart: the reference learnt something."""
        return self.reached >= self.baseline or self.baseline - self.chance >= TELLING_GAIN


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
    """Train with the settings found, and measure on images that the sandbox never saw.

    Credit grows in a line from `none` to `full` of the gain over chance that the reference's settings
    reach with the same images, seed and budget: neither the machine nor the data set decides.
    """
    if context.untouched and not spec.counts_untouched:
        return nothing_done(spec)
    run = context.question(spec.question, TrainingRun)
    settings = settings_of(context.readings[spec.id], context)
    if not settings.where:
        return _left_to_a_person(_without_settings(spec, settings), settings)
    rng = context.generator(spec.id)
    images = training.relabelled(context.data(run.images), rng)
    given = context.assignment.given_definitions
    try:
        # settings that take too long are no fault of the release's code, which trains with them
        with context.run(context.definitions, spec.limits) as theirs, context.run(given, spec.limits) as ours:
            trained = run.train(theirs, ours, settings, images, rng)
        reached = _accuracy(run, trained, images.x_test, images.y_test)
    except StudentFault as fault:
        return _left_to_a_person(faulted(spec, fault), settings)
    except (ArithmeticError, LookupError, MemoryError, TypeError, ValueError) as error:
        return Finding(
            check=spec.id,
            status=Status.FAILED,
            fraction=0.0,
            message=f"The trained network can't be measured: {error}",
            hints=spec.hints,
        )
    outcome = Accuracies(
        reached=reached,
        baseline=context.prepared[spec.id],
        chance=run.chance,
        data=images.name,
    )
    if not outcome.tells:
        message = (
            "Not judged: in this budget of images the reference's own settings learn too little to tell."
        )
        return Finding(check=spec.id, status=Status.SKIPPED, fraction=0.0, message=message)
    finding = _measured(spec, settings, trained, outcome)
    return _left_to_a_person(_doubted(finding, trained.doubt) if trained.doubt else finding, settings)


def _without_settings(spec: Training, settings: Settings) -> Finding:
    return Finding(
        check=spec.id,
        status=Status.FAILED,
        fraction=0.0,
        message="No training settings were found: " + "; ".join(settings.notes) + ".",
        hints=spec.hints,
    )


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


def _accuracy(run: TrainingRun, trained: Trained, x: np.ndarray, y: np.ndarray) -> float:
    with np.errstate(all="ignore"):
        return run.accuracy(trained.parameters, x, y)


def _measured(spec: Training, settings: Settings, trained: Trained, outcome: Accuracies) -> Finding:
    fraction = min(1.0, max(0.0, (outcome.gain - spec.none) / (spec.full - spec.none)))
    notes = "".join(f" ({note})" for note in (*settings.notes, *trained.notes))
    return Finding(
        check=spec.id,
        status=Status.PASSED if fraction == 1.0 else Status.FAILED,
        fraction=round(fraction, 4),
        message=(
            f"The settings of {settings.where} reach {outcome.reached:.1%} on images not used for "
            f"training; the reference's reach {outcome.baseline:.1%} in the same budget.{notes}"
        ),
        hints=() if fraction == 1.0 else spec.hints,
        metrics=_metrics(settings, trained, outcome),
        data=outcome.data,
    )


def _metrics(settings: Settings, trained: Trained, outcome: Accuracies) -> dict[str, float | int | str]:
    metrics: dict[str, float | int | str] = {
        "accuracy": round(outcome.reached, 4),
        "reference_accuracy": round(outcome.baseline, 4),
        "iterations": len(trained.losses),
        "data": outcome.data,
        "settings": _describe(settings),
    }
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
