"""Random changes of right sources, and whether the checks see them; torch says which change nothing.

A mutant is *detected* if a check that counts does not pass, *equivalent* if all do and torch agrees with it
on many random cases, and *missed* if all do and torch does not. A name that a mutant gets is *false* if its
outputs are not those of the catalogue's variant on cases that no check asked.
"""

import ast
import contextlib
import copy
import linecache
import signal
import warnings
from pathlib import Path

import numpy as np
import torch  # noqa: F401 - no limit of time may end its first import
from corpus_grading import ITEMS, course, graded, names, notebook_with
from corpus_oracle import disagreements, functions_of, quietly, random_layer
from corpus_tolerances import hidden
from corpus_variants import QUESTION, SUSPECTS, forms
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


class TooLong(BaseException):
    """A mutant that does not end; nothing that catches exceptions may catch it."""


def _ring(*_):
    raise TooLong


def judge(number, source):
    """Say what the checks, or torch, find in a mutant; then the names that it gets, and the false ones."""
    before = signal.signal(signal.SIGPROF, _ring)
    signal.setitimer(signal.ITIMER_PROF, LIMIT_SECONDS)  # of processor time: the machine may be busy
    try:
        with warnings.catch_warnings(), quietly():
            warnings.simplefilter("ignore")
            return _judged(f"mutant-{number}", source)
    except TooLong:
        return "detected", frozenset(), frozenset()  # as a limit of time
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)
        signal.signal(signal.SIGPROF, before)
        linecache.clearcache()


def _judged(identity, source):
    reports = graded(identity, [source])
    weights = {c.id: c.weight for item in course().assignment.items if item.id in ITEMS for c in item.checks}
    given = frozenset(names(reports))
    if any(c.status.value != "passed" and weights[c.id] > 0 for r in reports.values() for c in r.checks):
        return "detected", given, frozenset(name for name in given if is_false(name, source))
    return ("equivalent" if agrees_with_torch(source) else "missed"), given, given


def agrees_with_torch(source, cases=150):
    """Whether out, dx, dw and db are torch's on many random cases whose sizes the stride divides."""
    with functions_of(notebook_with(source)) as functions:
        return not any(wrong or raised for wrong, raised in disagreements(functions, cases))


def is_false(name, source, cases=40):
    """Whether a source's output is another than that of the known mistake, on layers that no check asked.

    A mistake that is known in several forms is there if one of them gives what the source gives. Where one of
    the two has no output, they are not compared. Nor is a name that says how a call failed.
    """
    if name not in SUSPECTS:
        return False
    with functions_of(notebook_with(source)) as functions:
        given = list(_given(functions, SUSPECTS[name].output, cases))
    return all(any(_differs(form, case, value) for case, value in given) for form in forms(name))


def _given(functions, output, cases):
    """Random cases and what the functions give for them, where they give anything."""
    rng = np.random.default_rng(7)
    for _ in range(cases):
        (x, w, _), chosen = random_layer(rng)
        recipe = (x.shape, (w.shape[0], *w.shape[2:]), chosen["stride"], chosen["pad"], "float64")
        case = hidden().cases.draw(rng, "fresh", "any", recipe)
        with contextlib.suppress(Exception):
            yield case, _output(functions, output, case)


def _differs(form, case, value):
    try:
        wanted = form(case)
    except Exception:
        return False
    if not np.size(value) and not np.size(wanted):
        return False  # nothing is nothing, whatever its shape
    return np.shape(value) != np.shape(wanted) or not np.allclose(value, wanted, rtol=1e-9, atol=1e-9)


def _output(functions, output, case):
    """Ask for one output; the backward pass gets the cache of the forward pass, if there is one."""
    arguments = tuple(np.copy(case.inputs[k]) for k in "xwb"), {k: case.inputs[k] for k in ("stride", "pad")}
    promised = (*arguments[0], arguments[1])
    if QUESTION[output] == "forward":
        return functions["conv_forward_naive"](*promised)[0]
    try:
        _, cache = functions["conv_forward_naive"](*promised)
    except Exception:
        cache = promised
    gradients = functions["conv_backward_naive"](case.inputs["dout"].copy(), cache)
    return dict(zip(("dx", "dw", "db"), gradients, strict=False))[output]
