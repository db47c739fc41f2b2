"""Values that are known without running a notebook: literals and what is made of them, else `UNKNOWN`.

Containers are Python's own and are changed in place, so that two names of one dict stay two names of
one dict. Whatever is not known is `UNKNOWN`, which is equal to itself only and may lie in a container.
"""

from __future__ import annotations

import ast
import itertools
import math
import operator
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, Final, NamedTuple

from autograder.model import Struct

MAX_NUMBER = 1e18
MAX_ITEMS = 1000

Value = Any


class Unknown:
    """The type of `UNKNOWN`."""

    def __repr__(self) -> str:
        return "UNKNOWN"

    def __deepcopy__(self, _: dict[int, Any]) -> Unknown:
        return self


UNKNOWN: Final = Unknown()
# What comes from a module: it does what it does, whatever else the notebook has.
IMPORTED: Final = Unknown()
# Code of the notebook's own that is not followed: it may change what it is given.
OPAQUE: Final = Unknown()


class Place(NamedTuple):
    """A cell (from 1), and what is added to a node's line to get the cell's."""

    cell: int
    shift: int


class Function(Struct):
    """One of the notebook's functions: its code, its defaults, and where it stands (see `Place`)."""

    node: ast.FunctionDef
    defaults: dict[str, Value]
    place: Place

    def __deepcopy__(self, _: dict[int, Any]) -> Function:
        return self


class Bag:
    """A class of settings, or an object of it: attributes by name."""

    def __init__(self, attributes: dict[str, Value]) -> None:
        self.attributes = attributes

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Bag) and self.attributes == other.attributes

    __hash__ = None  # type: ignore[assignment]  # it can change


CONTAINERS: Final = (dict, list, tuple, Bag)


def is_known(value: Value) -> bool:
    """Whether all of a value is known, and plain.

    >>> is_known({"rate": 0.1, "rules": ["adam"]}), is_known([UNKNOWN])
    (True, False)
    """
    if isinstance(value, dict):
        return all(is_known(key) and is_known(item) for key, item in value.items())
    if isinstance(value, list | tuple):
        return all(map(is_known, value))
    return value is None or isinstance(value, bool | int | float | str)


def weakened(value: Value, other: Value, lost: list[Value] | None = None) -> Value:
    """What is known where a value is the one or the other: of dicts, the items that are in both.

    What is dropped is added to `lost`.

    >>> weakened({"rate": 0.1, "rule": "sgd"}, {"rate": 0.1, "rule": "adam"})
    {'rate': 0.1, 'rule': UNKNOWN}
    """
    if value is other or (type(value) is type(other) and value == other):
        return value
    if isinstance(value, dict) and isinstance(other, dict):
        for key in [*value, *(key for key in other if key not in value)]:
            value[key] = weakened(value.get(key, UNKNOWN), other.get(key, UNKNOWN), lost)
        return value
    if lost is not None:
        lost.append(value)
    return OPAQUE if any(isinstance(one, Function) or one is OPAQUE for one in (value, other)) else UNKNOWN


def parts_of(value: Value) -> Iterable[tuple[Value, Value]]:
    """What lies in a container or bag, with its keys; nothing for anything else."""
    if isinstance(value, Bag):
        return value.attributes.items()
    if isinstance(value, dict):
        return value.items()
    return enumerate(value) if isinstance(value, list | tuple) else ()


def containers_in(value: Value) -> dict[int, Value]:
    """The containers and bags that can be changed by way of a value, itself among them, by identity."""
    found: dict[int, Value] = {}
    left = [value]
    while left:
        one = left.pop()
        if isinstance(one, CONTAINERS) and id(one) not in found:
            found[id(one)] = one
            left += [part for _, part in parts_of(one)]
    return found


def items_of(value: Value) -> list[Value] | None:
    """What a loop over a value takes in turn; None where that is not known."""
    if isinstance(value, dict | list | tuple | str) and len(value) <= MAX_ITEMS:
        return list(value)
    return None


# --- operators -----------------------------------------------------------------------------------


def _power(left: Value, right: Value) -> Value:
    whole = isinstance(left, int) and isinstance(right, int) and 0 <= right < 64 and abs(left) < 1000
    return left**right if whole else math.pow(left, right)


_OPERATORS: dict[type[ast.operator], Callable[[Value, Value], Value]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: operator.truediv,
    ast.FloorDiv: operator.floordiv,
    ast.Mod: operator.mod,
    ast.Pow: _power,
}
_COMPARISONS: dict[type[ast.cmpop], Callable[[Value, Value], bool]] = {
    ast.Eq: operator.eq,
    ast.NotEq: operator.ne,
    ast.Lt: operator.lt,
    ast.LtE: operator.le,
    ast.Gt: operator.gt,
    ast.GtE: operator.ge,
    ast.Is: operator.is_,
    ast.IsNot: operator.is_not,
    ast.In: lambda item, container: item in container,
    ast.NotIn: lambda item, container: item not in container,
}


