"""Find passages that submissions share by winnowing fingerprints of runs of tokens.

Every run of `RUN` tokens has a hash. Of each `WINDOW` runs in a row, the one with the least hash is a
fingerprint (Schleimer, Wilkerson and Aiken, Winnowing, SIGMOD 2003). So a shared passage of
``RUN + WINDOW - 1`` tokens or more is always found, and one below `RUN` never. Fingerprints choose the pairs,
and pairs that share enough make groups; all runs then mark the passages. Passages of the release, or of most
of a class, are nobody's own and are left out first.
"""

from __future__ import annotations

import itertools
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence

from autograder.model import Struct
from autograder.similarity.groups import complete_groups
from autograder.similarity.passages import AlikeMember, members_of
from autograder.similarity.works import RUN, Own, Work, own_of

# A shared passage of RUN + WINDOW - 1 tokens or more is never missed.
WINDOW = 12
# In a class of ten or more, a passage that more than half have was given to them, for example in a lecture.
CLASS, MOST = 10, 0.5
# Above every hash of a run.
_GIVEN = 1 << 32


class Pair(Struct):
    """Two submissions with passages in common.

    `tokens` counts the first submission's own tokens that are shared. `share_first` and `share_second` are
    the shared parts, in [0, 1], of the own work of each.
    """

    first: str
    second: str
    tokens: int
    share_first: float
    share_second: float

    @property
    def share(self) -> float:
        """Give the larger of the two parts, so that a short work inside a long one is found."""
        return max(self.share_first, self.share_second)


class AlikeGroup(Struct):
    """Submissions each two of which share enough, with all of their pairs, the most alike first."""

    members: tuple[AlikeMember, ...]
    pairs: tuple[Pair, ...]


class Compared(Struct):
    """The pairs of a class that share enough, the most alike first, and their groups in the same order."""

    pairs: tuple[Pair, ...]
    groups: tuple[AlikeGroup, ...]


def compare_all(works: Sequence[Work], given: Work, least_share: float, least_tokens: int) -> Compared:
    """Compare all submissions with each other; `given` is the release.

    A pair shares at least `least_share`, in [0, 1], of the own work of either, and at least `least_tokens`.
    """
    common = given.runs | _most(works)
    owns = {work.id: own_of(work, common) for work in works}
    found = (_pair(owns[a], owns[b], least_share, least_tokens) for a, b in _candidates(owns.values()))
    pairs = sorted(filter(None, found), key=lambda p: (-p.share, -p.tokens, p.first, p.second))
    by_names = {(pair.first, pair.second): pair for pair in pairs}
    groups = (_group(names, owns, by_names) for names in complete_groups(by_names))
    return Compared(pairs=tuple(pairs), groups=tuple(groups))


def _group(
    names: Sequence[str], owns: Mapping[str, Own], pairs: Mapping[tuple[str, str], Pair]
) -> AlikeGroup:
    own_pairs = (pairs[two] for two in itertools.combinations(names, 2))
    ordered = sorted(own_pairs, key=lambda p: (-p.share, -p.tokens, p.first, p.second))
    return AlikeGroup(members=members_of([owns[name] for name in names]), pairs=tuple(ordered))


def _most(works: Sequence[Work]) -> frozenset[int]:
    if len(works) < CLASS:
        return frozenset()
    counts = Counter(run for work in works for run in work.runs)
    return frozenset(run for run, count in counts.items() if count > MOST * len(works))


def _candidates(owns: Iterable[Own]) -> list[tuple[str, str]]:
    """Give the pairs with a fingerprint in common."""
    holders: Mapping[int, list[str]] = defaultdict(list)
    for own in owns:
        for mark in _fingerprints(own):
            holders[mark].append(own.work.id)
    return sorted({pair for ids in holders.values() for pair in itertools.combinations(sorted(ids), 2)})


def _fingerprints(own: Own) -> frozenset[int]:
    marks: set[int] = set()
    for cell in own.work.cells:
        levels = [run if run in own.starts else _GIVEN for run in cell.runs]
        marks.update(min(levels[i : i + WINDOW]) for i in range(max(1, len(levels) - WINDOW + 1)) if levels)
    return frozenset(marks - {_GIVEN})


def _pair(first: Own, second: Own, least_share: float, least_tokens: int) -> Pair | None:
    shared = first.runs & second.runs
    if sum(len(first.starts[run]) for run in shared) * RUN < least_tokens:
        return None  # the usual end: strangers have a line or two in common
    tokens, others = first.covered(shared), second.covered(shared)
    shares = tokens / max(1, first.tokens), others / max(1, second.tokens)
    if max(shares) < least_share or tokens < least_tokens:
        return None
    return Pair(
        first=first.work.id,
        second=second.work.id,
        tokens=tokens,
        share_first=shares[0],
        share_second=shares[1],
    )
