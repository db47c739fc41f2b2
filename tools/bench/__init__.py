"""Measure the grader itself, each figure beside another of the same run."""

from bench.grading import Figure, measure

__all__ = ["Figure", "measure"]
