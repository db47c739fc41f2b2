"""Hands out, checks and grades a programming homework on convolutional networks."""

__version__ = "0.1.0"
