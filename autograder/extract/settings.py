"""Calls in a notebook's code, with their arguments as far as they can be read without running it."""

from __future__ import annotations

import ast
import math
from collections.abc import Iterator, Mapping

from autograder.extract.code import parse, parse_cell
from autograder.model import Notebook, Struct
from autograder.student import Value


class CallSite(Struct):
    """One call: its cell and line (from 1), the keyword arguments that could be read, the others' names."""

    name: str
    cell: int
    line: int
    arguments: dict[str, Value]
    unresolved: tuple[str, ...] = ()


class _UnreadableError(Exception):
    """An expression whose value is not known without running the code."""


def find_calls(notebook: Notebook, name: str) -> tuple[CallSite, ...]:
    """Every call of a function or class, in the notebook's order."""
    known: dict[str, Value] = {}
    calls: list[CallSite] = []
    for cell in notebook.code_cells:
        for statement in parse_cell(cell, python2=True).statements:
            tree = parse(statement.source)
            if isinstance(tree, ast.Module):
                calls += _calls(tree, name, known, cell.index + 1, statement.line)
                _learn(tree, known)
    return tuple(calls)


def _calls(
    tree: ast.Module, name: str, known: Mapping[str, Value], cell: int, line: int
) -> Iterator[CallSite]:
    loops = {n for node in ast.walk(tree) if isinstance(node, ast.For) for n in _stored(node.target)}
    inner = {a.arg for node in ast.walk(tree) if isinstance(node, ast.FunctionDef) for a in node.args.args}
    visible = {key: value for key, value in known.items() if key not in loops | inner}
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and _called(node.func) == name:
            yield _call_site(node, name, visible, cell, line)


def _call_site(node: ast.Call, name: str, known: Mapping[str, Value], cell: int, line: int) -> CallSite:
    arguments: dict[str, Value] = {}
    unresolved = []
    for keyword in node.keywords:
        try:
            value = _value(keyword.value, known)
        except _UnreadableError:
            unresolved.append(keyword.arg or "**")
            continue
        if keyword.arg is not None:
            arguments[keyword.arg] = value
        elif isinstance(value, dict):
            arguments.update({str(key): item for key, item in value.items()})
    return CallSite(
        name=name, cell=cell, line=line + node.lineno - 1, arguments=arguments, unresolved=tuple(unresolved)
    )


def _called(node: ast.expr) -> str:
    return node.id if isinstance(node, ast.Name) else node.attr if isinstance(node, ast.Attribute) else ""


def _stored(node: ast.expr) -> set[str]:
    return {n.id for n in ast.walk(node) if isinstance(n, ast.Name)}


def _learn(tree: ast.Module, known: dict[str, Value]) -> None:
    """Remember what simple assignments bind, and forget what others rebind."""
    for node in tree.body:
        if isinstance(node, ast.Assign) and len(node.targets) == 1:
            _assign(node.targets[0], node.value, known)
        else:
            for name in _stores(node):
                known.pop(name, None)


def _stores(node: ast.stmt) -> set[str]:
    return {n.id for n in ast.walk(node) if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Store)}


def _assign(target: ast.expr, expression: ast.expr, known: dict[str, Value]) -> None:
    try:
        value = _value(expression, known)
    except _UnreadableError:
        for name in _stored(target):
            known.pop(name, None)
        return
    if isinstance(target, ast.Name):
        known[target.id] = value
    elif isinstance(target, ast.Tuple) and isinstance(value, tuple | list):
        for part, item in zip(target.elts, value, strict=False):
            if isinstance(part, ast.Name):
                known[part.id] = item
    elif isinstance(target, ast.Subscript) and isinstance(target.value, ast.Name):
        owner = known.get(target.value.id)
        if isinstance(owner, dict):
            known[target.value.id] = {**owner, _value(target.slice, known): value}


def _value(node: ast.expr, known: Mapping[str, Value]) -> Value:  # noqa: PLR0911 - one return a form
    """The value of an expression of literals, known names, and plain arithmetic."""
    match node:
        case ast.Constant(value=None | bool() | int() | float() | str() as value):
            return value
        case ast.Name(id=name) if name in known:
            return known[name]
        case ast.List(elts=parts):
            return [_value(part, known) for part in parts]
        case ast.Tuple(elts=parts):
            return tuple(_value(part, known) for part in parts)
        case ast.Dict():
            return _dict(node, known)
        case ast.Call(func=ast.Name(id="dict"), args=[]):
            return {str(k.arg): _value(k.value, known) for k in node.keywords}
        case ast.UnaryOp(op=ast.USub(), operand=operand):
            return -_number(operand, known)
        case ast.BinOp():
            return _arithmetic(node, known)
        case ast.Subscript(value=owner, slice=key):
            return _item(_value(owner, known), _value(key, known))
    raise _UnreadableError


def _dict(node: ast.Dict, known: Mapping[str, Value]) -> dict[str, Value]:
    result: dict[str, Value] = {}
    for key, item in zip(node.keys, node.values, strict=True):
        if key is None:
            inner = _value(item, known)
            result.update(inner if isinstance(inner, dict) else {})
        else:
            result[str(_value(key, known))] = _value(item, known)
    return result


def _item(owner: Value, key: Value) -> Value:
    try:
        return owner[key]
    except (KeyError, IndexError, TypeError) as error:
        raise _UnreadableError from error


def _number(node: ast.expr, known: Mapping[str, Value]) -> float:
    value = _value(node, known)
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise _UnreadableError
    return value


def _arithmetic(node: ast.BinOp, known: Mapping[str, Value]) -> float:
    left, right = _number(node.left, known), _number(node.right, known)
    try:
        match node.op:
            case ast.Add():
                return left + right
            case ast.Sub():
                return left - right
            case ast.Mult():
                return left * right
            case ast.Div():
                return left / right
            case ast.Pow() if abs(right) < 100 and abs(left) < 1e6:
                return float(math.pow(left, right))
    except (ArithmeticError, ValueError) as error:
        raise _UnreadableError from error
    raise _UnreadableError
