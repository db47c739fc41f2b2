"""The simulated cluster: as fast as its workers, until one of the parts before and behind them is busy."""

import pytest
from bench.cluster_scale import Steps, simulate

STEPS = Steps(grading=(2.0,), reading=(0.1,), writing=(0.05,), exchange=0.01, latency=0.02)


def test_few_workers_are_busy_all_the_time():
    one = simulate(STEPS, workers=1, submissions=100, seed=0)
    assert one.seconds == pytest.approx(100 * 2.07, rel=0.01)
    two = simulate(STEPS, workers=2, submissions=100, seed=0)
    assert two.seconds == pytest.approx(one.seconds / 2, rel=0.02)
    assert two.grading > 0.95


@pytest.mark.parametrize(("readers", "busiest", "a_second"), [(1, "reader", 10), (4, "writer", 20)])
def test_many_workers_wait_for_the_slowest_part(readers, busiest, a_second):
    many = simulate(STEPS, workers=500, submissions=2000, seed=0, readers=readers)
    assert 2000 / many.seconds == pytest.approx(a_second, rel=0.05)
    assert getattr(many, busiest) > 0.95
    assert many.grading < 0.1
