"""The students' modules, `fast_layers` and `layer_utils`, on the compiled layers and on NumPy's."""

import sys
from types import ModuleType
from typing import Any

import numpy as np
import oracle
import pytest
from cases import DTYPES, LARGE, OPERATIONS, Case, draw_case
from HW5_code import fast_layers, layer_utils
from HW5_code.im2col import col2im, im2col
from HW5_code.layers import max_pool_backward_naive, max_pool_forward_naive, relu_backward, relu_forward
from hypothesis import HealthCheck, given
from hypothesis import settings as examples
from hypothesis import strategies as st
from processes import run_python
from under_test import FOLDER, SUPPORT, fastconv, numpy_layers

Array = np.ndarray[Any, Any]
RELAXED = examples(
    max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
TYPES = pytest.mark.parametrize("dtype", DTYPES)


@pytest.fixture(params=[fastconv, numpy_layers], ids=["cython", "numpy"])
def backend(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    monkeypatch.setattr(fast_layers, "layers", request.param)
    return request.param


def drawn(data: Any, operation: str, dtype: str) -> Case:
    return draw_case(lambda least, most: data.draw(st.integers(least, most)), operation, dtype)


def convolution_parameters(case: Case) -> dict[str, int]:
    return {"stride": case.sizes.stride, "pad": case.sizes.pad}


def pooling_parameters(case: Case) -> dict[str, int]:
    return dict(zip(("pool_height", "pool_width", "stride"), case.sizes.window, strict=True))


def arrays(dtype: str, *shapes: tuple[int, ...]) -> list[Array]:
    rng = np.random.default_rng(sum(map(sum, shapes)))
    return [rng.standard_normal(shape).astype(dtype) for shape in shapes]


# --- convolution ---------------------------------------------------------------------------------


@TYPES
@RELAXED
@given(data=st.data())
def test_convolution(backend: ModuleType, dtype: str, data: Any) -> None:
    case = drawn(data, "conv_backward", dtype)
    dout, x, w, stride, pad, need_dx = case.arguments()
    b = np.arange(len(w)).astype(dtype)
    out, cache = fast_layers.conv_forward_fast(x, w, b, convolution_parameters(case))
    forward = Case("conv_forward", dtype, case.data, case.sizes)
    assert forward.faults([out], [oracle.conv_forward(x, w, b, stride, pad)]) == []
    dx, *others = fast_layers.conv_backward_fast(dout, cache, need_dx)
    found = [dx, *others] if need_dx else others
    assert (dx is not None) == need_dx
    assert case.faults(found, OPERATIONS["conv_backward"].expect(case.arguments())) == []


@TYPES
def test_convolution_of_large_arrays(backend: ModuleType, dtype: str) -> None:
    """Some have more columns than a chunk of NumPy's layers holds."""
    many = LARGE["conv_backward"][0]._replace(images=9)
    for sizes in (many, *LARGE["conv_backward"][1:4]):
        case = Case("conv_backward", dtype, "fine", sizes)
        dout, x, w, *_ = case.arguments()
        b = np.zeros(len(w), dtype=dtype)
        _, cache = fast_layers.conv_forward_fast(x, w, b, convolution_parameters(case))
        found = fast_layers.conv_backward_fast(dout, cache)
        assert case.faults(list(found), case.expect(case.arguments())) == []


@pytest.mark.parametrize(
    ("given_types", "computed"),
    [
        (("float32", "float32", "float32"), "float32"),
        (("float64", "float32", "float32"), "float64"),
        (("float32", "float32", "float64"), "float64"),
        (("int64", "int64", "int64"), "float64"),
        (("bool", "float32", "float32"), "float32"),
        (("int32", "float32", "float32"), "float64"),
        (("float16", "float32", "float32"), "float32"),
        (("float16", "float16", "float16"), "float64"),
        ((">f4", "float32", "float32"), "float32"),
        (("longdouble", "float32", "float32"), "float64"),
    ],
)
def test_the_type_of_the_result(backend: ModuleType, given_types: tuple[str, ...], computed: str) -> None:
    shapes = ((1, 1, 4, 4), (1, 1, 3, 3), (1,))
    x, w, b = (np.ones(shape, dtype=dtype) for shape, dtype in zip(shapes, given_types, strict=True))
    out, cache = fast_layers.conv_forward_fast(x, w, b, {"stride": 1, "pad": 1})
    assert out.dtype == computed
    assert all(array.dtype == computed for array in fast_layers.conv_backward_fast(out, cache))
    assert out[0, 0, 1, 1] == 10


def test_a_gradient_may_be_of_another_type(backend: ModuleType) -> None:
    x, w, b = arrays("float32", (1, 1, 4, 4), (1, 1, 3, 3), (1,))
    pool = {"pool_height": 2, "pool_width": 2, "stride": 2}
    _, cache = layer_utils.conv_relu_pool_forward(x, w, b, {"stride": 1, "pad": 1}, pool)
    dout = np.arange(4).reshape(1, 1, 2, 2)
    found = layer_utils.conv_relu_pool_backward(dout, cache)
    again = layer_utils.conv_relu_pool_backward(dout.astype("float32"), cache)
    for one, other in zip(found, again, strict=True):
        assert one.dtype == "float32"
        np.testing.assert_array_equal(one, other)
    _, cache = fast_layers.max_pool_forward_fast(x, pool)
    assert fast_layers.max_pool_backward_fast(dout, cache).dtype == "float32"


def test_lists_are_arrays_too(backend: ModuleType) -> None:
    out, cache = fast_layers.conv_forward_fast([[[[1, 2], [3, 4]]]], [[[[2]]]], [1], {"stride": 1, "pad": 0})
    assert out.tolist() == [[[[3, 5], [7, 9]]]]
    dx, dw, db = fast_layers.conv_backward_fast([[[[1, 0], [0, 1]]]], cache)
    assert (dx.tolist(), dw.tolist(), db.tolist()) == ([[[[2, 0], [0, 2]]]], [[[[5]]]], [2])


def test_inputs_stay_as_they_are(backend: ModuleType) -> None:
    given_arrays = arrays("float64", (2, 2, 5, 5), (3, 2, 3, 3), (3,), (2, 3, 5, 5))
    x, w, b, dout = given_arrays
    before = [array.copy() for array in given_arrays]
    param = {"stride": 1, "pad": 1}
    _, cache = fast_layers.conv_forward_fast(x, w, b, param)
    fast_layers.conv_backward_fast(dout, cache)
    assert param == {"stride": 1, "pad": 1}
    for array, copy in zip(given_arrays, before, strict=True):
        np.testing.assert_array_equal(array, copy)


def test_dx_left_out_changes_no_other_gradient(backend: ModuleType) -> None:
    x, w, b, dout = arrays("float32", (2, 2, 6, 6), (3, 2, 3, 3), (3,), (2, 3, 6, 6))
    _, cache = fast_layers.conv_forward_fast(x, w, b, {"stride": 1, "pad": 1})
    _, dw, db = fast_layers.conv_backward_fast(dout, cache)
    nothing, same_dw, same_db = fast_layers.conv_backward_fast(dout, cache, need_dx=False)
    assert nothing is None
    np.testing.assert_array_equal(dw, same_dw)
    np.testing.assert_array_equal(db, same_db)


# --- pooling -------------------------------------------------------------------------------------


@TYPES
@RELAXED
@given(data=st.data())
def test_pooling_is_the_naive_one(backend: ModuleType, dtype: str, data: Any) -> None:
    case = drawn(data, "max_pool_backward", dtype)
    dout, x, *_ = case.arguments()
    out, cache = fast_layers.max_pool_forward_fast(x, pooling_parameters(case))
    expected, naive_cache = max_pool_forward_naive(x, pooling_parameters(case))
    np.testing.assert_array_equal(out, expected)
    dx = fast_layers.max_pool_backward_fast(dout, cache)
    wanted = oracle.pool_backward(dout, x, *case.sizes.window)
    np.testing.assert_allclose(wanted.value, max_pool_backward_naive(dout, naive_cache), rtol=1e-5, atol=1e-5)
    assert case.faults([dx], [wanted]) == []
    assert out.dtype == dx.dtype == dtype


def test_the_first_of_equals_gets_the_gradient(backend: ModuleType) -> None:
    param = {"pool_height": 2, "pool_width": 2, "stride": 2}
    _, cache = fast_layers.max_pool_forward_fast(np.ones((1, 1, 2, 4)), param)
    dx = fast_layers.max_pool_backward_fast(np.array([[[[5.0, 7.0]]]]), cache)
    np.testing.assert_array_equal(dx, [[[[5, 0, 7, 0], [0, 0, 0, 0]]]])


# --- layers in a row -----------------------------------------------------------------------------


@TYPES
@RELAXED
@given(data=st.data(), real=st.booleans())
def test_fused_layers_are_the_three_in_a_row(backend: ModuleType, dtype: str, data: Any, real: bool) -> None:
    case = drawn(data, "conv_relu_pool_backward", dtype)
    case = Case(case.operation, dtype, "real" if real else case.data, case.sizes, case.seed)
    dout, x, w, b, *_ = case.arguments()
    features, _ = fast_layers.conv_forward_fast(x, w, b, convolution_parameters(case))
    positive, relu_cache = relu_forward(features)
    pooled, pool_cache = max_pool_forward_naive(positive, pooling_parameters(case))
    out, cache = layer_utils.conv_relu_pool_forward(
        x, w, b, convolution_parameters(case), pooling_parameters(case)
    )
    np.testing.assert_array_equal(out, pooled)
    dfeatures = relu_backward(max_pool_backward_naive(dout, pool_cache), relu_cache)
    expected = oracle.conv_backward(dfeatures, x, w, case.sizes.stride, case.sizes.pad)
    # where windows overlap, the gradients of one pixel are sums of their own
    expected = [e._replace(terms=e.terms + case.sizes.window[0] * case.sizes.window[1]) for e in expected]
    found = layer_utils.conv_relu_pool_backward(dout, cache, case.sizes.need_dx)
    skipped = 0 if case.sizes.need_dx else 1
    assert case.faults(list(found[skipped:]), expected[skipped:]) == []


def test_convolution_and_relu(backend: ModuleType) -> None:
    x, w, b, dout = arrays("float64", (2, 2, 5, 5), (3, 2, 3, 3), (3,), (2, 3, 5, 5))
    out, cache = layer_utils.conv_relu_forward(x, w, b, {"stride": 1, "pad": 1})
    features, conv_cache = fast_layers.conv_forward_fast(x, w, b, {"stride": 1, "pad": 1})
    np.testing.assert_array_equal(out, np.maximum(features, 0))
    expected = fast_layers.conv_backward_fast(dout * (features > 0), conv_cache)
    for actual, wanted in zip(layer_utils.conv_relu_backward(dout, cache), expected, strict=True):
        np.testing.assert_array_equal(actual, wanted)
    assert layer_utils.conv_relu_backward(dout, cache, need_dx=False)[0] is None


def test_folding_is_the_transpose_of_unfolding() -> None:
    """<im2col(x), c> = <x, col2im(c)> for every x and c."""
    x, cols = arrays("float64", (2, 3, 7, 6), (2, 18, 16))
    left = np.sum(im2col(x, 3, 2, 2, 1) * cols)
    right = np.sum(x * col2im(cols, x.shape, 3, 2, 2, 1))
    np.testing.assert_allclose(left, right)


# --- which implementation is used ------------------------------------------------------------------

FOLDERS = [folder for folder in (FOLDER, str(SUPPORT)) if folder]
PATH = f"import sys; sys.path[:0] = {FOLDERS!r}; "


def test_the_compiled_layers_are_used_if_they_exist() -> None:
    assert (fast_layers.BACKEND, fast_layers.layers) == ("cython", fastconv)
    done = run_python(PATH + "from HW5_code.fast_layers import BACKEND; print(BACKEND)")
    assert (done.stdout.strip(), done.stderr) == ("cython", "")


def test_numpy_s_layers_are_used_if_asked_for() -> None:
    code = "from HW5_code import fast_layers; print(fast_layers.BACKEND, fast_layers.layers.__name__)"
    done = run_python(PATH + code, HW5_FAST_LAYERS="numpy")
    assert (done.stdout.split(), done.stderr) == (["numpy", "HW5_code.numpy_layers"], "")


def test_without_them_numpy_steps_in_and_says_so() -> None:
    code = (
        "sys.modules['fastconv'] = None; from HW5_code import fast_layers, layer_utils; "
        "print(fast_layers.BACKEND, fast_layers.layers.__name__)"
    )
    done = run_python(PATH + code)
    assert done.stdout.split() == ["numpy", "HW5_code.numpy_layers"]
    assert done.stderr.count("NumPy takes their place") == 1
    assert "python setup.py build_ext --inplace" in done.stderr


def test_layers_built_from_another_version_are_not_used(monkeypatch: pytest.MonkeyPatch) -> None:
    other = ModuleType("fastconv")
    other.INTERFACE = -1  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "fastconv", other)
    with pytest.warns(RuntimeWarning, match="not compiled here"):
        assert fast_layers._choose_backend() == ("numpy", numpy_layers)


@pytest.mark.parametrize(
    ("environment", "threads"),
    [
        ({"FASTCONV_THREADS": "3"}, 3),
        ({"OMP_NUM_THREADS": "5"}, 5),
        ({"FASTCONV_THREADS": "3", "OMP_NUM_THREADS": "5"}, 3),
        ({"FASTCONV_THREADS": "99999"}, 64),
        ({"FASTCONV_THREADS": "0"}, None),
        ({"FASTCONV_THREADS": "-1"}, None),
        ({"FASTCONV_THREADS": "many"}, None),
        ({"FASTCONV_THREADS": ""}, None),
        ({"FASTCONV_THREADS": "2²"}, None),
        ({}, None),
    ],
)
def test_the_environment_sets_the_number_of_threads(environment: dict[str, str], threads: int | None) -> None:
    """Other values are ignored: then there are as many threads as processors, at most 16."""
    code = PATH + "import os, fastconv; print(fastconv.num_threads(), min(16, len(os.sched_getaffinity(0))))"
    done = run_python(code, **environment)
    found, processors = map(int, done.stdout.split())
    assert found == (threads or processors), done.stderr


def test_the_environment_chooses_the_instruction_set() -> None:
    code = PATH + "import fastconv; print(fastconv.instruction_set())"
    for name in fastconv.INSTRUCTION_SETS:
        assert run_python(code, FASTCONV_INSTRUCTION_SET=name).stdout.split() == [name]
    for name in ("", "sse9"):
        best = run_python(code, FASTCONV_INSTRUCTION_SET=name)
        assert best.stdout.split() == [fastconv.INSTRUCTION_SETS[0]]


def test_instruction_sets_and_threads_can_be_changed() -> None:
    before = fastconv.instruction_set(), fastconv.num_threads()
    try:
        for name in fastconv.INSTRUCTION_SETS:
            fastconv.set_instruction_set(name)
            assert fastconv.instruction_set() == name
        for wanted, given_threads in ((1, 1), (7, 7), (64, 64), (10_000, 64)):
            fastconv.set_num_threads(wanted)
            assert fastconv.num_threads() == given_threads
    finally:
        fastconv.set_instruction_set(before[0])
        fastconv.set_num_threads(before[1])
