"""The check of speed: ratios by element, on a clock that only work moves."""

import pytest
from check_context import FakeContext, Now, run_check

from autograder.assignment import Speed
from autograder.authoring import FaultKind, SpeedComparison, StudentFault, TimedCall, Timing
from autograder.model import Status


def busy(seconds):
    def work():
        Now.seconds += seconds

    return work


def comparison(plain_seconds=0.0, elements=1):
    def slow(handles):
        return TimedCall(target="slow", args=(), elements=elements)

    def fast(handles):
        return TimedCall(target="fast", args=(), elements=1)

    comparisons = (SpeedComparison(name="forward", slow=slow, fast=fast, repeat=3),)
    return Timing(comparisons=comparisons, plain=busy(plain_seconds), plain_elements=1)


def speed_context(slow, fast, **more):
    return FakeContext({"slow": slow, "fast": fast}, asked=comparison(**more))


def test_a_speed_up_is_a_ratio_by_element():
    finding = run_check(
        Speed(kind="speed", id="s", question="q", min_ratio=3), speed_context(busy(0.02), busy(0.001))
    )
    assert finding.status is Status.PASSED
    assert finding.metrics["forward_speedup"] > 3
    assert "faster than your own: forward" in finding.message


def test_too_small_a_speed_up():
    finding = run_check(
        Speed(kind="speed", id="s", question="q", min_ratio=1000), speed_context(busy(0.004), busy(0.001))
    )
    assert (finding.status, finding.fraction) == (Status.FAILED, 0.0)
    assert "Expected: at least 1000 times." in finding.message


def test_a_vectorised_function_is_not_blamed_for_a_small_ratio():
    context = speed_context(busy(0.004), busy(0.001), plain_seconds=0.05)
    finding = run_check(Speed(kind="speed", id="s", question="q", min_ratio=1000), context)
    assert finding.status is Status.PASSED
    assert "far faster than a plain loop" in finding.message


def test_nothing_to_time():
    def slow(handles):
        raise ValueError("there is nothing to time yet")

    context = speed_context(busy(0), busy(0))
    timing = comparison()
    context.asked = Timing(
        comparisons=(SpeedComparison(name="forward", slow=slow, fast=timing.comparisons[0].fast),),
        plain=busy(0),
        plain_elements=1,
    )
    finding = run_check(Speed(kind="speed", id="s", question="q", min_ratio=1), context)
    assert (finding.status, finding.message) == (Status.FAILED, "forward: there is nothing to time yet.")


def slow_until_the_limit(seconds, kind=FaultKind.CPU):
    def work():
        Now.seconds += seconds
        raise StudentFault(kind, "it met a limit")

    return work


def test_a_slow_side_that_meets_a_limit_has_shown_how_slow_it_is():
    context = speed_context(slow_until_the_limit(30), busy(0.001))
    finding = run_check(Speed(kind="speed", id="s", question="q", min_ratio=10), context)
    assert finding.status is Status.PASSED
    assert finding.metrics["forward_speedup"] == pytest.approx(30_000)


@pytest.mark.parametrize("fault", [slow_until_the_limit(1), slow_until_the_limit(30, FaultKind.MEMORY)])
def test_another_limit_or_a_short_one_shows_nothing(fault):
    finding = run_check(
        Speed(kind="speed", id="s", question="q", min_ratio=10), speed_context(fault, busy(0))
    )
    assert (finding.status is Status.PASSED, finding.fraction) == (False, 0.0)


def test_one_long_burst_decides():
    bursts = []

    def slow():
        Now.seconds += 3
        bursts.append(1)

    run_check(Speed(kind="speed", id="s", question="q", min_ratio=10), speed_context(slow, busy(0.001)))
    assert len(bursts) == 1


def test_a_race_that_ends_in_a_fault():
    def broken():
        raise RuntimeError("no")

    finding = run_check(
        Speed(kind="speed", id="s", question="q", min_ratio=1), speed_context(broken, busy(0))
    )
    assert (finding.status, finding.fraction) == (Status.ERROR, 0.0)
