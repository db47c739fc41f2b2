"""Names that code changes without binding them: ``CACHE[0] = 1``, ``RULES.append(f)``, ``@register``."""

from __future__ import annotations

import ast
import functools
from collections.abc import Iterator

FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)
SCOPES = (ast.Lambda, ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp)


@functools.lru_cache(maxsize=1024)
def nodes(tree: ast.AST) -> tuple[ast.AST, ...]:
    """Give all nodes of a tree that nobody changes; several readers ask for the same ones."""
    return tuple(ast.walk(tree))


def level(node: ast.AST) -> Iterator[ast.AST]:
    """Walk a node without entering functions, classes and comprehensions."""
    yield node
    if not isinstance(node, (*FUNCTIONS, *SCOPES)):
        for child in ast.iter_child_nodes(node):
            yield from level(child)


def written(node: ast.AST) -> Iterator[str]:
    """Give the name whose object one node writes into: an item, an attribute, or by ``setattr``."""
    match node:
        case ast.Subscript(ctx=ast.Store() | ast.Del()) | ast.Attribute(ctx=ast.Store() | ast.Del()):
            yield _root(node)
        case ast.Call(func=ast.Name(id="setattr" | "delattr"), args=[owner, *_]):
            yield _root(owner)


def told(node: ast.AST) -> Iterator[str]:
    """Give the names whose method is called for its effect alone: in a statement, or as a decorator."""
    if isinstance(node, ast.Expr) and isinstance(node.value, ast.Call):
        functions = [node.value.func]
    else:
        functions = _decorators(node)
    yield from (_root(function) for function in functions if isinstance(function, ast.Attribute))


def called(node: ast.AST) -> Iterator[str]:
    """Give the names of the functions that one node calls, its decorators among them."""
    functions = [node.func] if isinstance(node, ast.Call) else _decorators(node)
    yield from (function.id for function in functions if isinstance(function, ast.Name))


def _decorators(node: ast.AST) -> list[ast.expr]:
    decorators = getattr(node, "decorator_list", [])
    return [each.func if isinstance(each, ast.Call) else each for each in decorators]


def writes(code: ast.AST) -> frozenset[str]:
    """Give the module's names that a function changes when it is called, or other code when it runs."""
    inside = nodes(code)
    module_wide = {name for node in inside if isinstance(node, ast.Global) for name in node.names}
    stored = {n.id for n in inside if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Store)}
    local = (stored | {n.arg for n in inside if isinstance(n, ast.arg)}) - module_wide
    changed = {name for node in inside for name in (*written(node), *told(node))}
    return frozenset((changed - local) | (stored & module_wide))


def _root(node: ast.expr) -> str:
    """Give the name that an item or attribute belongs to; empty for none."""
    while isinstance(node, ast.Subscript | ast.Attribute):
        node = node.value
    return node.id if isinstance(node, ast.Name) else ""
