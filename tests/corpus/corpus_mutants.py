"""Random changes of right sources, and whether the checks see them; torch says which change nothing.

A mutant is *detected* if a check that counts does not pass, *equivalent* if all do and torch agrees with it
on many random cases, and *missed* if all do and torch does not.
"""

import ast
import contextlib
import copy
import linecache
import signal
import warnings
from pathlib import Path

import numpy as np
from corpus_grading import ITEMS, InProcessSession, context_for, course, graded, run_check
from corpus_wrong import BASE

RIGHT = Path(__file__).parent / "right"
STYLES = (
    "im2col_matrix",
    "vectorised_over_places",
    "without_padded_array",
    "einsum_of_windows",
    "nested_helper",
)
LIMIT_SECONDS = 20
BINARY = {
    ast.Add: (ast.Sub, ast.Mult),
    ast.Sub: (ast.Add,),
    ast.Mult: (ast.Add, ast.FloorDiv),
    ast.FloorDiv: (ast.Mult, ast.Mod),
    ast.Div: (ast.Mult,),
    ast.MatMult: (ast.Mult,),
}
COMPARED = {ast.LtE: ast.Lt, ast.Lt: ast.LtE, ast.Gt: ast.GtE, ast.Eq: ast.NotEq, ast.NotEq: ast.Eq}


def sources():
    """The right sources that are changed."""
    return {"plain": BASE} | {name: (RIGHT / f"{name}.py").read_text(encoding="utf-8") for name in STYLES}


def mutations(tree):
    """All places and changes: (index of the node, number of the change), in the tree's order."""
    return [(i, k) for i, node in enumerate(ast.walk(tree)) for k in range(len(changes(node, tree)))]


def changes(node, tree):
    """What may be made of a node: functions that change it in place."""
    found = []
    if isinstance(node, ast.BinOp):
        found += [_set("op", new()) for new in BINARY.get(type(node.op), ())]
        found.append(_exchange_sides)
    if isinstance(node, ast.AugAssign):
        found += [_set("op", new()) for new in BINARY.get(type(node.op), ())]
    if isinstance(node, ast.Compare):
        found += [_set("ops", [COMPARED[type(node.ops[0])]()])] if type(node.ops[0]) in COMPARED else []
    if isinstance(node, ast.Constant) and type(node.value) is int:
        found += [_set("value", node.value + 1), _set("value", node.value - 1)]
    if isinstance(node, ast.Tuple) and len(node.elts) > 1:
        found += [_exchange(k) for k in range(len(node.elts) - 1)]
    if isinstance(node, ast.Slice):
        found += [_set(part, None) for part in ("lower", "upper", "step") if getattr(node, part) is not None]
    if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load):
        found += [_set("id", other) for other in _neighbours(node.id, tree)]
    if isinstance(node, ast.FunctionDef | ast.For | ast.If):
        found += [_drop(k) for k in range(len(node.body)) if len(node.body) > 1]
    return found


def _set(field, value):
    return lambda node: setattr(node, field, value)


def _exchange_sides(node):
    node.left, node.right = node.right, node.left


def _exchange(k):
    def change(node):
        node.elts[k], node.elts[k + 1] = node.elts[k + 1], node.elts[k]

    return change


def _drop(k):
    return lambda node: node.body.pop(k)


def _neighbours(name, tree):
    """The names that stand before and after it among all that the source binds."""
    bound = {n.id for n in ast.walk(tree) if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Store)}
    bound |= {a.arg for n in ast.walk(tree) if isinstance(n, ast.FunctionDef) for a in n.args.args}
    names = sorted(bound, key=lambda n: (n.lower(), n))
    if name not in bound:
        return []
    at = names.index(name)
    return [names[k] for k in (at - 1, at + 1) if 0 <= k < len(names)]


