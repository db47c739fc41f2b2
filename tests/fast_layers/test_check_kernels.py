"""The command that checks the kernels more thoroughly: `tools/check-kernels`."""

import re
import subprocess
import sys

import million
import numpy as np
import pytest
from cases import DTYPES, OPERATIONS
from oracle import Array
from under_test import ROOT, fastconv


def check_kernels(*arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, str(ROOT / "tools" / "check-kernels"), *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=False)


@pytest.mark.slow
def test_a_hundredth_of_a_million() -> None:
    done = check_kernels("million", "--cases", "10000", "--seed", "5", "--processes", "2")
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.splitlines() == ["seed 5, from case 0", "10000 of 10000 cases, 0 faults"]


def test_cases_left_when_the_time_is_over_can_be_done_later() -> None:
    arguments = ("million", "--cases", "3000", "--seed", "5", "--first", "70", "--seconds", "0")
    done = check_kernels(*arguments, "--processes", "1")
    assert done.returncode == 0, done.stderr
    assert (
        done.stdout.splitlines()[-1]
        == "1000 of 3000 cases tried; the rest: --seed 5 --first 1070 --cases 2000"
    )


def test_a_case_is_known_by_its_seed_and_number() -> None:
    cases = [million.case_number(5, i) for i in range(200)]
    assert cases[150] == million.case_number(5, 150)
    assert cases[150] != million.case_number(6, 150)
    assert {case.operation for case, _, _ in cases} == set(OPERATIONS)
    assert {case.dtype for case, _, _ in cases} == set(DTYPES)


def test_a_fault_is_shown_with_its_case(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    right = fastconv.conv_forward

    def wrong(x: Array, *others: object) -> Array:
        return np.asarray(right(x, *others) + (x.dtype == np.float32))

    monkeypatch.setattr(fastconv, "conv_forward", wrong)
    assert million.run(seed=5, first=0, cases=300, processes=1, seconds=60) > 0
    shown = capsys.readouterr().out
    assert re.search(
        r"seed 5, case \d+: Case\(operation='conv_forward', dtype='float32', data='\w+', ", shown
    )
    assert "dtype='float64'" not in shown


def test_an_unknown_mode_is_refused() -> None:
    done = check_kernels("leaks")
    assert done.returncode == 2
    assert "invalid choice: 'leaks'" in done.stderr
