"""The commonest mistakes of real submissions, each in two styles of code, with the names that they get.

`table` gives the points that each costs, as docs/verdicts.md has it.
"""

import sys
from pathlib import Path
from typing import NamedTuple

sys.path.insert(0, str(Path(__file__).parents[1] / "corpus"))
from corpus_grading import ITEMS, graded

LOOPS = """
def conv_forward_naive(x, w, b, conv_param):
    stride, pad = conv_param['stride'], conv_param['pad']
    N, C, H, W = x.shape
    F, _, HH, WW = w.shape
    H_out = 1 + (H + 2 * pad - HH) // stride
    W_out = 1 + (W + 2 * pad - WW) // stride
    x_pad = np.pad(x, ((0, 0), (0, 0), (pad, pad), (pad, pad)))
    out = np.zeros((N, F, H_out, W_out))
    for n in range(N):
        for f in range(F):
            for i in range(H_out):
                for j in range(W_out):
                    field = x_pad[n, :, i * stride:i * stride + HH, j * stride:j * stride + WW]
                    out[n, f, i, j] = np.sum(field * w[f]) + b[f]
    return out, (x, w, b, conv_param)


def conv_backward_naive(dout, cache):
    x, w, b, conv_param = cache
    stride, pad = conv_param['stride'], conv_param['pad']
    N, C, H, W = x.shape
    F, _, HH, WW = w.shape
    H_out = 1 + (H + 2 * pad - HH) // stride
    W_out = 1 + (W + 2 * pad - WW) // stride
    x_pad = np.pad(x, ((0, 0), (0, 0), (pad, pad), (pad, pad)))
    dx_pad = np.zeros(x_pad.shape)
    dw, db = np.zeros(w.shape), np.zeros(b.shape)
    for n in range(N):
        for f in range(F):
            for i in range(H_out):
                for j in range(W_out):
                    rows = slice(i * stride, i * stride + HH)
                    columns = slice(j * stride, j * stride + WW)
                    dw[f] += dout[n, f, i, j] * x_pad[n, :, rows, columns]
                    dx_pad[n, :, rows, columns] += dout[n, f, i, j] * w[f]
                    db[f] += dout[n, f, i, j]
    dx = dx_pad[:, :, pad:pad + H, pad:pad + W]
    return dx, dw, db
"""
PLACES = """
def conv_forward_naive(x, w, b, conv_param):
    s, p = conv_param['stride'], conv_param['pad']
    rows = (x.shape[2] + 2 * p - w.shape[2]) // s + 1
    columns = (x.shape[3] + 2 * p - w.shape[3]) // s + 1
    bordered = np.zeros((x.shape[0], x.shape[1], x.shape[2] + 2 * p, x.shape[3] + 2 * p))
    bordered[:, :, p:p + x.shape[2], p:p + x.shape[3]] = x
    out = np.zeros((x.shape[0], w.shape[0], rows, columns))
    for r in range(rows):
        for c in range(columns):
            part = bordered[:, :, r * s:r * s + w.shape[2], c * s:c * s + w.shape[3]]
            for k in range(w.shape[0]):
                out[:, k, r, c] = np.sum(part * w[k], axis=(1, 2, 3)) + b[k]
    cache = (x, w, b, conv_param)
    return out, cache


def conv_backward_naive(dout, cache):
    (x, w, b, conv_param), s, p = cache, cache[3]['stride'], cache[3]['pad']
    rows = (x.shape[2] + 2 * p - w.shape[2]) // s + 1
    columns = (x.shape[3] + 2 * p - w.shape[3]) // s + 1
    bordered = np.pad(x, [(0, 0), (0, 0), (p, p), (p, p)], mode='constant')
    whole, dx, dw = np.zeros_like(bordered), np.zeros_like(x), np.zeros_like(w)
    db = np.sum(dout, axis=(0, 2, 3))
    for r in range(rows):
        for c in range(columns):
            down, right = r * s, c * s
            part = bordered[:, :, down:down + w.shape[2], right:right + w.shape[3]]
            for k in range(w.shape[0]):
                g = dout[:, k, r, c][:, None, None, None]
                dw[k] += np.sum(g * part, axis=0)
                whole[:, :, down:down + w.shape[2], right:right + w.shape[3]] += g * w[k]
    dx += whole[:, :, p:p + x.shape[2], p:p + x.shape[3]]
    return dx, dw, db
"""
GIVEN = """
def conv_forward_naive(x, w, b, conv_param):
    out = None
    # here the forward pass goes
    cache = (x, w, b, conv_param)
    return out, cache
"""
GIVES_NOTHING = (
    "def conv_backward_naive(dout, cache):\n    dx, dw, db = None, None, None\n    return dx, dw, db\n"
)
FLOAT, NONE = {"float-for-whole-number"}, {"not-written"}
SOLVED_FORWARD, SOLVED_BACKWARD = (
    LOOPS[: LOOPS.index("\n\ndef conv_backward")],
    LOOPS[LOOPS.index("\n\ndef conv_backward") :],
)


