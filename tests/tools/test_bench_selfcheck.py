"""The benchmark of the self-check measures every state of the work, each by the whole command."""

from pathlib import Path

from bench.selfcheck import YARDSTICK, measure_selfcheck

ROOT = Path(__file__).parents[2]
SAMPLES = ROOT / "tests" / "samples" / "hw5"


def test_every_state_of_the_work_is_measured():
    waits = measure_selfcheck(ROOT / "release" / "hw5", SAMPLES / "s005", SAMPLES / "s001", 1)
    states = ("untouched", "half done", "done")
    both = [name for state in states for name in (state, f"{state}, unchanged")]
    assert [one.name for one in waits] == [YARDSTICK, "autograder --help", *both]
    assert all(0 < one.least <= one.median <= one.greatest and one.ratio > 0 for one in waits)
