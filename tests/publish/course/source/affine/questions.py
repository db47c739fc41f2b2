"""The visible question: one case that can be done by hand."""

import numpy as np

from autograder.authoring.questions import Case, Comparison, Expected


def ask(handles, case):
    out = handles.student.call("affine_forward", *(case.inputs[name] for name in ("x", "w", "b")))
    return {"out": out}


def _by_hand(_):
    inputs = {"x": np.array([[1.0, 2.0]]), "w": np.array([[3.0], [4.0]]), "b": np.array([5.0])}
    return [Case(id="by-hand", about="x (1, 2), w (2, 1)", regime="by-hand", inputs=inputs)]


def _sixteen(_, __):
    return {"out": Expected(value=np.array([[16.0]]), allowed=1e-12)}


QUESTIONS = {"by-hand": Comparison(outputs=("out",), cases=_by_hand, ask=ask, expect=_sixteen)}
