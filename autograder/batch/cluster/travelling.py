"""The functions that a worker is asked to call.

They travel by value and import the engine only inside, so that a scheduler needs none of it, and a worker
with another engine, or without one, can say so.
"""

from __future__ import annotations

import platform
from typing import Any

from distributed import get_worker


def prepare_there(run_id: str, python: str, engine: str, run: bytes, course: bytes) -> str:
    """Make this worker ready to grade a run. Gives a sentence if it can't, else nothing.

    `python` and `engine` are the batch's `python_here()` and the hash of its code, which must be the same
    here before anything else of the batch is looked at.
    """
    if python_here() != python:
        return f"it has {python_here()}, and the batch has {python}"
    try:
        from autograder.batch.grading_run import engine_sha256

        same = engine_sha256() == engine
    except ImportError:
        return "it has no autograder, or one of another version: install the batch's"
    if not same:
        return "it has another version of autograder: install the batch's"
    from autograder.batch.cluster.there import GradingPlace, prepare

    worker = get_worker()
    places: dict[str, Any] = vars(worker).setdefault("autograder_places", {})
    made = prepare(run_id, run, course, worker.local_directory)
    if not isinstance(made, GradingPlace):
        return made
    for other in [name for name, place in places.items() if place.key == made.key]:
        places.pop(other).remove()
    places[run_id] = made
    return ""


def python_here() -> str:
    """Name the Python for which code is read and modules are compiled here: ``Python 3.11 on x86_64``."""
    return f"Python {'.'.join(platform.python_version_tuple()[:2])} on {platform.machine()}"


def grade_there(run_id: str, work: bytes) -> bytes:
    """Grade one submission; gives the answer, or nothing if the worker is not ready for this run."""
    place = vars(get_worker()).get("autograder_places", {}).get(run_id)
    return b"" if place is None else bytes(place.grade(work))


def leave_there(run_id: str) -> None:
    """Remove what a run left on this worker."""
    place = vars(get_worker()).get("autograder_places", {}).pop(run_id, None)
    if place is not None:
        place.remove()
