"""Calls in a notebook's code, with their arguments as far as they can be read without running it."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping, Sequence

from autograder.extract.code import parse_cell
from autograder.extract.literals import UnreadableError, item_set, value_of
from autograder.model import Notebook, Struct
from autograder.student import Value


class CallSite(Struct):
    """One call: its cell and line (from 1), the arguments that could be read, and the others' names.

    `arguments` are by name: keywords, and those by position where the notebook defines the class or
    function. `positional` are the others by position, None where they could not be read. `sources`
    has the text of each argument that could not be read; `values` what it takes in turn where it is the
    variable of a loop over literals.
    """

    name: str
    cell: int
    line: int
    arguments: dict[str, Value]
    unresolved: tuple[str, ...] = ()
    positional: tuple[Value, ...] = ()
    sources: dict[str, str] = {}
    values: dict[str, tuple[Value, ...]] = {}


class _Scope(Struct):
    """What is known where a call stands: values by name, loops' values, the parameters of what is called."""

    known: dict[str, Value]
    loops: dict[str, tuple[Value, ...]]
    parameters: Sequence[str]


def find_calls(notebook: Notebook, name: str) -> tuple[CallSite, ...]:
    """Every call of a function or class, in the notebook's order.

    Literals are read, and names and items of dicts that were set to literals before, with plain
    arithmetic; what a loop or a function gives a name is not known.
    """
    known: dict[str, Value] = {}
    parameters: tuple[str, ...] = ()
    calls: list[CallSite] = []
    for cell in notebook.code_cells:
        for statement in parse_cell(cell, python2=True).statements:
            tree = ast.Module(body=[statement.node], type_ignores=[])
            try:
                loops = _loops(tree, known) if name in statement.source else {}
                scope = _Scope(known=known, loops=loops, parameters=parameters)
                if name in statement.source:
                    calls += _calls(tree, name, scope, cell.index + 1, statement.shift)
                parameters = _parameters(tree, name) or parameters
                _learn(tree, known)
            except RecursionError:
                continue
    return tuple(calls)


# --- calls ---------------------------------------------------------------------------------------


def _calls(tree: ast.Module, name: str, scope: _Scope, cell: int, shift: int) -> Iterator[CallSite]:
    nodes = list(ast.walk(tree))
    calls = [node for node in nodes if isinstance(node, ast.Call) and _called(node.func) == name]
    if calls:
        hidden = set().union(*map(_hidden, nodes))
        visible = {key: value for key, value in scope.known.items() if key not in hidden}
        within = _Scope(known=visible, loops=scope.loops, parameters=scope.parameters)
        yield from (_call_site(node, name, within, cell, node.lineno + shift) for node in calls)


def _hidden(node: ast.AST) -> set[str]:
    """The names that mean something else where a function or a loop gives them."""
    match node:
        case ast.arguments():
            rest = [one for one in (node.vararg, node.kwarg) if one is not None]
            return {a.arg for a in (*node.posonlyargs, *node.args, *node.kwonlyargs, *rest)}
        case ast.For(target=target) | ast.comprehension(target=target):
            return _names(target)
        case ast.FunctionDef():
            return _stores(node)
    return set()


def _call_site(node: ast.Call, name: str, scope: _Scope, cell: int, line: int) -> CallSite:
    arguments: dict[str, Value] = {}
    sources: dict[str, str] = {}
    positional: list[Value] = []
    for place, expression in enumerate(node.args):
        named = scope.parameters[place] if place < len(scope.parameters) else ""
        value = _read(expression, scope.known)
        if not named:
            positional.append(None if value is _UNREAD else value)
        elif value is _UNREAD:
            sources[named] = ast.unparse(expression)
        else:
            arguments[named] = value
    for keyword in node.keywords:
        _take_keyword(keyword, scope.known, arguments, sources)
    return CallSite(
        name=name,
        cell=cell,
        line=line,
        arguments=arguments,
        unresolved=tuple(sources),
        positional=tuple(positional),
        sources=sources,
        values={key: scope.loops[source] for key, source in sources.items() if source in scope.loops},
    )


_UNREAD = object()


def _read(expression: ast.expr, known: Mapping[str, Value]) -> Value:
    try:
        return value_of(expression, known)
    except UnreadableError:
        return _UNREAD


def _take_keyword(
    keyword: ast.keyword, known: Mapping[str, Value], arguments: dict[str, Value], sources: dict[str, str]
) -> None:
    value = _read(keyword.value, known)
    if keyword.arg is not None and value is not _UNREAD:
        arguments[keyword.arg] = value
    elif keyword.arg is None and isinstance(value, dict):
        arguments.update({str(key): item for key, item in value.items()})
    else:
        sources[keyword.arg or "**"] = ast.unparse(keyword.value)


