"""The accuracy that a training reaches with the reference's settings: measured once, then kept.

A submission's training is held against this figure, reached in the same sandbox with the same images,
seed and budget, so that neither the machine nor the data set decides a grade.
"""

from __future__ import annotations

import hashlib
import json
import os
from pathlib import Path

from autograder.assignment import Training
from autograder.course import Course
from autograder.errors import GraderFault
from autograder.pipeline import Place
from autograder.questions import Images, TrainingRun
from autograder.report.files import write_atomically
from autograder.student import StudentFault
from autograder.workbench import Materials


def measure_baselines(course: Course, materials: Materials, place: Place) -> dict[str, float]:
    """The baseline of every training question that a check asks; kept in the user's cache."""
    baselines: dict[str, float] = {}
    for item in course.assignment.items:
        for check in item.checks:
            if isinstance(check, Training) and check.question not in baselines:
                baselines[check.question] = _baseline(course, materials, place, check)
    return baselines


def _baseline(course: Course, materials: Materials, place: Place, check: Training) -> float:
    run = materials.questions[check.question]
    assert isinstance(run, TrainingRun)
    images = materials.load_images(run.images)
    path = _cache() / f"{_key(course, check, images)}.json"
    try:
        return float(json.loads(path.read_text(encoding="ascii"))["accuracy"])
    except (OSError, ValueError, KeyError, TypeError):
        pass  # not measured yet, or not by us: measure
    accuracy = _train(run, materials, place, check, images)
    write_atomically(path, json.dumps({"accuracy": accuracy}) + "\n")
    return accuracy


def _train(run: TrainingRun, materials: Materials, place: Place, check: Training, images: Images) -> float:
    limits = materials.assignment.limits[check.limits]
    try:
        with place.open_session() as session, session.student(materials.given_definitions, limits) as given:
            trained = run.train(given, run.baseline, images)
    except StudentFault as fault:
        raise GraderFault(f"the reference's training failed: {fault.message}") from fault
    return run.accuracy(trained.parameters, images.x_test, images.y_test)


def _key(course: Course, check: Training, images: Images) -> str:
    digest = hashlib.sha256(f"{course.cases_sha256()}/{check.question}".encode())
    digest.update(images.x_train.tobytes())
    digest.update(images.y_train.tobytes())
    for folder in course.support:
        for path in sorted(folder.glob("*.py")):
            digest.update(path.read_bytes())
    return digest.hexdigest()


def _cache() -> Path:
    base = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(base) / "autograder" / "baselines"
