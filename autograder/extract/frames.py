"""The names that are known while a notebook's statements are followed, in its functions and outside them."""

from __future__ import annotations

import ast
import copy
from collections.abc import Iterable, Sequence
from typing import Any

from autograder.extract.values import CONTAINERS, UNKNOWN, Value, containers_in, parts_of, weakened

MAX_STEPS = 50_000
MAX_DEPTH = 8
# Of names that are no containers, so many are copied and compared in the time of a step.
_NAMES_A_STEP = 16
_NONE = frozenset[int]()


class TooMany(Exception):
    """More is to be followed than is worth the time."""


class Frame(dict[str, Value]):
    """The names of one scope; `local` are those that a function's own code binds, None outside functions."""

    def __init__(self, local: frozenset[str] | None = None) -> None:
        super().__init__()
        self.local = local

    def copied(self, seen: dict[int, Any]) -> Frame:
        """The frame with copies of its containers; `seen` is `copy.deepcopy`'s memory of them."""
        frame = Frame(self.local)
        for name, value in self.items():
            frame[name] = copy.deepcopy(value, seen) if isinstance(value, CONTAINERS) else value
        return frame


class Frames:
    """The module's names, and those of the functions that are being called; the last is the current one."""

    def __init__(self) -> None:
        self._stack = [Frame()]
        self._doubtful: set[str] = set()
        self._steps = MAX_STEPS

    @property
    def is_module(self) -> bool:
        """Whether no function is being called."""
        return len(self._stack) == 1

    @property
    def is_deep(self) -> bool:
        """Whether no further call should be followed."""
        return len(self._stack) > MAX_DEPTH

    def take_step(self, cost: int = 1) -> None:
        """Count one step.

        Raises
        ------
        TooMany
            There were `MAX_STEPS`.
        """
        self._steps -= cost
        if self._steps < 0:
            raise TooMany

    def push(self, frame: Frame) -> None:
        """Enter a function."""
        self._stack.append(frame)

    def pop(self) -> Frame:
        """Leave it; gives its names."""
        return self._stack.pop()

    def __contains__(self, name: str) -> bool:
        return any(name in frame or name in (frame.local or ()) for frame in self._visible())

    def __getitem__(self, name: str) -> Value:
        for frame in self._visible():
            if name in frame or name in (frame.local or ()):
                return frame.get(name, UNKNOWN)
        return UNKNOWN

    def _visible(self) -> tuple[Frame, Frame]:
        return self._stack[-1], self._stack[0]

    def __setitem__(self, name: str, value: Value) -> None:
        current = self._stack[-1]
        frame = current if current.local is None or name in current.local else self._stack[0]
        if frame is self._stack[0] and name in self._doubtful:
            self.forget_object(value)  # it has another name now, by which it may be changed
            value = UNKNOWN
        frame[name] = value

    def doubt(self, names: Iterable[str]) -> None:
        """Never again know what these names of the module are: code that is not followed may change them."""
        self._doubtful.update(names)
        for name in self._doubtful.intersection(self._stack[0]):
            self.forget_object(self._stack[0][name])
            self._stack[0][name] = UNKNOWN

    def forget(self, names: Iterable[str]) -> None:
        """What the names are is not known any more."""
        for name in names:
            self.forget_object(self[name])
            self[name] = UNKNOWN

    def forget_object(self, value: Value) -> None:
        """A container is not known any more, nor what lies in it or in what it lies in, whoever has them."""
        lost = _changeable(value)
        if not lost:
            return
        held = [(frame, name, _changeable(one)) for frame in self._stack for name, one in frame.items()]
        while lost:
            hit = [one for one in held if not lost.isdisjoint(one[2])]
            held = [one for one in held if lost.isdisjoint(one[2])]
            for frame, name, _ in hit:
                frame[name] = UNKNOWN
            # who had one of them by a name that is lost may change the others by that name
            lost = frozenset().union(*(inside for _, _, inside in hit))

    # --- what may happen or not ---

    def copy(self) -> list[Frame]:
        """The present state, for `swap` or `join`."""
        seen: dict[int, Any] = {}
        state = [frame.copied(seen) for frame in self._stack]
        self.take_step(len(seen) + sum(map(len, self._stack)) // _NAMES_A_STEP)
        return state

    def swap(self, state: list[Frame]) -> list[Frame]:
        """Go on from another state; gives the present one."""
        present, self._stack = self._stack, state
        return present

    def join(self, other: list[Frame]) -> None:
        """Keep what is the same in another state; what has other names there may be changed by them."""
        ours, theirs = _shared(self._stack), _shared(other)
        for path in ours.keys() | theirs.keys():
            if ours.get(path, path) != theirs.get(path, path):
                for shared in (ours.get(path, path), theirs.get(path, path), path):
                    self.forget_object(_found(self._stack, shared))
        lost: list[Value] = []
        for frame, second in zip(self._stack, other, strict=True):
            weakened(frame, second, lost)
        for value in lost:
            self.forget_object(value)


def _changeable(value: Value) -> frozenset[int]:
    """The containers that can be changed by way of a value, by identity."""
    if not isinstance(value, CONTAINERS):
        return _NONE
    return frozenset(number for number, one in containers_in(value).items() if not isinstance(one, tuple))


Path = tuple[Value, ...]


def _shared(stack: Sequence[Frame]) -> dict[Path, Path]:
    """Where the containers are that a state has in two places or more: each place, and the first of it."""
    first: dict[int, Path] = {}
    again: dict[Path, Path] = {}
    left: list[tuple[Path, Value]] = [((number,), frame) for number, frame in enumerate(stack)]
    while left:
        path, value = left.pop(0)
        if isinstance(value, CONTAINERS):
            if id(value) in first:
                again[path] = first[id(value)]
            else:
                first[id(value)] = path
                left += [((*path, key), part) for key, part in parts_of(value)]
    return again


def _found(stack: Sequence[Frame], path: Path) -> Value:
    """What is in a place of a state; UNKNOWN where there is none."""
    value: Value = list(stack)
    for key in path:
        value = dict(parts_of(value)).get(key, UNKNOWN)
    return value


def stored(nodes: Iterable[ast.AST]) -> set[str]:
    """The names that some code binds or deletes."""
    found = (n for node in nodes for n in ast.walk(node))
    return {n.id for n in found if isinstance(n, ast.Name) and not isinstance(n.ctx, ast.Load)}
