"""The ids of submissions: safe as file names, and different from each other."""

import re

from hypothesis import given
from hypothesis import strategies as st
from intake_samples import ONE, A, under, write_files

from autograder.intake import Candidate, SourceKind, discover
from autograder.intake.candidates import safe_id, with_unique_ids
from autograder.intake.layout import find_groups


def test_equal_ids_are_numbered_with_a_notice(tmp_path):
    write_files(tmp_path, {**under("a/s001", ONE), **under("b/S001", ONE), **under("c/s001", ONE)})
    candidates = discover([tmp_path / "b", tmp_path / "a", tmp_path / "c"], A).candidates
    assert [c.id for c in candidates] == ["s001", "S001-2", "s001-3"]
    assert [n.code for n in candidates[1].notices] == ["same-id"]
    assert "so this one is called `S001-2`" in candidates[1].notices[0].message
    assert [c.learner for c in candidates] == ["s001", "S001", "s001"]


def test_the_same_place_twice_is_one_submission(tmp_path):
    write_files(tmp_path / "s001", ONE)
    assert len(discover([tmp_path / "s001", tmp_path / "s001/../s001"], A).candidates) == 1


@given(st.text(max_size=200))
def test_an_id_is_always_safe_as_a_file_name(text):
    made = safe_id(text)
    assert re.fullmatch(r"[A-Za-z0-9._-]{1,80}", made)
    assert not made.startswith((".", "-"))
    assert safe_id(text) == made


def test_names_without_latin_letters_get_distinct_ids():
    assert safe_id("王") != safe_id("李")


names = st.lists(st.sampled_from(["s001", "S001", "s001-2", "x"]), max_size=6)


@given(names)
def test_ids_always_become_unique(ids):
    made = with_unique_ids(
        Candidate(id=one, learner=one, origin=str(place), path=f"/{place}", place=SourceKind.FOLDER)
        for place, one in enumerate(ids)
    )
    assert len({c.id.casefold() for c in made}) == len(ids)


paths = st.lists(
    st.lists(
        st.sampled_from(
            ["HW5.ipynb", "a_1_2_HW5.ipynb", "hw5", "s001", "x.zip", "y.pdf", "N_1_assignsubmission_file_"]
        ),
        min_size=1,
        max_size=4,
    ).map("/".join),
    max_size=6,
)


@given(paths)
def test_any_list_of_names_has_a_layout(listed):
    for group in find_groups(listed, A).groups:
        assert not (group.inside and group.members)
        assert all(member.name in listed for member in group.members)
