"""Decisions that need no kernel: a sandbox's mounts, arguments and groups, endings, error messages."""

from __future__ import annotations

import ast
import itertools
import os
import subprocess
import sys
import sysconfig
from pathlib import Path, PurePosixPath

import pytest
from hypothesis import given
from hypothesis import strategies as st
from inside import POLICY

import autograder
from autograder import guest
from autograder.authoring.student import FaultKind, Limits
from autograder.errors import SandboxError
from autograder.execution import faults, packages
from autograder.execution.printed import Flooded, Marked, Printed
from autograder.sandbox import (
    cgroup,
    enforcement,
    filters,
    policy,
    self_test,
    selftest,
    spawner,
)
from autograder.sandbox.policy import Mount, Policy

# --- packages -------------------------------------------------------------------------------------


def targets(*imports: str) -> set[str]:
    return {PurePosixPath(mount.target).name for mount in policy.package_mounts(imports)}


def test_a_package_comes_with_its_libraries_and_nothing_else() -> None:
    found = targets("numpy")
    assert "numpy" in found
    assert found <= {"numpy", "numpy.libs"}


def test_a_package_comes_with_its_requirements() -> None:
    pytest.importorskip("matplotlib")
    found = targets("matplotlib")
    assert {"matplotlib", "mpl_toolkits", "numpy", "PIL", "pyparsing", "packaging"} <= found
    assert not found & {"pytest", "autograder", "msgspec", "IPython", "torch", "nbformat"}


def test_the_requirements_of_an_extra_are_left_out() -> None:
    lines = ["a>=1", "b ; python_version < '3.9'", "c[x]>=2; extra == 'test'", "d.e-f_g (>=1)", ""]
    assert packages.required_names(lines) == ["a", "b", "d.e-f_g"]


def test_the_top_level_entries_of_a_distribution() -> None:
    files = ["x/__init__.py", "x/y.py", "z.py", "x-1.dist-info/RECORD"]
    files += ["../../../bin/x", "__pycache__/z.pyc", "q.pth"]
    assert packages.top_level_entries(map(PurePosixPath, files)) == ["x", "z.py"]


def test_a_package_that_is_not_installed_is_reported() -> None:
    with pytest.raises(SandboxError, match="`no-such-package`, which submissions may import, is not inst"):
        policy.package_mounts(("no-such-package",))


def test_a_package_is_found_by_the_name_that_is_imported() -> None:
    pytest.importorskip("PIL")
    assert "PIL" in targets("PIL")


def test_no_code_makes_the_list_of_modules_to_preload_long() -> None:
    sources = [f"import numpy.m{number}" for number in range(1000)] + ["import numpy." + "A" * 70_000]
    found = policy.worth_preloading(sources, ["numpy"])
    assert len(found) == policy.MOST_PRELOADED
    assert max(map(len, found)) < policy.MOST_CHARACTERS


def test_imports_of_the_policy_s_packages_are_worth_preloading() -> None:
    sources = [
        "import matplotlib.pyplot as plt, os",
        "def f():\n    from scipy.ndimage import label",
        "from scipy import *",
        "import numpy.f2py.__main__, scipy._lib, scipy.tests",
        "from .scipy import x",
        "not python",
    ]
    found = policy.worth_preloading(sources, ["matplotlib", "scipy", "numpy"])
    assert found == ["matplotlib.pyplot", "scipy", "scipy.ndimage"]


# --- mounts ---------------------------------------------------------------------------------------


def test_neither_the_engine_nor_a_course_is_mounted(tmp_path: Path) -> None:
    support = tmp_path / "HW5_code"
    support.mkdir()
    inside = support / "fast.so"
    inside.touch()
    loose = tmp_path / "loose.so"
    loose.touch()
    chosen = Policy(imports=("numpy",), support=(support,), extra_modules=(inside, loose))
    mounts = policy.all_mounts(chosen, policy.this_interpreter())
    sources = {mount.source for mount in mounts}
    copied = {mount.target for mount in mounts if mount.copied}
    assert copied == {"/opt/support/HW5_code", "/opt/support/loose.so"}
    assert not any(Path(autograder.__file__).parent.is_relative_to(source) for source in sources)
    assert not any(tmp_path.is_relative_to(source) for source in sources)
    assert Path(sysconfig.get_path("purelib")) not in sources


def arguments(mounts: tuple[Mount, ...] = (), system: tuple[enforcement.SystemFolder, ...] = ()) -> list[str]:
    return enforcement.arguments(mounts, {}, system, {"/opt/run/x": 9}, {"seccomp": 7, "status": 8})