def _called(node: ast.expr) -> str:
    return node.id if isinstance(node, ast.Name) else node.attr if isinstance(node, ast.Attribute) else ""


def _names(node: ast.expr) -> set[str]:
    return {n.id for n in ast.walk(node) if isinstance(n, ast.Name)}


def _loops(tree: ast.Module, known: Mapping[str, Value]) -> dict[str, tuple[Value, ...]]:
    """The values that loop variables take, where the loop runs over literals."""
    found: dict[str, tuple[Value, ...]] = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.For | ast.comprehension) and isinstance(node.target, ast.Name):
            values = _read(node.iter, known)
            if isinstance(values, list | tuple | dict):
                found[node.target.id] = tuple(values)
    return found


def _parameters(tree: ast.Module, name: str) -> tuple[str, ...]:
    """The names of a function's positional parameters, or of a class's `__init__`, if defined here."""
    for node in tree.body:
        if isinstance(node, ast.FunctionDef) and node.name == name:
            return tuple(a.arg for a in (*node.args.posonlyargs, *node.args.args))
        if isinstance(node, ast.ClassDef) and node.name == name:
            made = [n for n in node.body if isinstance(n, ast.FunctionDef) and n.name == "__init__"]
            return tuple(a.arg for n in made[-1:] for a in (*n.args.posonlyargs, *n.args.args))[1:]
    return ()


# --- what is known -------------------------------------------------------------------------------


def _learn(tree: ast.Module, known: dict[str, Value]) -> None:
    """Remember what simple assignments bind, and forget what anything else may have changed."""
    for node in tree.body:
        match node:
            case ast.Assign(targets=targets, value=expression):
                for target in targets:
                    _assign(target, expression, known)
            case ast.AnnAssign(target=target, value=ast.expr() as expression):
                _assign(target, expression, known)
            case ast.AugAssign(target=ast.Name(id=name) as target, op=op, value=right):
                left = ast.Name(id=name, ctx=ast.Load())
                _assign(target, ast.BinOp(left=left, op=op, right=right), known)
            case ast.FunctionDef() | ast.AsyncFunctionDef() | ast.ClassDef():
                known.pop(node.name, None)
            case ast.Expr(value=ast.Call(func=ast.Attribute(value=ast.Name(id=name), attr="update")) as call):
                _update(name, call, known)
            case _:
                for name in _stores(node) | _touched(node):
                    known.pop(name, None)


def _stores(node: ast.stmt) -> set[str]:
    return {
        n.id for n in ast.walk(node) if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Store | ast.Del)
    }


def _touched(node: ast.stmt) -> set[str]:
    """Names whose object is written into, or has a method called that may do so."""
    found = set()
    for inner in ast.walk(node):
        match inner:
            case ast.Call(func=ast.Attribute(value=ast.Name(id=name))):
                found.add(name)
            case ast.Subscript(value=ast.Name(id=name), ctx=ast.Store() | ast.Del()):
                found.add(name)
            case ast.Attribute(value=ast.Name(id=name), ctx=ast.Store() | ast.Del()):
                found.add(name)
    return found


def _assign(target: ast.expr, expression: ast.expr, known: dict[str, Value]) -> None:
    value = _read(expression, known)
    match target:
        case ast.Name(id=name) if value is not _UNREAD:
            known[name] = value
        case ast.Tuple(elts=parts) | ast.List(elts=parts) if _fits(value, parts):
            for part, item in zip(parts, value, strict=True):
                known.update({part.id: item} if isinstance(part, ast.Name) else {})
        case ast.Subscript(value=ast.Name(id=name), slice=key):
            changed = item_set(known.get(name), _read(key, known), value) if value is not _UNREAD else None
            _remember(name, changed, known)
        case _:
            for name in _names(target):
                known.pop(name, None)


def _fits(value: Value, parts: Sequence[ast.expr]) -> bool:
    return isinstance(value, tuple | list) and len(value) == len(parts)


def _update(name: str, call: ast.Call, known: dict[str, Value]) -> None:
    """``settings.update({...}, lr=1)``."""
    wanted = ast.Call(func=ast.Name(id="dict", ctx=ast.Load()), args=call.args, keywords=call.keywords)
    more, owner = _read(wanted, known), known.get(name)
    merged = {**owner, **more} if isinstance(owner, dict) and isinstance(more, dict) else None
    _remember(name, merged, known)


def _remember(name: str, value: Value, known: dict[str, Value]) -> None:
    if value is None:
        known.pop(name, None)
    else:
        known[name] = value
