"""Special numbers: ties, NaN, infinities, denormals, signed zeros, huge ones; and arrays of any layout."""

from collections.abc import Callable
from types import ModuleType
from typing import Any

import numpy as np
import oracle
import pytest
from cases import DTYPES, OPERATIONS, Case, Sizes, draw_case, draw_pooling
from HW5_code import fast_layers, layer_utils
from HW5_code.layers import max_pool_backward_naive, max_pool_forward_naive
from hypothesis import given
from hypothesis import settings as examples
from hypothesis import strategies as st
from under_test import fastconv, numpy_layers, settings, ways

Array = np.ndarray[Any, Any]
MODULES = pytest.mark.parametrize("module", [fastconv, numpy_layers], ids=["cython", "numpy"])
TYPES = pytest.mark.parametrize("dtype", DTYPES)
SETS = pytest.mark.parametrize("instruction_set", fastconv.INSTRUCTION_SETS)
SMALL = Sizes(3, 2, 9, 8, 4, 3, 3, 1, 1)
ODDITIES = (np.nan, np.inf, -np.inf, 0.0, -0.0, 1.0, -1.0, 1e38, -1e38, 1e-40, -1e-40)


# --- pooling chooses as np.max and np.argmax do ------------------------------------------------------


@MODULES
@TYPES
@examples(max_examples=60, deadline=None)
@given(data=st.data())
def test_pooling_of_special_numbers_is_numpy_s(module: ModuleType, dtype: str, data: Any) -> None:
    sizes: Sizes = draw_pooling(lambda a, b: data.draw(st.integers(a, b)))
    rng = np.random.default_rng(data.draw(st.integers(0, 999)))
    x = rng.choice(ODDITIES, sizes.x, p=[0.05, 0.05, 0.05, 0.2, 0.2, 0.15, 0.1, 0.05, 0.05, 0.05, 0.05])
    x = x.astype(dtype)
    dout = rng.integers(-9, 9, sizes.pooled(sizes.x)).astype(dtype)
    expected, place = oracle.winners(x, *sizes.window)
    parameters = dict(zip(("pool_height", "pool_width", "stride"), sizes.window, strict=True))
    np.testing.assert_array_equal(expected, max_pool_forward_naive(x, parameters)[0])
    dx = max_pool_backward_naive(dout, (x, parameters))
    for way in (way for group in ways(module) for way in group[:1]):
        with settings(*way):
            out, winner = module.max_pool_forward(x, *sizes.window)
            np.testing.assert_array_equal(out, expected)
            np.testing.assert_array_equal(winner, place)
            found = module.max_pool_backward(dout, winner, x.shape, *sizes.window)
        np.testing.assert_array_equal(found, dx)


@MODULES
@TYPES
@pytest.mark.parametrize("window", [(2, 2, 2), (3, 2, 1), (1, 4, 3)])
@pytest.mark.parametrize("place", range(4))
def test_a_nan_wins_wherever_it_stands(
    module: ModuleType, dtype: str, window: tuple[int, int, int], place: int
) -> None:
    for beside in (np.inf, -np.inf, 0, 3e38):
        x = np.full((1, 1, *window[:2]), beside, dtype=dtype)
        x.reshape(-1)[place] = np.nan
        x.reshape(-1)[place + 1 :] = np.nan  # the first of them wins
        out, winner = module.max_pool_forward(x, *window)
        assert np.isnan(out).all()
        assert winner.tolist() == [[[[place]]]]


@MODULES
@TYPES
def test_of_infinities_and_sums_that_overflow_the_largest_wins(module: ModuleType, dtype: str) -> None:
    large = np.finfo(dtype).max
    for values in ([-np.inf, -np.inf, np.inf, large], [large, large, -large, -large], [-np.inf] * 4):
        x = np.array(values, dtype=dtype).reshape(1, 1, 2, 2)
        out, winner = module.max_pool_forward(x, 2, 2, 2)
        assert (out.item(), winner.item()) == (np.max(x), np.argmax(x))


# --- sums ------------------------------------------------------------------------------------------


def small_case(operation: str, dtype: str) -> Case:
    return Case(operation, dtype, OPERATIONS[operation].data[-1], SMALL)


@MODULES
@TYPES
@SETS
def test_nan_and_infinity_go_where_they_are_seen_and_nowhere_else(
    module: ModuleType, dtype: str, instruction_set: str
) -> None:
    x, w, b, stride, pad = small_case("conv_forward", dtype).arguments()
    for value in (np.nan, np.inf, -np.inf):
        odd = x.copy()
        odd[1, 0, 4, 7] = value
        with settings(instruction_set, 1):
            out, plain = (module.conv_forward(each, w, b, stride, pad) for each in (odd, x))
        seen = np.zeros(out.shape, dtype=bool)
        seen[1, :, 3:6, 6:8] = True
        np.testing.assert_array_equal(np.isfinite(out), ~seen)
        np.testing.assert_array_equal(out[~seen], plain[~seen])
        expected = oracle.conv_forward(odd, w, b, stride, pad).value
        np.testing.assert_array_equal(out[seen], expected[seen].astype(dtype))


