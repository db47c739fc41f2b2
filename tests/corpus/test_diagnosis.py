"""The names of mistakes: each variant gets its own, and nothing else gets any."""

import msgspec
import numpy as np
import pytest
from corpus_variants import QUESTION, SUSPECTS, answers, hidden_cases, name_of, right, variants, verdicts
from hypothesis import given, settings
from hypothesis import strategies as st

from autograder.authoring.questions import Answer
from autograder.authoring.student import FaultKind, StudentFault
from autograder.errors import AssignmentError
from autograder.grading.diagnosis import diagnose, fingerprints, load_known_mistakes, read_fingerprints
from autograder.grading.diagnosis.fingerprint import fingerprint_of, has_fingerprint

# variants that say the same in other words: the first and the last of something
ALIKE = 3


def test_there_are_many_and_each_says_something_of_its_own():
    assert len(SUSPECTS) >= 80
    assert len({(s.output, s.explain) for s in SUSPECTS.values()}) >= len(SUSPECTS) - ALIKE
    for suspect in SUSPECTS.values():
        assert suspect.nudge.endswith(("?", ".", "!"))
        assert suspect.explain.endswith(".")
        assert suspect.nudge != suspect.explain


@pytest.mark.parametrize("seed", [0, 1])
def test_each_variant_is_found_wrong_and_gets_its_own_name(seed):
    said, odd = verdicts(seed)
    assert odd == []
    assert said == {"detected": len(SUSPECTS), "named": len(SUSPECTS)}


@pytest.mark.parametrize("output", QUESTION)
def test_what_is_right_gets_none(output):
    assert name_of(output, answers(output, right(output))) is None


@settings(max_examples=30, deadline=None)
@given(output=st.sampled_from(list(QUESTION)), seed=st.integers(0, 2**32 - 1), data=st.data())
def test_what_is_wrong_in_another_way_gets_none(output, seed, data):
    """A variant of which one element is off in one case is not that variant, and noise is none at all."""
    name = data.draw(st.sampled_from([s.id for s in SUSPECTS.values() if s.output == output]))
    rng = np.random.default_rng(seed)
    spoilt = data.draw(st.sampled_from([case.id for case in hidden_cases() if "float32" not in case.regime]))

    def give(case):
        value = np.array(variants()[name](case), dtype=np.float64)
        if case.id == spoilt and value.size:
            value.flat[rng.integers(value.size)] += 0.25
        return value

    found = answers(output, give)
    (odd,) = (a for a in found if a.case.id == spoilt)
    if odd.fault is None and np.size(odd.outputs[output]):
        assert name_of(output, found) is None
    assert name_of(output, answers(output, lambda case: right(output)(case) + rng.standard_normal())) is None


def test_cases_that_break_neither_help_nor_hurt():
    found = answers("out", variants()["bias-left-out"])
    fault = StudentFault(FaultKind.RAISED, "no")
    broken = [
        Answer(case=a.case, outputs={}, expected={}, fault=fault) if n % 3 else a for n, a in enumerate(found)
    ]
    assert name_of("out", broken) == "bias-left-out"
    assert name_of("out", [a for a in broken if a.fault is not None]) is None


def test_two_that_fit_are_no_diagnosis():
    one = SUSPECTS["bias-left-out"]
    found = answers("out", variants()["bias-left-out"])
    assert diagnose("out", found, (one,)) is one
    assert diagnose("out", found, (one, msgspec.structs.replace(one, id="another"))) is None


# --- fingerprints --------------------------------------------------------------------------------------


@given(st.lists(st.integers(0, 4), max_size=4), st.integers(0, 2**32 - 1))
def test_an_array_has_its_own_trace_and_no_other(shape, seed):
    values = np.random.default_rng(seed).standard_normal(shape)
    fingerprint = fingerprint_of(values, np.float64)
    assert has_fingerprint(values * (1 + 1e-14), fingerprint)
    assert not has_fingerprint(values[None], fingerprint)
    if values.size:
        other = values.copy()
        other.reshape(-1)[0] += 1e-6 * (1 + abs(values).max())
        assert not has_fingerprint(other, fingerprint)
        assert fingerprint_of(values * np.nan, np.float64) is None
        assert not has_fingerprint(values * np.inf, fingerprint)


# --- fingerprints --------------------------------------------------------------------------------


def test_fingerprints_know_the_variants_again(tmp_path):
    file = tmp_path / "mistakes.json"
    file.write_bytes(fingerprints(tuple(SUSPECTS.values()), hidden_cases(), "nudge"))
    known = read_fingerprints(file)
    assert {one.id for one in known} == SUSPECTS.keys()
    for name in ("bias-left-out", "dx-empty-without-pad", "dw-overwritten", "db-for-each-image"):
        output = SUSPECTS[name].output
        found = diagnose(output, answers(output, variants()[name]), known)
        assert (found.id, found.nudge) == (name, SUSPECTS[name].nudge)
        assert diagnose(output, answers(output, right(output)), known) is None


def test_fingerprints_know_nothing_of_other_cases(tmp_path):
    file = tmp_path / "mistakes.json"
    file.write_bytes(fingerprints(tuple(SUSPECTS.values()), hidden_cases()[:3], "nudge"))
    assert diagnose("out", answers("out", variants()["bias-left-out"]), read_fingerprints(file)) is None


def test_fingerprints_tell_what_the_level_allows():
    known_mistakes, cases = tuple(SUSPECTS.values())[:3], hidden_cases()[:2]
    nudges, explained = (
        fingerprints(known_mistakes, cases, level).decode() for level in ("nudge", "explain")
    )
    assert known_mistakes[0].nudge in nudges
    assert known_mistakes[0].explain not in nudges
    assert known_mistakes[0].explain in explained


def test_a_release_without_fingerprints_and_one_with_broken_ones(tmp_path):
    assert read_fingerprints(tmp_path / "mistakes.json") == ()
    (tmp_path / "mistakes.json").write_text("[{]")
    with pytest.raises(AssignmentError, match=r"mistakes\.json: (?s:.)*Unpack the release again"):
        read_fingerprints(tmp_path / "mistakes.json")


# --- the catalogue's files -----------------------------------------------------------------------

WORDS = '["a"]\noutput = "out"\nnudge = "Look."\nexplain = "So."\n'


def test_a_reference_without_a_catalogue_has_no_suspects(tmp_path):
    assert load_known_mistakes(tmp_path) == ()


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (WORDS, "VARIANTS = {}", r"mistakes\.py: the mistake `a` is missing; mistakes.toml has it"),
        (WORDS, "VARIANTS = {'a': len, 'b': len}", r"mistakes\.toml: the mistake `b` is missing"),
        ("[a]\nnudge = 1", "VARIANTS = {}", r"mistakes\.toml: "),
        ("[a", "VARIANTS = {}", r"mistakes\.toml: "),
    ],
)
def test_a_broken_catalogue_is_named(tmp_path, words, code, said):
    (tmp_path / "mistakes.toml").write_text(words)
    (tmp_path / "mistakes.py").write_text(code)
    with pytest.raises(AssignmentError, match=said):
        load_known_mistakes(tmp_path)
