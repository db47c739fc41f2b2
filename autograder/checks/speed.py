"""The speed-up of the fast layers over the student's own, as a ratio that a busy machine can't move.

The student's function runs on a slice, the fast one on the whole, in alternating bursts; a burst is
timed from outside, by the difference between many calls and one, so that neither the way to the
sandbox nor a patched clock inside it counts. The least of each is divided by its output elements.
"""

from __future__ import annotations

from collections.abc import Callable

from autograder.assignment import Speed
from autograder.checks.bench import Bench
from autograder.checks.outputs import status_of_fault
from autograder.model import Finding, Status, Struct
from autograder.questions import Desk, Race, Stretch, Timing
from autograder.student import Keep, Student, StudentFault

BURSTS = 3
Clock = Callable[[], float]


class Lap(Struct):
    """One race's result: seconds for an output element, and the ratio with its spread over bursts."""

    name: str
    slow: float
    fast: float
    lowest: float
    highest: float

    @property
    def ratio(self) -> float:
        """How many times faster the fast layer is."""
        return self.slow / self.fast


def check_speed(spec: Speed, bench: Bench) -> Finding:
    """Run the question's races; each whose ratio reaches ``min_ratio`` earns its share."""
    question = bench.question(spec.question)
    assert isinstance(question, Timing)
    laps: list[Lap] = []
    fault: StudentFault | None = None
    for race in question.races:
        try:
            with bench.desk(spec.limits) as desk:
                laps.append(_run(race, desk, bench.clock))
        except StudentFault as error:
            fault = error
    return _finding(spec, len(question.races), laps, fault)


def _run(race: Race, desk: Desk, clock: Clock) -> Lap:
    slow, fast = race.slow(desk), race.fast(desk)
    slow_times, fast_times = [], []
    for _ in range(BURSTS):
        slow_times.append(_time(desk.student, slow, 1, clock))
        once = _time(desk.given, fast, 1, clock)
        many = _time(desk.given, fast, 1 + race.repeat, clock)
        fast_times.append(max(many - once, 1e-9) / race.repeat)
    slow_each = [seconds / slow.elements for seconds in slow_times]
    fast_each = [seconds / fast.elements for seconds in fast_times]
    ratios = [s / f for s, f in zip(slow_each, fast_each, strict=True)]
    return Lap(
        name=race.name,
        slow=min(slow_each),
        fast=min(fast_each),
        lowest=min(ratios),
        highest=max(ratios),
    )


def _time(student: Student, stretch: Stretch, repeat: int, clock: Clock) -> float:
    start = clock()
    student.call(stretch.target, *stretch.args, repeat=repeat, keep=Keep.HANDLE)
    return clock() - start


def _finding(spec: Speed, races: int, laps: list[Lap], fault: StudentFault | None) -> Finding:
    reached = [lap for lap in laps if lap.ratio >= spec.min_ratio]
    metrics: dict[str, float | int | str] = {}
    for lap in laps:
        metrics[f"{lap.name}_speedup"] = round(lap.ratio, 1)
        metrics[f"{lap.name}_speedup_range"] = f"{lap.lowest:.0f} to {lap.highest:.0f}"
        metrics[f"{lap.name}_ns_per_element"] = round(lap.slow * 1e9, 1)
    said = ", ".join(f"{lap.name} {lap.ratio:.0f} times" for lap in laps)
    message = f"The fast layers are faster by: {said}." if laps else ""
    if fault is not None:
        message = f"{message} {fault.message}".strip()
    elif len(reached) < races:
        message += f" Asked are {spec.min_ratio:g} times."
    status = Status.PASSED if len(reached) == races else Status.FAILED
    if fault is not None and not laps:
        status = status_of_fault(fault)
    return Finding(
        check=spec.id,
        status=status,
        fraction=len(reached) / races,
        message=message,
        hints=() if status is Status.PASSED else spec.hints,
        metrics=metrics,
    )