def mutants(count, seed):
    """So many different mutants: (name of the style, source), drawn from all styles alike."""
    rng, trees = np.random.default_rng(seed), {name: ast.parse(source) for name, source in sources().items()}
    places = {name: mutations(tree) for name, tree in trees.items()}
    seen = {ast.unparse(tree) for tree in trees.values()}
    while len(seen) < count + len(trees):
        style = tuple(trees)[int(rng.integers(len(trees)))]
        index, change = places[style][int(rng.integers(len(places[style])))]
        tree = copy.deepcopy(trees[style])
        node = list(ast.walk(tree))[index]
        changes(node, tree)[change](node)
        source = ast.unparse(tree)
        if source not in seen:
            seen.add(source)
            yield style, source


class TooLong(Exception):
    """A mutant that does not end."""


def _ring(*_):
    raise TooLong


@contextlib.contextmanager
def _limited():
    before = signal.signal(signal.SIGALRM, _ring)
    signal.alarm(LIMIT_SECONDS)
    try:
        with warnings.catch_warnings(), np.errstate(all="ignore"):
            warnings.simplefilter("ignore")
            yield
    finally:
        signal.alarm(0)
        signal.signal(signal.SIGALRM, before)
        linecache.clearcache()


def judge(number, source):
    """What the checks, and torch where they see nothing, say of a mutant."""
    try:
        with _limited():
            if _loses(f"mutant-{number}", source):
                return "detected"
            return "equivalent" if agrees_with_torch(source) else "missed"
    except TooLong:
        return "detected"  # as a limit of time


def names_of(number, source):
    """The names of the mistakes that the checks find in a mutant."""
    try:
        with _limited():
            reports = graded(f"mutant-{number}", [source])
    except TooLong:
        return set()
    return {c.diagnosis.id for r in reports.values() for c in r.checks if c.diagnosis is not None}


def _loses(identity, source):
    """Whether a check that counts does not pass; the first is enough."""
    context = context_for(identity, [source], InProcessSession())
    counted = (c for i in course().assignment.items if i.id in ITEMS for c in i.checks if c.weight > 0)
    return any(run_check(check, context).fraction < 1.0 for check in counted)


def agrees_with_torch(source, cases=150):
    """Whether out, dx, dw and db are torch's on many random cases whose sizes the stride divides."""
    namespace = {"np": np}
    exec(compile(source, "<mutant>", "exec"), namespace)
    rng = np.random.default_rng(0)
    return all(_agrees(namespace, rng) for _ in range(cases))


def _agrees(namespace, rng):
    stride, pad = int(rng.integers(1, 4)), int(rng.integers(0, 4))
    n, c, f = (int(k) for k in rng.integers(1, 4, 3))
    kernel = [int(k) for k in rng.integers(1, 5, 2)]
    size = [max(1, k - 2 * pad + stride * int(rng.integers(1, 4))) for k in kernel]
    size = [s + -(s + 2 * pad - k) % stride for s, k in zip(size, kernel, strict=True)]
    x, w, b = rng.standard_normal((n, c, *size)), rng.standard_normal((f, c, *kernel)), rng.standard_normal(f)
    parameters = {"stride": stride, "pad": pad}
    out, dout, wanted = _torch(rng, (x, w, b), parameters)
    try:
        given = namespace["conv_forward_naive"](x.copy(), w.copy(), b.copy(), parameters)
        gradients = namespace["conv_backward_naive"](dout.copy(), given[1])
    except Exception:
        return False
    pairs = zip((given[0], *gradients), (out, *wanted), strict=False)
    return all(np.shape(a) == e.shape and np.allclose(a, e, rtol=1e-9, atol=1e-9) for a, e in pairs)


def _torch(rng, inputs, parameters):
    import torch

    leaves = [torch.tensor(a, requires_grad=True) for a in inputs]
    out = torch.nn.functional.conv2d(*leaves, stride=parameters["stride"], padding=parameters["pad"])
    dout = rng.standard_normal(out.shape)
    out.backward(torch.tensor(dout))
    return out.detach().numpy(), dout, [leaf.grad.numpy() for leaf in leaves]