@MODULES
@TYPES
@SETS
@pytest.mark.parametrize("need_dx", [True, False])
def test_gradients_of_special_numbers(
    module: ModuleType, dtype: str, instruction_set: str, need_dx: bool
) -> None:
    dout, x, w, stride, pad, _ = small_case("conv_backward", dtype).arguments()
    dout[2, 1, 0, 0], x[0, 0, 2, 2] = np.nan, np.inf
    with settings(instruction_set, 1):
        dx, dw, db = module.conv_backward(dout, x, w, stride, pad, need_dx)
    expected = oracle.conv_backward(dout, x, w, stride, pad)
    for found, wanted in zip(
        (dx, dw, db)[0 if need_dx else 1 :], expected[0 if need_dx else 1 :], strict=True
    ):
        finite = np.isfinite(wanted.value)
        np.testing.assert_array_equal(np.isfinite(found), finite)
        bound = oracle.Expected(wanted.value[finite], wanted.size[finite], wanted.terms).bound(found.dtype)
        assert np.all(abs(found[finite] - wanted.value[finite]) <= bound)


@MODULES
@TYPES
@SETS
@pytest.mark.parametrize("need_dx", [True, False])
@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_a_window_that_relu_closes_lets_nothing_through(
    module: ModuleType, dtype: str, instruction_set: str, need_dx: bool, value: float
) -> None:
    """Not even a NaN passes, as in NumPy's layers, with dx and without."""
    x, w = np.ones((1, 1, 4, 4), dtype=dtype), np.ones((1, 1, 1, 1), dtype=dtype)
    x[0, 0, :2, :2] = -1
    sizes = (1, 0, 2, 2, 2)
    dout = np.array([[[[value, 1], [2, 3]]]], dtype=dtype)
    with settings(instruction_set, 1):
        _, winner = module.conv_relu_pool_forward(x, w, np.zeros(1, dtype=dtype), *sizes)
        dx, dw, db = module.conv_relu_pool_backward(dout, winner, x, w, *sizes, need_dx)
    assert (dw.item(), db.item()) == (6, 6)
    if need_dx:
        np.testing.assert_array_equal(dx[0, 0], [[0, 0, 1, 0], [0, 0, 0, 0], [2, 0, 3, 0], [0, 0, 0, 0]])


@MODULES
@TYPES
@SETS
def test_relu_lets_nan_pass_and_closes_at_zero(module: ModuleType, dtype: str, instruction_set: str) -> None:
    x = np.array([np.nan, -1, 0, -0.0, 1e-30, np.inf, -np.inf, 5], dtype=dtype).reshape(8, 1, 1, 1)
    one, zero = np.ones((1, 1, 1, 1), dtype=dtype), np.zeros(1, dtype=dtype)
    with settings(instruction_set, 1), np.errstate(invalid="ignore"):
        out, winner = module.conv_relu_pool_forward(x, one, zero, 1, 0, 1, 1, 1)
        dx, _, _ = module.conv_relu_pool_backward(np.ones_like(out), winner, x, one, 1, 0, 1, 1, 1)
    np.testing.assert_array_equal(out.ravel(), np.maximum(x.ravel(), 0))
    np.testing.assert_array_equal(dx.ravel(), x.ravel() > 0)


@SETS
@TYPES
def test_relu_of_the_fully_connected_layer(dtype: str, instruction_set: str) -> None:
    x = np.array([[np.nan], [-1], [-0.0], [np.inf], [-np.inf], [5]], dtype=dtype)
    one, zero = np.ones((1, 1), dtype=dtype), np.zeros(1, dtype=dtype)
    with settings(instruction_set, 1):
        out = fastconv.affine_forward(x, one, zero, True)
        linear = fastconv.affine_forward(x, one, zero, False)
    np.testing.assert_array_equal(out, np.maximum(x, 0))
    np.testing.assert_array_equal(linear, x)


