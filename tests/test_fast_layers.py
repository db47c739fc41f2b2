"""The fast layers: both implementations against an independent oracle, the naive pools and each other."""

import importlib
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from types import ModuleType
from typing import Any

import fastconv
import numpy as np
import pytest
from HW5_code import fast_layers, layer_utils, numpy_layers
from HW5_code.im2col import col2im, im2col
from HW5_code.layers import max_pool_backward_naive, max_pool_forward_naive, relu_backward, relu_forward
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from scipy.signal import correlate

Array = np.ndarray[Any, Any]
RELAXED = settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
TYPES = pytest.mark.parametrize("dtype", [np.float32, np.float64])
TOLERANCE = {np.float32: 2e-4, np.float64: 1e-11}


@pytest.fixture(params=[fastconv, numpy_layers], ids=["cython", "numpy"])
def backend(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    monkeypatch.setattr(fast_layers, "layers", request.param)
    return request.param


@st.composite
def convolutions(draw: st.DrawFn) -> tuple[tuple[int, ...], tuple[int, ...], int, int]:
    """Shapes of x and w, stride and pad: every kind that fits, odd ones and none-dividing ones too."""
    n, c, f = (draw(st.integers(1, 3)) for _ in range(3))
    height, width = draw(st.integers(1, 5)), draw(st.integers(1, 5))
    stride, pad = draw(st.integers(1, 4)), draw(st.integers(0, 4))
    rows = max(1, height - 2 * pad) + draw(st.integers(0, 7))
    columns = max(1, width - 2 * pad) + draw(st.integers(0, 7))
    return (n, c, rows, columns), (f, c, height, width), stride, pad


@st.composite
def poolings(draw: st.DrawFn) -> tuple[tuple[int, ...], dict[str, int]]:
    height, width, stride = (draw(st.integers(1, 4)) for _ in range(3))
    shape = (
        draw(st.integers(1, 3)),
        draw(st.integers(1, 3)),
        *(size + draw(st.integers(0, 7)) for size in (height, width)),
    )
    return shape, {"pool_height": height, "pool_width": width, "stride": stride}


def draw_arrays(dtype: type, *shapes: tuple[int, ...]) -> list[Array]:
    rng = np.random.default_rng(sum(map(sum, shapes)))
    return [rng.standard_normal(shape).astype(dtype) for shape in shapes]


def oracle(inputs: Sequence[Array], stride: int, pad: int, dout: Array) -> list[Array]:
    """Output and gradients by PyTorch, in the arrays' own type."""
    torch = pytest.importorskip("torch", reason="PyTorch is the oracle (the extra `oracle`)")
    torch.set_num_threads(1)
    tensors = [torch.tensor(array, requires_grad=True) for array in inputs]
    out = torch.nn.functional.conv2d(*tensors, stride=stride, padding=pad)
    out.backward(torch.tensor(dout))
    return [out.detach().numpy(), *(tensor.grad.numpy() for tensor in tensors)]


def output_shape(x: tuple[int, ...], w: tuple[int, ...], stride: int, pad: int) -> tuple[int, ...]:
    sizes = (1 + (size + 2 * pad - field) // stride for size, field in zip(x[2:], w[2:], strict=True))
    return (x[0], w[0], *sizes)


# --- convolution ---------------------------------------------------------------------------------


@TYPES
@RELAXED
@given(case=convolutions())
def test_convolution_is_pytorch_s(backend: ModuleType, dtype: type, case: Any) -> None:
    x_shape, w_shape, stride, pad = case
    x, w, b, dout = draw_arrays(dtype, x_shape, w_shape, w_shape[:1], output_shape(*case))
    out, cache = fast_layers.conv_forward_fast(x, w, b, {"stride": stride, "pad": pad})
    found = [out, *fast_layers.conv_backward_fast(dout, cache)]
    for actual, expected in zip(found, oracle((x, w, b), stride, pad, dout), strict=True):
        assert actual.dtype == dtype
        assert actual.shape == expected.shape
        np.testing.assert_allclose(actual, expected, rtol=TOLERANCE[dtype], atol=TOLERANCE[dtype])


@RELAXED
@given(case=convolutions())
def test_forward_is_scipy_s_correlation(backend: ModuleType, case: Any) -> None:
    x_shape, w_shape, stride, pad = case
    x, w, b = draw_arrays(np.float64, x_shape, w_shape, w_shape[:1])
    out, _ = fast_layers.conv_forward_fast(x, w, b, {"stride": stride, "pad": pad})
    padded = np.pad(x, ((0, 0), (0, 0), (pad, pad), (pad, pad)))
    for n, f in np.ndindex(out.shape[:2]):
        expected = correlate(padded[n], w[f], mode="valid", method="direct")[0, ::stride, ::stride] + b[f]
        np.testing.assert_allclose(out[n, f], expected, rtol=1e-11, atol=1e-11)


@TYPES
def test_many_images_take_several_chunks(backend: ModuleType, dtype: type) -> None:
    """Columns of 7.2 MB (14.5 in float64): more than a chunk of either implementation holds."""
    case = ((24, 3, 24, 22), (5, 3, 7, 7), 1, 3)
    x, w, b, dout = draw_arrays(dtype, case[0], case[1], (5,), output_shape(*case))
    out, cache = fast_layers.conv_forward_fast(x, w, b, {"stride": 1, "pad": 3})
    found = [out, *fast_layers.conv_backward_fast(dout, cache)]
    for actual, expected in zip(found, oracle((x, w, b), 1, 3, dout), strict=True):
        np.testing.assert_allclose(actual, expected, rtol=1e-3, atol=2e-2 if dtype is np.float32 else 1e-9)


def test_arrays_need_not_be_contiguous(backend: ModuleType) -> None:
    x, w, b, dout = draw_arrays(np.float64, (2, 3, 8, 7), (4, 3, 3, 3), (4,), (2, 4, 8, 7))
    straight, cache = fast_layers.conv_forward_fast(x, w, b, {"stride": 1, "pad": 1})
    views = [np.asfortranarray(x), w[:, :, ::-1, ::-1].copy()[:, :, ::-1, ::-1], np.repeat(b, 2)[::2]]
    turned, turned_cache = fast_layers.conv_forward_fast(*views, {"stride": 1, "pad": 1})
    np.testing.assert_array_equal(straight, turned)
    wide = np.empty((2, 4, 8, 14))
    wide[..., ::2] = dout
    for one, other in zip(
        fast_layers.conv_backward_fast(dout, cache),
        fast_layers.conv_backward_fast(wide[..., ::2], turned_cache),
        strict=True,
    ):
        np.testing.assert_array_equal(one, other)


@pytest.mark.parametrize(
    ("given_types", "computed"),
    [
        (("float32", "float32", "float32"), "float32"),
        (("float64", "float32", "float32"), "float64"),
        (("int64", "int64", "int64"), "float64"),
        (("float16", "float32", "float32"), "float32"),
        ((">f4", "float32", "float32"), "float32"),
    ],
)
def test_the_type_of_the_result(backend: ModuleType, given_types: tuple[str, ...], computed: str) -> None:
    shapes = ((1, 1, 4, 4), (1, 1, 3, 3), (1,))
    x, w, b = (np.ones(shape, dtype=dtype) for shape, dtype in zip(shapes, given_types, strict=True))
    out, cache = fast_layers.conv_forward_fast(x, w, b, {"stride": 1, "pad": 1})
    assert out.dtype == computed
    assert all(array.dtype == computed for array in fast_layers.conv_backward_fast(out, cache))
    assert out[0, 0, 1, 1] == 10


def test_inputs_stay_as_they_are(backend: ModuleType) -> None:
    x, w, b, dout = arrays = draw_arrays(np.float64, (2, 2, 5, 5), (3, 2, 3, 3), (3,), (2, 3, 5, 5))
    before = [array.copy() for array in arrays]
    param = {"stride": 1, "pad": 1}
    _, cache = fast_layers.conv_forward_fast(x, w, b, param)
    fast_layers.conv_backward_fast(dout, cache)
    assert param == {"stride": 1, "pad": 1}
    for array, copy in zip(arrays, before, strict=True):
        np.testing.assert_array_equal(array, copy)


def test_dx_is_left_out_on_request(backend: ModuleType) -> None:
    x, w, b, dout = draw_arrays(np.float32, (2, 2, 5, 5), (3, 2, 3, 3), (3,), (2, 3, 5, 5))
    _, cache = fast_layers.conv_forward_fast(x, w, b, {"stride": 1, "pad": 1})
    _, dw, db = fast_layers.conv_backward_fast(dout, cache)
    nothing, same_dw, same_db = fast_layers.conv_backward_fast(dout, cache, need_dx=False)
    assert nothing is None
    np.testing.assert_array_equal(dw, same_dw)
    np.testing.assert_array_equal(db, same_db)


@pytest.mark.parametrize(("images", "filters"), [(0, 2), (2, 0)])
def test_no_images_or_no_filters_are_no_error(backend: ModuleType, images: int, filters: int) -> None:
    x, w, b = np.ones((images, 2, 4, 4)), np.ones((filters, 2, 3, 3)), np.ones(filters)
    out, cache = fast_layers.conv_forward_fast(x, w, b, {"stride": 1, "pad": 1})
    dx, dw, db = fast_layers.conv_backward_fast(out, cache)
    assert (out.shape, dx.shape, dw.shape, db.shape) == ((images, filters, 4, 4), x.shape, w.shape, b.shape)
    assert not dx.any()
    assert not dw.any()


X, W, B = np.zeros((2, 3, 6, 5)), np.zeros((4, 3, 3, 3)), np.zeros(4)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ((X[0], W, B, {"stride": 1, "pad": 0}), r"x should be \(N, C, H, W\).*got x \(3, 6, 5\)"),
        ((X, W[:, :2], B, {"stride": 1, "pad": 0}), r"w \(F, C, HH, WW\); got x .*w \(4, 2, 3, 3\)"),
        ((X, W, B[:3], {"stride": 1, "pad": 0}), r"one number for each of the 4 filters, got b \(3,\)"),
        ((X, W, B, {"pad": 0}), "conv_param has no 'stride': it should be a whole number of 1 or more"),
        ((X, W, B, {"stride": 1}), "conv_param has no 'pad'"),
        ((X, W, B, {"stride": 0, "pad": 0}), r"conv_param\['stride'\] should be a whole .* got 0"),
        ((X, W, B, {"stride": 1.5, "pad": 0}), r"conv_param\['stride'\] should be a whole .* got 1.5"),
        ((X, W, B, {"stride": 1, "pad": -1}), r"conv_param\['pad'\] should be a whole .* got -1"),
        ((X, np.zeros((4, 3, 9, 3)), B, {"stride": 1, "pad": 1}), r"filters \(9, 3\) don't fit into images"),
        ((X, np.zeros((4, 3, 0, 3)), B, {"stride": 1, "pad": 1}), r"filters \(0, 3\) don't fit"),
    ],
)
def test_a_convolution_that_can_not_be_says_why(arguments: Any, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        fast_layers.conv_forward_fast(*arguments)


def test_a_gradient_of_another_shape_says_so() -> None:
    _, cache = fast_layers.conv_forward_fast(X, W, B, {"stride": 1, "pad": 1})
    with pytest.raises(
        ValueError, match=r"conv_backward_fast: dout .* shape \(2, 4, 6, 5\), got \(2, 4, 5, 6\)"
    ):
        fast_layers.conv_backward_fast(np.zeros((2, 4, 5, 6)), cache)


# --- pooling -------------------------------------------------------------------------------------


@TYPES
@RELAXED
@given(case=poolings(), ties=st.booleans(), holes=st.booleans())
def test_pooling_is_exactly_the_naive_one(
    backend: ModuleType, dtype: type, case: Any, ties: bool, holes: bool
) -> None:
    shape, param = case
    (x,) = draw_arrays(dtype, shape)
    x = np.round(x) if ties else x
    if holes:
        x[np.random.default_rng(1).random(shape) < 0.1] = np.nan
    out, cache = fast_layers.max_pool_forward_fast(x, param)
    expected, naive_cache = max_pool_forward_naive(x, param)
    np.testing.assert_array_equal(out, expected)
    (dout,) = draw_arrays(dtype, out.shape)
    dx = fast_layers.max_pool_backward_fast(dout, cache)
    np.testing.assert_array_equal(dx, max_pool_backward_naive(dout, naive_cache))
    assert out.dtype == dx.dtype == dtype


def test_the_first_of_equals_gets_the_gradient(backend: ModuleType) -> None:
    param = {"pool_height": 2, "pool_width": 2, "stride": 2}
    _, cache = fast_layers.max_pool_forward_fast(np.ones((1, 1, 2, 4)), param)
    dx = fast_layers.max_pool_backward_fast(np.array([[[[5.0, 7.0]]]]), cache)
    np.testing.assert_array_equal(dx, [[[[5, 0, 7, 0], [0, 0, 0, 0]]]])


def test_pooling_of_a_transposed_array(backend: ModuleType) -> None:
    (x,) = draw_arrays(np.float64, (5, 6, 3, 2))
    param = {"pool_height": 2, "pool_width": 3, "stride": 2}
    out, _ = fast_layers.max_pool_forward_fast(x.transpose(3, 2, 1, 0), param)
    np.testing.assert_array_equal(out, max_pool_forward_naive(x.transpose(3, 2, 1, 0), param)[0])


@pytest.mark.parametrize(
    ("x", "param", "message"),
    [
        (
            X[0],
            {"pool_height": 2, "pool_width": 2, "stride": 2},
            r"x should be \(N, C, H, W\), got \(3, 6, 5\)",
        ),
        (
            X,
            {"pool_height": 7, "pool_width": 2, "stride": 2},
            r"windows \(7, 2\) don't fit into images \(6, 5\)",
        ),
        (X, {"pool_height": 2, "pool_width": 2}, "pool_param has no 'stride'"),
        (X, {"pool_height": 2, "pool_width": 0, "stride": 1}, r"pool_param\['pool_width'\] .* got 0"),
    ],
)
def test_a_pooling_that_can_not_be_says_why(x: Array, param: dict[str, int], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        fast_layers.max_pool_forward_fast(x, param)


def test_a_pooling_s_gradient_of_another_shape_says_so() -> None:
    _, cache = fast_layers.max_pool_forward_fast(X, {"pool_height": 2, "pool_width": 2, "stride": 2})
    with pytest.raises(ValueError, match=r"max_pool_backward_fast: dout should have .* \(2, 3, 3, 2\)"):
        fast_layers.max_pool_backward_fast(np.zeros((2, 3, 2, 2)), cache)


# --- layers in a row -----------------------------------------------------------------------------


@TYPES
@RELAXED
@given(case=convolutions(), window=st.tuples(*[st.integers(1, 3)] * 3), ties=st.booleans())
def test_fused_layers_are_the_three_in_a_row(
    backend: ModuleType, dtype: type, case: Any, window: tuple[int, int, int], ties: bool
) -> None:
    x_shape, w_shape, stride, pad = case
    rows, columns = output_shape(*case)[2:]
    param = {"pool_height": min(window[0], rows), "pool_width": min(window[1], columns), "stride": window[2]}
    x, w, b = draw_arrays(dtype, x_shape, w_shape, w_shape[:1])
    if ties:
        x, w, b = np.round(x), np.round(w), np.round(b)
    conv_param = {"stride": stride, "pad": pad}
    features, conv_cache = fast_layers.conv_forward_fast(x, w, b, conv_param)
    positive, relu_cache = relu_forward(features)
    pooled, pool_cache = max_pool_forward_naive(positive, param)
    out, cache = layer_utils.conv_relu_pool_forward(x, w, b, conv_param, param)
    np.testing.assert_array_equal(out, pooled)
    (dout,) = draw_arrays(dtype, out.shape)
    dfeatures = relu_backward(max_pool_backward_naive(dout, pool_cache), relu_cache)
    expected = fast_layers.conv_backward_fast(dfeatures, conv_cache)
    found = layer_utils.conv_relu_pool_backward(dout, cache)
    for actual, wanted in zip(found, expected, strict=True):
        np.testing.assert_allclose(actual, wanted, rtol=TOLERANCE[dtype], atol=TOLERANCE[dtype])
        assert actual.dtype == dtype


def test_fused_layers_pass_nan_on_and_give_it_no_gradient(backend: ModuleType) -> None:
    x = np.array([[[[np.nan, 1.0], [2.0, 3.0]]]])
    param = {"pool_height": 2, "pool_width": 2, "stride": 2}
    out, cache = layer_utils.conv_relu_pool_forward(
        x, np.ones((1, 1, 1, 1)), np.zeros(1), {"stride": 1, "pad": 0}, param
    )
    assert np.isnan(out).all()
    dx, _, db = layer_utils.conv_relu_pool_backward(np.ones((1, 1, 1, 1)), cache)
    assert not dx.any()
    assert db == 0


def test_fused_layers_leave_dx_out_on_request(backend: ModuleType) -> None:
    x, w, b, dout = draw_arrays(np.float32, (2, 2, 6, 6), (3, 2, 3, 3), (3,), (2, 3, 3, 3))
    param = {"pool_height": 2, "pool_width": 2, "stride": 2}
    _, cache = layer_utils.conv_relu_pool_forward(x, w, b, {"stride": 1, "pad": 1}, param)
    _, dw, _ = layer_utils.conv_relu_pool_backward(dout, cache)
    nothing, same, _ = layer_utils.conv_relu_pool_backward(dout, cache, need_dx=False)
    assert nothing is None
    np.testing.assert_array_equal(dw, same)


def test_fused_layers_say_what_does_not_fit() -> None:
    param = {"pool_height": 8, "pool_width": 2, "stride": 2}
    with pytest.raises(ValueError, match=r"pooling windows \(8, 2\) don't fit into images \(6, 5\)"):
        layer_utils.conv_relu_pool_forward(X, W, B, {"stride": 1, "pad": 1}, param)
    _, cache = layer_utils.conv_relu_pool_forward(
        X, W, B, {"stride": 1, "pad": 1}, {**param, "pool_height": 2}
    )
    with pytest.raises(ValueError, match=r"conv_relu_pool_backward: dout should have .* \(2, 4, 3, 2\)"):
        layer_utils.conv_relu_pool_backward(np.zeros((2, 4, 2, 2)), cache)


def test_convolution_and_relu(backend: ModuleType) -> None:
    x, w, b, dout = draw_arrays(np.float64, (2, 2, 5, 5), (3, 2, 3, 3), (3,), (2, 3, 5, 5))
    out, cache = layer_utils.conv_relu_forward(x, w, b, {"stride": 1, "pad": 1})
    features, conv_cache = fast_layers.conv_forward_fast(x, w, b, {"stride": 1, "pad": 1})
    np.testing.assert_array_equal(out, np.maximum(features, 0))
    expected = fast_layers.conv_backward_fast(dout * (features > 0), conv_cache)
    for actual, wanted in zip(layer_utils.conv_relu_backward(dout, cache), expected, strict=True):
        np.testing.assert_array_equal(actual, wanted)


# --- the compiled module itself: nothing it is given makes it leave its arrays ---------------------

F, D = np.zeros((1, 2, 4, 4), dtype=np.float32), np.zeros((1, 2, 4, 4))
K, K1 = np.zeros((3, 2, 3, 3)), np.zeros(3)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: fastconv.conv_forward(D[0], K, K1, 1, 1), r"x \(N, C, H, W\)"),
        (lambda: fastconv.conv_forward(D, K, K1, 0, 1), "a stride of 1 or more"),
        (lambda: fastconv.conv_forward(D, K, K1, 1, -1), "a pad of 0 or more"),
        (lambda: fastconv.conv_forward(D, K, K1, 1, 2**62), "a pad of 0 or more"),
        (lambda: fastconv.conv_forward(D, K, K1, 2**63 - 1, 0), "a stride of 1 or more"),
        (lambda: fastconv.conv_forward(D, K, K1[:2], 1, 1), r"b \(F,\)"),
        (lambda: fastconv.conv_forward(F, K, K1, 1, 1), "arrays of one type"),
        (
            lambda: fastconv.conv_forward(D.astype(int), K.astype(int), K1.astype(int), 1, 1),
            "float32 or float64",
        ),
        (lambda: fastconv.conv_forward(D.transpose(0, 1, 3, 2), K, K1, 1, 1), "contiguous arrays"),
        (lambda: fastconv.conv_forward(D, np.zeros((3, 2, 7, 3)), K1, 1, 1), "no higher than the padded"),
        (lambda: fastconv.conv_forward(D, np.zeros((3, 2, 3, 7)), K1, 1, 1), "no wider than the padded"),
        (lambda: fastconv.conv_forward(D, np.zeros((3, 2, 0, 3)), K1, 1, 1), "at least one pixel"),
        (lambda: fastconv.conv_backward(np.zeros((1, 3, 4, 5)), D, K, 1, 1), r"dout \(N, F, H', W'\)"),
        (lambda: fastconv.max_pool_forward(D, 5, 2, 1), "fit into the image"),
        (lambda: fastconv.max_pool_forward(D, 0, 2, 1), "windows and a stride of a pixel or more"),
        (lambda: fastconv.max_pool_forward(D[0], 2, 2, 1), r"images \(N, C, H, W\)"),
    ],
)
def test_the_compiled_module_refuses(call: Any, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        call()


@pytest.mark.parametrize("winner", [4, 2**31 - 1])
def test_a_forged_winner_is_refused(winner: int) -> None:
    places = np.full((1, 2, 2, 2), winner, dtype=np.intc)
    with pytest.raises(ValueError, match="winners that lie inside their windows"):
        fastconv.max_pool_backward(np.ones((1, 2, 2, 2)), places, (1, 2, 4, 4), 2, 2, 2)


def test_winners_of_another_shape_or_type_are_refused() -> None:
    dout = np.ones((1, 2, 2, 2))
    for winner in (np.zeros((1, 2, 2, 3), dtype=np.intc), np.zeros((1, 2, 2, 2), dtype=np.int64)):
        with pytest.raises(ValueError, match="winner"):
            fastconv.max_pool_backward(dout, winner, (1, 2, 4, 4), 2, 2, 2)


def test_folding_is_the_transpose_of_unfolding() -> None:
    """<im2col(x), c> = <x, col2im(c)> for every x and c."""
    x, cols = draw_arrays(np.float64, (2, 3, 7, 6), (2, 18, 16))
    left = np.sum(im2col(x, 3, 2, 2, 1) * cols)
    right = np.sum(x * col2im(cols, x.shape, 3, 2, 2, 1))
    np.testing.assert_allclose(left, right)


# --- which implementation is used ------------------------------------------------------------------


def run_python(code: str, **environment: str) -> subprocess.CompletedProcess[str]:
    source = str(Path(fast_layers.__file__).parent.parent)
    return subprocess.run(
        [sys.executable, "-c", f"import sys; sys.path.insert(0, {source!r}); {code}"],
        capture_output=True, text=True, check=False, env={"PATH": "", **environment},
    )  # fmt: skip


def test_the_compiled_layers_are_used_where_they_are() -> None:
    assert fast_layers.BACKEND == "cython"
    done = run_python("from HW5_code.fast_layers import BACKEND; print(BACKEND)")
    assert (done.stdout.strip(), done.stderr) == ("cython", "")


def test_without_them_numpy_steps_in_and_says_so() -> None:
    code = (
        "sys.modules['fastconv'] = None; from HW5_code import fast_layers, layer_utils; "
        "print(fast_layers.BACKEND, fast_layers.layers.__name__)"
    )
    done = run_python(code)
    assert done.stdout.split() == ["numpy", "HW5_code.numpy_layers"]
    assert done.stderr.count("NumPy takes their place") == 1
    assert "python setup.py build_ext --inplace" in done.stderr


def test_layers_built_from_another_version_are_not_used(monkeypatch: pytest.MonkeyPatch) -> None:
    other = ModuleType("fastconv")
    other.INTERFACE = -1  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "fastconv", other)
    with pytest.warns(RuntimeWarning, match="not compiled here"):
        assert fast_layers._choose_backend() == ("numpy", importlib.import_module("HW5_code.numpy_layers"))
