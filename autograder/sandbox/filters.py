"""Build the two seccomp filters: the harness's, and the stricter one of a student's code.

Both allow the listed system calls and answer ENOSYS to the rest. So a call that is newer than the lists is
refused, and a program that can do without it goes on. Calls that honest code makes by mistake get their usual
error (EPERM for a socket, EAGAIN for a fork). A call of a foreign architecture ends the process. The lists
hold the calls of CPython, NumPy, SciPy and Matplotlib on x86-64 and AArch64.
"""

from __future__ import annotations

import errno
import functools
import os
from types import ModuleType

from autograder.errors import SandboxError
from autograder.guest.walls.lockdown import OWN_PID

_FILES = """
    access faccessat faccessat2 open openat openat2 close close_range creat read readv pread64 preadv preadv2
    write writev pwrite64 pwritev pwritev2 lseek stat fstat lstat newfstatat statx readlink readlinkat getcwd
    chdir fchdir mkdir mkdirat rmdir rename renameat renameat2 unlink unlinkat link linkat symlink symlinkat
    chmod fchmod fchmodat chown fchown fchownat lchown utime utimes utimensat futimesat truncate ftruncate
    fallocate fadvise64 fsync fdatasync sync_file_range readahead getdents getdents64 statfs fstatfs
    dup dup2 dup3 flock pipe pipe2 poll ppoll select pselect6 epoll_create epoll_create1 epoll_ctl
    epoll_wait epoll_pwait epoll_pwait2 eventfd eventfd2 umask sendfile copy_file_range splice tee
    getxattr lgetxattr fgetxattr listxattr llistxattr flistxattr timerfd_create timerfd_settime
    timerfd_gettime signalfd signalfd4
"""
_MEMORY = "brk mmap munmap mremap mprotect madvise mincore msync mlock munlock mlockall munlockall membarrier"
_PROCESS = """
    exit exit_group futex futex_waitv set_robust_list get_robust_list set_tid_address rseq gettid getpid
    getppid getuid geteuid getgid getegid getresuid getresgid getgroups getpgrp getpgid getsid getpriority
    getrusage getrlimit setrlimit times uname sysinfo getcpu getrandom sched_yield sched_getaffinity
    sched_getparam
    sched_getscheduler sched_get_priority_max sched_get_priority_min sched_rr_get_interval getitimer setitimer
    alarm pause timer_create timer_settime timer_gettime timer_getoverrun timer_delete restart_syscall
    nanosleep clock_nanosleep clock_gettime clock_getres gettimeofday time arch_prctl capget
    rt_sigaction rt_sigprocmask rt_sigreturn rt_sigsuspend rt_sigpending rt_sigtimedwait sigaltstack
    map_shadow_stack wait4 waitid get_mempolicy
"""
_CHILD = f"{_FILES} {_MEMORY} {_PROCESS}"
# Beyond these, the harness starts children and puts walls round them.
_HARNESS = """
    execve fork vfork clone clone3 kill tgkill prctl seccomp capset unshare mount umount2 prlimit64 ioctl
    fcntl
    pidfd_open pidfd_send_signal recvmsg sendmsg recvfrom sendto getsockopt setsockopt getsockname getpeername
    landlock_create_ruleset landlock_add_rule landlock_restrict_self setsid
"""
# Calls that honest code may try, by the error that it gets.
_REFUSED = {
    errno.EPERM: """
        socket socketpair connect bind listen accept accept4 execve execveat tkill ptrace mount umount2
        unshare setns chroot pivot_root setuid setgid setreuid setregid setresuid setresgid setgroups mknod
        mknodat memfd_create setpriority sched_setaffinity sched_setscheduler personality keyctl bpf
        perf_event_open seccomp capset setsid setpgid
    """,
    errno.EAGAIN: "fork vfork",
}
_CLONE_THREAD = 0x10000
# FIONREAD, FIONBIO, FIOCLEX, FIONCLEX, TCGETS, TIOCGWINSZ, TIOCGPGRP: they ask, or mark a descriptor.
_IOCTLS = (0x541B, 0x5421, 0x5451, 0x5450, 0x5401, 0x5413, 0x540F)
# F_DUPFD, F_GETFD, F_SETFD, F_GETFL, F_SETFL, F_GETLK, F_SETLK, F_SETLKW, the open files' locks,
# F_DUPFD_CLOEXEC, F_SETPIPE_SZ, F_GETPIPE_SZ. Not F_SETOWN and F_SETSIG: they have the kernel send signals to
# another process.
_FCNTLS = (0, 1, 2, 3, 4, 5, 6, 7, 36, 37, 38, 1030, 1031, 1032)
# PR_SET_NAME, PR_GET_NAME, PR_GET_DUMPABLE, PR_GET_NO_NEW_PRIVS, PR_SET_VMA (names for maps)
_PRCTLS = (15, 16, 3, 39, 0x53564D41)


