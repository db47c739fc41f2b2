"""How often a tolerance is wrong: right results in other orders, and wrong ones, against `compare`.

A run draws a case, computes out, dx, dw and db in the case's own precision in a random order of summation,
and compares them as a check would. Right runs must pass; runs with one wrong thing in them must fail.
"""

import functools
import itertools
import sys
from collections import Counter

import msgspec
import numpy as np
from corpus_grading import course

from autograder.grading.compare import compare

OUTPUTS = ("out", "dx", "dw", "db")
# A change counts as wrong from this part of the largest sum on: a few times what rounding explains.
LEAST = {"float32": 1e-4, "float64": 2e-13}


@functools.cache
def hidden():
    """The module of hidden questions."""
    course()
    return next(m for name, m in sys.modules.items() if name.endswith("reference_hw5.questions"))


def draw(rng, dtype, spread):
    """A case of random sizes; `spread` is the standard deviation of the values' decimal exponents.

    One in which no field meets the image (a stride that jumps from border to border) is drawn again.
    """
    while True:
        case = _draw(rng, dtype, spread)
        if all(value.any() for value in hidden().magnitudes(case).values()):
            return case


def _draw(rng, dtype, spread):
    n, c, f = (int(k) for k in rng.integers(1, 4, 3))
    height, width = (int(k) for k in rng.integers(1, 5, 2))
    stride, pad = int(rng.integers(1, 4)), int(rng.integers(0, 3))
    rows, columns = height + int(rng.integers(1, 5)), width + int(rng.integers(1, 5))
    recipe = ((n, c, rows, columns), (f, height, width), stride, pad, "float64")
    case = hidden().cases.draw(rng, "drawn", "any", recipe)
    arrays = {
        name: (case.inputs[name] * 10.0 ** (spread * rng.standard_normal(case.inputs[name].shape))).astype(
            dtype
        )
        for name in hidden().cases.ARRAYS
    }
    return msgspec.structs.replace(case, inputs={**case.inputs, **arrays})


def expected(case):
    """What a check expects of it."""
    return hidden().with_bounds(case, hidden().compute(case))


def compute(case, rng):
    """The four outputs in the case's precision, their terms added one by one in a random order."""
    x, w, b, dout = (case.inputs[name] for name in hidden().cases.ARRAYS)
    s, p = case.inputs["stride"], case.inputs["pad"]
    height, width = w.shape[2:]
    padded = np.pad(x, ((0, 0), (0, 0), (p, p), (p, p)))
    back, dw, db = np.zeros_like(padded), np.zeros_like(w), np.zeros_like(b)
    out, starts = np.zeros_like(dout), bool(rng.integers(2))
    if starts:
        out += b[:, None, None]
    for c, i, j in _shuffled(rng, w.shape[1], height, width):
        seen = padded[:, c, i : i + s * dout.shape[2] : s, j : j + s * dout.shape[3] : s]
        out += seen[:, None, : dout.shape[2], : dout.shape[3]] * w[:, c, i, j][:, None, None]
    if not starts:
        out += b[:, None, None]
    for n, i, j in _shuffled(rng, len(x), dout.shape[2], dout.shape[3]):
        box = (n, slice(None), slice(i * s, i * s + height), slice(j * s, j * s + width))
        dw += dout[n, :, i, j][:, None, None, None] * padded[box]
        db += dout[n, :, i, j]
        for f in rng.permutation(len(w)):
            back[box] += dout[n, f, i, j] * w[f]
    return {"out": out, "dx": back[:, :, p : p + x.shape[2], p : p + x.shape[3]], "dw": dw, "db": db}


def _shuffled(rng, *sizes):
    places = list(itertools.product(*map(range, sizes)))
    return [places[k] for k in rng.permutation(len(places))]


