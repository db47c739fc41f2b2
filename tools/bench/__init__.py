"""Measurements of the grader itself, each as a figure against another taken in the same run."""

from bench.grading import Figure, measure

__all__ = ["Figure", "measure"]
