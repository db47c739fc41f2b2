"""Find the statements that a name's code needs: looked up where Python looks them up.

A name that is looked up when a statement runs (in decorators, defaults, bases, values) has its state at that
place. A name that is looked up when a function is called has its state at the place of the call.
"""

from __future__ import annotations

import bisect
from collections.abc import Iterable

from autograder.extract.binding import Code
from autograder.extract.effects import BUILTINS


def closure_of(code: Code, name: str, wanted: frozenset[str], call: int) -> set[int]:
    """Give the places of the statements that a wanted function needs when it is called in some cell.

    A function that is defined below that cell is called where it is defined. The release's own statements
    between the definition and the call change nothing of the function's names.
    """
    defining = definitions_of(code, name)
    last = defining[-1] if defining else -1
    cell = code.bound(last).statement.cell.index if defining else -1
    search = _Search(code, code.after(max(call, cell)), last, wanted)
    search.look_up(name, search.end, early=False)
    return search.run()


def closure(code: Code, places: Iterable[int], end: int) -> set[int]:
    """Give the places of some statements, and of those that they need, with calls at `end`.

    A statement that fails ends its cell here, so a name has the value that the last one above gives it.
    """
    search = _Search(code, end, end, frozenset(), of_cells=True)
    for place in places:
        search.choose(place, early=False)
    return search.run() | set(code.always())


def definitions_of(code: Code, name: str) -> list[int]:
    """Give the places that may define a wanted function: the last sure one, and all after it.

    A wanted name may also be defined by assigning another function: ``f = g``, ``f = jit(f)``. The definition
    before such an assignment, or before one inside an ``if``, is kept too: it stands if the later one fails.
    """
    found: list[int] = []
    for index in reversed(code.binders(name)):
        one = code.bound(index)
        if name in one.defines or code.is_alias(one, name):
            found.append(index)
            if name in one.defines and not one.is_conditional:
                break
    return found[::-1]


class _Search:
    """Follows names to statements, and these to the names that they need.

    end        the place of the call: statements from here on have not run
    own        from here on, the release's statements give a name its value only if no other does
    wanted     the functions that are graded: their last definition counts, wherever it stands
    of_cells   whether whole cells run: then a statement that fails ends its cell, and names share no objects
    """

    def __init__(
        self, code: Code, end: int, own: int, wanted: frozenset[str], of_cells: bool = False
    ) -> None:
        self._of_cells = of_cells
        self.end = end
        self._code = code
        self._own = own
        self._wanted = wanted
        self._chosen: set[tuple[int, bool]] = set()
        self._seen: set[tuple[str, int, bool]] = set()
        self._reached: set[tuple[str, int, bool]] = set()
        self._left: list[tuple[str, int, bool]] = []
        self._unchanged: dict[str, int] = {}

    def run(self) -> set[int]:
        """Follow everything; give the places of the statements."""
        while self._left:
            name, place, early = self._left.pop()
            if place == self.end and name in self._wanted:
                defining = definitions_of(self._code, name)
                self._take(name, defining or self._code.binders(name), early)
            else:
                self._reach(name, place, early)
        return {place for place, _ in self._chosen}

    def look_up(self, name: str, place: int, early: bool) -> None:
        """Remember to look up a name at a place; `early` if its functions may be called before the end."""
        if (name, place, early) not in self._seen:
            self._seen.add((name, place, early))
            self._left.append((name, place, early))

    def choose(self, place: int, early: bool) -> None:
        """Choose a statement, with the names that it needs when it runs and when it is called."""
        if (place, early) in self._chosen or (place, True) in self._chosen:
            return
        self._chosen.add((place, early))
        needs = self._code.needs(place)
        for name in needs.now:
            self.look_up(name, place, early=True)
        for name in needs.later:
            self.look_up(name, self.end, early)

    def _reach(self, name: str, place: int, early: bool) -> None:
        """Choose the statements that may have given a name its value when a place is reached."""
        binders = self._code.binders(name)
        last = bisect.bisect_left(binders, place)
        if place == self.end:
            last = self._without_given(binders, last)
            # a function that is called early meets each value that the name has until then
            if early:
                self._take(name, binders[:last], early)
        if not last:
            if name in BUILTINS:
                return
            last = len(binders)
        found = []
        for index in (binders[nth] for nth in range(last - 1, -1, -1)):
            found.append(index)
            # an earlier search that reached it has followed the ones above it, too
            if self._is_sure(index) or (name, index, early) in self._reached:
                break
            self._reached.add((name, index, early))
        self._take(name, found, early)

    def _is_sure(self, index: int) -> bool:
        one = self._code.bound(index)
        return one.is_sure or (self._of_cells and one.is_simple)

    def _without_given(self, binders: list[int], last: int) -> int:
        """Leave out the release's statements below the definition, if there are others."""
        kept = last
        while kept and binders[kept - 1] > self._own and self._code.is_given(binders[kept - 1]):
            kept -= 1
        return kept or last

    def _take(self, name: str, places: Iterable[int], early: bool) -> None:
        """Choose statements that bind a name, and the later ones that change its object."""
        places = list(places)
        for place in places:
            self.choose(place, early)
        first = min(places, default=-1)
        changing = sorted(self._code.changing_alone(name)) if self._of_cells else self._code.changing(name)
        end = self._unchanged.get(name, len(self._code) if name in self._wanted else self.end)
        for place in changing[bisect.bisect_right(changing, first) : bisect.bisect_left(changing, end)]:
            self.choose(place, early=True)
        self._unchanged[name] = min(end, first)