def by_transform(case, rng):
    """The same by Fourier transforms, which mix all elements."""
    x, w, b, dout = (case.inputs[name].astype(np.float64) for name in hidden().cases.ARRAYS)
    s, p = case.inputs["stride"], case.inputs["pad"]
    height, width = w.shape[2:]
    padded = np.pad(x, ((0, 0), (0, 0), (p, p), (p, p)))
    rows, columns = padded.shape[2:]
    dense = np.zeros((*dout.shape[:2], rows - height + 1, columns - width + 1))
    dense[:, :, ::s, ::s] = dout
    full = _full(padded[:, None], w[None, :, :, ::-1, ::-1]).sum(axis=2)
    out = full[:, :, height - 1 : rows, width - 1 : columns][:, :, ::s, ::s] + b[:, None, None]
    back = _full(dense[:, :, None], w[None]).sum(axis=1)
    full = _full(padded[:, None], dense[:, :, None, ::-1, ::-1]).sum(axis=0)
    dw = full[:, :, dense.shape[2] - 1 : rows, dense.shape[3] - 1 : columns]
    dx = back[:, :, p : p + x.shape[2], p : p + x.shape[3]]
    return {"out": out, "dx": dx, "dw": dw, "db": dout.sum(axis=(0, 2, 3))}


def _full(a, k):
    shape = [m + n - 1 for m, n in zip(a.shape[-2:], k.shape[-2:], strict=True)]
    return np.fft.irfft2(np.fft.rfft2(a, shape) * np.fft.rfft2(k, shape), shape)


def verdicts(outputs, wanted):
    """The names of the outputs that are not accepted."""
    return [name for name in OUTPUTS if compare(name, outputs[name], wanted[name]) is not None]


def right_runs(count, seed):
    """Runs that must pass: how many there were of each kind, and which did not."""
    rng, kinds, failed = np.random.default_rng(seed), Counter(), []
    for number in range(count):
        dtype = ("float64", "float32")[number % 2]
        spread = (0.0, 0.0, 1.0, 3.0)[int(rng.integers(4))]
        case = draw(rng, dtype, spread)
        transform = spread == 0.0 and bool(rng.integers(2))
        outputs = by_transform(case, rng) if transform else compute(case, rng)
        kind = f"{dtype}, {'transform' if transform else 'random order'}, exponents ± {spread:g}"
        kinds[kind] += 1
        failed += [(number, kind, case.about, name) for name in verdicts(outputs, expected(case))]
    return kinds, failed


def mutated_runs(count, seed):
    """Runs with one thing wrong: how many of each kind, and which were accepted."""
    rng, kinds, passed = np.random.default_rng(seed), Counter(), []
    while sum(kinds.values()) < count:
        dtype = ("float64", "float32")[sum(kinds.values()) % 2]
        case = draw(rng, dtype, (0.0, 0.5)[int(rng.integers(2))])
        outputs, name = compute(case, rng), OUTPUTS[int(rng.integers(4))]
        kind = tuple(MUTATIONS)[int(rng.integers(len(MUTATIONS)))]
        changed = MUTATIONS[kind](outputs[name].copy(), rng, LEAST[dtype])
        largest = np.max(hidden().magnitudes(case)[name])
        change = np.nan_to_num(np.abs(changed - outputs[name]), nan=np.inf)
        if not change.max() >= LEAST[dtype] * largest:
            continue  # nothing was changed that anybody could see
        kinds[f"{dtype}, {kind}"] += 1
        if name not in verdicts({**outputs, name: changed}, expected(case)):
            passed.append((kind, case.about, name))
    return kinds, passed


def _place(value, rng):
    return tuple(int(rng.integers(size)) for size in value.shape)


def _another(value, rng, _):
    """One element has the value of another."""
    value[_place(value, rng)] = value[_place(value, rng)]
    return value


def _off(value, rng, least):
    """One element is off by a little more than the least that counts."""
    value[_place(value, rng)] += 2.0 * least * np.abs(value).max()
    return value


def _scaled(value, rng, least):
    """All elements are off by a factor."""
    return value * value.dtype.type(1.0 + 4.0 * least)


def _zero(value, rng, _):
    value[_place(value, rng)] = 0.0
    return value


def _sign(value, rng, _):
    place = _place(value, rng)
    value[place] = -value[place]
    return value


def _nan(value, rng, _):
    value[_place(value, rng)] = np.nan
    return value


def _swapped(value, rng, _):
    """Two elements are exchanged."""
    a, b = _place(value, rng), _place(value, rng)
    value[a], value[b] = value[b], value[a]
    return value


MUTATIONS = {
    "another element's value": _another,
    "one element a little off": _off,
    "all elements a little off": _scaled,
    "one element zero": _zero,
    "one sign": _sign,
    "one NaN": _nan,
    "two elements exchanged": _swapped,
}
