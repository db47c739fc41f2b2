"""Every function x type x instruction set x number of threads, over generated sizes, against an oracle.

The oracle itself is held against PyTorch, SciPy and the naive layers.
"""

from types import ModuleType
from typing import Any

import numpy as np
import oracle
import pytest
from cases import DTYPES, EMPTY, LARGE, OPERATIONS, Case, Sizes, draw_case, draw_convolution, draw_pooling
from HW5_code.layers import max_pool_backward_naive, max_pool_forward_naive
from hypothesis import given
from hypothesis import settings as examples
from hypothesis import strategies as st
from scipy.signal import correlate
from under_test import fastconv, numpy_layers, settings, ways

Array = np.ndarray[Any, Any]
TYPES = pytest.mark.parametrize("dtype", DTYPES)
FUNCTIONS = pytest.mark.parametrize("operation", OPERATIONS)
MODULE_AND_FUNCTION = pytest.mark.parametrize(
    ("module", "operation"),
    [
        *(pytest.param(fastconv, name, id=f"cython-{name}") for name in OPERATIONS),
        *(pytest.param(numpy_layers, name, id=f"numpy-{name}") for name in OPERATIONS),
    ],
)  # fmt: skip


def check(module: ModuleType, case: Case) -> None:
    """Check what must hold for every case."""
    arguments = case.arguments()
    given_arrays = [array for array in arguments if isinstance(array, np.ndarray)]
    before = [array.copy() for array in given_arrays]
    expected = case.expect(arguments)
    for group in ways(module):
        results = []
        for instruction_set, threads in group:
            with settings(instruction_set, threads):
                results.append(case.call(module, arguments))
            assert case.faults(results[-1], expected) == [], (case, instruction_set, threads)
            assert is_same(results[0], results[-1]), (case, instruction_set, threads)
            assert not any(np.may_share_memory(a, b) for a in results[-1] for b in given_arrays)
    assert is_same(before, given_arrays)


def is_same(some: list[Array], others: list[Array]) -> bool:
    """Require results that are equal bit for bit."""
    return [array.tobytes() for array in some] == [array.tobytes() for array in others]


@MODULE_AND_FUNCTION
@TYPES
@examples(max_examples=50, deadline=None)
@given(data=st.data())
def test_results_are_the_oracle_s(module: ModuleType, operation: str, dtype: str, data: Any) -> None:
    check(module, data.draw(cases_of(operation, dtype)))


def cases_of(operation: str, dtype: str) -> st.SearchStrategy[Case]:
    @st.composite
    def cases(draw: st.DrawFn) -> Case:
        return draw_case(lambda least, most: draw(st.integers(least, most)), operation, dtype)

    return cases()


@MODULE_AND_FUNCTION
@TYPES
def test_results_of_large_arrays_are_the_oracle_s(module: ModuleType, operation: str, dtype: str) -> None:
    for sizes in LARGE[operation]:
        for data in OPERATIONS[operation].data[-1:]:
            check(module, Case(operation, dtype, data, sizes))


@MODULE_AND_FUNCTION
@TYPES
def test_no_images_no_channels_no_filters_are_no_error(
    module: ModuleType, operation: str, dtype: str
) -> None:
    for sizes in EMPTY[operation]:
        check(module, Case(operation, dtype, OPERATIONS[operation].data[0], sizes))


# --- the oracle ------------------------------------------------------------------------------------


@st.composite
def drawn(draw: st.DrawFn, sizes: Any) -> Sizes:
    found: Sizes = sizes(lambda least, most: draw(st.integers(least, most)))
    return found._replace(images=max(1, found.images))


@examples(max_examples=60, deadline=None)
@given(sizes=drawn(draw_convolution))
def test_the_oracle_is_pytorch_s(sizes: Sizes) -> None:
    torch = pytest.importorskip("torch", reason="PyTorch is the oracle's oracle (the extra `oracle`)")
    x, w, b, stride, pad = Case("conv_forward", "float64", "real", sizes).arguments()
    dout = np.random.default_rng(1).standard_normal(sizes.out)
    tensors = [torch.tensor(array, requires_grad=True) for array in (x, w, b)]
    out = torch.nn.functional.conv2d(*tensors, stride=stride, padding=pad)
    out.backward(torch.tensor(dout))
    found = [oracle.conv_forward(x, w, b, stride, pad), *oracle.conv_backward(dout, x, w, stride, pad)]
    for expected, theirs in zip(found, [out.detach(), *(t.grad for t in tensors)], strict=True):
        np.testing.assert_array_less(abs(expected.value - theirs.numpy()), expected.bound(x.dtype) + 1e-300)


@examples(max_examples=40, deadline=None)
@given(sizes=drawn(draw_convolution))
def test_the_oracle_is_scipy_s_correlation(sizes: Sizes) -> None:
    x, w, b, stride, pad = Case("conv_forward", "float64", "real", sizes).arguments()
    expected = oracle.conv_forward(x, w, b, stride, pad)
    padded = np.pad(x, ((0, 0), (0, 0), (pad, pad), (pad, pad)))
    f = len(w) - 1
    theirs = correlate(padded[0], w[f], mode="valid", method="direct")[0, ::stride, ::stride] + b[f]
    assert np.all(abs(expected.value[0, f] - theirs) <= expected.bound(x.dtype)[0, f])


@examples(max_examples=40, deadline=None)
@given(sizes=drawn(draw_pooling), ties=st.booleans())
def test_the_oracle_pools_as_the_naive_layer(sizes: Sizes, ties: bool) -> None:
    data = "coarse" if ties else "fine"
    dout, x, *window = Case("max_pool_backward", "float64", data, sizes).arguments()
    parameters = dict(zip(("pool_height", "pool_width", "stride"), window, strict=True))
    out, cache = max_pool_forward_naive(x, parameters)
    np.testing.assert_array_equal(oracle.winners(x, *window)[0], out)
    np.testing.assert_array_equal(
        oracle.pool_backward(dout, x, *window).value, max_pool_backward_naive(dout, cache)
    )


@pytest.mark.parametrize("operation", OPERATIONS)
def test_a_number_that_is_off_is_a_fault(operation: str) -> None:
    """The check sees even the smallest fault: the last bits of one number."""
    case = Case(operation, "float32", OPERATIONS[operation].data[0], LARGE[operation][0])
    arguments = case.arguments()
    found = case.call(fastconv, arguments)
    first = found[0].reshape(-1)
    off = first + abs(first).max() * 1e-3 if first.dtype == np.float32 else first + 1
    assert "1 of" in str(case.faults([wrong_at_the_end(found[0], off), *found[1:]], case.expect(arguments)))


def wrong_at_the_end(array: Array, values: Array) -> Array:
    changed = array.copy()
    changed.reshape(-1)[-1] = values[-1]
    return changed
