"""The visible questions: one case by hand, the gradient of the student's own loss, and no loop."""

import ast

import numpy as np

from autograder.authoring import (
    Case,
    CheckKind,
    CheckSpec,
    Comparison,
    Expected,
    Finding,
    Status,
    Struct,
    numerical_gradient,
    unpack,
)

LOOPS = (ast.For, ast.While, ast.comprehension)


def draw(rng, name, regime, reg=0.0, scale=1.0):
    """Draw a case: X (5, 4), W (4, 3), y (5,)."""
    inputs = {
        "W": scale * rng.standard_normal((4, 3)),
        "X": rng.standard_normal((5, 4)),
        "y": rng.integers(0, 3, size=5),
        "reg": reg,
    }
    return Case(id=name, about=f"X (5, 4), W (4, 3), reg {reg}, {regime}", regime=regime, inputs=inputs)


def ask(handles, case):
    """Give the student's loss and gradient."""
    result = handles.student.call("softmax_loss", *case.inputs.values())
    loss, gradient = unpack(result, "loss", "dW")
    return {"loss": loss, "dW": gradient}


def by_hand(rng):
    """Give the case that can be done by hand: all classes are equally likely."""
    inputs = {"W": np.zeros((2, 3)), "X": np.eye(2), "y": np.array([0, 2]), "reg": 0.5}
    return [Case(id="zeros", about="W all zeros, 3 classes", regime="by-hand", inputs=inputs)]


def expect_by_hand(handles, case):
    """Give log 3, and half of each probability less the right class, 1/3 - 1 or 1/3, by row."""
    third = 1 / 6
    gradient = np.array([[third - 0.5, third, third], [third, third, third - 0.5]])
    return {
        "loss": Expected(value=np.array(np.log(3)), allowed=1e-12),
        "dW": Expected(value=gradient, allowed=1e-12),
    }


def small_cases(rng):
    """Give cases on which a numerical gradient is taken."""
    return [draw(rng, "small", "small"), draw(rng, "small-regularised", "small", reg=0.1)]


def ask_gradient(handles, case):
    """Give the student's gradient alone."""
    return {"dW": ask(handles, case)["dW"]}


def expect_own_gradient(handles, case):
    """Give the numerical gradient of the student's own loss."""
    weights, *rest = case.inputs.values()

    def losses(points):
        answers = handles.student.map("softmax_loss", [(point, *rest) for point in points], pick=0)
        return [answer if isinstance(answer, float) else np.nan for answer in answers]

    value = numerical_gradient(losses, weights, np.array(1.0))
    return {"dW": Expected(value=value, allowed=1e-6 * (1 + np.abs(value)))}


QUESTIONS = {
    "by-hand": Comparison(outputs=("loss", "dW"), cases=by_hand, ask=ask, expect=expect_by_hand),
    "own-gradient": Comparison(
        outputs=("dW",), cases=small_cases, ask=ask_gradient, expect=expect_own_gradient
    ),
}


# --- a kind of check: no loop in a function ----------------------------------------------------------


class NoLoop(CheckSpec, kw_only=True):
    """No `for`, `while` or comprehension in the text of a function."""

    function: str

    @property
    def names_definitions(self):
        """See `CheckSpec.names_definitions`."""
        return (self.function,)


class Loops(Struct):
    """The lines of a function's loops, None where there is no such function to read."""

    lines: tuple[int, ...] | None


def read_loops(spec, notebook, given):
    """Find the loops of the function's last definition, by its text alone."""
    found = None
    for cell in notebook.code_cells:
        try:
            tree = ast.parse(cell.source)
        except (SyntaxError, ValueError, RecursionError, MemoryError):
            continue
        for node in tree.body:
            if isinstance(node, ast.FunctionDef) and node.name == spec.function:
                loops = [one for one in ast.walk(node) if isinstance(one, LOOPS)]
                found = tuple(sorted(getattr(one, "lineno", node.lineno) for one in loops))
    return Loops(lines=found)


def check_no_loop(spec, context):
    """Judge what was read; a function in which nothing was written yet has no loop, and earns nothing."""
    lines = context.readings[spec.id].lines
    if context.untouched or lines is None:
        message = f"There is no `{spec.function}` to read yet."
    elif lines:
        message = f"`{spec.function}` has a loop in line {lines[0]} of its cell."
    else:
        message = f"`{spec.function}` has no loop."
    right = not context.untouched and lines == ()
    return Finding(
        check=spec.id,
        status=Status.PASSED if right else Status.FAILED,
        fraction=float(right),
        message=message,
        hints=() if right else spec.hints,
    )


KINDS = {"no-loop": CheckKind(spec=NoLoop, run=check_no_loop, read=read_loops, reading=Loops)}
