"""What expressions are, as far as that is known without running them; calls that are looked for are noted."""

from __future__ import annotations

import ast
import copy
from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from typing import Any

from autograder.extract import effects
from autograder.extract.frames import Frames
from autograder.extract.values import (
    FUNCTIONS,
    IMPORTED,
    OPAQUE,
    UNKNOWN,
    Bag,
    Function,
    Place,
    Unknown,
    Value,
    applied,
    compared,
    is_known,
    items_of,
    negated,
    operated,
    told,
)

# Functions of Python's and NumPy's that change what they are given.
_CHANGING = frozenset({"shuffle", "heapify", "heappush", "heappop", "exec", "eval", "setattr", "delattr"})
_BAGS = frozenset({"SimpleNamespace", "Namespace"})


class Made:
    """What a call that is looked for gives: `arguments` as they were when it was made.

    `ran` is the cell that led to it.
    """

    def __init__(self, name: str, place: Place, line: int, ran: int, arguments: dict[str, Value]) -> None:
        self.name = name
        self.cell, self.line, self.ran = place.cell, line, ran
        self.arguments = arguments

    def __deepcopy__(self, _: dict[int, Any]) -> Made:
        return self


class Expressions(ABC):
    """Evaluates expressions in frames.

    Parameters
    ----------
    watched : mapping of str to sequence of str
        The calls to note, with the names of their parameters by position.
    """

    def __init__(self, watched: Mapping[str, Sequence[str]]) -> None:
        self.frames = Frames()
        self.made: list[Made] = []
        self.watched = {name: tuple(parameters) for name, parameters in watched.items()}
        self.place = Place(0, 0)
        self.ran = 0
        # how many branches deep we are that may not be taken
        self.doubts = 0

    @abstractmethod
    def call_function(
        self, function: Function, args: Sequence[Value], keywords: Mapping[str, Value]
    ) -> Value:
        """Follow a call of one of the notebook's functions."""

    def value(self, node: ast.expr) -> Value:  # noqa: PLR0911 - one return a form
        """The value of an expression; whatever it calls is followed on the way."""
        self.frames.take_step()
        match node:
            case ast.Constant(value=value):
                return value if is_known(value) else UNKNOWN
            case ast.Name(id=name):
                return self.frames[name]
            case ast.List(elts=parts):
                return self._parts(parts)
            case ast.Tuple(elts=parts):
                items = self._parts(parts)
                return items if items is UNKNOWN else tuple(items)
            case ast.Dict(keys=keys, values=values):
                return self._dict(keys, values)
            case ast.Call():
                return self._call(node)
            case ast.Subscript(value=owner, slice=key):
                return _item(self.value(owner), self.value(key))
            case ast.Attribute(value=owner, attr=name):
                return _attribute(self.value(owner), name)
            case ast.NamedExpr(target=ast.Name(id=name), value=inner):
                self.frames[name] = self.value(inner)
                return self.frames[name]
            case ast.ListComp(elt=element) | ast.GeneratorExp(elt=element):
                found = self._comprehended(node.generators, [element])
                return UNKNOWN if found is None else [item for (item,) in found]
            case ast.DictComp(key=key, value=item):
                found = self._comprehended(node.generators, [key, item])
                hashable = found is not None and all(
                    is_known(k) and not isinstance(k, list | dict) for k, _ in found
                )
                return dict(found) if found is not None and hashable else UNKNOWN
        return self._operation(node)

    def _operation(self, node: ast.expr) -> Value:  # noqa: PLR0911 - likewise
        match node:
            case ast.UnaryOp(op=ast.USub(), operand=operand):
                return negated(self.value(operand))
            case ast.UnaryOp(op=ast.Not(), operand=operand):
                held = self.value(operand)
                return not held if is_known(held) else UNKNOWN
            case ast.BinOp(left=left, op=symbol, right=right):
                return operated(symbol, self.value(left), self.value(right))
            case ast.Compare(left=left, ops=[symbol], comparators=[right]):
                return compared(symbol, self.value(left), self.value(right))
            case ast.BoolOp(op=symbol, values=[first, *others]):
                return self._either(isinstance(symbol, ast.Or), first, others)
            case ast.IfExp(test=test, body=body, orelse=orelse):
                held = self.value(test)
                chosen = (body if held else orelse,) if is_known(held) else (body, orelse)
                values = [self.value(each) for each in chosen]
                return values[0] if len(values) == 1 else UNKNOWN
            case ast.Lambda():
                return OPAQUE
        for inner in ast.iter_child_nodes(node):
            if isinstance(inner, ast.expr):
                self.value(inner)
        return UNKNOWN

    def _either(self, wanted: bool, first: ast.expr, others: Sequence[ast.expr]) -> Value:
        """``a or b`` (`wanted` is True) and ``a and b``."""
        held = self.value(first)
        for other in others:
            if not is_known(held):
                self.value(other)
                return UNKNOWN
            if bool(held) is wanted:
                return held
            held = self.value(other)
        return held

    # --- containers ---

    def _parts(self, parts: Sequence[ast.expr]) -> Value:
        items: list[Value] = []
        for part in parts:
            if isinstance(part, ast.Starred):
                more = items_of(self.value(part.value))
                if more is None:
                    return UNKNOWN
                items += more
            else:
                items.append(self.value(part))
        return items

    def _dict(self, keys: Sequence[ast.expr | None], values: Sequence[ast.expr]) -> Value:
        result: dict[Value, Value] = {}
        for key, expression in zip(keys, values, strict=True):
            item = self.value(expression)
            if key is None:
                if not isinstance(item, dict):
                    return UNKNOWN
                result.update(item)
            else:
                named = self.value(key)
                if not isinstance(named, str | int | float):
                    return UNKNOWN
                result[named] = item
        return result

    def set_item(self, owner: Value, key: Value, value: Value) -> None:
        """``owner[key] = value``."""
        try:
            if not isinstance(owner, dict | list) or not isinstance(key, str | int | float):
                raise TypeError
            owner[key] = value  # type: ignore[index]  # a list's key that is no whole number raises
        except (IndexError, TypeError):
            self.frames.forget_object(owner)
            self.frames.forget_object(value)

    def _comprehended(
        self, generators: Sequence[ast.comprehension], elements: Sequence[ast.expr]
    ) -> list[tuple[Value, ...]] | None:
        """The elements of a comprehension; None where they are not known."""
        if not generators:
            return [tuple([self.value(element) for element in elements])]
        (first, *others), found = generators, list[tuple[Value, ...]]()
        items = items_of(self.value(first.iter))
        is_certain = items is not None and not first.ifs
        for item in items if items is not None else [UNKNOWN]:
            names = {n.id for n in ast.walk(first.target) if isinstance(n, ast.Name)}
            hidden = {name: self.frames[name] for name in names if name in self.frames}
            self.assign(first.target, item)
            inner = self._comprehended(others, elements)
            for name in names:
                self.frames[name] = hidden.get(name, UNKNOWN)
            is_certain &= inner is not None
            found += inner or []
        return found if is_certain else None

    def assign(self, target: ast.expr, value: Value) -> None:
        """Give a value to a target."""
        match target:
            case ast.Name(id=name):
                self.frames[name] = value
            case ast.Tuple(elts=parts) | ast.List(elts=parts):
                items = items_of(value)
                fits = items is not None and len(items) == len(parts)
                for place, part in enumerate(parts):
                    self.assign(part, items[place] if items is not None and fits else UNKNOWN)
            case ast.Starred(value=inner):
                self.assign(inner, UNKNOWN)
            case ast.Subscript(value=owner, slice=key):
                self.set_item(self.value(owner), self.value(key), value)
            case ast.Attribute(value=owner, attr=name):
                held = self.value(owner)
                if isinstance(held, Bag):
                    held.attributes[name] = value
                else:
                    self.frames.forget_object(value)
                if isinstance(held, Made):
                    held.arguments[name] = value if is_known(value) and not self.doubts else UNKNOWN

    # --- calls ---

    def _call(self, node: ast.Call) -> Value:
        called = node.func
        name = called.id if isinstance(called, ast.Name) else getattr(called, "attr", "")
        owner = self.value(called.value) if isinstance(called, ast.Attribute) else UNKNOWN
        args, keywords = self._parts(node.args), self._keywords(node.keywords)
        if name in self.watched:
            return self._note(node, name, args, keywords)
        function = _attribute(owner, name) if isinstance(called, ast.Attribute) else self.value(called)
        is_known_call = isinstance(args, list) and "**" not in keywords
        if isinstance(owner, dict | list | tuple | str) and is_known_call:
            return self._tell(owner, name, args, keywords)
        if isinstance(function, Function) and is_known_call:
            return self.call_function(function, args, keywords)
        if isinstance(called, ast.Name) and name in self.frames and function is not IMPORTED:
            name = ""  # the notebook's own, whatever Python has under this name
        made = self._made_of_values(function, name, args, keywords) if is_known_call else UNKNOWN
        return made if made is not UNKNOWN else self._doubted(function, name, args, keywords)

    def _made_of_values(
        self, function: Value, name: str, args: Sequence[Value], keywords: Mapping[str, Value]
    ) -> Value:
        if isinstance(function, Bag) and not args:  # an object of a class of values
            return Bag({**copy.deepcopy(function.attributes), **keywords})
        if name in _BAGS and not args:
            return Bag(dict(keywords))
        return applied(name, args, keywords) if name in FUNCTIONS else UNKNOWN

    def _doubted(self, function: Value, name: str, args: Value, keywords: Mapping[str, Value]) -> Value:
        """The result of a function that is not followed: own code, or given such, may change what it gets."""
        given = [*(args if isinstance(args, list) else []), *keywords.values()]
        own = [value for value in (function, *given) if value is OPAQUE or isinstance(value, Function)]
        for value in own:
            if isinstance(value, Function):
                self.frames.doubt(effects.writes(value.node))
        for value in given if own or name in _CHANGING else ():
            self.frames.forget_object(value)
        return OPAQUE if function is OPAQUE else UNKNOWN

    def _keywords(self, keywords: Sequence[ast.keyword]) -> dict[str, Value]:
        """The keyword arguments; ``**`` stands for those that are not known."""
        result: dict[str, Value] = {}
        for keyword in keywords:
            value = self.value(keyword.value)
            if keyword.arg is not None:
                result[keyword.arg] = value
            elif isinstance(value, dict) and all(isinstance(key, str) for key in value):
                result.update(value)
            else:
                result["**"] = UNKNOWN
        return result

    def _note(self, node: ast.Call, name: str, args: Value, keywords: dict[str, Value]) -> Made:
        arguments = copy.deepcopy(keywords)
        if args is UNKNOWN:
            arguments["*"] = UNKNOWN
        else:
            arguments.update(zip(self.watched[name], copy.deepcopy(args), strict=False))
        made = Made(name, self.place, node.lineno + self.place.shift, self.ran, arguments)
        self.made.append(made)
        return made

    def _tell(self, owner: Value, name: str, args: Sequence[Value], keywords: Mapping[str, Value]) -> Value:
        try:
            return told(owner, name, args, keywords)
        except ValueError:
            self.frames.forget_object(owner)
            return UNKNOWN


def _item(owner: Value, key: Value) -> Value:
    if isinstance(owner, Unknown | Made | Bag) or not is_known(key):
        return UNKNOWN
    try:
        return owner[key]
    except (KeyError, IndexError, TypeError):
        return UNKNOWN


def _attribute(owner: Value, name: str) -> Value:
    if isinstance(owner, Bag):
        return owner.attributes.get(name, UNKNOWN)
    return OPAQUE if owner is OPAQUE else UNKNOWN
