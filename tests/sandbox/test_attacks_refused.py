"""Attacks that are refused, and the code goes on."""

from __future__ import annotations

import pytest
from attacks import REFUSED, X86
from inside import run

from autograder.authoring.student import FaultKind, Session

only_x86 = pytest.mark.skipif(not X86, reason="the system call's number is x86-64's")

pytestmark = pytest.mark.usefixtures("nothing_left")


@only_x86
@pytest.mark.parametrize("name", REFUSED)
def test_is_refused(session: Session, name: str) -> None:
    wanted, action = REFUSED[name]
    assert run(session, f"def attack(): return refused(lambda: {action})") in wanted


def test_a_limit_can_not_be_raised(session: Session) -> None:
    source = """
    def attack():
        raised = []
        for name in ("AS", "CPU", "NPROC", "NOFILE", "FSIZE", "CORE"):
            what = getattr(resource, "RLIMIT_" + name)
            soft, hard = resource.getrlimit(what)
            try:
                resource.setrlimit(what, (hard + 1, hard + 1))
                raised.append(name)
            except (ValueError, OSError):
                pass
        return raised
    """
    assert run(session, source) == []


@only_x86
def test_a_call_of_the_x32_kind_ends_the_process(session: Session) -> None:
    fault = run(session, "def attack(): return call(0x40000000 | 39)")
    assert fault.kind is FaultKind.FORBIDDEN
    assert "system call that is not allowed" in fault.message


@only_x86
def test_a_call_of_the_32_bit_kind_ends_the_process(session: Session) -> None:
    source = r"""
    def attack():
        page = mmap.mmap(-1, 4096, prot=mmap.PROT_READ | mmap.PROT_WRITE | mmap.PROT_EXEC)
        page.write(b"\xb8\x14\x00\x00\x00\xcd\x80\xc3")  # getpid by int 0x80
        at = ctypes.addressof(ctypes.c_char.from_buffer(page))
        return ctypes.CFUNCTYPE(ctypes.c_int)(at)()
    """
    assert run(session, source).kind is FaultKind.FORBIDDEN
