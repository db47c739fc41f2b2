"""The values of expressions that are made of literals, known names and plain arithmetic."""

from __future__ import annotations

import ast
import math
from collections.abc import Mapping

from autograder.student import Value

MAX_NUMBER = 1e18


class UnreadableError(Exception):
    """An expression whose value is not known without running the code."""


def value_of(node: ast.expr, known: Mapping[str, Value]) -> Value:  # noqa: PLR0911 - one return a form
    """The value of an expression.

    Raises
    ------
    UnreadableError
        It can't be known without running the code.
    """
    match node:
        case ast.Constant(value=None | bool() | int() | float() | str() as value):
            return value
        case ast.Name(id=name) if name in known:
            return known[name]
        case ast.List(elts=parts):
            return [value_of(part, known) for part in parts]
        case ast.Tuple(elts=parts):
            return tuple(value_of(part, known) for part in parts)
        case ast.Dict():
            return _dict(node, known)
        case ast.Call(func=ast.Name(id="dict")):
            return _dict_call(node, known)
        case ast.Call(func=ast.Name(id="float" | "int" as kind), args=[operand], keywords=[]):
            return _converted(kind, value_of(operand, known))
        case ast.UnaryOp(op=ast.USub(), operand=operand):
            return -_number(operand, known)
        case ast.BinOp():
            return _arithmetic(node, known)
        case ast.Subscript(value=owner, slice=key):
            return _item(value_of(owner, known), value_of(key, known))
    raise UnreadableError


def item_set(owner: Value, key: Value, value: Value) -> Value:
    """A dict with one item set, or None where that can't be told."""
    if isinstance(owner, dict) and isinstance(key, str | int | float):
        return {**owner, key: value}
    return None


def _dict(node: ast.Dict, known: Mapping[str, Value]) -> dict[Value, Value]:
    result: dict[Value, Value] = {}
    for key, item in zip(node.keys, node.values, strict=True):
        inner = value_of(item, known)
        named = None if key is None else value_of(key, known)
        if key is None and isinstance(inner, dict):
            result.update(inner)
        elif isinstance(named, str | int | float):
            result[named] = inner
        else:
            raise UnreadableError
    return result


def _dict_call(node: ast.Call, known: Mapping[str, Value]) -> dict[Value, Value]:
    """``dict(other, rate=1, **more)``."""
    result: dict[Value, Value] = {}
    for part in node.args:
        result.update(_mapping(value_of(part, known)))
    for keyword in node.keywords:
        value = value_of(keyword.value, known)
        result.update({keyword.arg: value} if keyword.arg is not None else _mapping(value))
    return result


def _mapping(value: Value) -> dict[Value, Value]:
    if not isinstance(value, dict):
        raise UnreadableError
    return value


def _item(owner: Value, key: Value) -> Value:
    try:
        return owner[key]
    except (KeyError, IndexError, TypeError) as error:
        raise UnreadableError from error


def _converted(kind: str, value: Value) -> Value:
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        raise UnreadableError
    try:
        return float(value) if kind == "float" else int(value)
    except (ValueError, OverflowError) as error:
        raise UnreadableError from error


def _number(node: ast.expr, known: Mapping[str, Value]) -> float:
    value = value_of(node, known)
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise UnreadableError
    return value


def _arithmetic(node: ast.BinOp, known: Mapping[str, Value]) -> float:
    left, right = _number(node.left, known), _number(node.right, known)
    try:
        result = _operated(node.op, left, right)
    except (ArithmeticError, ValueError) as error:
        raise UnreadableError from error
    # a product of huge whole numbers would only cost time
    if not abs(result) <= MAX_NUMBER:
        raise UnreadableError
    return result


def _operated(operator: ast.operator, left: float, right: float) -> float:  # noqa: PLR0911 - likewise
    match operator:
        case ast.Add():
            return left + right
        case ast.Sub():
            return left - right
        case ast.Mult():
            return left * right
        case ast.Div():
            return left / right
        case ast.FloorDiv():
            return left // right
        case ast.Mod():
            return left % right
        case ast.Pow():
            whole = isinstance(left, int) and isinstance(right, int) and 0 <= right < 64 and abs(left) < 1000
            return left**right if whole else math.pow(left, right)
    raise UnreadableError