def test_the_arguments_name_every_wall() -> None:
    words = arguments()
    for wall in ("user", "ipc", "pid", "uts", "net"):
        assert f"--unshare-{wall}" in words
    for word in ("--disable-userns", "--die-with-parent", "--new-session", "--clearenv", "--seccomp"):
        assert word in words
    text = " ".join(words)
    assert "--cap-drop ALL" in text
    assert "--remount-ro /" in text
    assert "--proc" not in words
    assert "--bind" not in words
    assert "--dev-bind /dev/null /dev/null" in text


def test_third_party_packages_in_the_standard_library_are_covered(tmp_path: Path) -> None:
    (tmp_path / "site-packages").mkdir()
    text = " ".join(arguments((Mount(source=tmp_path, target="/opt/py/lib/python3.11"),)))
    assert "--tmpfs /opt/py/lib/python3.11/site-packages" in text
    assert "dist-packages" not in text


def test_links_of_the_system_are_made_again() -> None:
    folder = enforcement.SystemFolder(path="/lib", link="usr/lib")
    assert "--symlink usr/lib /lib" in " ".join(arguments(system=(folder,)))


def test_places_of_sources_are_used() -> None:
    mount = Mount(source=Path("/root/x"), target="/opt/x")
    places = {mount.source: Path("/mnt/0")}
    words = enforcement.arguments([mount], places, [], {}, {"seccomp": 7, "status": 8})
    assert "--ro-bind /mnt/0 /opt/x" in " ".join(words)


def test_the_environment_inside_has_nothing_of_the_grader_s() -> None:
    known = {"PATH", "HOME", "LANG"} | {name for name in os.environ if name.endswith("_NUM_THREADS")}
    assert set(enforcement.ENVIRONMENT) & set(os.environ) <= known


def test_the_guest_imports_nothing_of_the_engine() -> None:
    for path in Path(guest.__file__).parent.glob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
            if isinstance(node, ast.ImportFrom) and not node.level:
                names = [node.module or ""]
            tops = {name.partition(".")[0] for name in names}
            assert tops <= {*sys.stdlib_module_names, "numpy"}, path


# --- control groups -------------------------------------------------------------------------------


def test_version_1_has_a_group_for_each_controller(tmp_path: Path) -> None:
    found = cgroup.parse_membership("8:pids:/a\n4:memory:/b/c\n0::/\n")
    first = cgroup.candidates(found, tmp_path)[0]
    assert first == {"memory": tmp_path / "memory/b/c", "pids": tmp_path / "pids/a"}


def test_version_2_takes_the_group_that_hands_on_its_controllers(tmp_path: Path) -> None:
    (tmp_path / "user/app").mkdir(parents=True)
    (tmp_path / "user/cgroup.subtree_control").write_text("cpu memory pids\n")
    (tmp_path / "user/app/cgroup.subtree_control").write_text("\n")
    found = cgroup.parse_membership("0::/user/app\n")
    assert cgroup.candidates(found, tmp_path) == [{"memory": tmp_path / "user", "pids": tmp_path / "user"}]


def test_nothing_above_the_root_is_taken(tmp_path: Path) -> None:
    (tmp_path / "cgroup.subtree_control").write_text("memory pids")
    root = tmp_path / "root"
    root.mkdir()
    assert cgroup.candidates(cgroup.parse_membership("0::/\n"), root) == []


def test_no_group_is_planned_where_none_can_be_made(tmp_path: Path) -> None:
    assert cgroup.plan("1-1", tmp_path) is None
    assert list(tmp_path.iterdir()) == []


def test_version_2_has_one_folder_and_its_own_file_names(tmp_path: Path) -> None:
    group = cgroup.Cgroup({"memory": tmp_path, "pids": tmp_path}, "autograder-1-1")
    folder = tmp_path / "autograder-1-1"
    assert group.folders == (str(folder),)
    assert group.version == 2
    assert not group.holds(7)
    assert group.killed_for_memory() == 0
    folder.mkdir()
    (folder / "cgroup.procs").write_text("6\n7\n")
    (folder / "memory.events").write_text("low 0\noom 3\noom_kill 2\noom_group_kill 9\n")
    group.limit(3)
    assert group.holds(7)
    assert not group.holds(67)
    assert group.killed_for_memory() == 2
    assert (folder / "memory.max").read_text() == str(3 << 20)
    assert (folder / "memory.swap.max").read_text() == "0"


def test_the_command_enters_every_hierarchy_before_the_sandbox_starts(tmp_path: Path) -> None:
    script = enforcement.in_cgroups([str(tmp_path / "one group")], ["true"])[2]
    quoted = f"'{tmp_path}/one group'"
    wanted = (
        f"mkdir {quoted}",
        f">{quoted}/pids.max",
        f"echo 0 >{quoted}/cgroup.procs",
        "exec",
        f"rmdir {quoted}",
    )
    places = [script.index(word) for word in wanted]
    assert places == sorted(places)


