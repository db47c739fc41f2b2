"""Every error message of `fast_layers`, `layer_utils` and the compiled module, with a call that raises it."""

import ast
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from HW5_code import fast_layers, layer_utils
from under_test import ROOT, SUPPORT, fastconv

Array = np.ndarray[Any, Any]
X, W, B = np.zeros((2, 3, 6, 5)), np.zeros((4, 3, 3, 3)), np.zeros(4)
CONV, POOL = {"stride": 1, "pad": 1}, {"pool_height": 2, "pool_width": 2, "stride": 2}

# --- what students read ----------------------------------------------------------------------------

CONVOLUTIONS = [
    ((X[0], W, B, CONV), r"^x should be \(N, C, H, W\) and w \(F, C, HH, WW\); got x \(3, 6, 5\), w \(4,"),
    ((X, W[:, :2], B, CONV), r"^x should be .*; got x \(2, 3, 6, 5\), w \(4, 2, 3, 3\)$"),
    ((X, W[0], B, CONV), r"^x should be .*; got x \(2, 3, 6, 5\), w \(3, 3, 3\)$"),
    ((X, W, B[:3], CONV), r"^b should hold one number for each of the 4 filters, got b \(3,\)$"),
    ((X, W, B[:, None], CONV), r"^b should hold one number for each of the 4 filters, got b \(4, 1\)$"),
    ((X, W, B, {"pad": 0}), "^conv_param has no 'stride': it should be a whole number of 1 or more$"),
    ((X, W, B, {"stride": 1}), "^conv_param has no 'pad': it should be a whole number of 0 or more$"),
    ((X, W, B, {"stride": 0, "pad": 0}), r"^conv_param\['stride'\] should be a whole .* 1 or more, got 0$"),
    ((X, W, B, {"stride": 1.5, "pad": 0}), r"^conv_param\['stride'\] should be a whole .* got 1.5$"),
    ((X, W, B, {"stride": 1, "pad": -1}), r"^conv_param\['pad'\] should be a whole .* got -1$"),
    ((X, W, B, {"stride": 1, "pad": float("nan")}), r"^conv_param\['pad'\] should be a whole .* got nan$"),
    ((X, W, B, {"stride": float("inf"), "pad": 0}), r"^conv_param\['stride'\] should be a whole .* got inf$"),
    ((X, W, B, {"stride": "two", "pad": 0}), r"^conv_param\['stride'\] should be a whole .* got 'two'$"),
    ((X, W, B, {"stride": None, "pad": 0}), r"^conv_param\['stride'\] should be a whole .* got None$"),
    ((X, np.zeros((4, 3, 9, 3)), B, CONV), r"^filters \(9, 3\) don't fit into images \(6, 5\) with pad 1$"),
    ((X, np.zeros((4, 3, 3, 8)), B, CONV), r"^filters \(3, 8\) don't fit into images \(6, 5\) with pad 1$"),
    ((X, np.zeros((4, 3, 0, 3)), B, CONV), r"^filters \(0, 3\) don't fit into images \(6, 5\) with pad 1$"),
]  # fmt: skip
POOLINGS = [
    ({**POOL, "pool_height": 7}, r"^pooling windows \(7, 2\) don't fit into images \(6, 5\)$"),
    ({**POOL, "pool_width": 6}, r"^pooling windows \(2, 6\) don't fit into images \(6, 5\)$"),
    (
        {"pool_height": 2, "pool_width": 2},
        "^pool_param has no 'stride': it should be a whole number of 1 or more$",
    ),
    ({"pool_width": 2, "stride": 1}, "^pool_param has no 'pool_height': it should"),
    ({**POOL, "pool_width": 0}, r"^pool_param\['pool_width'\] should be a whole number of 1 or more, got 0$"),
    ({**POOL, "stride": 0.5}, r"^pool_param\['stride'\] should be a whole number of 1 or more, got 0.5$"),
]


@pytest.mark.parametrize(("arguments", "message"), CONVOLUTIONS)
def test_an_impossible_convolution_says_why(arguments: Any, message: str) -> None:
    for function in (fast_layers.conv_forward_fast, layer_utils.conv_relu_forward):
        with pytest.raises(ValueError, match=message):
            function(*arguments)
    with pytest.raises(ValueError, match=message):
        layer_utils.conv_relu_pool_forward(*arguments, POOL)


