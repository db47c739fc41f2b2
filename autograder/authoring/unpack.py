"""Safe unpacking of what a student's function returned."""

from __future__ import annotations

from autograder.authoring.student import FaultKind, StudentFault, Value


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
    wanted = f"({', '.join(names)})"
    if not isinstance(result, tuple | list):
        kind = "None" if result is None else f"a {type(result).__name__}"
        raise StudentFault(
            FaultKind.RAISED, f"The function returned {kind}, expected {len(names)} values: {wanted}."
        )
    if len(result) != len(names):
        raise StudentFault(
            FaultKind.RAISED, f"The function returned {len(result)} values, expected {len(names)}: {wanted}."
        )
    return tuple(result)