def test_groups_of_killed_graders_are_swept_once_they_are_old(tmp_path: Path) -> None:
    dead, young, ours = (
        tmp_path / name
        for name in ("autograder-999999999-1", "autograder-999999998-1", f"autograder-{os.getpid()}-1")
    )
    for folder in (dead, young, ours):
        folder.mkdir()
    for folder in (dead, ours):
        os.utime(folder, (0, 0))
    cgroup.sweep([tmp_path])
    assert sorted(tmp_path.iterdir()) == sorted([young, ours])


# --- reach ----------------------------------------------------------------------------------------


def test_reach_follows_the_file_modes(tmp_path: Path) -> None:
    inner = tmp_path / "a"
    inner.mkdir()
    (inner / "f").touch()
    (inner / "f").chmod(0o644)
    inner.chmod(0o755)
    assert spawner.readable_throughout(inner)
    (inner / "f").chmod(0o600)
    assert not spawner.readable_throughout(inner)
    (inner / "f").chmod(0o644)
    inner.chmod(0o700)
    assert not spawner.reachable(inner / "f")


def test_the_stage_hides_no_source() -> None:
    assert spawner.choose_stage([Path("/srv/x"), Path("/mnt/y")]) not in (Path("/srv"), Path("/mnt"))
    with pytest.raises(SandboxError, match="no folder to stage the interpreter in"):
        spawner.choose_stage([Path(name) / "x" for name in spawner.STAGES])


# --- what was printed ---------------------------------------------------------------------------------


def test_printed_text_is_kept_cut_and_counted() -> None:
    printed = Printed(4)
    printed.add(b"ab\r")
    printed.add(b"cdef")
    assert printed.text().text == "ab\nc"
    assert printed.text().truncated
    printed.forgive()
    assert printed.text().truncated
    with pytest.raises(Flooded):
        printed.add(bytes(1000))


# --- verdicts -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("code", "cpu", "oom", "kind"),
    [
        (-24, 1.0, False, FaultKind.CPU),
        (-9, 2.9, False, FaultKind.CPU),
        (-9, 0.1, False, FaultKind.CRASHED),
        (-9, 0.1, True, FaultKind.MEMORY),
        (113, 0.1, False, FaultKind.MEMORY),
        (-31, 0.1, False, FaultKind.FORBIDDEN),
        (-11, 0.1, True, FaultKind.CRASHED),
        (0, 0.1, False, FaultKind.CRASHED),
    ],
)
def test_an_ending_is_judged(code: int, cpu: float, oom: bool, kind: FaultKind) -> None:
    assert faults.kind_of_ending(code, cpu, Limits(cpu_seconds=2.5), oom) is kind


def test_endings_in_words() -> None:
    assert faults.in_words(-11).startswith("it was ended by a segmentation fault")
    assert faults.in_words(-17) == "it was ended by the signal SIGCHLD"
    assert faults.in_words(-99) == "it was ended by the signal number 99"


@pytest.mark.parametrize("kind", [FaultKind.CPU, FaultKind.MEMORY, FaultKind.PROCESSES])
def test_a_limit_s_sentence_ends_with_its_place(kind: FaultKind) -> None:
    assert faults.sentence(kind, "`f`", Limits(), " (cell 2, line 3)").endswith(" (cell 2, line 3).")
    assert "(" not in faults.sentence(kind, "`f`", Limits())


@pytest.mark.parametrize("kind", list(FaultKind))
def test_every_kind_has_a_sentence(kind: FaultKind) -> None:
    assert faults.sentence(kind, "`f`", Limits(), "a detail")


# --- refusals -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("log", "reason", "hint"),
    [
        ("bwrap: setting up uid map: Permission denied", "AppArmor", "apparmor_restrict_unprivileged_userns"),
        ("bwrap: No permissions to create new namespace, likely …", "not allowed", "In a container"),
        ("bwrap: Creating new namespace failed: No space left on device", "limit of", "max_user_namespaces"),
        ("bwrap: Unknown option --disable-userns", "older than 0.8", "0.8"),
        ("sh: 1: exec: setpriv: not found", "setpriv is missing", "util-linux"),
        ("error while loading shared libraries: libpython3.11.so.1.0", "shared libraries", "pyenv"),
        ("something else", "something else", "docs/security.md"),
    ],
)
def test_known_causes_have_a_reason_and_a_hint(log: str, reason: str, hint: str) -> None:
    error = selftest.explain(f"the sandbox did not start: {log}")
    assert reason in error.message
    assert log in error.message
    assert hint in error.hint


