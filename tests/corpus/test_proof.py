"""Short forms of ``tools/verdicts``: tolerances, mutants, and reports that say the same on a rerun."""

import json
import subprocess
import sys
from collections import Counter

import pytest
from corpus import entry
from corpus_grading import ROOT
from corpus_tolerances import mutated_runs, right_runs

SAMPLES = ROOT / "tests" / "samples" / "hw5"


def test_a_right_result_is_accepted_in_whatever_order_it_was_summed():
    kinds, failed = right_runs(400, seed=1)
    assert len(kinds) == 8
    assert failed == []


def test_one_wrong_thing_is_refused():
    kinds, passed = mutated_runs(400, seed=1)
    assert len(kinds) == 14
    assert passed == []


@pytest.mark.skipif(sys.platform == "win32", reason="mutants that do not end are stopped by a signal")
def test_mutants_are_seen_unless_they_change_nothing():
    pytest.importorskip("torch")
    from corpus_mutants import judge, mutants

    judged = [judge(number, source) for number, (_, source) in enumerate(mutants(12, seed=2))]
    said = Counter(verdict for verdict, _, _ in judged)
    assert said["detected"] >= 8
    assert said["missed"] == 0
    assert not [false for _, _, false in judged if false]


def test_a_name_is_false_if_other_cases_show_another_mistake():
    from corpus_mutants import is_false

    left_out = entry("bias_left_out").cells[0]
    assert not is_false("bias-left-out", left_out)
    assert is_false("bias-subtracted", left_out)
    assert not is_false("dx-empty-without-pad", entry("dx_cropped_by_minus_pad").cells[0])
    assert is_false("dx-empty-without-pad", entry("dx_cropped_by_one").cells[0])


def graded(tmp_path, name):
    output = tmp_path / name
    paths = [str(SAMPLES / identity) for identity in ("s008", "s010")]
    command = [sys.executable, "-m", "autograder", "grade", *paths, "-o", str(output), "--no-training"]
    command += ["--seed", "7"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return {
        path.name: path.read_text(encoding="utf-8") for path in sorted((output / "reports").glob("*.json"))
    }


@pytest.mark.skipif(sys.platform != "linux", reason="the sandbox is Linux's")
def test_reports_are_equal_byte_for_byte_on_a_rerun_but_for_times(tmp_path):
    first, second = graded(tmp_path, "one"), graded(tmp_path, "two")
    assert len(first) == 2
    for name, text in first.items():
        assert timeless(text) == timeless(second[name]), name


def timeless(text):
    """The report without its times, and without the speed that was measured."""
    report = json.loads(text)
    del report["generated_at"]
    for item in report["items"]:
        del item["duration"]
        for check in item["checks"]:
            del check["duration"]
            if check["id"] == "fast-speed":
                item["message"] = check["message"] = check["metrics"] = check["cause"] = None
    return json.dumps(report, indent=2, ensure_ascii=False)
