"""Ask the visible questions of HW5, which `autograder check` asks on a student's own machine.

They need no secret. The homework's own fast layers give the right outputs for the naive ones, and a numerical
gradient of the student's own forward pass gives the right backward pass.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Callable, Iterator, Mapping, Sequence

import numpy as np
from msgspec.structs import replace

from autograder.authoring import (
    Answer,
    Array,
    Case,
    Comparison,
    DataSet,
    Evaluate,
    Expected,
    Explanation,
    Generator,
    Handle,
    Handles,
    Judgement,
    Keep,
    Probe,
    SpeedComparison,
    Student,
    StudentFault,
    Sum,
    TimedCall,
    Timing,
    Value,
    directional_derivatives,
    explain_sum,
    numerical_gradient,
    rounding_bound,
)

NAIVE, FAST = "conv_forward_naive", "conv_forward_fast"
NAIVE_BACK, FAST_BACK = "conv_backward_naive", "conv_backward_fast"
GRADIENTS = ("dx", "dw", "db")


def convolution_case(  # noqa: PLR0917 - the order is the layer's own
    rng: Generator,
    case: str,
    regime: str,
    x: tuple[int, int, int, int],
    w: tuple[int, int, int],
    stride: int,
    pad: int,
    dtype: str = "float64",
) -> Case:
    """Draw one case: `x` is (N, C, H, W), `w` is (F, HH, WW); values are standard normal."""
    (n, c, rows, columns), (f, height, width) = x, w
    out_shape = (n, f, 1 + (rows + 2 * pad - height) // stride, 1 + (columns + 2 * pad - width) // stride)
    shapes = {"x": x, "w": (f, c, height, width), "b": (f,), "dout": out_shape}
    arrays: dict[str, Value] = {k: rng.standard_normal(s).astype(dtype) for k, s in shapes.items()}
    about = f"x {x}, w {(f, c, height, width)}, stride {stride}, pad {pad}"
    if dtype != "float64":
        about += f", {dtype}"
    return Case(id=case, about=about, regime=regime, inputs={**arrays, "stride": stride, "pad": pad})


def arguments(case: Case) -> tuple[Value, ...]:
    """Give the layer's arguments; the dict is new each time, since a student's code may write into it."""
    values = case.inputs
    parameters = {"stride": values["stride"], "pad": values["pad"]}
    return values["x"], values["w"], values["b"], parameters


def ask_forward(handles: Handles, case: Case) -> Mapping[str, Value]:
    """Give the output of the student's forward pass."""
    return {"out": _first(handles.student.call(NAIVE, *arguments(case), keep=[1]))}


def ask_backward(handles: Handles, case: Case) -> Mapping[str, Value]:
    """Give the gradients of the student's backward pass, from the cache of their own forward pass.

    If their forward pass gives no cache, the one that the docstring promises takes its place. If their
    backward pass can't unpack that one, the forward pass is to blame.
    """
    own, why = own_cache(handles.student, case)
    try:
        return gradients(handles.student, case, own)
    except StudentFault as fault:
        raise (why if why is not None and is_about_the_cache(fault) else fault) from fault


def own_cache(student: Student, case: Case) -> tuple[Value, StudentFault | None]:
    """Give the cache of the student's forward pass; if there is none, the promised one and the reason."""
    try:
        result = student.call(NAIVE, *arguments(case), keep=[0, 1])
    except StudentFault as fault:
        return arguments(case), fault
    if isinstance(result, tuple | list) and len(result) == 2 and _usable(result[1]):
        return result[1], None
    return arguments(case), None


def is_about_the_cache(fault: StudentFault) -> bool:
    """Decide whether a fault comes from unpacking a cache that has not the form which the code expects."""
    code = fault.traceback.splitlines()[-2:-1]
    return "to unpack" in fault.message or any(re.search(r"\bcache\b", line) for line in code)


def _usable(cache: Value) -> bool:
    return isinstance(cache, Handle) and cache.kind != "NoneType"


