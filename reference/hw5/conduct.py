"""Test whether calls of the two functions leave their inputs alone and do not depend on earlier calls.

Arrays that are sent are copies, so changes to them would not be seen. Here the arrays stay on the student's
side and are used again: a result that is right once must be right the next time.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from autograder.authoring import Array, Case, Expected, Handle, Handles, Keep, Student, StudentFault, Value

from . import visible

INPUTS = ("x", "w", "b")


def _held(student: Student, case: Case) -> tuple[Value, ...]:
    return tuple(student.put(case.inputs[name]) for name in INPUTS)


def _parameters(case: Case) -> dict[str, Value]:
    return {"stride": case.inputs["stride"], "pad": case.inputs["pad"]}


def _others(case: Case) -> tuple[Array, ...]:
    """Give other values in the same shapes."""
    return tuple(1.0 - 2.0 * case.inputs[name] for name in INPUTS)


def ask_forward_again(handles: Handles, case: Case) -> Mapping[str, Value]:
    """Give the output of a second call with the same arrays, after a call with others, and the arrays."""
    student, held = handles.student, _held(handles.student, case)
    student.call(visible.NAIVE, *_others(case), _parameters(case), keep=[0, 1])
    student.call(visible.NAIVE, *held, _parameters(case), keep=[0, 1])
    result = student.call(visible.NAIVE, *held, _parameters(case), keep=[1])
    out = result[0] if isinstance(result, tuple | list) and result else result
    return {"out": out, **{after(name): _read(student, h) for name, h in zip(INPUTS, held, strict=True)}}


def after(name: str) -> str:
    """Give the name of an input after the call."""
    return f"{name} after the call"


AFTER = tuple(map(after, INPUTS))


def _read(student: Student, held: Handle) -> Value:
    return student.method(held, "copy")


def untouched(case: Case) -> Mapping[str, Expected]:
    """Expect the inputs as they were, to the last bit."""
    return {after(name): Expected(value=np.asarray(case.inputs[name]), allowed=0.0) for name in INPUTS}


def ask_backward_again(handles: Handles, case: Case) -> Mapping[str, Value]:
    """Give the gradients of a second call with the same arrays and cache, after other forward passes."""
    held = _held(handles.student, case)
    cache, why = _cache(handles.student, case, held)
    try:
        return _twice(handles, case, cache)
    except StudentFault as fault:
        raise (why if why is not None and visible.is_about_the_cache(fault) else fault) from fault


def ask_backward_again_plain(handles: Handles, case: Case) -> Mapping[str, Value]:
    """Give the same with the cache that the docstring promises: (x, w, b, conv_param)."""
    return _twice(handles, case, (*_held(handles.student, case), _parameters(case)))


def _cache(student: Student, case: Case, held: tuple[Value, ...]) -> tuple[Value, StudentFault | None]:
    """Give the cache of the student's forward pass; if there is none, the promised one and the reason."""
    plain = (*held, _parameters(case))
    try:
        result = student.call(visible.NAIVE, *plain, keep=[0, 1])
        student.call(visible.NAIVE, *_others(case), _parameters(case), keep=[0, 1])
    except StudentFault as fault:
        return plain, fault
    own = result[1] if isinstance(result, tuple | list) and len(result) == 2 else None
    return (own if isinstance(own, Handle) and own.kind != "NoneType" else plain), None


def _twice(handles: Handles, case: Case, cache: Value) -> Mapping[str, Value]:
    dout = handles.student.put(case.inputs["dout"])
    handles.student.call(visible.NAIVE_BACK, dout, cache, keep=Keep.HANDLE)
    result = handles.student.call(visible.NAIVE_BACK, dout, cache)
    gradients = result if isinstance(result, tuple | list) else (result,)
    return dict(zip(visible.GRADIENTS, gradients, strict=False))
