"""Measure how much faster the fast layers are than the student's own, even on a busy machine.

The student's function runs on a slice of the data and the fast one on all of it, in alternating bursts. One
burst decides if it is slow, and one that meets a limit of time has shown by then how slow it is.
Bursts are timed from outside the child, so that a patched clock inside has no effect. A burst of the fast
function has many calls, so that the cost of reaching the child hardly counts. The shortest time of each
function is divided by the number of elements in its output.
"""

from __future__ import annotations

from collections.abc import Callable

from autograder.assignment import Speed
from autograder.authoring.context import CheckContext
from autograder.authoring.findings import found, status_of_fault
from autograder.authoring.questions import Handles, SpeedComparison, TimedCall, Timing
from autograder.authoring.student import Keep, Student, StudentFault
from autograder.model import Finding, Status, Struct

BURSTS = 3
# Seconds of one slow burst that decide: no disturbance is as long.
DECIDES = 2.0
# A function this many times faster than a plain loop is vectorised, and a small ratio is to its credit.
QUICK = 3.0
Clock = Callable[[], float]


class Speedup(Struct):
    """One comparison's result: seconds for each output element, and the range of the ratio."""

    name: str
    slow: float
    fast: float
    lowest: float
    highest: float

    @property
    def ratio(self) -> float:
        """The slow time divided by the fast one."""
        return self.slow / self.fast


def check_speed(spec: Speed, context: CheckContext) -> Finding:
    """Compare the question's speeds; each comparison has an equal share of the credit.

    A comparison is won if the ratio reaches ``min_ratio``, or if the student's own function is already much
    faster than a plain loop on this machine.
    """
    question = context.question(spec.question, Timing)
    plain = _calibrate(question, context.clock)
    speedups: list[Speedup] = []
    problems, status = [], Status.FAILED
    for comparison in question.comparisons:
        try:
            with context.handles(spec.limits, alone=True) as handles:
                speedups.append(_run(comparison, handles, context.clock))
        except StudentFault as fault:
            problems.append(f"{comparison.name}: {fault.message}")
            status = status_of_fault(fault)
        except ValueError as error:
            problems.append(f"{comparison.name}: {error}.")
    won = [one for one in speedups if one.ratio >= spec.min_ratio or one.slow * QUICK <= plain]
    fraction = len(won) / len(question.comparisons)
    message = " ".join(filter(None, [_say(spec, speedups, won), *problems]))
    status = Status.PASSED if fraction == 1.0 else status
    return found(spec, status, message, fraction, metrics=_metrics(speedups, plain))


def _calibrate(question: Timing, clock: Clock) -> float:
    """Measure a plain loop on this machine: seconds for each output element, the least of a few runs."""
    times = []
    for _ in range(BURSTS):
        start = clock()
        question.plain()
        times.append(clock() - start)
    return min(times) / question.plain_elements


def _run(comparison: SpeedComparison, handles: Handles, clock: Clock) -> Speedup:
    slow, fast = comparison.slow(handles), comparison.fast(handles)
    slow_times, fast_times = [], []
    for _ in range(BURSTS):
        fast_times.append(_time(handles.given, fast, comparison.repeat, clock) / comparison.repeat)
        slow_times.append(_time(handles.student, slow, 1, clock))
        if slow_times[-1] > DECIDES:
            break
    slow_each = [seconds / slow.elements for seconds in slow_times]
    fast_each = [seconds / fast.elements for seconds in fast_times]
    ratios = [s / f for s, f in zip(slow_each, fast_each, strict=True)]
    return Speedup(
        name=comparison.name,
        slow=min(slow_each),
        fast=min(fast_each),
        lowest=min(ratios),
        highest=max(ratios),
    )


def _time(student: Student, timed: TimedCall, repeat: int, clock: Clock) -> float:
    """Give the seconds of a burst, or those after which it met a limit of time."""
    start = clock()
    try:
        student.call(timed.target, *timed.args, repeat=repeat, keep=Keep.HANDLE)
    except StudentFault as fault:
        if not fault.is_timeout or clock() - start <= DECIDES:
            raise
    return clock() - start


def _say(spec: Speed, speedups: list[Speedup], won: list[Speedup]) -> str:
    if not speedups:
        return ""
    said = ", ".join(f"{one.name} {one.ratio:.0f} times" for one in speedups)
    message = f"The fast layers are faster than your own: {said}."
    if any(one.ratio < spec.min_ratio for one in won):
        message += " Your own code is already far faster than a plain loop."
    elif len(won) < len(speedups):
        message += f" Expected: at least {spec.min_ratio:g} times."
    return message


def _metrics(speedups: list[Speedup], plain: float) -> dict[str, float | int | str]:
    metrics: dict[str, float | int | str] = {"plain_loop_ns_per_element": round(plain * 1e9, 1)}
    for one in speedups:
        metrics[f"{one.name}_speedup"] = round(one.ratio, 1)
        metrics[f"{one.name}_speedup_range"] = f"{one.lowest:.0f} to {one.highest:.0f}"
        metrics[f"{one.name}_ns_per_element"] = round(one.slow * 1e9, 1)
    return metrics