def gradients(student: Student, case: Case, cache: Value) -> Mapping[str, Value]:
    """Give the outputs of the student's backward pass from a cache, by name."""
    result = student.call(NAIVE_BACK, case.inputs["dout"], cache)
    gradients = result if isinstance(result, tuple | list) else (result,)
    return dict(zip(GRADIENTS, gradients, strict=False))


def _first(result: Value) -> Value:
    return result[0] if isinstance(result, tuple | list) and result else result


@functools.cache
def small_cases() -> Sequence[Case]:
    """Draw small layers of small integers, the simplest first; the stride divides everywhere."""
    recipes = [
        ((n, c, rows, columns), (f, height, width), stride, pad)
        for n, c, f in ((1, 1, 1), (1, 1, 2), (1, 2, 1), (2, 1, 1), (2, 2, 2))
        for rows, columns, height, width in _SMALL
        for stride in (1, 2, 3)
        for pad in (0, 1, 2)
        if (rows + 2 * pad - height) % stride == 0 and (columns + 2 * pad - width) % stride == 0
        if stride == 1 or rows + 2 * pad > height  # with one field alone, the stride makes no difference
    ]
    return [_small_case(*recipe) for recipe in sorted(recipes, key=_simplicity)]


_SMALL = ((2, 2, 2, 2), (3, 3, 2, 2), (2, 3, 2, 2), (3, 2, 2, 2), (3, 3, 3, 3), (3, 3, 2, 1), (3, 3, 1, 2))


def _simplicity(recipe: tuple[tuple[int, ...], tuple[int, int, int], int, int]) -> tuple[int, ...]:
    (n, c, rows, columns), (f, height, width), stride, pad = recipe
    return n * c * (rows + 2 * pad) * (columns + 2 * pad) + f * c * height * width, stride, pad


def _small_case(x: tuple[int, int, int, int], w: tuple[int, int, int], stride: int, pad: int) -> Case:
    case = convolution_case(np.random.default_rng(231), "small", "small", x, w, stride, pad)
    rng = np.random.default_rng(231)
    whole = {
        name: rng.integers(1, 10, size=np.shape(value)).astype(np.float64)
        for name, value in case.inputs.items()
        if isinstance(value, np.ndarray)
    }
    whole["b"] *= 10.0  # shows at once a bias that is missing or added twice
    return replace(case, inputs={**case.inputs, **whole})


@functools.cache
def small_forward_cases() -> Sequence[Case]:
    """Give the small cases without an upstream gradient."""
    given = ("x", "w", "b", "stride", "pad")
    return [replace(case, inputs={name: case.inputs[name] for name in given}) for case in small_cases()]


# --- the shape of an output -----------------------------------------------------------------------


def with_reasons(case: Case, expected: Mapping[str, Expected]) -> Mapping[str, Expected]:
    """Add to each expected output the reason for its shape."""
    return {name: replace(one, reason=_reason(case, name)) for name, one in expected.items()}


def _reason(case: Case, output: str) -> str:
    if output != "out":
        given = output.removeprefix("d")
        return f"{output} has a gradient for each number of {given}, so it has the shape of {given}"
    sizes = zip("HW", np.shape(case.inputs["x"])[2:], np.shape(case.inputs["w"])[2:], strict=True)
    stride, pad = case.inputs["stride"], case.inputs["pad"]
    terms = [
        f"{name}' = 1 + ({name} + 2 * pad - {name}{name}) // stride "
        f"= 1 + ({size} + 2 * {pad} - {field}) // {stride} = {1 + (size + 2 * pad - field) // stride}"
        for name, size, field in sizes
    ]
    return f"out is (N, F, H', W') with {terms[0]} and {terms[1]}"


_BROADCAST = re.compile(r"could not be broadcast together with shapes \(([\d, ]*)\) \(([\d, ]*)\)")


