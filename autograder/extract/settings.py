"""Calls in a notebook's code, with their arguments as far as they are known without running it.

The statements are followed in the notebook's order: assignments, loops over known values, ``if`` where the
test is known, the notebook's own functions. Where it is not known what happens, what may have changed
is unknown afterwards; a value that is given is the one that the notebook's run has.
"""

from __future__ import annotations

import ast
import contextlib
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from autograder.extract import effects
from autograder.extract.code import parse_cell
from autograder.extract.expressions import Expressions, Made
from autograder.extract.frames import Frame, TooMany, stored
from autograder.extract.values import (
    IMPORTED,
    OPAQUE,
    UNKNOWN,
    Bag,
    Function,
    Place,
    Value,
    is_known,
    items_of,
    operated,
)
from autograder.model import Notebook, Struct

_JUMPS = (ast.Break, ast.Continue, ast.Return)
_UNFOLLOWED = (ast.Yield, ast.YieldFrom, ast.Await, ast.Nonlocal)
_SIMPLE = (ast.Assign, ast.AnnAssign, ast.Pass, ast.Expr)


class CallSite(Struct):
    """One call: where it stands and which cell (from 1) led to it, and its arguments.

    `arguments` are those that are known, by name; `unresolved` are the names of the others. `given` are
    the calls that the remaining arguments come from (``Solver(model)``, where ``model = Net(reg=0.1)``).
    """

    name: str
    cell: int
    line: int
    ran: int
    arguments: dict[str, Value]
    unresolved: tuple[str, ...] = ()
    given: dict[str, CallSite] = {}


class Calls(NamedTuple):
    """The calls that were found; not `is_whole` where following the notebook took too many steps."""

    sites: tuple[CallSite, ...]
    is_whole: bool


def find_calls(notebook: Notebook, names: Mapping[str, Sequence[str]]) -> Calls:
    """Every call of some functions or classes, in the order in which the notebook makes them.

    Parameters
    ----------
    notebook : Notebook
        A submission's.
    names : mapping of str to sequence of str
        What to look for, with the names of its positional parameters; where the notebook itself
        defines it, that definition's hold.
    """
    reader = _Reader(names)
    is_whole = True
    try:
        for cell in notebook.code_cells:
            for statement in parse_cell(cell, python2=True).statements:
                reader.follow(statement.node, Place(cell.index + 1, statement.shift))
    except TooMany:
        is_whole = False
    return Calls(tuple(map(_site, reader.made)), is_whole)


def _site(made: Made) -> CallSite:
    known = {name: value for name, value in made.arguments.items() if is_known(value)}
    given = {name: _site(value) for name, value in made.arguments.items() if isinstance(value, Made)}
    return CallSite(
        name=made.name,
        cell=made.cell,
        line=made.line,
        ran=made.ran,
        arguments=known,
        unresolved=tuple(name for name in made.arguments if name not in known and name not in given),
        given=given,
    )


class _Jump(Exception):
    """A ``break``, ``continue`` or ``return`` (with its value)."""

    def __init__(self, kind: type[ast.stmt], value: Value = None) -> None:
        super().__init__()
        self.kind = kind
        self.value = value