def _library() -> ModuleType:
    try:
        import pyseccomp
    except (ImportError, RuntimeError) as error:
        raise SandboxError(
            f"system calls can't be filtered: {error}",
            "apt-get install libseccomp2 && pip install pyseccomp",
        ) from error
    module: ModuleType = pyseccomp
    return module


class _Filter:
    """Collects rules; a call without one gets ENOSYS, and a foreign architecture's ends the process."""

    def __init__(self) -> None:
        self.library = _library()
        self._rules = self.library.SyscallFilter(self.library.ERRNO(errno.ENOSYS))
        self._rules.set_attr(self.library.Attr.ACT_BADARCH, self.library.KILL_PROCESS)

    def allow(self, names: str, *arguments: object) -> None:
        self._add(self.library.ALLOW, names, arguments)

    def refuse(self, number: int, names: str, *arguments: object) -> None:
        self._add(self.library.ERRNO(number), names, arguments)

    def _add(self, action: int, names: str, arguments: tuple[object, ...]) -> None:
        for name in names.split():
            number = self.library.resolve_syscall(self.library.Arch.NATIVE, name)
            # a negative number: this architecture, or this libseccomp, has no such call
            if number >= 0:
                self._rules.add_rule(action, number, *arguments)

    def export(self) -> bytes:
        """Give the filter as the kernel's program."""
        with os.fdopen(os.memfd_create("filter"), "r+b") as file:
            self._rules.export_bpf(file)
            file.seek(0)
            return file.read()


@functools.cache
def harness_filter() -> bytes:
    """Give the filter of everything in the sandbox, as the kernel's program.

    Raises `SandboxError` if libseccomp is not there.
    """
    made = _Filter()
    made.allow(_CHILD + _HARNESS)
    return made.export()


@functools.cache
def child_filter() -> bytes:
    """Give the filter of a student's code; `lockdown.install_filter` puts the child's id into it."""
    made = _Filter()
    made.allow(_CHILD)
    _allow_with_arguments(made)
    for number, names in _REFUSED.items():
        made.refuse(number, names)
    return made.export()


def _allow_with_arguments(made: _Filter) -> None:
    """Allow calls that make threads, signal this process or only ask; refuse their other uses."""
    library, argument = made.library, made.library.Arg
    made.allow("clone", argument(0, library.MASKED_EQ, _CLONE_THREAD, _CLONE_THREAD))
    made.refuse(errno.EAGAIN, "clone", argument(0, library.MASKED_EQ, _CLONE_THREAD, 0))
    for name, place, values in (("ioctl", 1, _IOCTLS), ("fcntl", 1, _FCNTLS), ("prctl", 0, _PRCTLS)):
        for value in values:
            made.allow(name, argument(place, library.MASKED_EQ, 0xFFFFFFFF, value))
    for names, own in (("kill tgkill", OWN_PID), ("prlimit64", 0)):
        made.allow(names, argument(0, library.EQ, own))
        made.refuse(errno.EPERM, names, argument(0, library.NE, own))