@pytest.mark.parametrize(("parameters", "message"), POOLINGS)
def test_an_impossible_pooling_says_why(parameters: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        fast_layers.max_pool_forward_fast(X, parameters)
    with pytest.raises(ValueError, match=message):
        layer_utils.conv_relu_pool_forward(X, W, B, CONV, parameters)


def test_pooling_takes_images_only() -> None:
    with pytest.raises(
        ValueError, match=r"^max_pool_forward_fast: x should be \(N, C, H, W\), got \(3, 6, 5\)$"
    ):
        fast_layers.max_pool_forward_fast(X[0], POOL)


def test_a_gradient_of_another_shape_says_so() -> None:
    _, convolved = fast_layers.conv_forward_fast(X, W, B, CONV)
    _, pooled = fast_layers.max_pool_forward_fast(X, POOL)
    _, fused = layer_utils.conv_relu_pool_forward(X, W, B, CONV, POOL)
    for function, cache, shape in (
        (fast_layers.conv_backward_fast, convolved, (2, 4, 6, 5)),
        (fast_layers.max_pool_backward_fast, pooled, (2, 3, 3, 2)),
        (layer_utils.conv_relu_pool_backward, fused, (2, 4, 3, 2)),
    ):
        wrong = shape[:2] + shape[:1:-1]
        message = f"{function.__name__}: dout should have the output's shape {shape}, got {wrong}"
        with pytest.raises(ValueError, match=f"^{re.escape(message)}$"):
            function(np.zeros(wrong), cache)


def test_complex_numbers_are_refused() -> None:
    """Their imaginary part would be lost silently."""
    with pytest.raises(ValueError, match="the layers compute with real numbers, got an array of complex128"):
        fast_layers.conv_forward_fast(X.astype(complex), W, B, CONV)


# --- the compiled module: nothing it is given makes it leave its arrays --------------------------------

F, D = np.zeros((1, 2, 4, 4), dtype=np.float32), np.zeros((1, 2, 4, 4))
K, K1 = np.zeros((3, 2, 3, 3)), np.zeros(3)
HIGH, WIDE = np.zeros((3, 2, 7, 3)), np.zeros((3, 2, 3, 7))
DOUT, PLACES = np.ones((1, 2, 2, 2)), np.zeros((1, 2, 2, 2), dtype=np.uint8)
A, M = np.zeros((2, 3)), np.zeros((3, 4))
STRIPED = np.zeros((1, 2, 4, 8))[..., ::2]
ADAM = (0.1, 0.9, 0.99, 1e-8, 1.0)

REFUSED: list[tuple[Callable[[], Any], str]] = [
    (lambda: fastconv.set_num_threads(0), "one thread or more"),
    (lambda: fastconv.set_num_threads(-1), "one thread or more"),
    (lambda: fastconv.set_instruction_set("sse9"), "one of the instruction sets .*baseline"),
    (lambda: fastconv.conv_forward(D[0], K, K1, 1, 1), r"x \(N, C, H, W\), w \(F, C, HH, WW\)"),
    (lambda: fastconv.conv_forward(D, K[0], K1, 1, 1), r"x \(N, C, H, W\), w \(F, C, HH, WW\)"),
    (lambda: fastconv.conv_forward(D, K[:, :1].copy(), K1, 1, 1), r"x \(N, C, H, W\), w \(F, C, HH, WW\)"),
    (lambda: fastconv.conv_forward(D, K, K1, 0, 1), "a stride of 1 or more and a pad of 0 or more"),
    (lambda: fastconv.conv_forward(D, K, K1, 1, -1), "a stride of 1 or more and a pad of 0 or more"),
    (lambda: fastconv.conv_forward(D, K, K1, 1, 2**62), "a stride of 1 or more and a pad of 0 or more"),
    (lambda: fastconv.conv_forward(D, K, K1, 1, 2**80), "a stride of 1 or more and a pad of 0 or more"),
    (lambda: fastconv.conv_forward(D, K, K1, 2**63 - 1, 0), "a stride of 1 or more"),
    (lambda: fastconv.conv_forward(D, K, K1[:2], 1, 1), r"b \(F,\)"),
    (lambda: fastconv.conv_forward(F, K, K1, 1, 1), "arrays of one type"),
    (lambda: fastconv.conv_forward(D, K, K1.astype(np.float32), 1, 1), "arrays of one type"),
    (lambda: fastconv.conv_forward(D.astype(int), K.astype(int), K1.astype(int), 1, 1), "float32 or float64"),
    (lambda: fastconv.conv_forward(D.astype(">f8"), K, K1, 1, 1), "float32 or float64"),
    (lambda: fastconv.conv_forward(D.astype(object), K, K1, 1, 1), "float32 or float64"),
    (lambda: fastconv.conv_forward(D.transpose(0, 1, 3, 2), K, K1, 1, 1), "contiguous, aligned arrays"),
    (lambda: fastconv.conv_forward(D, np.asfortranarray(K), K1, 1, 1), "contiguous, aligned arrays"),
    (lambda: fastconv.conv_forward(D, HIGH, K1, 1, 1), "a filter no higher than the padded image"),
    (lambda: fastconv.conv_forward(D, WIDE, K1, 1, 1), "a filter no wider than the padded image"),
    (lambda: fastconv.conv_forward(D, np.zeros((3, 2, 0, 3)), K1, 1, 1), "a filter with at least one pixel"),
    (lambda: fastconv.conv_forward(D, np.zeros((3, 2, 3, 0)), K1, 1, 1), "a filter with at least one pixel"),
    (lambda: fastconv.conv_backward(np.zeros((1, 3, 4, 5)), D, K, 1, 1), r"dout \(N, F, H', W'\)"),
    (lambda: fastconv.conv_backward(np.zeros((1, 3, 4, 4), dtype="f"), D, K, 1, 1), "arrays of one type"),
    (lambda: fastconv.max_pool_forward(D, 5, 2, 1), "windows that fit into the image"),
    (lambda: fastconv.max_pool_forward(D, 2, 5, 1), "windows that fit into the image"),
    (lambda: fastconv.max_pool_forward(D, 0, 2, 1), "windows and a stride of a pixel or more"),
    (lambda: fastconv.max_pool_forward(D, 2, -2, 1), "windows and a stride of a pixel or more"),
    (lambda: fastconv.max_pool_forward(D, 2, 2, 0), "windows and a stride of a pixel or more"),
    (lambda: fastconv.max_pool_forward(D, 2, 2, 2**32), "windows and a stride of a pixel or more"),
    (lambda: fastconv.max_pool_forward(D[0], 2, 2, 1), r"images \(N, C, H, W\)"),
    (lambda: fastconv.max_pool_forward(STRIPED, 2, 2, 1), "contiguous, aligned arrays"),
    (lambda: fastconv.max_pool_backward(DOUT, PLACES, (2, 4, 4), 2, 2, 2), r"images \(N, C, H, W\)"),
    (lambda: fastconv.max_pool_backward(DOUT, PLACES[..., :1], (1, 2, 4, 4), 2, 2, 2), "dout and winner"),
    (lambda: fastconv.max_pool_backward(DOUT[:, :1], PLACES, (1, 2, 4, 4), 2, 2, 2), "dout and winner"),
    (lambda: fastconv.max_pool_backward(DOUT, PLACES, (1, 2, 9, 4), 2, 2, 2), "dout and winner"),
    (lambda: fastconv.max_pool_backward(DOUT, PLACES, (-1, -2, 4, 4), 2, 2, 2), "dout and winner"),
    (
        lambda: fastconv.max_pool_backward(DOUT, PLACES.astype(np.int64), (1, 2, 4, 4), 2, 2, 2),
        "the winners that the forward pass gave",
    ),
    (
        lambda: fastconv.max_pool_backward(DOUT, PLACES.swapaxes(2, 3), (1, 2, 4, 4), 2, 2, 2),
        "the winners that the forward pass gave",
    ),
    (lambda: fastconv.conv_relu_pool_forward(D, K, K1[:2], 1, 1, 2, 2, 2), r"b \(F,\)"),
    (lambda: fastconv.conv_relu_pool_forward(D, K, K1, 1, 1, 5, 2, 2), "windows that fit into the image"),
    (
        lambda: fastconv.conv_relu_pool_backward(DOUT, PLACES, D, K, 1, 1, 2, 2, 2),
        r"dout and winner \(N, C, H', W'\)",
    ),
    (lambda: fastconv.affine_forward(A[0], M, K1, False), r"x \(N, D\), w \(D, M\)"),
    (lambda: fastconv.affine_forward(A, M.T.copy(), K1, False), r"x \(N, D\), w \(D, M\)"),
    (lambda: fastconv.affine_forward(A, M, K1, True), r"b \(M,\)"),
    (lambda: fastconv.affine_forward(A, M, np.zeros((4, 1)), True), r"b \(M,\)"),
    (lambda: fastconv.affine_forward(A, M.astype("f"), np.zeros(4), True), "arrays of one type"),
    (lambda: fastconv.affine_backward(np.zeros((2, 3)), A, M), r"dout \(N, M\)"),
    (lambda: fastconv.affine_backward(np.zeros((2, 4)), A, M.T), r"x \(N, D\), w \(D, M\)"),
    (lambda: fastconv.adam_step(K, K, K, K[:2], *ADAM), "arrays of one shape"),
    (lambda: fastconv.adam_step(K, K, K, K.reshape(2, 3, 3, 3), *ADAM), "arrays of one shape"),
    (lambda: fastconv.adam_step(K, K.astype("f"), K, K, *ADAM), "arrays of one type"),
    (lambda: fastconv.adam_step(STRIPED, D, D, D, *ADAM), "contiguous, aligned arrays"),
]  # fmt: skip


@pytest.mark.parametrize(("call", "message"), REFUSED)
def test_the_compiled_module_refuses(call: Callable[[], Any], message: str) -> None:
    with pytest.raises(ValueError, match=f"^fastconv: wanted {message}"):
        call()


def test_read_only_weights_are_refused() -> None:
    fixed = K.copy()
    fixed.flags.writeable = False
    for arrays in ((fixed, K, K, K), (K, K, fixed, K), (K, K, K, fixed)):
        with pytest.raises(ValueError, match="read-only"):
            fastconv.adam_step(*arrays, *ADAM)
    fastconv.adam_step(K.copy(), fixed, K.copy(), K.copy(), *ADAM)


@pytest.mark.parametrize("call", [
    lambda: fastconv.conv_forward(D, K, K1, "1", 1),
    lambda: fastconv.affine_forward(A, M, None, False),
    lambda: fastconv.conv_backward(None, D, K, 1, 1),
    lambda: fastconv.adam_step(None, K, K, K, *ADAM),
    lambda: fastconv.adam_step(K, K, K, K, "0.1", 0.9, 0.99, 1e-8, 1.0),
])  # fmt: skip
def test_arguments_of_other_types_are_python_s_own_errors(call: Callable[[], Any]) -> None:
    with pytest.raises((TypeError, AttributeError)):
        call()


@pytest.mark.parametrize("winner", [4, 255])
def test_a_winner_outside_its_window_gives_no_gradient(winner: int) -> None:
    """Nothing outside is written, whatever the winners."""
    for height, width, stride in ((2, 2, 2), (2, 1, 2)):
        places = np.full((1, 2, 2, 4 // stride if width == 2 else 2), winner, dtype=np.uint8)
        dx = fastconv.max_pool_backward(np.ones(places.shape), places, (1, 2, 4, 4), height, width, stride)
        assert not dx.any()


HERE = Path(__file__).read_text(encoding="utf-8").replace("\\", "")


def test_every_message_of_the_compiled_module_is_here() -> None:
    _, functions = (ROOT / "ext" / "fastconv.pyx").read_text(encoding="utf-8").split("def _require(")
    messages = re.findall(r"_require\([^\"]*f?\"([^\"{]*)", functions)
    assert len(messages) == functions.count("_require(")
    assert [message for message in messages if message.strip() not in HERE] == []


def test_every_message_of_the_students_functions_is_here() -> None:
    code = [(SUPPORT / "HW5_code" / name).read_text() for name in ("fast_layers.py", "layer_utils.py")]
    raised = [node for text in code for node in ast.walk(ast.parse(text)) if isinstance(node, ast.Raise)]
    texts = [
        node.value
        for each in raised
        for node in ast.walk(each)
        if isinstance(node, ast.Constant) and isinstance(node.value, str)
    ]
    assert len(texts) > len(raised)
    assert [text for text in texts if text.strip() not in HERE] == []
