"""Unpack a value that a student's function returned."""

from __future__ import annotations

import numpy as np

from autograder.authoring.student import FaultKind, Handle, StudentFault, Value


def unpack(result: Value, *names: str) -> tuple[Value, ...]:
    """Check that a returned value is a tuple or list with one part for each name, and give the parts.

    Raises `StudentFault` if it is not, with a message that lists the names. Only the check that asked loses
    its points.

    >>> unpack((1.0, 2.0), "loss", "gradient")
    (1.0, 2.0)
    """
    if not isinstance(result, tuple | list):
        returned = kind_of(result)
    elif len(result) != len(names):
        returned = "1 value" if len(result) == 1 else f"{len(result)} values"
    else:
        return tuple(result)
    message = f"The function returned {returned}, expected {len(names)} values: ({', '.join(names)})."
    raise StudentFault(FaultKind.RAISED, message)


def kind_of(value: Value) -> str:
    """Describe the kind of a value in a few words.

    >>> kind_of(None), kind_of(3.0), kind_of(np.zeros((2, 3)))
    ('None', 'a float', 'an array of shape (2, 3)')
    """
    if value is None:
        return "None"
    if isinstance(value, np.ndarray):
        return f"an array of shape {value.shape}"
    if isinstance(value, Handle):
        return f"an object of type {value.kind}"
    name = type(value).__name__
    return f"an {name}" if name[0] in "aeiou" else f"a {name}"