class Mistake(NamedTuple):
    """A mistake: its names, and the code of both styles."""

    names: frozenset[str]
    loops: str
    places: str


def changed(source, edits, within=""):
    """Replace texts in the source: everywhere, or only in one function."""
    start = source.index(f"def {within}") if within else 0
    end = source.find("\ndef ", start + 1) if within == "conv_forward_naive" else len(source)
    part = source[start:end]
    for old, new in edits:
        if old not in part:
            raise ValueError(f"{old!r} is not in the source")
        part = part.replace(old, new)
    return source[:start] + part + source[end:]


def mistake(names, loops, places, within=""):
    """A mistake by the edits of both styles."""
    sources = (changed(base, edits, within) for base, edits in ((LOOPS, loops), (PLACES, places)))
    return Mistake(frozenset(names), *sources)


FORWARD, BACKWARD = "conv_forward_naive", "conv_backward_naive"
MISTAKES = {
    "sizes by `/` in both passes": mistake(FLOAT, [("// stride", "/ stride")], [("// s", "/ s")]),
    "sizes by `/` in the forward pass": mistake(
        FLOAT, [("// stride", "/ stride")], [("// s + 1", "/ s + 1")], FORWARD
    ),
    "an index by `/` in the backward pass": mistake(
        FLOAT,
        [("slice(i * stride, i", "slice(2 * i * stride / 2, i")],
        [("down, right = r * s", "down, right = r * s * 2 / 2")],
        BACKWARD,
    ),
    "the crop `[pad:-pad]`, returned": mistake(
        {"dx-empty-without-pad"},
        [("[:, :, pad:pad + H, pad:pad + W]", "[:, :, pad:-pad, pad:-pad]")],
        [("dx += whole[:, :, p:p + x.shape[2], p:p + x.shape[3]]", "dx = whole[:, :, p:-p, p:-p]")],
    ),
    "the crop `[pad:-pad]`, assigned": mistake(
        {"dx-empty-without-pad"},
        [
            ("dx = dx_pad[:, :, pad:pad + H, pad:pad + W]", "dx = np.zeros(x.shape)"),
            (
                "    return dx, dw",
                "    for n in range(N):\n        dx[n] = dx_pad[n, :, pad:-pad, pad:-pad]\n    return dx, dw",
            ),
        ],
        [("dx += whole[:, :, p:p + x.shape[2], p:p + x.shape[3]]", "dx += whole[:, :, p:-p, p:-p]")],
    ),
    "the crop `[pad:-pad]`, and an assertion": mistake(
        {"dx-empty-without-pad"},
        [
            (
                "[:, :, pad:pad + H, pad:pad + W]",
                "[:, :, pad:-pad, pad:-pad]\n    assert dx.shape == x.shape",
            ),
        ],
        [
            (
                "dx += whole[:, :, p:p + x.shape[2], p:p + x.shape[3]]",
                "dx = whole[:, :, p:-p, p:-p]\n    assert np.shape(dx) == np.shape(x)",
            )
        ],
    ),
    "not written, as handed out": Mistake(
        frozenset(NONE),
        GIVEN + "\n\n" + GIVES_NOTHING,
        GIVEN.replace("here the", "TODO: the") + "\n\n" + GIVES_NOTHING,
    ),
    "the backward pass is not written": Mistake(
        frozenset(NONE),
        SOLVED_FORWARD + "\n\n" + GIVES_NOTHING,
        PLACES[: PLACES.index("def conv_backward")] + GIVES_NOTHING,
    ),
    "one gradient only": mistake(
        NONE, [("return dx, dw, db", "return None, dw, db")], [("return dx, dw, db", "return None, dw, db")]
    ),
    "W' from H": mistake(
        {"width-from-height"},
        [("W_out = 1 + (W +", "W_out = 1 + (H +")],
        [("columns = (x.shape[3]", "columns = (x.shape[2]")],
        FORWARD,
    ),
    "W' from HH": mistake(
        {"width-from-the-filters-height"},
        [("pad - WW) // stride", "pad - HH) // stride")],
        [("p - w.shape[3]) // s", "p - w.shape[2]) // s")],
        FORWARD,
    ),
    "W' from H in the backward pass": mistake(
        {"dx-width-from-height", "dw-width-from-height", "db-width-from-height"},
        [("W_out = 1 + (W +", "W_out = 1 + (H +")],
        [
            ("columns = (x.shape[3]", "columns = (x.shape[2]"),
            ("db = np.sum(dout, axis=(0, 2, 3))", "db = np.zeros_like(b)"),
            ("                dw[k] +=", "                db[k] += g.sum()\n                dw[k] +="),
        ],
        BACKWARD,
    ),
    "square filters only": mistake(
        {"fails-unless-filters-are-square"},
        [("j * stride + WW]", "j * stride + HH]")],
        [("c * s:c * s + w.shape[3]]", "c * s:c * s + w.shape[2]]")],
        FORWARD,
    ),
    "a border of one pixel": mistake(
        {"border-of-one-pixel"},
        [("(pad, pad), (pad, pad)", "(1, 1), (1, 1)")],
        [
            ("x.shape[2] + 2 * p, x.shape[3] + 2 * p", "x.shape[2] + 2, x.shape[3] + 2"),
            ("p:p + x.shape[2], p:p + x.shape[3]", "1:1 + x.shape[2], 1:1 + x.shape[3]"),
        ],
        FORWARD,
    ),
    "the crop `[1:-1]`, returned": mistake(
        {"dx-border-of-one-pixel"},
        [("[:, :, pad:pad + H, pad:pad + W]", "[:, :, 1:-1, 1:-1]")],
        [("dx += whole[:, :, p:p + x.shape[2], p:p + x.shape[3]]", "dx = whole[:, :, 1:-1, 1:-1]")],
    ),
    "the crop `[1:-1]`, assigned": mistake(
        {"dx-border-of-one-pixel"},
        [
            (
                "dx = dx_pad[:, :, pad:pad + H, pad:pad + W]",
                "dx = np.zeros(x.shape)\n    dx[:, :] = dx_pad[:, :, 1:-1, 1:-1]",
            ),
        ],
        [("dx += whole[:, :, p:p + x.shape[2], p:p + x.shape[3]]", "dx += whole[:, :, 1:-1, 1:-1]")],
    ),
    "padded only where pad is not 0": mistake(
        {"no-value-yet"},
        [("    x_pad = np.pad(", "    if pad > 0:\n        x_pad = np.pad(")],
        [
            ("    bordered = np.zeros(", "    if p:\n        bordered = np.zeros("),
            ("    bordered[:, :, p:", "        bordered[:, :, p:"),
        ],
        FORWARD,
    ),
    "a name that is not there": mistake(
        {"name-not-defined"}, [("+ b[f]", "+ bias[f]")], [("+ b[k]", "+ math.fsum([b[k]])")], FORWARD
    ),
    "`+` for `*`": mistake(
        {"plus-for-times"}, [("field * w[f]", "field + w[f]")], [("part * w[k]", "part + w[k]")]
    ),
    "an output left at zero": mistake(
        {"dw-left-at-zero"},
        [("dw[f] += dout[n, f, i, j] * x_pad[n, :, rows, columns]", "dw[f] * x_pad[n, :, rows, columns]")],
        [("dw[k] += np.sum(g * part, axis=0)", "np.sum(g * part, axis=0)")],
    ),
    "loops over the input": mistake(
        {"loops-over-the-input"},
        [
            ("for i in range(H_out)", "for i in range(0, H, stride)"),
            ("for j in range(W_out)", "for j in range(0, W, stride)"),
            ("i * stride:i * stride + HH, j * stride:j * stride + WW", "i:i + HH, j:j + WW"),
            ("out[n, f, i, j]", "out[n, f, i // stride, j // stride]"),
        ],
        [
            ("for r in range(rows)", "for r in range(-(-x.shape[2] // s))"),
            ("for c in range(columns)", "for c in range(-(-x.shape[3] // s))"),
        ],
        FORWARD,
    ),
    "the stride left out in the backward pass": mistake(
        {"dx-stride-left-out", "dw-stride-left-out"},
        [("slice(i * stride, i * stride", "slice(i, i"), ("slice(j * stride, j * stride", "slice(j, j")],
        [("down, right = r * s, c * s", "down, right = r, c")],
        BACKWARD,
    ),
    "the stride left out, and the crop `[pad:-pad]`": mistake(
        {"dx-stride-left-out", "dw-stride-left-out", "dx-empty-without-pad"},
        [
            ("slice(i * stride, i * stride", "slice(i, i"),
            ("slice(j * stride, j * stride", "slice(j, j"),
            ("[:, :, pad:pad + H, pad:pad + W]", "[:, :, pad:-pad, pad:-pad]"),
        ],
        [
            ("down, right = r * s, c * s", "down, right = r, c"),
            ("dx += whole[:, :, p:p + x.shape[2], p:p + x.shape[3]]", "dx = whole[:, :, p:-p, p:-p]"),
        ],
        BACKWARD,
    ),
    "sums over the batch": mistake(
        {"images-added-up"},
        [("x_pad[n, :, i", "x_pad[:, :, i")],
        [("np.sum(part * w[k], axis=(1, 2, 3))", "np.sum(part * w[k])")],
        FORWARD,
    ),
}


def reports_of(name, style):
    """The reports of the convolution's items, by id."""
    return graded(f"{name}, {style}", [getattr(MISTAKES[name], style)])


def lost(reports):
    """The points that out, dx, dw and db lose."""
    return tuple(round(reports[item].max_score - reports[item].score, 2) for item in ITEMS)


def names(reports):
    """The names of the mistakes in checks that count."""
    return {c.diagnosis.id for r in reports.values() for c in r.checks if c.diagnosis and c.max_score}


def table():
    """The table of docs/verdicts.md."""
    rows = [
        f"| {name} | {' | '.join(f'{points:g}' for points in lost(reports_of(name, 'loops')))} |"
        for name in MISTAKES
    ]
    return "\n".join(["| mistake | out (20) | dx (12) | dw (8) | db (5) |", "|---|---|---|---|---|", *rows])