def explain_fault(case: Case, fault: StudentFault) -> str:
    """Explain two shapes that do not fit, if one is a filter's and the other a field's at the edge."""
    found = _BROADCAST.search(fault.message)
    if found is None:
        return ""
    one, other = (tuple(int(size) for size in text.split(",") if size.strip()) for text in found.groups())
    filter_shape = np.shape(case.inputs["w"])[1:]
    field = other if one == filter_shape else one if other == filter_shape else ()
    if len(field) != 3 or field[0] != filter_shape[0]:
        return ""
    axis, name = (1, "rows") if field[1] != filter_shape[1] else (2, "columns")
    has, wants = field[axis], filter_shape[axis]
    return f"The filter is {filter_shape}, and this field has {has} {name} instead of {wants}."


# --- what an element is made of -------------------------------------------------------------------

# (x, w, b, stride, pad) -> out, and (dout, x, w, stride, pad) -> dx, dw, db
Forward = Callable[[Array, Array, Array, int, int], Array]
Backward = Callable[[Array, Array, Array, int, int], tuple[Array, Array, Array]]
Index = tuple[int, ...]


def explain(handles: Handles, answer: Answer, output: str, index: Index) -> Explanation:
    """Explain an element by the homework's own fast layers."""

    def forward(x: Array, w: Array, b: Array, stride: int, pad: int) -> Array:
        out: Array = handles.given.call(FAST, x, w, b, {"stride": stride, "pad": pad}, keep=[1])[0]
        return out

    def backward(dout: Array, x: Array, w: Array, stride: int, pad: int) -> tuple[Array, Array, Array]:
        cache = (x, w, np.zeros(len(w)), {"stride": stride, "pad": pad})
        dx, dw, db = handles.given.call(FAST_BACK, dout, cache)
        return dx, dw, db

    return explain_by(forward, backward, answer, output, index)


def explain_by(
    forward: Forward, backward: Backward, answer: Answer, output: str, index: Index
) -> Explanation:
    """Explain an element of an output by right layers.

    An output is linear in each of its inputs. With a 1 at one element and zeros elsewhere, and with the
    numbers 1, 2, 3, … in the other input, a layer says for each number which one it is multiplied with.
    """
    inputs = answer.case.inputs
    x, w, b = (np.asarray(inputs[name], dtype=np.float64) for name in ("x", "w", "b"))
    stride, pad = inputs["stride"], inputs["pad"]
    x = np.pad(x, ((0, 0), (0, 0), (pad, pad), (pad, pad)))  # zeros of the border are in sums, too
    constant, first, second = None, "dout", "w"
    if output == "out":
        constant, first = (float(b[index[1]]), "the bias"), "x"
        met = backward(_one_at(answer.expected["out"].shape, index), x, _numbered(w), stride, 0)[0]
    elif output == "dx":
        n, c, row, column = index
        one = _one_at(x.shape, (n, c, row + pad, column + pad))
        met = forward(one, _numbered(w), np.zeros_like(b), stride, 0)
    elif output == "dw":
        second = "x"
        met = forward(_numbered(x), _one_at(w.shape, index), np.zeros_like(b), stride, 0)
    else:
        second = ""
        met = forward(np.zeros_like(x), np.zeros_like(w), _one_at(b.shape, index), stride, 0)
    arrays = {"x": x, "w": w, **({"dout": inputs["dout"]} if "dout" in inputs else {})}
    shape = arrays[second].shape if second else (1,)
    products = [
        ((first, place), (second, _index(flat, shape))) if second else ((first, place),)
        for place, flat in _partners(met)
    ]
    made = Sum(
        output=output,
        index=index,
        arrays=arrays,
        products=products,
        constant=constant,
        borders={"x": (pad, "zeros of the border (pad)")},
    )
    return explain_sum(made, answer)


def _one_at(shape: tuple[int, ...], index: Index) -> Array:
    one = np.zeros(shape)
    one[index] = 1.0
    return one


