"""The speed-up of the fast layers over the student's own, as a ratio that a busy machine can't move.

The student's function runs on a slice, the fast one on the whole, in alternating bursts. A burst is
timed from outside, so that a patched clock inside counts for nothing; the fast one's has many calls, so
that the way there hardly counts either. The least time of each is divided by its output elements.
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


# A function this many times faster than a plain loop is vectorised: a small ratio is to its credit.
QUICK = 3.0


def check_speed(spec: Speed, bench: Bench) -> Finding:
    """Run the question's races; each earns its share.

    A race is won where the ratio reaches ``min_ratio``, or where the student's own function is
    already much faster than a plain loop on this machine.
    """
    question = bench.question(spec.question)
    assert isinstance(question, Timing)
    plain = _calibrate(question, bench.clock)
    laps: list[Lap] = []
    problem, status = "", Status.FAILED
    for race in question.races:
        try:
            with bench.desk(spec.limits, alone=True) as desk:
                laps.append(_run(race, desk, bench.clock))
        except StudentFault as fault:
            problem, status = fault.message, status_of_fault(fault)
        except ValueError as error:
            problem = f"{race.name}: {error}."
    won = [lap for lap in laps if lap.ratio >= spec.min_ratio or lap.slow * QUICK <= plain]
    return Finding(
        check=spec.id,
        status=Status.PASSED if len(won) == len(question.races) else status,
        fraction=len(won) / len(question.races),
        message=" ".join(filter(None, [_say(spec, laps, won), problem])),
        hints=spec.hints if len(won) < len(question.races) else (),
        metrics=_metrics(laps, plain),
    )


def _calibrate(question: Timing, clock: Clock) -> float:
    """Seconds of an output element in a plain loop, here and now: the least of a few runs."""
    times = []
    for _ in range(BURSTS):
        start = clock()
        question.plain()
        times.append(clock() - start)
    return min(times) / question.plain_elements


def _run(race: Race, desk: Desk, clock: Clock) -> Lap:
    slow, fast = race.slow(desk), race.fast(desk)
    slow_times, fast_times = [], []
    for _ in range(BURSTS):
        slow_times.append(_time(desk.student, slow, 1, clock))
        fast_times.append(_time(desk.given, fast, race.repeat, clock) / race.repeat)
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


def _say(spec: Speed, laps: list[Lap], won: list[Lap]) -> str:
    if not laps:
        return ""
    said = ", ".join(f"{lap.name} {lap.ratio:.0f} times" for lap in laps)
    message = f"The fast layers are faster by: {said}."
    if any(lap.ratio < spec.min_ratio for lap in won):
        message += " Your own is already far faster than a plain loop."
    elif len(won) < len(laps):
        message += f" Asked are {spec.min_ratio:g} times."
    return message


def _metrics(laps: list[Lap], plain: float) -> dict[str, float | int | str]:
    metrics: dict[str, float | int | str] = {"plain_loop_ns_per_element": round(plain * 1e9, 1)}
    for lap in laps:
        metrics[f"{lap.name}_speedup"] = round(lap.ratio, 1)
        metrics[f"{lap.name}_speedup_range"] = f"{lap.lowest:.0f} to {lap.highest:.0f}"
        metrics[f"{lap.name}_ns_per_element"] = round(lap.slow * 1e9, 1)
    return metrics
