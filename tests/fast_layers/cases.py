"""Cases of the fast layers: a function, a type, a kind of numbers, sizes; the inputs and the right results.

Some numbers are small and whole: every sum of them is exact in both types and in every order, so that results
must be equal to the last bit. Others are normally distributed, with a bound from the length of the sums.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from types import ModuleType
from typing import Any, NamedTuple

import numpy as np
import oracle
from oracle import Array, Expected

Pick = Callable[[int, int], int]  # a whole number from the first to the second, both included

LARGEST_WORK = 300_000  # multiplications of a convolution that is drawn
DTYPES = ("float32", "float64")


class Sizes(NamedTuple):
    """Sizes of images, filters and windows; each function uses some of them."""

    images: int
    channels: int
    height: int
    width: int
    filters: int = 1
    field_height: int = 1
    field_width: int = 1
    stride: int = 1
    pad: int = 0
    window_height: int = 2
    window_width: int = 2
    window_stride: int = 2
    need_dx: bool = True

    @property
    def x(self) -> tuple[int, ...]:
        return self.images, self.channels, self.height, self.width

    @property
    def w(self) -> tuple[int, ...]:
        return self.filters, self.channels, self.field_height, self.field_width

    @property
    def out(self) -> tuple[int, ...]:
        """The shape of the convolution's output."""
        rows = 1 + (self.height + 2 * self.pad - self.field_height) // self.stride
        columns = 1 + (self.width + 2 * self.pad - self.field_width) // self.stride
        return self.images, self.filters, rows, columns

    @property
    def window(self) -> tuple[int, int, int]:
        return self.window_height, self.window_width, self.window_stride

    def pooled(self, shape: tuple[int, ...]) -> tuple[int, ...]:
        """The shape of images after pooling."""
        rows = 1 + (shape[2] - self.window_height) // self.window_stride
        columns = 1 + (shape[3] - self.window_width) // self.window_stride
        return (*shape[:2], rows, columns)


class Affine(NamedTuple):
    """Sizes of a fully connected layer."""

    examples: int
    inputs: int
    outputs: int
    relu: bool = False


class Vector(NamedTuple):
    """The shape of Adam's weights, and the number of its settings in the table."""

    shape: tuple[int, ...]
    setting: int = 0


# --- drawing sizes -------------------------------------------------------------------------------


def _size(pick: Pick) -> int:
    """Draw a size: mostly small, sometimes up to 40."""
    return pick(1, 9) if pick(0, 7) else pick(10, 40)


def _window(pick: Pick, height: int, width: int) -> tuple[int, int, int]:
    """Draw windows that fit: half of them of 2 x 2, if these fit."""
    if pick(0, 1) and min(height, width) >= 2:
        return 2, 2, 2
    return min(height, _size(pick)), min(width, _size(pick)), pick(1, 4)


