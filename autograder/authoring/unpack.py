"""Safe unpacking of what a student's function returned."""

from __future__ import annotations

import numpy as np

from autograder.authoring.student import FaultKind, Handle, StudentFault, Value


def unpack(result: Value, *names: str) -> tuple[Value, ...]:
    """Give the parts of a returned tuple or list.

    >>> unpack((1.0, 2.0), "loss", "gradient")
    (1.0, 2.0)

    Parameters
    ----------
    result : Value
        What the student's function returned.
    names : str
        What the parts are called, for messages.

    Raises
    ------
    StudentFault
        It is no tuple or list of so many parts: a fault of the student's, in words. A check that asks
        loses its points, and no other does.
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
    """Say in a few words what kind of value something is.

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
