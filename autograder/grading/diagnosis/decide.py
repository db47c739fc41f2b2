"""Decide which mistake shows in which case: compare the answers with those that known mistakes would give."""

from __future__ import annotations

import functools
import itertools
import math
import re
from collections.abc import Callable, Iterable, Mapping, Sequence

import numpy as np

from autograder.authoring.questions import Answer, Answers, Expected, Mistake
from autograder.authoring.specs import HintLevel
from autograder.authoring.student import Array, FaultKind
from autograder.grading.compare import compare
from autograder.grading.diagnosis.exceptions import (
    Told,
    told_by_code,
    told_by_fault,
    told_by_form,
    told_by_index,
)
from autograder.grading.diagnosis.fingerprint import Fingerprint, has_fingerprint
from autograder.grading.diagnosis.known_mistakes import KnownMistake, Regime
from autograder.model import NOT_WRITTEN, Definitions, Diagnosis, Struct

# The fewest cases that tell one mistake from another, and those that make a regime.
FEWEST_CASES = 3
FEWEST_OF_REGIME = 12

_SHAPE = re.compile(r"\(([\d, ]*)\)")
_RESHAPED = re.compile(r"cannot reshape array of size (\d+) into shape \(([\d,]*)\)")
_ON_PURPOSE = re.compile(r"^ +raise ", re.MULTILINE)
_ASSERTED = re.compile(r"^ +assert .*(shape|size|len\()", re.MULTILINE)


class Seen(Struct):
    """One answer as evidence about an output: the array that was given, or None where the call raised."""

    answer: Answer
    actual: Array | None
    expected: Expected | None
    wrong: bool


def evidence(output: str, answers: Iterable[Answer]) -> list[Seen]:
    """Give the answers that say something about an output: arrays of numbers, and exceptions."""
    seen = []
    for answer in answers:
        expected, actual = answer.expected.get(output), answer.outputs.get(output)
        if answer.fault is not None:
            if answer.fault.kind is FaultKind.RAISED:
                seen.append(Seen(answer=answer, actual=None, expected=expected, wrong=True))
        elif expected is not None and isinstance(actual, np.ndarray | float):
            values = np.asarray(actual)
            wrong = compare(output, actual, expected) is not None
            if values.dtype.kind in "fiu":
                seen.append(Seen(answer=answer, actual=values, expected=expected, wrong=wrong))
    return seen


def explain(
    output: str, answers: Sequence[Answer], mistakes: Iterable[KnownMistake], regimes: Iterable[Regime] = ()
) -> dict[str, KnownMistake | Regime]:
    """Find the known mistakes that explain an output's wrong cases; give each case's, by the case's id.

    Either one mistake gives the submission's outputs on every case, the right ones included; or two do, each
    in cases that the other leaves alone; or exactly the cases of one regime fail. Unless exactly one such
    explanation is found, there is none.
    """
    seen = evidence(output, answers)
    if not any(one.wrong for one in seen) or len(seen) < FEWEST_CASES:
        return {}
    suspects = [Suspect(one, seen) for one in mistakes if one.output == output]
    return _one(suspects, seen) or _two(suspects, seen) or _regime(regimes, seen)


class Suspect:
    """A known mistake beside the evidence, each piece of which is compared with it when that is first asked.

    wrong     whether it gives anything but the right output in the case at an index
    fits      whether it explains the answer: its own array, or a fault where its output has another shape
    proves    whether the answer can hardly be anything else's: a wrong array, or a fault about its shape

    Parameters
    ----------
    mistake : KnownMistake
        The mistake.
    seen : sequence of Seen
        All evidence about its output.
    """

    def __init__(self, mistake: KnownMistake, seen: Sequence[Seen]) -> None:
        # most suspects are out after a case or two, and a catalogue's code takes long on all of them
        self.mistake, self.id = mistake, mistake.id
        mark = functools.cache(lambda at: mistake.fingerprint(seen[at].answer.case))
        fits = functools.cache(lambda at: _fits(mark(at), seen[at]))
        self.wrong: Callable[[int], bool] = functools.cache(lambda at: _is_wrong(mark(at), seen[at]))
        self.fits: Callable[[int], bool] = fits
        self.proves: Callable[[int], bool] = functools.cache(
            lambda at: fits(at) and _proves(mark(at), seen[at])
        )