def draw_convolution(pick: Pick) -> Sizes:
    """Draw sizes of a possible convolution, and of windows over its output."""
    stride, pad = pick(1, 4), pick(0, 4)
    field = pick(1, 5) if pick(0, 3) else _size(pick), pick(1, 5) if pick(0, 3) else _size(pick)
    height, width = (max(1, taps - 2 * pad) + _size(pick) - 1 for taps in field)
    sizes = Sizes(0, 1, height, width, 1, *field, stride, pad)
    rows, columns = sizes.out[2:]
    most = max(1, LARGEST_WORK // (rows * columns * field[0] * field[1]))
    images = min(pick(0, 5), most)
    channels = min(_size(pick), max(1, most // max(1, images)))
    filters = min(_size(pick), max(1, most // max(1, images) // channels))
    window = _window(pick, rows, columns)
    return Sizes(images, channels, height, width, filters, *field, stride, pad, *window, bool(pick(0, 1)))


def draw_pooling(pick: Pick) -> Sizes:
    """Draw sizes of images, and of windows that fit into them."""
    height, width = _size(pick), _size(pick)
    window = _window(pick, height, width)
    sizes = Sizes(pick(0, 5), pick(1, 9), height, width)
    return sizes._replace(window_height=window[0], window_width=window[1], window_stride=window[2])


def draw_affine(pick: Pick) -> Affine:
    """Sizes of a fully connected layer."""
    examples = pick(0, 9) if pick(0, 7) else pick(10, 100)
    inputs = _size(pick) if pick(0, 3) else pick(41, 300)
    return Affine(examples, inputs, _size(pick), bool(pick(0, 1)))


def draw_vector(pick: Pick) -> Vector:
    """A shape of up to three dimensions."""
    return Vector(tuple(_size(pick) for _ in range(pick(1, 3))), pick(0, len(ADAM_SETTINGS) - 1))


ADAM_SETTINGS = (  # step size, beta1, beta2, epsilon, correction
    (1e-3, 0.9, 0.999, 1e-8, 1.0),
    (5.26e-3, 0.9, 0.999, 1e-8, 500.25),
    (1.0, 0.0, 0.5, 1e-3, 2.0),
    (-1e-2, 0.5, 0.0, 1.0, 1.0),
)


# --- what a function is given, and gives -------------------------------------------------------------

Numbers = Callable[[tuple[int, ...]], Array]
Arguments = tuple[Any, ...]


def _conv_forward(s: Sizes, numbers: Numbers) -> Arguments:
    return numbers(s.x), numbers(s.w), numbers(s.w[:1]), s.stride, s.pad


def _conv_backward(s: Sizes, numbers: Numbers) -> Arguments:
    return numbers(s.out), numbers(s.x), numbers(s.w), s.stride, s.pad, s.need_dx


def _fused_backward(s: Sizes, numbers: Numbers) -> Arguments:
    return (numbers(s.pooled(s.out)), *_conv_forward(s, numbers), *s.window, s.need_dx)


def _adam(s: Vector, numbers: Numbers) -> Arguments:
    w, dw, m, v = (numbers(s.shape) for _ in range(4))
    return w, dw, m, abs(v), *ADAM_SETTINGS[s.setting]


def _without_none(results: Sequence[Array | None], need_dx: bool) -> list[Array]:
    assert (results[0] is not None) == need_dx
    return [array for array in results if array is not None]


def _call_conv_backward(module: ModuleType, args: Arguments) -> list[Array]:
    return _without_none(module.conv_backward(*args), args[-1])


def _call_pool_forward(module: ModuleType, args: Arguments) -> list[Array]:
    out, winner = module.max_pool_forward(*args)
    assert np.issubdtype(winner.dtype, np.integer)
    return [out, winner]


def _call_pool_backward(module: ModuleType, args: Arguments) -> list[Array]:
    dout, x, *window = args
    _, winner = module.max_pool_forward(x, *window)
    return [module.max_pool_backward(dout, winner, x.shape, *window)]


def _call_fused_forward(module: ModuleType, args: Arguments) -> list[Array]:
    out, winner = module.conv_relu_pool_forward(*args)
    assert out.shape == winner.shape
    assert np.issubdtype(winner.dtype, np.integer)
    return [out]


def _call_fused_backward(module: ModuleType, args: Arguments) -> list[Array]:
    dout, x, w, b, *sizes, need_dx = args
    _, winner = module.conv_relu_pool_forward(x, w, b, *sizes)
    return _without_none(module.conv_relu_pool_backward(dout, winner, x, w, *sizes, need_dx), need_dx)


def _call_adam(module: ModuleType, args: Arguments) -> list[Array]:
    w, dw, m, v, *setting = args
    w, m, v = w.copy(), m.copy(), v.copy()
    assert module.adam_step(w, dw, m, v, *setting) is None
    return [w, m, v]


def _as_it_is(value: Array) -> Expected:
    """A result that is chosen from the inputs, not computed."""
    return Expected(value, np.zeros_like(value), 0)


def _expect_conv_backward(args: Arguments) -> list[Expected]:
    return list(oracle.conv_backward(*args[:-1]))[0 if args[-1] else 1 :]


def _expect_fused_backward(args: Arguments) -> list[Expected]:
    dout, x, w, b, stride, pad, height, width, pool_stride, need_dx = args
    place = oracle.conv_relu_pool_forward(x, w, b, stride, pad, height, width, pool_stride)[1]
    found = oracle.conv_relu_pool_backward(dout, place, x, w, stride, pad, width, pool_stride)
    return list(found)[0 if need_dx else 1 :]


class Operation(NamedTuple):
    """A function of the fast layers."""

    draw: Callable[[Pick], Any]
    arguments: Callable[[Any, Numbers], Arguments]
    call: Callable[[ModuleType, Arguments], list[Array]]
    expect: Callable[[Arguments], list[Expected]]
    data: tuple[str, ...] = ("coarse", "fine", "real")


OPERATIONS = {
    "conv_forward": Operation(
        draw_convolution,
        _conv_forward,
        lambda module, args: [module.conv_forward(*args)],
        lambda args: [oracle.conv_forward(*args)],
    ),
    "conv_backward": Operation(
        draw_convolution, _conv_backward, _call_conv_backward, _expect_conv_backward
    ),
    "max_pool_forward": Operation(
        draw_pooling,
        lambda s, numbers: (numbers(s.x), *s.window),
        _call_pool_forward,
        lambda args: [_as_it_is(each) for each in oracle.winners(*args)],
    ),
    "max_pool_backward": Operation(
        draw_pooling,
        lambda s, numbers: (numbers(s.pooled(s.x)), numbers(s.x), *s.window),
        _call_pool_backward,
        lambda args: [oracle.pool_backward(*args)],
    ),
    # A rounding error could make another pixel win, so the sums are exact.
    "conv_relu_pool_forward": Operation(
        draw_convolution,
        lambda s, numbers: (*_conv_forward(s, numbers), *s.window),
        _call_fused_forward,
        lambda args: [_as_it_is(oracle.conv_relu_pool_forward(*args)[0])],
        ("coarse", "fine"),
    ),
    "conv_relu_pool_backward": Operation(
        draw_convolution, _fused_backward, _call_fused_backward, _expect_fused_backward, ("coarse", "fine")
    ),
    "affine_forward": Operation(
        draw_affine,
        lambda s, numbers: (*map(numbers, (s[:2], s[1:3], s[2:3])), s.relu),
        lambda module, args: [module.affine_forward(*args)],
        lambda args: [oracle.affine_forward(*args)],
    ),
    "affine_backward": Operation(
        draw_affine,
        lambda s, numbers: (numbers((s.examples, s.outputs)), numbers(s[:2]), numbers(s[1:3])),
        lambda module, args: list(module.affine_backward(*args)),
        lambda args: list(oracle.affine_backward(*args)),
    ),
    "adam_step": Operation(
        draw_vector, _adam, _call_adam, lambda args: list(oracle.adam_step(*args)), ("real",)
    ),
}  # fmt: skip


@dataclass(frozen=True)
class Case:
    """One call; evaluating its repr makes it again."""

    operation: str
    dtype: str
    data: str
    sizes: Any
    seed: int = 0

    def arguments(self) -> Arguments:
        """Give the arguments of the function."""
        rng = np.random.default_rng(self.seed)

        def numbers(shape: tuple[int, ...]) -> Array:
            if self.data == "real":
                return rng.standard_normal(shape).astype(self.dtype)
            largest = {"coarse": 2, "fine": 64}[self.data]
            return rng.integers(-largest, largest, shape, endpoint=True).astype(self.dtype)

        return OPERATIONS[self.operation].arguments(self.sizes, numbers)

    def call(self, module: ModuleType, arguments: Arguments) -> list[Array]:
        """Give the function's results, without winners that each implementation may choose itself."""
        return OPERATIONS[self.operation].call(module, arguments)

    def faults(self, found: list[Array], expected: list[Expected]) -> list[str]:
        """Say what is wrong with the results; empty if nothing is."""
        return [
            f"result {i}: {fault}"
            for i, (actual, wanted) in enumerate(zip(found, expected, strict=True))
            if (fault := self._fault(actual, wanted))
        ]

    def expect(self, arguments: Arguments) -> list[Expected]:
        """Give the right results."""
        return OPERATIONS[self.operation].expect(arguments)

    def _fault(self, actual: Array, wanted: Expected) -> str:
        if actual.shape != wanted.value.shape:
            return f"shape {actual.shape}, expected {wanted.value.shape}"
        whole = np.issubdtype(actual.dtype, np.integer)
        if not whole and actual.dtype != self.dtype:
            return f"{actual.dtype}, expected {self.dtype}"
        exact = whole or self.data != "real"
        bound = 0.0 if exact else wanted.bound(actual.dtype)
        wrong = ~(abs(actual - wanted.value) <= bound)
        if not wrong.any():
            return ""
        where = tuple(map(int, np.argwhere(wrong)[0]))
        value, right = actual[where], wanted.value[where]
        return f"{wrong.sum()} of {wrong.size} are wrong; at {where} {value!r}, expected {right!r}"


def draw_case(pick: Pick, operation: str, dtype: str) -> Case:
    """A case of a function and a type."""
    chosen = OPERATIONS[operation]
    data = chosen.data[pick(0, len(chosen.data) - 1)]
    return Case(operation, dtype, data, chosen.draw(pick), pick(0, 999))


# --- sizes that are rarely drawn -----------------------------------------------------------------

_BANDS = Sizes(2, 3, 70, 64, 7, 7, 7, 1, 3)  # an image is unfolded in several bands
_IMAGES = Sizes(70, 2, 9, 8, 3, 3, 3, 1, 1)  # more than there are parts
_CONVOLUTIONS = (
    _BANDS,
    _BANDS._replace(stride=2, window_height=3, window_stride=1),
    _IMAGES,
    _IMAGES._replace(images=3, channels=17, filters=37, window_width=3),  # many blocks of filters
    Sizes(17, 10, 9, 9, 140, 9, 9, 1, 0, 1, 1, 1),  # more sums for dw than places for them
    Sizes(1, 1, 5, 610, 2, 3, 2, 1, 1),  # more windows in a row than a chunk has
    Sizes(2, 2, 40, 37, 3, 2, 3, 1, 1, 16, 17, 3),  # more places in a window than a byte counts
    Sizes(2, 30, 12, 12, 5, 5, 5, 1, 2),  # long patches
    Sizes(2, 30, 12, 12, 5, 5, 5, 1, 2, need_dx=False),  # more runs in a patch than registers
    Sizes(2, 2, 41, 90, 4, 7, 19, 1, 3, need_dx=False),  # several tiles, runs of several pieces
    Sizes(2, 2, 90, 41, 4, 3, 3, 3, 1, 3, 2, 1, need_dx=False),
    Sizes(3, 2, 23, 19, 8, 5, 6, 1, 2),  # by halves: odd sizes, filters of odd and even length
    Sizes(2, 1, 7, 8, 7, 6, 7, 1, 0),
    Sizes(1, 2, 3, 4, 2, 5, 8, 1, 6),  # the pad is wider than the image and the filter
    Sizes(1, 1, 8, 1100, 2, 5, 5, 1, 2),  # more windows in a row than a chunk has
    Sizes(1, 3, 420, 9, 2, 400, 3, 1, 1, need_dx=False),  # a tile would be too large
    Sizes(2, 1, 1, 1, 1, 1, 1, 1, 0, 1, 1, 1),  # images smaller than a vector
)
_POOLINGS = (
    Sizes(3, 40, 8, 8),
    Sizes(2, 2, 6, 1030),
    Sizes(2, 2, 40, 37, window_height=16, window_width=17, window_stride=3),
    Sizes(1, 1, 16, 16, window_height=15, window_width=17 - 1, window_stride=1),
    Sizes(1, 2, 17, 19, window_height=15, window_width=17, window_stride=1),  # 255 places: just a byte's
)
_AFFINES = (
    Affine(100, 130, 20, True),
    Affine(97, 300, 33),
    Affine(50, 8192, 10, True),
    Affine(1, 2, 1),
)  # and rows smaller than a vector
_VECTORS = (Vector((20_001,), 1), Vector((3, 5, 7, 401), 0))

_NOTHING: dict[Any, tuple[Any, ...]] = {
    draw_convolution: (
        Sizes(0, 2, 5, 5, 3, 3, 3),
        Sizes(2, 2, 5, 5, 0, 3, 3),
        Sizes(2, 0, 5, 5, 3, 3, 3),
        Sizes(2, 2, 5, 5, 0, 3, 3, need_dx=False),
        Sizes(2, 0, 5, 5, 3, 3, 3, need_dx=False),
    ),
    draw_pooling: (Sizes(0, 2, 5, 5), Sizes(2, 0, 5, 5)),
    draw_affine: (Affine(0, 3, 4), Affine(3, 0, 4, True), Affine(3, 4, 0), Affine(0, 0, 0)),
    draw_vector: (Vector((0,)), Vector((3, 0, 2))),
}
_MUCH: dict[Any, tuple[Any, ...]] = {
    draw_convolution: _CONVOLUTIONS,
    draw_pooling: _POOLINGS,
    draw_affine: _AFFINES,
    draw_vector: _VECTORS,
}
LARGE = {name: _MUCH[operation.draw] for name, operation in OPERATIONS.items()}
EMPTY = {name: _NOTHING[operation.draw] for name, operation in OPERATIONS.items()}