@MODULES
@TYPES
@SETS
@pytest.mark.parametrize("scale", ["denormal", "small", "huge"])
def test_denormal_and_huge_numbers(module: ModuleType, dtype: str, instruction_set: str, scale: str) -> None:
    """Denormal products are not flushed, and sums close to the largest number do not overflow."""
    info = np.finfo(dtype)
    factor = {
        "denormal": float(info.smallest_subnormal) * 16,
        "small": float(info.smallest_normal),
        "huge": 2.0 ** (info.maxexp - 13),
    }[scale]
    x, w, b, stride, pad = Case("conv_forward", dtype, "coarse", SMALL).arguments()
    scaled = (x * np.array(factor, dtype=dtype)).astype(dtype)
    dout = np.random.default_rng(2).integers(-2, 3, (3, 4, 9, 8)).astype(dtype)
    with settings(instruction_set, 1):
        out = module.conv_forward(scaled, w, np.zeros_like(b), stride, pad)
        dx, dw, _ = module.conv_backward(dout, scaled, w, stride, pad)
    plain = oracle.conv_forward(x, w, np.zeros_like(b), stride, pad).value
    np.testing.assert_array_equal(out, (plain * factor).astype(dtype))
    expected = oracle.conv_backward(dout, x, w, stride, pad)
    np.testing.assert_array_equal(dx, expected[0].value)
    np.testing.assert_array_equal(dw, (expected[1].value * factor).astype(dtype))


HALVES = Sizes(3, 2, 11, 10, 7, 5, 6, 1, 2)  # the fused forward pass is computed by halves


@TYPES
@SETS
@pytest.mark.parametrize("odd", [np.nan, np.inf, -np.inf, "huge"])
@pytest.mark.parametrize("which", range(3), ids=["x", "w", "b"])
def test_the_fused_convolution_of_special_numbers(
    dtype: str, instruction_set: str, odd: Any, which: int
) -> None:
    """One odd number in x, w or b changes the windows that see it, and no others."""
    x, w, b, *sizes = Case("conv_relu_pool_forward", dtype, "coarse", HALVES).arguments()
    (x, w, b)[which].flat[-1] = 2.0 ** (np.finfo(dtype).maxexp - 20) if odd == "huge" else odd
    with settings(instruction_set, 1):
        out, winner = fastconv.conv_relu_pool_forward(x, w, b, *sizes)
        plain = fastconv.conv_forward(x, w, b, *sizes[:2])
        expected, expected_winner = fastconv.max_pool_forward(np.where(plain <= 0, 0, plain), *sizes[2:])
    np.testing.assert_array_equal(out, expected)
    np.testing.assert_array_equal(winner, np.where(out > 0, expected_winner, 4))


@TYPES
@SETS
@pytest.mark.parametrize("scale", [1e-30, 1.0, 1e13])
def test_the_fused_convolution_loses_few_digits(dtype: str, instruction_set: str, scale: float) -> None:
    rng = np.random.default_rng(3)
    x = (rng.normal(1, 3, HALVES.x) * scale).astype(dtype)
    w, b = rng.normal(size=HALVES.w).astype(dtype), np.full(HALVES.filters, scale, dtype=dtype)
    with settings(instruction_set, 1):
        out, _ = fastconv.conv_relu_pool_forward(x, w, b, 1, 2, 2, 2, 2)
    wanted = oracle.conv_forward(x, w, b, 1, 2)
    expected, size = (
        fastconv.max_pool_forward(np.ascontiguousarray(each), 2, 2, 2)[0]
        for each in (np.maximum(wanted.value, 0), wanted.size)
    )
    assert np.all(abs(out - expected) <= 8 * np.finfo(dtype).eps * size)


@TYPES
@SETS
def test_an_overflow_is_an_infinity(dtype: str, instruction_set: str) -> None:
    large = np.full((1, 1, 3, 3), np.finfo(dtype).max, dtype=dtype)
    with settings(instruction_set, 1), np.errstate(all="raise"):
        out = fastconv.conv_forward(large, large, np.zeros(1, dtype=dtype), 1, 0)
    assert out.item() == np.inf


# --- arrays of any layout, through what students call ------------------------------------------------


def turned(array: Array) -> Array:
    """The same numbers in Fortran's order."""
    return np.asfortranarray(array)


def every_second(array: Array) -> Array:
    wide = np.full((*array.shape[:-1], 2 * array.shape[-1]), np.nan, dtype=array.dtype)
    wide[..., ::2] = array
    return wide[..., ::2]


def backwards(array: Array) -> Array:
    return array[::-1].copy()[::-1]


def read_only(array: Array) -> Array:
    copy = array.copy()
    copy.flags.writeable = False
    return copy


def at_an_odd_address(array: Array) -> Array:
    """Not even aligned for its own type."""
    room = np.zeros(array.nbytes + 1, dtype=np.uint8)
    moved = room[1:].view(array.dtype).reshape(array.shape)
    moved[...] = array
    return moved


def off_a_cache_line(array: Array) -> Array:
    room = np.zeros(array.size + 1, dtype=array.dtype)
    moved = room[1:].reshape(array.shape)
    moved[...] = array
    return moved


