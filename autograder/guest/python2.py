"""Compile code with its meaning in Python 2: `3 / 2` is 1, and `map` and `d.keys()` give lists.

The tree is changed, not the text: lines keep their numbers, and tracebacks quote what the student wrote.
"""

from __future__ import annotations

import ast
import builtins
import contextlib
import math
import types
from collections.abc import Callable, ItemsView, KeysView, ValuesView
from typing import Any

import numpy as np

# The helpers' names in the code's own module, which no program can bind.
_DIVIDE, _DIVIDE_IN_PLACE, _METHOD, _WHOLE = "<divide>", "<divide in place>", "<method>", "<whole>"
_LISTS = {"keys", "values", "items"}
_FORMER: dict[str, Callable[..., Any]] = {
    "iterkeys": lambda owner: iter(owner.keys()),
    "itervalues": lambda owner: iter(owner.values()),
    "iteritems": lambda owner: iter(owner.items()),
    "has_key": lambda owner, key: key in owner,
    "next": next,
}
_ACTS = (ast.Call, ast.NamedExpr, ast.Await)
_VIEWS = (KeysView, ValuesView, ItemsView)


def _is_whole(value: Any) -> bool:
    if isinstance(value, np.ndarray):
        return value.dtype.kind in "biu"
    return isinstance(value, int | np.integer | np.bool_)


def _divide(one: Any, other: Any) -> Any:
    return one // other if _is_whole(one) and _is_whole(other) else one / other


def _divide_in_place(one: Any, other: Any) -> Any:
    if _is_whole(one) and _is_whole(other):
        one //= other
    else:
        one /= other
    return one


def _call_method(owner: Any, name: str, *args: Any) -> Any:
    if name in _FORMER and not hasattr(owner, name):
        return _FORMER[name](owner, *args)
    result = getattr(owner, name)(*args)
    return list(result) if isinstance(result, _VIEWS) else result


def _whole(value: Any) -> Any:
    """Cut a float to a whole number, as NumPy did at the ends of a slice."""
    return int(value) if isinstance(value, float | np.floating) and math.isfinite(value) else value


def _listing(function: Callable[..., Any]) -> Callable[..., list[Any]]:
    return lambda *args: list(function(*args))


def _filter(function: Any, values: Any) -> Any:
    kept = builtins.filter(function, values)
    return "".join(kept) if isinstance(values, str) else (tuple if isinstance(values, tuple) else list)(kept)


def _round(number: Any, digits: int = 0) -> float:
    """Round a half away from zero, to a float."""
    if digits:
        return float(builtins.round(number, digits))
    return math.copysign(math.floor(abs(number) + 0.5), number) if math.isfinite(number) else float(number)


NAMES: dict[str, Any] = {
    _DIVIDE: _divide,
    _DIVIDE_IN_PLACE: _divide_in_place,
    _METHOD: _call_method,
    _WHOLE: _whole,
    "map": lambda function, *values: list(builtins.map(function or (lambda x: x), *values)),
    "zip": _listing(builtins.zip),
    "range": _listing(builtins.range),
    "filter": _filter,
    "round": _round,
    "cmp": lambda one, other: (one > other) - (one < other),
}


def compile_old(source: str, name: str, flags: int, divides: bool) -> types.CodeType:
    """Compile a statement of Python 2; unless `divides` is true, its `/` is today's."""
    tree = compile(source, name, "exec", flags | ast.PyCF_ONLY_AST, dont_inherit=True)
    with contextlib.suppress(RecursionError):  # code nested too deep keeps today's meaning
        tree = ast.fix_missing_locations(_Old(divides).visit(tree))
    code: types.CodeType = compile(tree, name, "exec", flags, dont_inherit=True)
    return code


class _Old(ast.NodeTransformer):
    """Replaces what Python 2 did differently by calls of the helpers."""

    def __init__(self, divides: bool) -> None:
        self._divides = divides

    def visit_BinOp(self, node: ast.BinOp) -> ast.AST:
        """Replace a division."""
        self.generic_visit(node)
        if self._divides and isinstance(node.op, ast.Div):
            return _call(_DIVIDE, node, node.left, node.right)
        return node

    def visit_AugAssign(self, node: ast.AugAssign) -> ast.AST:
        """Replace a division in place, unless reading its target twice could make a difference."""
        self.generic_visit(node)
        acts = any(isinstance(inner, _ACTS) for inner in ast.walk(node.target))
        if not self._divides or not isinstance(node.op, ast.Div) or acts:
            return node
        read = ast.parse(ast.unparse(node.target), mode="eval").body
        value = _call(_DIVIDE_IN_PLACE, node, _at(read, node), node.value)
        return ast.copy_location(ast.Assign(targets=[node.target], value=value), node)

    def visit_Call(self, node: ast.Call) -> ast.AST:
        """Replace the call of a method that no longer exists, or that gave a list."""
        self.generic_visit(node)
        match node:
            case ast.Call(func=ast.Attribute(value=owner, attr=name), args=args, keywords=[]):
                if name in _FORMER or (name in _LISTS and not args):
                    return _call(_METHOD, node, owner, ast.Constant(name), *args)
        return node

    def visit_Slice(self, node: ast.Slice) -> ast.AST:
        """Cut the ends of a slice to whole numbers."""
        self.generic_visit(node)
        for end in ("lower", "upper", "step"):
            value = getattr(node, end)
            if value is not None and not isinstance(value, ast.Constant):
                setattr(node, end, _call(_WHOLE, value, value))
        return node


def _at(node: ast.expr, place: ast.AST) -> ast.expr:
    for inner in ast.walk(node):
        ast.copy_location(inner, place)
    return node


def _call(function: str, place: ast.AST, *args: ast.expr) -> ast.expr:
    call = ast.Call(func=ast.Name(id=function, ctx=ast.Load()), args=list(args), keywords=[])
    return ast.copy_location(call, place)
