"""Measure the grader itself; each figure has a yardstick from the same run."""

from bench.grading import Figure, measure

__all__ = ["Figure", "measure"]