class _Reader(Expressions):
    """Follows statements; see the module."""

    def __init__(self, watched: Mapping[str, Sequence[str]]) -> None:
        super().__init__(watched)
        # whether a jump may have been made that is not followed
        self._jumped = False

    def follow(self, node: ast.stmt, place: Place) -> None:
        """Follow a statement of the top level."""
        self.place, self.ran = place, place.cell
        try:
            self._step(node)
        except _Jump:
            return  # no valid Python there
        except RecursionError:
            self.frames.forget(stored([node]))

    # --- statements ---

    def _run(self, body: Sequence[ast.stmt]) -> None:
        for node in body:
            self._step(node)

    def _step(self, node: ast.stmt) -> None:
        self.frames.take_step()
        match node:
            case ast.Assign(targets=targets, value=expression):
                value = self.value(expression)
                for target in targets:
                    self.assign(target, value)
            case ast.AnnAssign(target=target, value=ast.expr() as expression):
                self.assign(target, self.value(expression))
            case ast.AugAssign(target=target, op=symbol, value=expression):
                self._augment(target, symbol, self.value(expression))
            case ast.Expr(value=expression):
                self.value(expression)
            case ast.Return(value=result):
                raise _Jump(ast.Return, self.value(result) if result is not None else None)
            case ast.Break() | ast.Continue():
                raise _Jump(type(node))
            case _:
                self._declare(node)

    def _declare(self, node: ast.stmt) -> None:
        match node:
            case ast.FunctionDef(name=name):
                self.frames[name] = self._function(node)
                self._learn_parameters(name, node.args)
            case ast.ClassDef(name=name, body=body):
                self.frames[name] = self._bag(node)
                for made in (n for n in body if isinstance(n, ast.FunctionDef) and n.name == "__init__"):
                    self._learn_parameters(name, made.args, skip=1)
            case ast.Import(names=aliases) | ast.ImportFrom(names=aliases):
                for alias in aliases:
                    self.frames[alias.asname or alias.name.partition(".")[0]] = IMPORTED
            case ast.Global() | ast.Pass():
                return
            case _:
                self._compound(node)

    def _compound(self, node: ast.stmt) -> None:
        match node:
            case ast.If(test=test, body=body, orelse=orelse):
                self._choose(self.value(test), body, orelse)
            case ast.For(target=target, iter=iterable, body=body, orelse=orelse):
                self._loop(target, items_of(self.value(iterable)), body)
                self._run(orelse)
            case ast.While(test=test, body=body, orelse=orelse):
                self.value(test)
                self._perhaps_often(body)
                self._run(orelse)
            case ast.With(items=items, body=body):
                for item in items:
                    self.value(item.context_expr)
                    if item.optional_vars is not None:
                        self.assign(item.optional_vars, UNKNOWN)
                self._run(body)
            case ast.Try(body=body, handlers=handlers, orelse=orelse, finalbody=final):
                caught = [inner for handler in handlers for inner in handler.body]
                self._choose(UNKNOWN, [*body, *orelse], caught)
                self._run(final)
            case _:
                self._give_up([node])

    def _give_up(self, nodes: Sequence[ast.AST]) -> None:
        """Forget whatever code may change that is not followed."""
        for name in {name for node in nodes for name in effects.writes(node)}:
            self.frames.forget_object(self.frames[name])
        self.frames.forget(stored(nodes))

    def _augment(self, target: ast.expr, symbol: ast.operator, more: Value) -> None:
        before = self.value(target)
        if isinstance(before, list) and isinstance(more, list):
            before += more  # whoever has the list
        elif isinstance(before, dict) and isinstance(more, dict):
            before.update(more)
        else:
            self.assign(target, operated(symbol, before, more))

    # --- what may happen or not ---

    def _choose(self, test: Value, body: Sequence[ast.stmt], orelse: Sequence[ast.stmt]) -> None:
        if is_known(test):
            self._run(body if test else orelse)
            return
        self._jumped |= _has([*body, *orelse], _JUMPS)
        other = self._tried(orelse)
        self.frames.swap(self._tried(body))
        self.frames.join(other)

    def _loop(self, target: ast.expr, items: Sequence[Value] | None, body: Sequence[ast.stmt]) -> None:
        if items is None:
            self.assign(target, UNKNOWN)
            self._perhaps_often(body)
            return
        outer, self._jumped = self._jumped, False
        for item in items:
            self.assign(target, item)
            try:
                self._run(body)
            except _Jump as jump:
                if jump.kind is ast.Return:
                    raise
                if jump.kind is ast.Break:
                    break
        if self._jumped:
            self._give_up([target, *body])
        self._jumped |= outer

    def _perhaps_often(self, body: Sequence[ast.stmt]) -> None:
        """Follow a body that runs any number of times."""
        self._give_up(body)
        self._choose(UNKNOWN, body, [])
        self._give_up(body)

    def _tried(self, body: Sequence[ast.stmt]) -> list[Frame]:
        """The names as a body leaves them; ours stay as they are."""
        mine = self.frames.swap(self.frames.copy())
        self.doubts += 1
        with contextlib.suppress(_Jump):
            self._run(body)
        self.doubts -= 1
        return self.frames.swap(mine)

    # --- functions and classes ---

    def _learn_parameters(self, name: str, arguments: ast.arguments, skip: int = 0) -> None:
        if name in self.watched:
            named = (*arguments.posonlyargs, *arguments.args)
            self.watched[name] = tuple(argument.arg for argument in named)[skip:]

    def _function(self, node: ast.FunctionDef) -> Value:
        """A function that can be followed; one inside another may use the other's names, and can't be."""
        if node.decorator_list or not self.frames.is_module or _has(node.body, _UNFOLLOWED):
            self.frames.doubt(effects.writes(node))
            return OPAQUE
        arguments = node.args
        named = [*arguments.posonlyargs, *arguments.args]
        pairs = [
            *zip(reversed(named), reversed(arguments.defaults), strict=False),
            *zip(arguments.kwonlyargs, arguments.kw_defaults, strict=True),
        ]
        defaults = {argument.arg: self.value(default) for argument, default in pairs if default is not None}
        plain = {name: UNKNOWN if isinstance(v, dict | list | Bag) else v for name, v in defaults.items()}
        return Function(node=node, defaults=plain, place=self.place)

    def _bag(self, node: ast.ClassDef) -> Value:
        """A class that only holds values."""
        if not all(isinstance(one, _SIMPLE) for one in node.body):
            self.frames.doubt(effects.writes(node))
            return OPAQUE
        self.frames.push(Frame(frozenset(stored(node.body))))
        self._run(node.body)
        return Bag(dict(self.frames.pop()))

    def call_function(
        self, function: Function, args: Sequence[Value], keywords: Mapping[str, Value]
    ) -> Value:
        """See `Expressions.call_function`."""
        if self.frames.is_deep:
            self._give_up(function.node.body)
            return UNKNOWN
        frame = _bound(function, args, keywords)
        outer = self.place, self._jumped
        self.place, self._jumped = function.place, False
        self.frames.push(frame)
        before = self.frames.copy()
        result: Value = None
        try:
            self._run(function.node.body)
        except _Jump as jump:
            result = jump.value
        if self._jumped:  # it may have ended before its end
            self.frames.join(before)
            result = UNKNOWN
        self.frames.pop()
        self.place, self._jumped = outer
        return result


