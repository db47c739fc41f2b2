"""Limit how long the grader waits for one submission's code, in all and for each function."""

from __future__ import annotations

import time
from collections.abc import Callable

from autograder.authoring.student import Ask, FaultKind, Request, StudentFault, Value


class TimeBudget:
    """The clock time that one submission's code may take; every request goes through it.

    A function that met a limit is not called again, so that an endless loop costs its time only once. After
    `seconds` in all, nothing more is asked, and `exhausted` says so; it is empty until then.
    """

    def __init__(self, seconds: float, clock: Callable[[], float] = time.perf_counter) -> None:
        self.exhausted = ""
        self._seconds = seconds
        self._clock = clock
        self._spent = 0.0
        self._stuck: dict[str, StudentFault] = {}

    def __call__(self, request: Request, ask: Ask) -> Value:
        """Ask, or raise the fault that explains why nothing is asked."""
        if self._spent > self._seconds:
            limit = f"the {self._seconds:g} s that one submission may take"
            self.exhausted = f"Its code used up {limit}, so some checks were not made."
            raise StudentFault(FaultKind.WALL, self.exhausted)
        if request.function in self._stuck:
            raise self._stuck[request.function]
        start = self._clock()
        try:
            return ask(request)
        except StudentFault as fault:
            if fault.is_limit and request.function is not None:
                self._stuck[request.function] = fault
            raise
        finally:
            self._spent += self._clock() - start