def _numbered(array: Array) -> Array:
    return np.arange(1.0, array.size + 1).reshape(array.shape)


def _partners(met: Array) -> Iterator[tuple[Index, int]]:
    """Give the places that count, each with the position of its partner."""
    for place in zip(*np.nonzero(met), strict=True):
        yield tuple(map(int, place)), round(float(met[place])) - 1


def _index(position: int, shape: tuple[int, ...]) -> Index:
    return tuple(map(int, np.unravel_index(position, shape)))


# --- the cases that the release shows ------------------------------------------------------------


def _printed_case() -> Case:
    x = np.linspace(-0.1, 0.5, num=96).reshape(2, 3, 4, 4)
    w = np.linspace(-0.2, 0.3, num=144).reshape(3, 3, 4, 4)
    b = np.linspace(-0.1, 0.2, num=3)
    inputs: dict[str, Value] = {"x": x, "w": w, "b": b, "stride": 2, "pad": 1}
    return Case(id="notebook", about="the notebook's own case", regime="notebook", inputs=inputs)


def _fast_forward_cases(rng: Generator) -> Sequence[Case]:
    return [_printed_case(), *_fast_cases(rng)]


def _fast_cases(_: Generator) -> Sequence[Case]:
    rng = np.random.default_rng(231)
    return [
        convolution_case(rng, "square", "square", (2, 3, 5, 5), (2, 3, 3), 1, 1),
        convolution_case(rng, "stride", "stride", (2, 2, 7, 7), (3, 3, 3), 2, 1),
        convolution_case(rng, "no-pad", "no-pad", (2, 3, 5, 5), (2, 3, 3), 1, 0),
        convolution_case(rng, "wide", "rectangular", (1, 2, 4, 7), (3, 2, 3), 1, 1),
        convolution_case(rng, "tall", "rectangular", (1, 2, 7, 4), (3, 3, 2), 1, 1),
    ]


def _expect_fast_forward(handles: Handles, case: Case) -> Mapping[str, Expected]:
    out = handles.given.call(FAST, *arguments(case), keep=[1])[0]
    return with_reasons(case, {"out": _close(out)})


def _expect_fast_backward(handles: Handles, case: Case) -> Mapping[str, Expected]:
    _, cache = handles.given.call(FAST, *arguments(case), keep=[0, 1])
    gradients = handles.given.call(FAST_BACK, case.inputs["dout"], cache)
    expected = {name: _close(value) for name, value in zip(GRADIENTS, gradients, strict=True)}
    return with_reasons(case, expected)


def _close(value: Array) -> Expected:
    """Allow the rounding of both sides: some hundred additions of numbers near one, in two orders."""
    return Expected(value=value, allowed=rounding_bound(1000, np.ones_like(value), np.float64))


# A numerical gradient costs two forward passes for every element, so only the smallest case has one. The
# others are probed: the gradient's inner products with a few random directions cost two passes each, and
# depend on every element all the same.

_PROBED = "probed-"
_DIRECTIONS = 3


def _gradient_cases(_: Generator) -> Sequence[Case]:
    rng = np.random.default_rng(231)
    small = convolution_case(rng, "small", "square", (1, 2, 3, 3), (2, 3, 3), 1, 1)
    probed = [
        convolution_case(rng, f"{_PROBED}square", "square", (2, 2, 4, 4), (2, 3, 3), 1, 1),
        convolution_case(rng, f"{_PROBED}stride", "stride", (1, 3, 7, 5), (2, 3, 3), 2, 1),
    ]
    return [small, *probed]