def _is_wrong(mark: Fingerprint | None, one: Seen) -> bool:
    if mark is None or mark.is_broken or one.expected is None:
        return True
    if one.expected.along is not None:
        return one.wrong  # a few sums are known of the right output, and the array itself is not
    # a right value that is numerical is known to some digits only
    return not has_fingerprint(one.expected.value, mark, float(np.max(one.expected.allowed)))


def _fits(mark: Fingerprint | None, one: Seen) -> bool:
    if mark is None:
        return False
    if one.actual is not None:
        return has_fingerprint(one.actual, mark)
    return mark.is_broken or (one.expected is not None and mark.shape != one.expected.shape)


def _proves(mark: Fingerprint | None, one: Seen) -> bool:
    fault = one.answer.fault
    if fault is None:
        return one.wrong
    if mark is None or mark.is_broken or _ON_PURPOSE.search(fault.traceback):
        return False
    said = fault.message.partition(" (line ")[0]  # what follows is the student's line
    shapes = [_shape(text) for text in _SHAPE.findall(said)]
    arrays = (one.expected, *one.answer.case.inputs.values())
    usual = [np.shape(each.value if isinstance(each, Expected) else each) for each in arrays]
    for shape in shapes:
        own, other = (any(s[-len(shape) :] == shape for s in each) for each in ([mark.shape], usual))
        if len(shape) > 1 and own and not other:
            return True
    reshaped = _RESHAPED.search(said)
    if reshaped is not None and one.expected is not None and _shape(reshaped[2]) == one.expected.shape:
        return int(reshaped[1]) == math.prod(mark.shape)
    return 0 in mark.shape and _ASSERTED.search(fault.traceback) is not None


def _shape(text: str) -> tuple[int, ...]:
    return tuple(int(size) for size in text.split(",") if size.strip())


def _one(suspects: Iterable[Suspect], seen: Sequence[Seen]) -> dict[str, KnownMistake | Regime]:
    """Explain the wrong cases by one mistake that gives all arrays that were given.

    If it explains only some of the wrong cases, the others raise for another reason, and more than one
    wrong array has to show it. If all wrong cases raise, all have to show it.
    """
    wrong = [at for at, one in enumerate(seen) if one.wrong]
    given = [at for at, one in enumerate(seen) if one.actual is not None]
    arrays = [at for at in wrong if seen[at].actual is not None]
    able = [one for one in suspects if given and all(map(one.fits, given))]
    whole = [one for one in able if all(map(one.fits if arrays else one.proves, wrong))]
    chosen = whole or [one for one in able if len(arrays) > 1]
    if len({one.id for one in chosen}) != 1:
        return {}
    return {seen[at].answer.case.id: one.mistake for at in wrong for one in chosen if one.fits(at)}


def _two(suspects: Sequence[Suspect], seen: Sequence[Seen]) -> dict[str, KnownMistake | Regime]:
    """Explain the wrong cases by two mistakes, if exactly two fit."""
    right = [at for at, one in enumerate(seen) if not one.wrong]
    wrong = [at for at, one in enumerate(seen) if one.wrong]
    able = [one for one in suspects if not any(map(one.wrong, right)) and any(map(one.proves, wrong))]
    pairs = itertools.combinations(able, 2)
    found = [(a, b) for a, b in pairs if a.id != b.id and _are_both_there(a, b, seen)]
    if len({frozenset((a.id, b.id)) for a, b in found}) != 1:
        return {}
    a, b = found[0]
    return {seen[at].answer.case.id: (a if a.fits(at) or not b.wrong(at) else b).mistake for at in wrong}


def _are_both_there(a: Suspect, b: Suspect, seen: Sequence[Seen]) -> bool:
    """Decide whether each mistake shows by itself, and whether nothing is right that one of them spoils.

    Where both do something, nobody knows their joint output, and anything but the right one will do. Such
    cases prove nothing, so they have to be the smaller part of the wrong ones.
    """
    wrong = [at for at, one in enumerate(seen) if one.wrong]
    if wrong != [at for at in range(len(seen)) if a.wrong(at) or b.wrong(at)]:
        return False
    alone = {at: b if not a.wrong(at) else a for at in wrong if not (a.wrong(at) and b.wrong(at))}
    if 2 * len(alone) <= len(wrong) or not all(one.fits(at) for at, one in alone.items()):
        return False
    return {one.id for at, one in alone.items() if one.proves(at)} == {a.id, b.id}


