"""Gradients against the student's own forward pass: element by element, and along random directions.

The gradients come from PyTorch, of the very forward pass that is asked.
"""

import functools
from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from in_process import InProcess
from msgspec.structs import replace

from autograder.assignment import Outputs
from autograder.authoring.questions import Answer, Handles
from autograder.course import find_course
from autograder.grading.checks.outputs import judge_outputs
from autograder.grading.compare import compare
from autograder.model import Status

ROOT = Path(__file__).parents[2]
GRADIENTS = ("dx", "dw", "db")


@functools.cache
def question():
    return find_course(ROOT, "hw5").authored.questions["own-gradient"]


def cases():
    return question().cases(np.random.default_rng(0))


def plain(x, w, b, stride, pad):
    return torch.nn.functional.conv2d(x, w, b, stride=stride, padding=pad)


def student(layer=plain, spoil=lambda gradients, stride: gradients):
    """A student whose backward pass is the gradient of their own forward pass, then spoilt."""

    def run(x, w, b, conv_param):
        leaves = [torch.tensor(a, requires_grad=True) for a in (x, w, b)]
        return leaves, layer(*leaves, conv_param["stride"], conv_param["pad"])

    def forward(*args):
        return run(*args)[1].detach().numpy(), args

    def backward(dout, cache):
        leaves, out = run(*cache)
        gradients = torch.autograd.grad(out, leaves, torch.tensor(dout))
        return spoil([g.numpy().copy() for g in gradients], cache[3]["stride"])

    return InProcess({"conv_forward_naive": forward, "conv_backward_naive": backward})


def answers(of, asked):
    handles = Handles(of, lambda: of)
    asking = question()
    return [Answer(case=c, outputs=asking.ask(handles, c), expected=asking.expect(handles, c)) for c in asked]


def judge(of, output, asked=None):
    spec = Outputs(kind="outputs", id="o", questions=("q",), output=output)
    return judge_outputs(spec, [answers(of, asked or cases())]).finding


def both_ways(case):
    """The case element by element, and probed."""
    return replace(case, id="small"), replace(case, id="probed-same")


# --- right ones ----------------------------------------------------------------------------------


@pytest.mark.parametrize("output", GRADIENTS)
def test_the_gradient_of_a_convolution_is_right(output):
    assert judge(student(), output).status is Status.PASSED


WRONG_FORWARD = {
    "no bias": lambda x, w, b, s, p: plain(x, w, 0 * b, s, p),
    "the filter turned": lambda x, w, b, s, p: plain(x, w.flip(2, 3), b, s, p),
    "a factor": lambda x, w, b, s, p: 3 * plain(x, w, b, s, p),
    "no sum over channels": lambda x, w, b, s, p: plain(x[:, :1], w[:, :1], b, s, p),
    "clipped at zero": lambda *a: torch.relu(plain(*a)),
    "clipped on both sides": lambda *a: torch.clamp(plain(*a), -2, 2),
    "bent": lambda *a: torch.tanh(plain(*a) / 4),
    "squared": lambda *a: plain(*a) ** 2,
    "x times itself": lambda x, w, b, s, p: plain(x * x, w, b, s, p),
}


@pytest.mark.parametrize("kind", WRONG_FORWARD)
def test_a_right_gradient_of_a_wrong_forward_pass_earns_its_points(kind):
    of = student(WRONG_FORWARD[kind])
    assert [judge(of, output).message for output in GRADIENTS] == ["All 3 cases are right."] * 3


# --- wrong ones ----------------------------------------------------------------------------------


def one_element(gradients, _):
    for gradient in gradients:
        gradient[(-1,) * gradient.ndim] += 1e-3
    return gradients


def only_with_a_stride(gradients, stride):
    return [gradient * stride for gradient in gradients]


SPOILT = {
    "one element": one_element,
    "the sign": lambda gradients, _: [-g for g in gradients],
    "half": lambda gradients, _: [g / 2 for g in gradients],
    "zeros": lambda gradients, _: [np.zeros_like(g) for g in gradients],
    "the last axis turned": lambda gradients, _: [g[..., ::-1].copy() for g in gradients],
    "a NaN": lambda gradients, _: [np.where(g == g.max(), np.nan, g) for g in gradients],
    "a mean": lambda gradients, _: [np.full_like(g, g.mean()) for g in gradients],
    "the stride": only_with_a_stride,
}


@pytest.mark.parametrize("kind", SPOILT)
@pytest.mark.parametrize("output", GRADIENTS)
def test_a_wrong_gradient_is_found(kind, output):
    finding = judge(student(spoil=SPOILT[kind]), output)
    assert (finding.status, finding.fraction) == (Status.FAILED, 0.0)


@pytest.mark.parametrize("kind", WRONG_FORWARD)
def test_the_convolutions_gradient_is_not_that_of_a_wrong_forward_pass(kind):
    right, wrong = student(), student(WRONG_FORWARD[kind])
    mixed = InProcess(
        {
            "conv_forward_naive": wrong._namespace["conv_forward_naive"],
            "conv_backward_naive": right._namespace["conv_backward_naive"],
        }
    )
    found = [judge(mixed, output).status for output in GRADIENTS]
    assert Status.FAILED in found


