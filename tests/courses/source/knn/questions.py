"""The visible questions: distances and votes that can be done by hand."""

import numpy as np

from autograder.authoring import Case, Comparison, Expected


def ask_distances(handles, case):
    """Give the student's distances."""
    return {"distances": handles.student.call("distances", case.inputs["X"], case.inputs["X_train"])}


def ask_votes(handles, case):
    """Give the student's predictions."""
    return {"classes": handles.student.call("predict", *case.inputs.values())}


def distances_by_hand(rng):
    """Give two pictures of two numbers, and a triangle with sides 3, 4 and 5."""
    inputs = {"X": np.array([[0.0, 0.0], [3.0, 0.0]]), "X_train": np.array([[3.0, 4.0]])}
    return [Case(id="triangle", about="X (2, 2), X_train (1, 2)", regime="by-hand", inputs=inputs)]


def expect_triangle(handles, case):
    """Give the sides."""
    return {"distances": Expected(value=np.array([[5.0], [4.0]]), allowed=1e-9)}


def votes_by_hand(rng):
    """Give three neighbours of two classes."""
    inputs = {"nearness": np.array([[0.1, 0.3, 0.2]]), "y_train": np.array([1, 2, 2]), "k": 3}
    return [Case(id="two-of-three", about="classes 1, 2, 2 and k = 3", regime="by-hand", inputs=inputs)]


def expect_majority(handles, case):
    """Give the class of two of the three."""
    return {"classes": Expected(value=np.array([2]), allowed=0.0)}


QUESTIONS = {
    "distances-by-hand": Comparison(
        outputs=("distances",), cases=distances_by_hand, ask=ask_distances, expect=expect_triangle
    ),
    "votes-by-hand": Comparison(
        outputs=("classes",), cases=votes_by_hand, ask=ask_votes, expect=expect_majority
    ),
}