def expect_own_gradient(handles: Handles, case: Case) -> Mapping[str, Expected]:
    """Give numerical gradients of the student's own forward pass by x, w and b, or along directions.

    A forward pass whose output never changes has none, since zeros would agree with zeros.
    """
    dout, probed = case.inputs["dout"], case.id.startswith(_PROBED)
    rng = np.random.default_rng(233)
    expected = {}
    for position, (name, point) in enumerate(_points(case).items()):
        forward = _own_forward(handles, case, position)
        along = rng.standard_normal((_DIRECTIONS, *point.shape)) if probed else None
        if along is None:
            value = numerical_gradient(forward, point, dout)
        else:
            value = directional_derivatives(forward, point, dout, along)
        expected[name] = Expected(value=value, allowed=1e-6 * (1.0 + np.abs(value)), along=along)
    if dout.any() and not any(one.value.any() for one in expected.values()):
        expected = {n: replace(one, value=np.full_like(one.value, np.nan)) for n, one in expected.items()}
    return with_reasons(case, expected)


def _points(case: Case) -> dict[str, Array]:
    """Give the points at which the gradients dx, dw and db are taken."""
    return {f"d{name}": np.asarray(case.inputs[name]) for name in ("x", "w", "b")}


def _own_forward(handles: Handles, case: Case, position: int) -> Evaluate:
    """Give the student's forward pass as a function of one of its arguments."""

    def evaluate(points: Sequence[Array]) -> Sequence[Value]:
        base = arguments(case)
        calls = [[*base[:position], point, *base[position + 1 :]] for point in points]
        return handles.student.map(NAIVE, calls, pick=0)

    return evaluate


# --- the speed of the fast layers ----------------------------------------------------------------

_BIG = ((100, 3, 31, 31), (25, 3, 3, 3), 2, 1)


@functools.cache
def _big_arrays() -> tuple[Array, Array, Array, Array]:
    """Give x, w, b and dout of the layer that is timed, as in the notebook."""
    rng = np.random.default_rng(231)
    x_shape, w_shape, *_ = _BIG
    return (
        rng.standard_normal(x_shape),
        rng.standard_normal(w_shape),
        rng.standard_normal(25),
        rng.standard_normal((100, 25, 16, 16)),
    )


def _forward_args(images: int, filters: int) -> tuple[Array, Array, Array, dict[str, int]]:
    x, w, b, _ = _big_arrays()
    return x[:images], w[:filters], b[:filters], {"stride": 2, "pad": 1}


def _forward_call(target: str, images: int, filters: int) -> TimedCall:
    args = _forward_args(images, filters)
    return TimedCall(target=target, args=args, elements=images * filters * 16 * 16)


def _backward_call(student: Student, target: str, forward: str, images: int, filters: int) -> TimedCall:
    timed = _forward_call(forward, images, filters)
    dout = np.ascontiguousarray(_big_arrays()[3][:images, :filters])
    return TimedCall(
        target=target, args=(dout, _cache(student, forward, timed.args)), elements=timed.elements
    )


def _stored(student: Student, timed: TimedCall) -> TimedCall:
    """Store the arrays in the child: the release's own function is timed without their way there."""
    args = tuple(student.put(value) if isinstance(value, np.ndarray) else value for value in timed.args)
    return replace(timed, args=args)


def _fast_forward(handles: Handles) -> TimedCall:
    return _stored(handles.given, _forward_call(FAST, 100, 25))


def _fast_backward(handles: Handles) -> TimedCall:
    return _stored(handles.given, _backward_call(handles.given, FAST_BACK, FAST, 100, 25))


def _cache(student: Student, forward: str, args: tuple[Value, ...]) -> Value:
    """Give the cache of a forward pass, or the one that the docstring promises if that fails."""
    try:
        _, cache = student.call(forward, *args, keep=[0, 1])
    except (StudentFault, TypeError, ValueError):
        return args
    return cache


# Images and filters whose outputs are compared before the timing: wrong code has no speed.
_TRIED = (1, 2)


def _naive_forward(handles: Handles) -> TimedCall:
    args = _forward_args(*_TRIED)
    ours, theirs = handles.student.call(NAIVE, *args, keep=[1]), handles.given.call(FAST, *args, keep=[1])
    _require(_agree(_first(ours), _first(theirs)), "`out` is")
    return _forward_call(NAIVE, 2, 8)