def _regime(regimes: Iterable[Regime], seen: Sequence[Seen]) -> dict[str, KnownMistake | Regime]:
    """Give the first regime whose cases are the failing ones, a few of many, as far as it decides."""
    fitting = (r for r in regimes if all(r.fails(one.answer.case) in (one.wrong, None) for one in seen))
    few = len(seen) < FEWEST_OF_REGIME or all(one.wrong for one in seen)
    found = None if few else next(fitting, None)
    return {one.answer.case.id: found for one in seen if one.wrong and found}


def diagnose(output: str, answers: Sequence[Answer], mistakes: Iterable[KnownMistake]) -> KnownMistake | None:
    """Give the one known mistake that explains an output's wrong cases; None for none, or for two."""
    found = {one.id: one for one in explain(output, answers, mistakes).values()}
    (only,) = found.values() if len(found) == 1 else (None,)
    return only if isinstance(only, KnownMistake) else None


# --- for checks ----------------------------------------------------------------------------------


def diagnoser(
    mistakes: Sequence[KnownMistake], regimes: Sequence[Regime], hint_level: HintLevel, given: Definitions
) -> Callable[[str, Answers, Definitions], Mapping[str, Mistake]]:
    """Make a function that names the mistake in each wrong case, as far as it has a name.

    It takes an output's name, the answers to a question, and the submission's code. A `Mistake` says as much
    as the assignment allows.
    """

    def say(id_: str, nudge: str, explanation: str) -> Diagnosis | None:
        message = explanation if hint_level == "explain" else nudge
        return None if hint_level == "none" else Diagnosis(id=id_, message=message)

    def decide(output: str, answers: Answers, code: Definitions) -> Mapping[str, Mistake]:
        told = _told(output, answers, code, given)
        rest = [one for one in answers.answers if one.case.id not in told]
        named: dict[str, Mistake] = {}
        for case, found in explain(output, rest, mistakes, regimes).items():
            named[case] = Mistake(
                id=found.id,
                output=found.output if isinstance(found, KnownMistake) else "",
                diagnosis=say(found.id, found.nudge, found.explain),
                shows=_shown_by(found),
            )
        # an index too large is most often the end of another mistake, which has a better name
        over = {a.case.id: told_by_index(a.fault) for a in rest if a.fault and a.case.id not in named}
        for case, one in {**told, **over}.items():
            if one is None:
                continue
            sentence = say(one.id, one.sentence, one.sentence)
            says = one.sentence if one.id == NOT_WRITTEN else ""
            named[case] = Mistake(id=one.id, diagnosis=sentence, says=says)
        return named

    return decide


def _shown_by(found: KnownMistake | Regime) -> Callable[[Answer], bool | None]:
    """Give a function that decides whether an answer shows a mistake; None where nobody knows."""

    def shows(answer: Answer) -> bool | None:
        if isinstance(found, Regime):
            return found.fails(answer.case)
        mark, seen = found.fingerprint(answer.case), evidence(found.output, [answer])
        return None if mark is None or not seen else _fits(mark, seen[0])

    return shows


def _told(output: str, answers: Answers, code: Definitions, given: Definitions) -> dict[str, Told]:
    """Name what needs no catalogue: code as it was handed out, an output that is never there, exceptions."""
    untouched = told_by_code(answers.function, code, given)
    wrong = [one for one in answers.answers if _fails(output, one)]
    if untouched is not None:
        return {one.case.id: untouched for one in wrong}
    returned = [one for one in answers.answers if one.fault is None]
    form = told_by_form(output, [one.outputs.get(output) for one in returned]) if output else None
    told = [(one, told_by_fault(one.fault, code, given)) for one in wrong if one.fault is not None]
    told += [(one, form) for one in returned]
    return {one.case.id: what for one, what in told if what is not None}


def _fails(output: str, answer: Answer) -> bool:
    expected = answer.expected.get(output)
    if answer.fault is not None or expected is None:
        return True
    return compare(output, answer.outputs.get(output), expected) is not None
