"""Code to call in a sandbox or a plain subprocess, and a way to catch the fault of a call."""

from __future__ import annotations

import textwrap
from typing import Any

import pytest

from autograder.authoring.student import Student, StudentFault
from autograder.model import Chunk, Definitions

CODE = """
import numpy as np
import random
import time, os, sys

counter = 0

def double(x):
    return x * 2

def forward(x, w=1):
    return x + w, (x, w, {"stride": 1})

def backward(dout, cache):
    x, w, param = cache
    return dout * x, dout * w

def echo(value):
    return value

def count():
    global counter
    counter += 1
    print("called", counter)
    return counter

def draw():
    return float(np.random.rand()), random.random()

def boom(text):
    return inner(text)

def inner(text):
    raise ValueError(text)

def hang():
    time.sleep(100)

def die():
    os._exit(7)

def warn():
    import warnings
    warnings.warn("careful")
    return np.array([1.0]) / 0

def ask():
    return input("name? ")

class Net:
    rate = 0.5
    def __init__(self, size=3):
        self.size = size
        self.params = {"W": np.ones((size, 2))}
    def loss(self, x):
        return float(np.sum(x @ self.params["W"])), dict(self.params)
"""


def as_definitions(source: str, **more: Any) -> Definitions:
    chunk = Chunk(source=textwrap.dedent(source), names=(), cell=4, line=3)
    return Definitions(chunks=(chunk,), **more)


def fault_of(student: Student, *call: Any, **kwargs: Any) -> StudentFault:
    with pytest.raises(StudentFault) as caught:
        student.call(*call, **kwargs)
    return caught.value