def operated(symbol: ast.operator, left: Value, right: Value) -> Value:
    """The result of an operator on numbers, or of `+` on two lists and `|` on two dicts."""
    if isinstance(symbol, ast.BitOr) and isinstance(left, dict) and isinstance(right, dict):
        return left | right
    joined = (
        isinstance(symbol, ast.Add) and type(left) is type(right) and isinstance(left, list | tuple | str)
    )
    if joined and len(left) + len(right) <= MAX_ITEMS:
        return left + right
    if not (_is_number(left) and _is_number(right)) or type(symbol) not in _OPERATORS:
        return UNKNOWN
    try:
        return checked(_OPERATORS[type(symbol)](left, right))
    except (ArithmeticError, ValueError):
        return UNKNOWN


def compared(symbol: ast.cmpop, left: Value, right: Value) -> Value:
    """The result of a comparison of known values."""
    if not (is_known(left) and is_known(right)):
        return UNKNOWN
    try:
        return bool(_COMPARISONS[type(symbol)](left, right))
    except TypeError:
        return UNKNOWN


def negated(value: Value) -> Value:
    """A number with its sign changed."""
    return -value if _is_number(value) else UNKNOWN


def _is_number(value: Value) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def checked(value: Value) -> Value:
    """The value itself, unless it is a number so large that computing with it would only cost time."""
    return UNKNOWN if _is_number(value) and not abs(value) <= MAX_NUMBER else value


# --- functions and methods -----------------------------------------------------------------------


def _range(*ends: int) -> list[int]:
    numbers = range(*ends)
    if len(numbers) > MAX_ITEMS:
        raise ValueError("too many")
    return list(numbers)


def _product(*values: Sequence[Value]) -> list[Value]:
    if math.prod(map(len, values)) > MAX_ITEMS:
        raise ValueError("too many")
    return list(itertools.product(*values))


FUNCTIONS: Mapping[str, Callable[..., Value]] = {
    "abs": abs,
    "bool": bool,
    "dict": dict,
    "enumerate": lambda values, start=0: list(enumerate(values, start)),
    "float": float,
    "float32": float,
    "float64": float,
    "int": int,
    "int32": int,
    "int64": int,
    "len": len,
    "list": list,
    "max": max,
    "min": min,
    "pow": _power,
    "product": _product,
    "range": _range,
    "reversed": lambda values: list(reversed(values)),
    "round": round,
    "sorted": sorted,
    "tuple": tuple,
    "zip": lambda *values: list(zip(*values, strict=False)),
}
_METHODS: Mapping[type, frozenset[str]] = {
    dict: frozenset(
        {"clear", "copy", "get", "items", "keys", "pop", "popitem", "setdefault", "update", "values"}
    ),
    list: frozenset(
        {"append", "clear", "copy", "count", "extend", "index", "insert", "pop", "remove", "reverse", "sort"}
    ),
    str: frozenset({"lower", "upper", "strip"}),
    tuple: frozenset({"count", "index"}),
}


def applied(name: str, args: Sequence[Value], keywords: Mapping[str, Value]) -> Value:
    """The result of one of Python's own functions on known values; of dict, list and tuple on any."""
    if name not in FUNCTIONS or (
        name not in _HOLDERS and not all(map(is_known, [*args, *keywords.values()]))
    ):
        return UNKNOWN
    if any(isinstance(value, Unknown) for value in args):
        return UNKNOWN
    try:
        return checked(FUNCTIONS[name](*args, **keywords))
    except (ArithmeticError, AttributeError, LookupError, TypeError, ValueError):
        return UNKNOWN


_HOLDERS = frozenset({"dict", "enumerate", "len", "list", "reversed", "tuple", "zip"})


def told(owner: Value, name: str, args: Sequence[Value], keywords: Mapping[str, Value]) -> Value:
    """The result of a container's method, which may change it.

    Raises
    ------
    ValueError
        What it does is not known.
    """
    first = args[0] if args and name != "append" else None
    if name not in _METHODS.get(type(owner), ()) or isinstance(first, Unknown) or len(owner) >= MAX_ITEMS:
        raise ValueError(name)
    try:
        result = getattr(owner, name)(*args, **keywords)
    except (LookupError, TypeError, ValueError):
        return UNKNOWN  # it raises there, too: what follows is not reached, or does not depend on it
    return list(result) if name in ("items", "keys", "values") else result
