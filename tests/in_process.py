"""A student's handle whose code runs in this process: for tests of checks."""

from __future__ import annotations

import operator
import random
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from autograder.authoring.student import FaultKind, Handle, Request, Student, StudentFault, Value
from autograder.guest.definitions import describe, quote


class InProcess(Student):
    """A student whose code is plain Python here."""

    def __init__(self, namespace: Mapping[str, Any]) -> None:
        super().__init__(self._answer)
        self._namespace = namespace
        self._objects: dict[int, Any] = {}

    def _answer(self, request: Request) -> Value:
        return getattr(self, f"_{request.verb}")(*request.args)

    def _resolve(self, value: Value) -> Any:
        if isinstance(value, Handle):
            return self._objects[value.id]
        if isinstance(value, np.ndarray):
            return value.copy()
        if isinstance(value, dict):
            return {key: self._resolve(item) for key, item in value.items()}
        if isinstance(value, list | tuple):
            return type(value)(self._resolve(item) for item in value)
        return value

    def _hold(self, value: Any) -> Handle:
        self._objects[len(self._objects)] = value
        return Handle(id=len(self._objects) - 1, kind=type(value).__name__)

    def _carry(self, value: Any, keep: str | Sequence[int]) -> Value:
        if keep == "handle":
            return self._hold(value)
        if keep == "values" or not isinstance(value, tuple | list):
            return self._plain(value)
        return tuple(
            self._hold(item) if index in keep else self._plain(item) for index, item in enumerate(value)
        )

    def _plain(self, value: Any) -> Value:
        if value is None or isinstance(value, bool | int | float | str | np.ndarray):
            return value
        if isinstance(value, np.generic):
            return value.item()
        if isinstance(value, list | tuple):
            return type(value)(self._plain(item) for item in value)
        if isinstance(value, dict):
            return {str(key): self._plain(item) for key, item in value.items()}
        return self._hold(value)

    def _run(self, function: Any, args: Sequence[Value], kwargs: Mapping[str, Value]) -> Any:
        try:
            return function(
                *(self._resolve(a) for a in args), **{k: self._resolve(v) for k, v in kwargs.items()}
            )
        except StudentFault:
            raise
        except Exception as error:
            raise StudentFault(FaultKind.RAISED, describe(error), quote(error)) from error

    def _find(self, target: str | Handle) -> Any:
        if isinstance(target, Handle):
            return self._objects[target.id]
        if target not in self._namespace:
            raise StudentFault(FaultKind.MISSING, f"`{target}` is not defined")
        return self._namespace[target]

    # --- verbs ---

    def _call(
        self,
        target: str | Handle,
        args: Sequence[Value],
        kwargs: Mapping[str, Value],
        keep: str | Sequence[int],
        repeat: int,
    ) -> Value:
        function = self._find(target)
        for _ in range(repeat - 1):
            self._run(function, args, kwargs)
        return self._carry(self._run(function, args, kwargs), keep)

    def _method(
        self,
        owner: Handle,
        name: str,
        args: Sequence[Value],
        kwargs: Mapping[str, Value],
        keep: str | Sequence[int],
    ) -> Value:
        return self._carry(self._run(getattr(self._objects[owner.id], name), args, kwargs), keep)

    def _map(self, target: str, calls: Sequence[Sequence[Value]], pick: int | None) -> list[Value]:
        results = [self._run(self._find(target), args, {}) for args in calls]
        if pick is not None:
            results = [self._run(operator.getitem, (result, pick), {}) for result in results]
        return [self._plain(result) for result in results]

    def _get(self, owner: Handle, name: str) -> Value:
        return self._plain(getattr(self._objects[owner.id], name))

    def _set(self, owner: Handle, name: str, value: Value) -> None:
        setattr(self._objects[owner.id], name, self._resolve(value))

    def _put(self, value: Value) -> Handle:
        return self._hold(self._resolve(value))

    def _seed(self, seed: int) -> None:
        np.random.seed(seed)
        random.seed(seed)
