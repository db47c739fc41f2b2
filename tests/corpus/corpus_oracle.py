"""Torch as the oracle of the corpus: in which outputs does a submission differ from it?

It asks as the checks do: the backward pass gets the submission's own cache, or, where the forward pass does
not work, the cache that the docstring promises.
"""

import contextlib
import io

import numpy as np
from corpus_grading import InProcessSession, course, given, notebook_of

from autograder.grading.reading import definitions_of

OUTPUTS = ("out", "dx", "dw", "db")
RAISED = object()


def torch_answers(rng, inputs, parameters):
    """Give out, a random dout, and dx, dw and db."""
    import torch

    torch.set_num_threads(1)
    leaves = [torch.tensor(a, requires_grad=True) for a in inputs]
    out = torch.nn.functional.conv2d(*leaves, stride=parameters["stride"], padding=parameters["pad"])
    dout = rng.standard_normal(out.shape)
    out.backward(torch.tensor(dout))
    return out.detach().numpy(), dout, [leaf.grad.numpy() for leaf in leaves]


def random_layer(rng):
    """Draw x, w, b, and parameters whose stride divides the sizes."""
    stride, pad = int(rng.integers(1, 4)), int(rng.integers(0, 4))
    n, c, f = (int(k) for k in rng.integers(1, 4, 3))
    kernel = [int(k) for k in rng.integers(1, 5, 2)]
    size = [max(1, k - 2 * pad + stride * int(rng.integers(1, 4))) for k in kernel]
    size = [s + -(s + 2 * pad - k) % stride for s, k in zip(size, kernel, strict=True)]
    x, w, b = rng.standard_normal((n, c, *size)), rng.standard_normal((f, c, *kernel)), rng.standard_normal(f)
    return (x, w, b), {"stride": stride, "pad": pad}


def differing(entry):
    """Give the outputs of an entry that are wrong somewhere, and those that an exception alone keeps back.

    Its code is read as a submission's.
    """
    with quietly(), functions_of(notebook_of(entry)) as functions:
        wrong, raised = (set().union(*found) for found in zip(*disagreements(functions), strict=True))
    return wrong, raised - wrong


@contextlib.contextmanager
def functions_of(notebook):
    """The functions of a notebook by name, as the checks find them: a name may be one of the release's."""
    definitions = definitions_of(notebook, course().assignment, given())
    with InProcessSession().student(definitions, None) as student:
        yield student.names


def disagreements(functions, cases=30, seed=0):
    """Give the outputs that differ from torch's, and those of calls that raised, for layer after layer.

    The layers are some random ones, and three of whole numbers.
    """
    rng = np.random.default_rng(seed)
    layers = [random_layer(rng) for _ in range(cases)]
    for inputs, parameters in layers:
        yield _asked(functions, rng, inputs, parameters)
    for inputs, parameters in layers[:3]:
        whole = tuple(np.round(4 * a) for a in inputs)
        wrong, raised = _asked(functions, rng, whole, parameters, dtype=np.int64)
        yield wrong & {"out"}, raised & {"out"}


def _asked(functions, rng, inputs, parameters, dtype=np.float64):
    """Ask twice with the same arrays, and for other images before the backward pass, as the checks do."""
    out, dout, wanted = torch_answers(rng, inputs, parameters)
    shared, dout = [a.astype(dtype) for a in inputs], dout.copy()
    answers = [("out", _forward(functions, shared, parameters)[0], out) for _ in range(2)]
    for _ in range(2):
        _, cache = _forward(functions, [a.astype(dtype) for a in inputs], parameters)
        _forward(functions, [-a.astype(dtype) for a in inputs], parameters)
        gradients = zip(OUTPUTS[1:], _backward(functions, dout, cache), wanted, strict=True)
        answers += gradients
    raised = {name for name, answer, _ in answers if answer is RAISED}
    given = [one for one in answers if one[1] is not RAISED]
    return {name for name, answer, right in given if not agrees(answer, right)}, raised


def agrees(answer, right):
    """Whether an answer is an array of real numbers, and torch's."""
    fits = isinstance(answer, np.ndarray) and answer.dtype.kind in "fiu" and answer.shape == right.shape
    return fits and np.allclose(answer, right, rtol=1e-9, atol=1e-9)


def _forward(functions, inputs, parameters):
    promised = (*(a.copy() for a in inputs), dict(parameters))
    try:
        given = functions["conv_forward_naive"](*inputs, dict(parameters))
    except (Exception, SystemExit):
        return RAISED, promised
    if not isinstance(given, tuple | list) or len(given) != 2 or given[1] is None:
        return (given[0] if isinstance(given, tuple | list) and given else given), promised
    return given


def _backward(functions, dout, cache):
    try:
        given = functions["conv_backward_naive"](dout, cache)
    except (Exception, SystemExit):
        return RAISED, RAISED, RAISED
    found = list(given) if isinstance(given, tuple | list) else [given]
    return (*found, None, None, None)[:3]


@contextlib.contextmanager
def quietly():
    """Swallow what is printed, and NumPy's warnings."""
    with contextlib.redirect_stdout(io.StringIO()), np.errstate(all="ignore"):
        yield