def _naive_backward(handles: Handles) -> TimedCall:
    ours = handles.student.call(NAIVE_BACK, *_backward_call(handles.student, NAIVE_BACK, NAIVE, *_TRIED).args)
    theirs = handles.given.call(FAST_BACK, *_backward_call(handles.given, FAST_BACK, FAST, *_TRIED).args)
    three = isinstance(ours, tuple | list) and len(ours) == 3
    # db alone is no work worth timing
    _require(three and any(map(_agree, ours[:2], theirs[:2])), "`dx` and `dw` are")
    return _backward_call(handles.student, NAIVE_BACK, NAIVE, 2, 8)


def _agree(one: Value, other: Value) -> bool:
    if not isinstance(one, np.ndarray) or one.dtype.kind not in "fiu" or one.shape != other.shape:
        return False
    return bool(np.allclose(one, other, rtol=1e-3, atol=1e-4))


def _require(agrees: bool, wrong: str) -> None:
    if not agrees:
        raise ValueError(f"there is nothing to time yet, since {wrong} wrong")


def _plain_loop() -> None:
    """Do a plain loop's work for 1,000 output elements: a product and a sum over a field of 3 x 3 x 3."""
    fields, filters = np.ones((8, 3, 3, 3)), np.ones((8, 3, 3, 3))
    out = np.zeros(1000)
    for i in range(1000):
        out[i] = np.sum(fields[i % 8] * filters[i % 8]) + 1.0


_SPEED = Timing(
    comparisons=(
        SpeedComparison(name="forward", slow=_naive_forward, fast=_fast_forward),
        SpeedComparison(name="backward", slow=_naive_backward, fast=_fast_backward),
    ),
    plain=_plain_loop,
    plain_elements=1000,
)


# --- the network ---------------------------------------------------------------------------------


def _initial_loss(handles: Handles, rng: Generator, _: DataSet | None) -> Judgement:
    """Judge the loss of a fresh network: log 10, and about 0.2 more with reg = 0.5."""
    x = rng.standard_normal((20, 3, 32, 32))
    y = rng.integers(10, size=20)
    handles.student.seed(231)
    model = handles.student.call("ThreeLayerConvNet", keep=Keep.HANDLE)
    plain = _loss(handles.student, model, x, y)
    handles.student.set(model, "reg", 0.5)
    regularised = _loss(handles.student, model, x, y)
    right = abs(plain - np.log(10)) < 0.01 and 0.1 < regularised - plain < 0.4
    return Judgement(
        fraction=float(right),
        message=f"The loss of a fresh network is {plain:.4f}, and {regularised:.4f} with reg = 0.5.",
        expected="2.3026 (log 10), then about 2.51",
        actual=f"{plain:.4f}, then {regularised:.4f}",
        metrics={"loss": round(plain, 6), "loss_regularised": round(regularised, 6)},
    )


def _loss(student: Student, model: Handle, x: Array, y: Array) -> float:
    loss, _ = student.method(model, "loss", x, y, keep=[1])
    return float(loss)


QUESTIONS = {
    "fast-forward": Comparison(
        outputs=("out",),
        cases=_fast_forward_cases,
        ask=ask_forward,
        expect=_expect_fast_forward,
        small=small_forward_cases,
        explain=explain,
        explain_fault=explain_fault,
    ),
    "fast-backward": Comparison(
        outputs=GRADIENTS,
        cases=_fast_cases,
        ask=ask_backward,
        expect=_expect_fast_backward,
        small=small_cases,
        explain=explain,
        explain_fault=explain_fault,
    ),
    "own-gradient": Comparison(
        outputs=GRADIENTS, cases=_gradient_cases, ask=ask_backward, expect=expect_own_gradient
    ),
    "fast-speed": _SPEED,
    "initial-loss": Probe(judge=_initial_loss),
}
