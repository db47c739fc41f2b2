"""The hidden questions: drawn distances and votes, ties, and the accuracy on pictures."""

from collections import Counter

import numpy as np

from autograder.authoring import Case, Comparison, Expected, Judgement, Probe

from . import visible


def distance_cases(rng):
    """Draw pictures, some of which are equal."""
    x, x_train = rng.standard_normal((4, 6)), rng.standard_normal((5, 6))
    same = 1e3 * rng.standard_normal((3, 6))
    pairs = {"drawn": (x, x_train), "equal": (same, same)}
    return [
        Case(
            id=name,
            about=f"X {a.shape}, X_train {b.shape}, {name}",
            regime=name,
            inputs={"X": a, "X_train": b},
        )
        for name, (a, b) in pairs.items()
    ]


def expect_distances(handles, case):
    """Give the distances by their definition; one of 0 may be as large as the root of rounding."""
    x, x_train = case.inputs["X"], case.inputs["X_train"]
    value = np.linalg.norm(x[:, None] - x_train[None], axis=2)
    return {"distances": Expected(value=value, allowed=1e-6 * (1 + np.abs(x).max()))}


def vote_cases(rng):
    """Draw neighbours whose distances all differ, and classes that tie."""
    nearness = rng.permuted(np.tile(np.arange(1.0, 8.0), (5, 1)), axis=1)
    classes = rng.integers(0, 4, size=7)
    tie = {"nearness": np.array([[1.0, 2.0, 3.0, 4.0, 9.0]]), "y_train": np.array([3, 1, 3, 1, 0]), "k": 4}
    return [
        _votes("drawn", "drawn", {"nearness": nearness, "y_train": classes, "k": 3}),
        _votes("one", "drawn", {"nearness": nearness, "y_train": classes, "k": 1}),
        _votes("tie", "tie", tie),
        _votes("all", "all", {"nearness": nearness, "y_train": classes, "k": 50}),
    ]


def _votes(name, regime, inputs):
    about = f"{inputs['nearness'].shape[1]} pictures, k = {inputs['k']}"
    return Case(id=name, about=about, regime=regime, inputs=inputs)


def expect_votes(handles, case):
    """Give the classes by counting each row's votes."""
    nearness, classes, k = case.inputs.values()
    right = []
    for row in nearness:
        votes = Counter(classes[sorted(range(len(row)), key=row.__getitem__)[:k]].tolist())
        most = max(votes.values())
        right.append(min(name for name, count in votes.items() if count == most))
    return {"classes": Expected(value=np.array(right), allowed=0.0)}


def judge_accuracy(handles, rng, data):
    """Classify the pictures for measuring by the student's functions; half right earns all."""
    nearness = handles.student.call("distances", data.x_test, data.x_train)
    classes = handles.student.call("predict", nearness, data.y_train, 5)
    accuracy = float(np.mean(np.asarray(classes) == data.y_test))
    return Judgement(
        fraction=min(1.0, accuracy / 0.5),
        message=f"{accuracy:.0%} of the pictures get their class.",
        expected="50 % or more",
        actual=f"{accuracy:.0%}",
        metrics={"accuracy": round(accuracy, 4)},
    )


QUESTIONS = {
    "distances": Comparison(
        outputs=("distances",), cases=distance_cases, ask=visible.ask_distances, expect=expect_distances
    ),
    "votes": Comparison(outputs=("classes",), cases=vote_cases, ask=visible.ask_votes, expect=expect_votes),
    "accuracy": Probe(judge=judge_accuracy, samples=300),
}