def other_bytes_first(array: Array) -> Array:
    return array.astype(array.dtype.newbyteorder())


class Odd(np.ndarray[Any, Any]):
    """An array whose operators must not be used."""

    def __array_ufunc__(self, *_: Any, **__: Any) -> Any:
        raise AssertionError("a subclass's operator was used")


def of_a_subclass(array: Array) -> Array:
    return array.view(Odd)


def broadcast(array: Array) -> Array:
    """Repeat the first entry, in the memory of a single one."""
    return np.broadcast_to(array[:1], array.shape)


LAYOUTS = (
    turned, every_second, backwards, read_only, at_an_odd_address, off_a_cache_line, other_bytes_first,
    of_a_subclass, broadcast,
)  # fmt: skip


@pytest.mark.parametrize("layout", LAYOUTS, ids=lambda f: f.__name__)
@MODULES
@TYPES
def test_every_layout_gives_the_same(
    module: ModuleType, dtype: str, layout: Callable[[Array], Array], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(fast_layers, "layers", module)
    rng = np.random.default_rng(5)
    x, w, b = (rng.standard_normal(shape).astype(dtype) for shape in ((3, 2, 9, 7), (5, 2, 3, 2), (5,)))
    given_arrays = [layout(array) for array in (x, w, b)]
    straight = [np.array(array, dtype=dtype, order="C", subok=False) for array in given_arrays]
    for run in (convolution, fused, pooling):
        expected = run(*straight, lambda dout: dout)
        found = run(*given_arrays, layout)
        for one, other in zip(found, expected, strict=True):
            assert type(one) is np.ndarray
            assert one.dtype == dtype
            np.testing.assert_array_equal(one, other)
            assert one.flags.writeable
            assert not any(np.may_share_memory(one, array) for array in given_arrays)


class Watched:
    """The compiled layers, which accept only arrays that are aligned for their type."""

    def __getattr__(self, name: str) -> Callable[..., Any]:
        def call(*arguments: Any) -> Any:
            assert all(each.flags.aligned for each in arguments if isinstance(each, np.ndarray)), name
            return getattr(fastconv, name)(*arguments)

        return call


@TYPES
@pytest.mark.parametrize("run", ["convolution", "fused", "pooling"])
def test_the_kernels_are_given_aligned_arrays(dtype: str, run: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """The kernels must not read a misaligned number, which some processors can't."""
    monkeypatch.setattr(fast_layers, "layers", Watched())
    x, w, b = (np.ones(shape, dtype=dtype) for shape in ((3, 2, 9, 7), (5, 2, 3, 2), (5,)))
    {"convolution": convolution, "fused": fused, "pooling": pooling}[run](
        *map(at_an_odd_address, (x, w, b)), at_an_odd_address
    )


CONV, POOL = {"stride": 1, "pad": 1}, {"pool_height": 2, "pool_width": 2, "stride": 2}
Layout = Callable[[Array], Array]


def gradient(out: Array, layout: Layout) -> Array:
    """Give a gradient for the output in a layout; `broadcast` repeats its first entry."""
    return layout(
        np.broadcast_to(np.arange(out[0].size, dtype=out.dtype).reshape(out[0].shape), out.shape).copy()
    )


def convolution(x: Array, w: Array, b: Array, layout: Layout) -> list[Array]:
    out, cache = fast_layers.conv_forward_fast(x, w, b, CONV)
    return [out, *fast_layers.conv_backward_fast(gradient(out, layout), cache)]


def fused(x: Array, w: Array, b: Array, layout: Layout) -> list[Array]:
    out, cache = layer_utils.conv_relu_pool_forward(x, w, b, CONV, POOL)
    return [out, *layer_utils.conv_relu_pool_backward(gradient(out, layout), cache)]


def pooling(x: Array, w: Array, b: Array, layout: Layout) -> list[Array]:
    out, cache = fast_layers.max_pool_forward_fast(x, POOL)
    return [out, fast_layers.max_pool_backward_fast(gradient(out, layout), cache)]


@SETS
@TYPES
@pytest.mark.parametrize("operation", OPERATIONS)
def test_arrays_off_a_cache_line_give_the_same_bits(operation: str, dtype: str, instruction_set: str) -> None:
    rng = np.random.default_rng(11)
    for _ in range(10):
        case = draw_case(lambda a, b: int(rng.integers(a, b + 1)), operation, dtype)
        arguments = case.arguments()
        moved = tuple(off_a_cache_line(a) if isinstance(a, np.ndarray) else a for a in arguments)
        with settings(instruction_set, 2):
            pairs = zip(case.call(fastconv, arguments), case.call(fastconv, moved), strict=True)
        assert all(one.tobytes() == other.tobytes() for one, other in pairs), case
