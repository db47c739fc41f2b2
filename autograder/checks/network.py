"""Questions about a whole network, and the short training; the trusted side does the judging."""

from __future__ import annotations

import numpy as np
from msgspec.structs import replace

from autograder.assignment import Network, Training
from autograder.checks.bench import Bench
from autograder.checks.outputs import status_of_fault
from autograder.model import Cause, Finding, Status, Struct
from autograder.questions import Judgement, Probe, Settings, Trained, TrainingRun
from autograder.student import StudentFault

PROBE_IMAGES = 100
# Below this gain over chance the reference itself has learnt too little to be held against.
TELLING_GAIN = 0.02
UNTOUCHED = "Nothing was done here yet: the code is the release's, and no cell was ever run."


class Outcome(Struct):
    """Accuracies of a training: what it reached, what the reference's settings reach, and chance."""

    reached: float
    baseline: float
    chance: float
    data: str

    @property
    def gain(self) -> float:
        """The gain over chance, as a share of the reference's; who reaches the reference has all of it."""
        if self.reached >= self.baseline:
            return 1.0
        return (self.reached - self.chance) / max(self.baseline - self.chance, 1e-9)

    @property
    def tells(self) -> bool:
        """Whether the budget is large enough to tell settings apart: the reference learnt something."""
        return self.reached >= self.baseline or self.baseline - self.chance >= TELLING_GAIN


def check_network(spec: Network, bench: Bench) -> Finding:
    """Ask a probe; what can't be understood in its answer is the answer's fault, not a crash of ours."""
    if bench.untouched and not spec.counts_untouched:
        return _nothing(spec)
    probe = bench.question(spec.question)
    assert isinstance(probe, Probe)
    images = bench.images(PROBE_IMAGES) if probe.wants_images else None
    try:
        with bench.desk(spec.limits) as desk, np.errstate(all="ignore"):
            judgement = probe.judge(desk, bench.generator(spec.question), images)
    except StudentFault as fault:
        return _faulted(spec, fault)
    except (ValueError, TypeError, AttributeError, LookupError, ArithmeticError) as error:
        return Finding(
            check=spec.id,
            status=Status.FAILED,
            fraction=0.0,
            message=f"What came back is not what was asked: {error}",
            hints=spec.hints,
        )
    return _judged(spec, judgement)


def check_training(spec: Training, bench: Bench) -> Finding:
    """Train with the settings found, and measure on images that the sandbox never saw.

    Credit grows in a line from `none` to `full` of the gain over chance that the reference's settings
    reach with the same images, seed and budget: neither the machine nor the data set decides.
    """
    if bench.untouched and not spec.counts_untouched:
        return _nothing(spec)
    run = bench.question(spec.question)
    assert isinstance(run, TrainingRun)
    settings = run.find(bench.notebook, bench.given)
    if not settings.where:
        return _left_to_a_person(_without_settings(spec, settings), settings)
    images = bench.images(run.images)
    try:
        with bench.desk(spec.limits) as desk:
            trained = run.train(desk.student, settings, images)
        reached = _accuracy(run, trained, images.x_test, images.y_test)
    except StudentFault as fault:
        return _left_to_a_person(_faulted(spec, fault), settings)
    except (ArithmeticError, LookupError, MemoryError, TypeError, ValueError) as error:
        return Finding(
            check=spec.id,
            status=Status.FAILED,
            fraction=0.0,
            message=f"The trained network can't be measured: {error}",
            hints=spec.hints,
        )
    outcome = Outcome(
        reached=reached,
        baseline=bench.baseline_accuracy(spec.question),
        chance=run.chance,
        data=images.name,
    )
    if not outcome.tells:
        message = (
            "Not judged: in this budget of images the reference's own settings learn too little to tell."
        )
        return Finding(check=spec.id, status=Status.SKIPPED, fraction=0.0, message=message)
    return _left_to_a_person(_measured(spec, settings, trained, outcome), settings)


def _without_settings(spec: Training, settings: Settings) -> Finding:
    return Finding(
        check=spec.id,
        status=Status.FAILED,
        fraction=0.0,
        message="No training settings were found: " + "; ".join(settings.notes) + ".",
        hints=spec.hints,
    )


def _left_to_a_person(finding: Finding, settings: Settings) -> Finding:
    """What was not read may be what earns the rest: the points so far are a proposal."""
    if finding.fraction == 1.0 or not settings.unread:
        return finding
    message = (
        f"{finding.message} A person decides, since this could not be read: {'; '.join(settings.unread)}."
    )
    return replace(finding, status=Status.MANUAL, message=message)


def _accuracy(run: TrainingRun, trained: Trained, x: np.ndarray, y: np.ndarray) -> float:
    with np.errstate(all="ignore"):
        return run.accuracy(trained.parameters, x, y)


def _measured(spec: Training, settings: Settings, trained: Trained, outcome: Outcome) -> Finding:
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
    )


def _metrics(settings: Settings, trained: Trained, outcome: Outcome) -> dict[str, float | int | str]:
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


def _nothing(spec: Network | Training) -> Finding:
    return Finding(check=spec.id, status=Status.FAILED, fraction=0.0, message=UNTOUCHED)


def _faulted(spec: Network | Training, fault: StudentFault) -> Finding:
    return Finding(
        check=spec.id,
        status=status_of_fault(fault),
        fraction=0.0,
        message=fault.message,
        hints=spec.hints,
        cause=Cause(actual=fault.traceback) if fault.traceback else None,
    )


def _judged(spec: Network, judgement: Judgement) -> Finding:
    right = judgement.fraction >= 1.0
    return Finding(
        check=spec.id,
        status=Status.PASSED if right else Status.FAILED,
        fraction=judgement.fraction,
        message=judgement.message,
        hints=() if right else spec.hints,
        cause=None if right else Cause(expected=judgement.expected, actual=judgement.actual),
        metrics=judgement.metrics,
    )