def _bound(function: Function, args: Sequence[Value], keywords: Mapping[str, Value]) -> Frame:
    """The names with which a call of a function begins."""
    arguments = function.node.args
    named = [argument.arg for argument in (*arguments.posonlyargs, *arguments.args)]
    every = {n.arg for n in ast.walk(arguments) if isinstance(n, ast.arg)}
    inside = [n for node in function.node.body for n in ast.walk(node)]
    wide = {name for n in inside if isinstance(n, ast.Global) for name in n.names}
    frame = Frame(frozenset((every | stored(function.node.body) | _defined(inside)) - wide))
    frame.update(function.defaults)
    frame.update(zip(named, args, strict=False))
    frame.update({name: value for name, value in keywords.items() if name in every})
    if arguments.kwarg is not None:
        frame[arguments.kwarg.arg] = {n: value for n, value in keywords.items() if n not in every}
    if arguments.vararg is not None:
        frame[arguments.vararg.arg] = tuple(args[len(named) :])
    return frame


def _defined(nodes: Sequence[ast.AST]) -> set[str]:
    """The names of functions, classes and modules that a function's code binds."""
    own = {n.name for n in nodes if isinstance(n, effects.FUNCTIONS)}
    imports = (alias for n in nodes if isinstance(n, ast.Import | ast.ImportFrom) for alias in n.names)
    return own | {alias.asname or alias.name.partition(".")[0] for alias in imports}


def _has(nodes: Sequence[ast.AST], kinds: tuple[type[ast.AST], ...]) -> bool:
    return any(isinstance(inner, kinds) for node in nodes for inner in ast.walk(node))
