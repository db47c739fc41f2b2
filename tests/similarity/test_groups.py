"""Groups hold no strangers: each two of a group are a pair, and no pair is lost."""

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st
from test_similarity import GIVEN, LOOPS, OTHERS, work

from autograder.similarity import compare_all
from autograder.similarity.groups import complete_groups

NAMES = "abcdefgh"
PAIRS = st.lists(st.sampled_from(list(itertools.combinations(NAMES, 2))), unique=True)


@given(PAIRS)
def test_each_two_of_a_group_are_a_pair_and_each_pair_is_in_a_group(pairs):
    groups = complete_groups(pairs)
    inside = [two for group in groups for two in itertools.combinations(group, 2)]
    assert set(inside) == set(pairs)
    assert all(len(group) >= 2 and list(group) == sorted(set(group)) for group in groups)


@given(PAIRS)
def test_no_group_is_a_part_of_another(pairs):
    groups = [frozenset(group) for group in complete_groups(pairs)]
    assert not any(one <= other for one, other in itertools.permutations(groups, 2))


def test_a_chain_is_no_group():
    assert complete_groups([("a", "b"), ("b", "c"), ("c", "d")]) == [("a", "b"), ("b", "c"), ("c", "d")]


def test_a_class_of_copies_is_one_group():
    names = [f"s{n:03}" for n in range(40)]
    assert complete_groups(itertools.combinations(names, 2)) == [tuple(names)]


def functions(*numbers):
    """Code in which each number stands for a function that no other number gives."""
    bodies = ("".join(f"    x.m{n}_{k}(x, {k})[x.n{n}_{k}]\n" for k in range(8)) for n in numbers)
    return "\n".join("def f(x):\n" + body for body in bodies)


def test_whoever_shares_with_two_strangers_stands_in_two_groups():
    works = [work("a", functions(1, 2)), work("b", functions(2, 3)), work("c", functions(3, 4))]
    found = compare_all(works, GIVEN, 0.4, 30)
    names = [tuple(one.work.id for one in group.members) for group in found.groups]
    assert sorted(names) == [("a", "b"), ("b", "c")]
    assert [len(group.pairs) for group in found.groups] == [1, 1]


def test_a_group_has_all_of_its_pairs_and_figures():
    works = [work("a", functions(1, 2)), work("b", functions(2, 1)), work("c", functions(1, 2, 3))]
    (group,) = compare_all(works, GIVEN, 0.5, 30).groups
    assert [(one.first, one.second) for one in group.pairs] == [("a", "b"), ("a", "c"), ("b", "c")]
    shares = {one.work.id: one.share for one in group.members}
    assert shares["a"] == shares["b"] == 1
    assert 0.5 < shares["c"] < 0.8


def test_passages_have_equal_numbers_only_where_all_who_have_one_have_the_other():
    # a shares 1 with b and 2 with c, side by side; b and c share 3
    works = [work("a", functions(1, 2)), work("b", functions(3, 1)), work("c", functions(2, 3))]
    (group,) = compare_all(works, GIVEN, 0.3, 30).groups
    texts = {}
    for member in group.members:
        for span in member.spans:
            text = member.work.cells[span.cell].source[span.start : span.end]
            texts.setdefault(span.number, {})[member.work.id] = (text, span.others)
    assert [sorted(holders) for _, holders in sorted(texts.items())] == [["a", "b"], ["a", "c"], ["b", "c"]]
    for number, holders in texts.items():
        for name, (text, others) in holders.items():
            assert {name, *others} == set(holders), number
            assert text.count("def") <= 1


@pytest.mark.parametrize("order", [1, -1])
def test_the_order_of_the_submissions_changes_no_group(order):
    works = [work("a", functions(1, 2)), work("b", functions(2, 3)), work("c", functions(3, 1))]
    works += [work(f"d{n}", source) for n, source in enumerate([LOOPS, *OTHERS])]
    assert compare_all(works[::order], GIVEN, 0.3, 30) == compare_all(works, GIVEN, 0.3, 30)