@pytest.mark.parametrize("output", GRADIENTS)
def test_what_only_a_probe_sees_is_said_in_words(output):
    finding = judge(student(spoil=only_with_a_stride), output)
    assert finding.message.startswith("2 of 3 cases are right. x (1, 3, 7, 5), w (2, 3, 3, 3), stride 2")
    assert (
        f"`{output}` is wrong: the sum of `{output} * r`, where `r` is an array of random" in finding.message
    )
    assert finding.cause.expected
    assert finding.cause.actual


def test_a_probed_gradient_of_another_shape_is_told_the_shape_of_the_input():
    def cut(gradients, stride):
        return [g if stride == 1 else g[..., 1:] for g in gradients]

    finding = judge(student(spoil=cut), "dx")
    assert "`dx` has shape (1, 3, 7, 4), expected (1, 3, 7, 5)" in finding.message


@pytest.mark.parametrize(
    "layer",
    [
        lambda *a: plain(*a)[:, :1],
        lambda *a: plain(*a) * torch.nan,
        lambda *a: plain(*a).sum(),
    ],
)
def test_a_forward_pass_that_gives_no_such_output_fits_no_gradient(layer):
    right, wrong = student(), student(layer)
    mixed = {**right._namespace, "conv_forward_naive": wrong._namespace["conv_forward_naive"]}
    assert judge(InProcess(mixed), "dx").status is Status.FAILED


def test_a_forward_pass_that_drifts_from_call_to_call_fits_no_gradient():
    calls = []

    def drifting(*a):
        calls.append(None)
        return plain(*a) + len(calls)

    assert judge(student(drifting), "dx").status is Status.FAILED


# --- both agree ----------------------------------------------------------------------------------


@st.composite
def layers(draw):
    """Sizes of a layer, where the stride divides or not, and a seed."""
    small = st.integers(1, 3)
    stride, pad = draw(st.integers(1, 3)), draw(st.integers(0, 2))
    height, width = draw(small), draw(small)
    x = (draw(small), draw(small), draw(st.integers(height, 5)), draw(st.integers(width, 5)))
    return x, (draw(small), height, width), stride, pad, draw(st.integers(0, 2**32 - 1))


def case_of(sizes):
    *recipe, seed = sizes
    return question().cases.__globals__["convolution_case"](
        np.random.default_rng(seed), "small", "any", *recipe
    )


def verdicts(case, of, spoil):
    """For each gradient, whether it is right by either way."""
    found = []
    for one in both_ways(case):
        (answer,) = answers(of, [one])
        outputs = {name: spoil(name, value) for name, value in answer.outputs.items()}
        found.append({n: compare(n, outputs[n], answer.expected[n]) is None for n in GRADIENTS})
    return found


@pytest.mark.slow
@settings(max_examples=25, deadline=None)
@given(sizes=layers(), kind=st.sampled_from(["plain", *WRONG_FORWARD]))
def test_right_gradients_are_right_by_both(sizes, kind):
    # at random sizes an output may lie so near a kink that a difference straddles it
    layer = plain if kind.startswith("clipped") else WRONG_FORWARD.get(kind, plain)
    case, of = case_of(sizes), student(layer)
    # a forward pass that depends on nothing here earns nothing: gradients of zeros prove nothing
    (answer,) = answers(of, [replace(case, id="small")])
    assume(any(np.any(value) for value in answer.outputs.values()))
    right = dict.fromkeys(GRADIENTS, True)
    assert verdicts(case, of, lambda _, value: value) == [right, right]


def test_gradients_of_zeros_of_a_pass_that_depends_on_nothing_are_not_right():
    case = case_of(((1, 1, 1, 1), (1, 1, 1), 2, 1, 0))
    found = verdicts(case, student(WRONG_FORWARD["no bias"]), lambda _, value: value)
    assert not any(right for one in found for right in one.values())


@pytest.mark.slow
@settings(max_examples=25, deadline=None)
@given(sizes=layers(), which=st.sampled_from(GRADIENTS), data=st.data())
def test_one_wrong_element_is_wrong_by_both(sizes, which, data):
    case = case_of(sizes)
    shape = np.shape(case.inputs[which[1:]])
    place = tuple(data.draw(st.integers(0, size - 1)) for size in shape)
    off = data.draw(st.sampled_from([1e-2, -0.5, 7.0]))

    def spoil(name, value):
        if name == which:
            value = value.copy()
            value[place] += off
        return value

    verdict = {name: name != which for name in GRADIENTS}
    assert verdicts(case, student(), spoil) == [verdict, verdict]


@pytest.mark.slow
@settings(max_examples=25, deadline=None)
@given(sizes=layers())
def test_inner_products_with_pytorchs_gradient_are_what_is_expected(sizes):
    case = case_of(sizes)
    small, probed = (answers(student(), [one])[0] for one in both_ways(case))
    for name in GRADIENTS:
        exact, along = small.outputs[name], probed.expected[name].along
        np.testing.assert_allclose(small.expected[name].value, exact, atol=1e-7)
        products = along.reshape(len(along), -1) @ exact.reshape(-1)
        np.testing.assert_allclose(probed.expected[name].value, products, atol=1e-6)
