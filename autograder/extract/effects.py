"""Find names that code changes without binding: ``CACHE[0] = 1``, ``RULES.append(f)``, ``@register``."""

from __future__ import annotations

import ast
import functools
from collections.abc import Iterator

FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)
SCOPES = (ast.Lambda, ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp)


@functools.lru_cache(maxsize=1024)
def nodes(tree: ast.AST) -> tuple[ast.AST, ...]:
    """Give all nodes of a tree that nobody changes; cached, since several readers ask for the same tree."""
    return tuple(ast.walk(tree))


def level(node: ast.AST) -> Iterator[ast.AST]:
    """Walk a node without entering functions, classes and comprehensions."""
    yield node
    if not isinstance(node, (*FUNCTIONS, *SCOPES)):
        for child in ast.iter_child_nodes(node):
            yield from level(child)


def written(node: ast.AST) -> Iterator[str]:
    """Give the name whose object a node writes into: to an item or attribute, or by ``setattr``."""
    match node:
        case ast.Subscript(ctx=ast.Store() | ast.Del()) | ast.Attribute(ctx=ast.Store() | ast.Del()):
            yield _root(node)
        case ast.Call(func=ast.Name(id="setattr" | "delattr"), args=[owner, *_]):
            yield _root(owner)


def told(node: ast.AST) -> Iterator[str]:
    """Give the names with a method called for its effect alone: as a statement or as a decorator."""
    if isinstance(node, ast.Expr) and isinstance(node.value, ast.Call):
        functions = [node.value.func]
    else:
        functions = _decorators(node)
    yield from (_root(function) for function in functions if isinstance(function, ast.Attribute))


def called(node: ast.AST) -> Iterator[str]:
    """Give the names of the functions that a node calls, with its decorators."""
    functions = [node.func] if isinstance(node, ast.Call) else _decorators(node)
    yield from (function.id for function in functions if isinstance(function, ast.Name))


def _decorators(node: ast.AST) -> list[ast.expr]:
    decorators = getattr(node, "decorator_list", [])
    return [each.func if isinstance(each, ast.Call) else each for each in decorators]


def writes(code: ast.AST) -> frozenset[str]:
    """Give the module's names that a function changes when it is called (other code: when it runs)."""
    inside = nodes(code)
    module_wide = {name for node in inside if isinstance(node, ast.Global) for name in node.names}
    stored = {n.id for n in inside if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Store)}
    local = (stored | {n.arg for n in inside if isinstance(n, ast.arg)}) - module_wide
    changed = {name for node in inside for name in (*written(node), *told(node))}
    return frozenset((changed - local) | (stored & module_wide))


def _root(node: ast.expr) -> str:
    """Give the name that an item or attribute belongs to, or an empty string."""
    while isinstance(node, ast.Subscript | ast.Attribute):
        node = node.value
    return node.id if isinstance(node, ast.Name) else ""