def test_probes_are_judged_both_ways() -> None:
    good = dict.fromkeys(selftest.WORKS, "yes") | dict.fromkeys(selftest.REFUSED, "refused: so")
    assert selftest.failures(good) == []
    bad = good | {"numpy_works": "refused: no", "open_a_socket": "<socket>"}
    assert selftest.failures(bad) == [
        "numpy_works does not work (refused: no)",
        "open_a_socket is possible (<socket>)",
    ]
    assert len(selftest.REFUSED) >= 15


def test_another_system_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "platform", "darwin")
    with pytest.raises(SandboxError, match="no sandbox for darwin") as caught:
        self_test(POLICY)
    assert "WSL2" in caught.value.hint


WITHOUT_NAMESPACES = """
import ctypes, errno, struct, sys
import pyseccomp
made = pyseccomp.SyscallFilter(pyseccomp.ALLOW)
new_user = pyseccomp.Arg(0, pyseccomp.MASKED_EQ, 1 << 28, 1 << 28)
for name in ("clone", "unshare"):
    made.add_rule(pyseccomp.ERRNO(errno.EPERM), name, new_user)
made.load()
from autograder.errors import SandboxError
from autograder.sandbox import Policy, self_test
try:
    self_test(Policy())
except SandboxError as error:
    print(error)
    sys.exit(3)
"""


@pytest.mark.usefixtures("walls")
def test_missing_user_namespaces_are_reported() -> None:
    root = Path(autograder.__file__).parents[1]
    command = [sys.executable, "-c", WITHOUT_NAMESPACES]
    done = subprocess.run(command, cwd=root, capture_output=True, text=True, check=False)
    assert done.returncode == 3, done.stderr
    assert "user namespaces are not allowed here" in done.stdout
    assert "kernel.unprivileged_userns_clone=1" in done.stdout


@pytest.mark.usefixtures("walls")
def test_the_self_test_names_the_walls_that_stand() -> None:
    found = self_test(POLICY)
    assert found.kind == "bubblewrap"
    assert {"namespaces", "read-only root", "seccomp", "resource limits"} <= set(found.walls)
    assert {probe.name for probe in found.probes if probe.wanted} == set(selftest.WORKS)
    assert set(found.timings) == {"start", "child", "call"}
    assert "AUTOGRADER_SELF_TEST" not in os.environ


def test_the_filters_fit_the_kernel() -> None:
    for program in (filters.harness_filter(), filters.child_filter()):
        assert len(program) % 8 == 0
        assert 50 < len(program) // 8 < 4096


AS_USER = """
mount -t tmpfs stage /media && mkdir /media/py /media/packages && mount --bind "$1" /media/py &&
mount --bind "$2" /media/packages && cd / && exec setpriv --reuid=65534 --regid=65534 --clear-groups \
--inh-caps=-all env -i LD_LIBRARY_PATH=/media/py/lib PATH=/usr/bin:/bin PYTHONDONTWRITEBYTECODE=1 \
PYTHONPATH="$3:/media/packages" /media/py/bin/python3 -c "$4"
"""
USER_CODE = """
import os
from autograder.model import Chunk, Definitions
from autograder.sandbox import Policy, open_session, self_test
from autograder.authoring.student import Limits
test = self_test(Policy())
source = "import os\\ndef f(): return os.listdir('.')"
chunk = Chunk(source=source, names=("f",), cell=1)
with open_session(Policy()) as session:
    with session.student(Definitions(chunks=(chunk,)), Limits()) as student:
        print(os.getuid(), student.call("f"), test.walls)
"""


@pytest.mark.usefixtures("walls")
@pytest.mark.skipif(os.geteuid() != 0, reason="only root can become an ordinary user")
def test_an_ordinary_user_has_a_sandbox_too() -> None:
    root = Path(autograder.__file__).parents[1]
    if not spawner.reachable(root):
        pytest.skip(f"{root} is out of an ordinary user's reach")
    given = [sys.base_prefix, sysconfig.get_path("purelib"), str(root), USER_CODE]
    command = ["unshare", "--mount", "--propagation", "private", "sh", "-c", AS_USER, "sh", *given]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("65534 [] ('namespaces', 'read-only root', 'seccomp', 'resource limits'")


@given(
    st.lists(st.sampled_from([b"ab", b"aab", b"a", b"b", b"xy", b"abab"]), max_size=12),
    st.lists(st.integers(1, 3), min_size=1),
)
def test_marks_are_found_wherever_the_output_is_cut(words: list[bytes], cuts: list[int]) -> None:
    whole, mark = b"".join(words), b"abab"
    printed = Printed(1000)
    marked = Marked(printed, mark)
    found, at = 0, 0
    for cut in itertools.cycle(cuts):
        if at >= len(whole):
            break
        found += marked.add(whole[at : at + cut])
        at += cut
    marked.finish()
    assert found == whole.count(mark)
    assert printed.text().text.encode() == whole.replace(mark, b"")
