"""Find names that code changes without binding: ``CACHE[0] = 1``, ``RULES.append(f)``, ``@register``."""

from __future__ import annotations

import ast
import builtins
import functools
from collections.abc import Iterator, Sequence

FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)
BUILTINS = frozenset(dir(builtins))
# Methods of Python's containers that change their object, whatever becomes of the result.
_CHANGING_NAMES = """
    add append appendleft clear discard extend fill insert pop popitem popleft put remove reverse send
    setdefault setflags sort update
"""
_CHANGING = frozenset(_CHANGING_NAMES.split())
SCOPES = (ast.Lambda, ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp)
# The only nodes that can change an object.
ACTING = (ast.Subscript, ast.Attribute, ast.AugAssign, ast.Call, ast.Expr, *FUNCTIONS)


@functools.lru_cache(maxsize=1024)
def nodes(tree: ast.AST) -> tuple[ast.AST, ...]:
    """Give all nodes of a tree that nobody changes; cached, since several readers ask for the same tree."""
    return tuple(ast.walk(tree))


def level(node: ast.AST, closed: tuple[type[ast.AST], ...] = (*FUNCTIONS, *SCOPES)) -> Iterator[ast.AST]:
    """Walk a node without entering functions, classes and comprehensions."""
    yield node
    if not isinstance(node, closed):
        for child in ast.iter_child_nodes(node):
            yield from level(child, closed)


def written(node: ast.AST) -> Iterator[str]:
    """Give the name whose object a node writes into: an item, an attribute, ``+=``, or ``setattr``."""
    match node:
        case ast.Subscript(ctx=ast.Store() | ast.Del()) | ast.Attribute(ctx=ast.Store() | ast.Del()):
            yield root(node)
        case ast.AugAssign(target=ast.Name(id=name)):
            yield name
        case ast.Call(func=ast.Name(id="setattr" | "delattr"), args=[owner, *_]):
            yield root(owner)


def told(node: ast.AST) -> Iterator[str]:
    """Give the names with a method called for its effect: as a statement or decorator, or ``a.pop()``."""
    functions = _decorators(node)
    match node:
        case ast.Expr(value=ast.Call(func=function)):
            functions = [function]
        case ast.Call(func=ast.Attribute(attr=name) as function) if name in _CHANGING:
            functions = [function]
        case ast.Call(func=ast.Name(id="next"), args=[iterator, *_]):
            yield root(iterator)
    yield from (root(function) for function in functions if isinstance(function, ast.Attribute))


def passed(node: ast.AST) -> Iterator[str]:
    """Give the names that a call for its effect alone gets: ``shuffle(order)``, ``np.add.at(a, 0, 1)``."""
    match node:
        case ast.Expr(value=ast.Call(func=ast.Name(id=called))) if called in BUILTINS:
            return
        case ast.Expr(value=ast.Call(args=args, keywords=keywords)):
            yield from map(root, (*args, *(keyword.value for keyword in keywords)))


def shared(value: ast.expr) -> Iterator[str]:
    """Give the names whose object a value may be, hold or be a view of: ``a``, ``a[0]``, ``[a]``, ``a.T``."""
    match value:
        case ast.Tuple(elts=parts) | ast.List(elts=parts) | ast.Set(elts=parts) | ast.BoolOp(values=parts):
            inner: Sequence[ast.expr | None] = parts
        case ast.Dict(keys=keys, values=values):
            inner = [*keys, *values]
        case ast.IfExp(body=one, orelse=other):
            inner = [one, other]
        case ast.Call(func=ast.Attribute(value=one)) | ast.Starred(value=one) | ast.NamedExpr(value=one):
            inner = [one]
        case _:
            yield root(value)
            return
    for part in inner:
        yield from shared(part) if part is not None else ()


def called(node: ast.AST) -> Iterator[str]:
    """Give the names of the functions that a node calls, with its decorators."""
    functions = [node.func] if isinstance(node, ast.Call) else _decorators(node)
    yield from (function.id for function in functions if isinstance(function, ast.Name))


def _decorators(node: ast.AST) -> list[ast.expr]:
    decorators = getattr(node, "decorator_list", [])
    return [each.func if isinstance(each, ast.Call) else each for each in decorators]


def writes(code: ast.AST) -> tuple[frozenset[str], frozenset[str]]:
    """Give the module's names that a function changes when it is called, and those that it tells.

    It tells a name if it calls the name's method, or passes the name to a call, for the effect alone.
    """
    inside = nodes(code)
    module_wide = {name for node in inside if isinstance(node, ast.Global) for name in node.names}
    stored = {n.id for n in inside if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Store)}
    local = (stored | {n.arg for n in inside if isinstance(n, ast.arg)}) - module_wide
    acting = [node for node in inside if isinstance(node, ACTING)]
    changed = {name for node in acting for name in written(node)}
    tells = {name for node in acting for name in (*told(node), *passed(node))}
    return frozenset((changed - local) | (stored & module_wide)), frozenset(tells - local)


def root(node: ast.expr) -> str:
    """Give the name that an item or attribute belongs to, or an empty string."""
    while isinstance(node, ast.Subscript | ast.Attribute):
        node = node.value
    return node.id if isinstance(node, ast.Name) else ""
