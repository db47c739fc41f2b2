"""Attacks of hostile code: each has a name, the outcome that it must have, and its code."""

from __future__ import annotations

import platform

import msgspec
from inside import LIMITS

from autograder.authoring.student import FaultKind

X86 = platform.machine() == "x86_64"
SHORT = msgspec.structs.replace(LIMITS, wall_seconds=1.0)
QUICK = msgspec.structs.replace(LIMITS, cpu_seconds=1, wall_seconds=10)
# A broken conversation is waited for, too: until then half a frame may still be completed.
LIMITS_BY_KIND = {FaultKind.CPU: QUICK, FaultKind.WALL: SHORT, FaultKind.PROTOCOL: SHORT}

# --- ended: the kind of fault, and the body of a function --------------------------------------------

ENDED: dict[str, tuple[FaultKind, str]] = {
    "allocate for ever": (FaultKind.MEMORY, "l = []\n    while True: l.append(np.ones(1 << 20))"),
    "one huge array": (FaultKind.MEMORY, "return np.ones((1 << 17, 1 << 17))"),
    "shared mappings": (
        FaultKind.MEMORY,
        "l = []\n    while True:\n        m = mmap.mmap(-1, 32 << 20); m.write(bytes(32 << 20)); l.append(m)",
    ),
    "a huge list": (FaultKind.MEMORY, "return [0] * (1 << 30)"),
    "fork": (FaultKind.PROCESSES, "return os.fork()"),
    "fork, then each allocates": (FaultKind.PROCESSES, "os.fork(); os.fork(); np.ones(1 << 24)"),
    "daemonise": (FaultKind.PROCESSES, "if os.fork() == 0:\n        os.setsid(); os.fork()"),
    "a program": (FaultKind.PROCESSES, "import subprocess; subprocess.run(['/bin/true'])"),
    "threads": (
        FaultKind.PROCESSES,
        "for _ in range(200): threading.Thread(target=time.sleep, args=(9,), daemon=True).start()",
    ),
    "flood of output": (FaultKind.OUTPUT, "while True: print('A' * 65536)"),
    "flood of errors": (FaultKind.OUTPUT, "while True: sys.stderr.write('A' * 65536)"),
    "flood past Python": (FaultKind.OUTPUT, "while True: os.write(1, b'A' * 65536)"),
    "a huge answer": (FaultKind.OUTPUT, "return np.zeros(2 << 20)"),
    "too many values": (FaultKind.OUTPUT, "return [0] * 600000"),
    "a long text": (FaultKind.OUTPUT, "return 'x' * (9 << 20)"),
    "endless loop": (FaultKind.CPU, "while True: pass"),
    "a long C loop": (FaultKind.CPU, "return sum(range(10 ** 12))"),
    "ignores every signal": (
        FaultKind.CPU,
        "for s in range(1, 65):\n        try: signal.signal(s, signal.SIG_IGN)\n"
        "        except (OSError, ValueError): pass\n    while True: pass",
    ),
    "blocks every signal": (
        FaultKind.CPU,
        "signal.pthread_sigmask(signal.SIG_BLOCK, range(1, 65))\n    while True: pass",
    ),
    "threads that spin": (
        FaultKind.CPU,
        "def spin():\n        while True: pass\n"
        "    for _ in range(3): threading.Thread(target=spin).start()\n    spin()",
    ),
    "exits": (FaultKind.CRASHED, "os._exit(0)"),
    "exits as if unready": (FaultKind.CRASHED, "os._exit(114)"),
    "segmentation fault": (FaultKind.CRASHED, "ctypes.string_at(0)"),
    "abort": (FaultKind.CRASHED, "os.abort()"),
    "kills itself": (FaultKind.CRASHED, "os.kill(os.getpid(), 9)"),
    "stops itself": (FaultKind.WALL, "os.kill(os.getpid(), signal.SIGSTOP)"),
    "sleeps": (FaultKind.WALL, "time.sleep(100)"),
    "waits for input": (FaultKind.RAISED, "return input()"),
    "deep recursion": (FaultKind.RAISED, "return attack()"),
    "quits": (FaultKind.RAISED, "sys.exit(0)"),
    "interrupts": (FaultKind.RAISED, "raise KeyboardInterrupt"),
    "a text of 100 MB": (FaultKind.RAISED, "raise ValueError('A' * 10 ** 8)"),
    "a text that raises": (
        FaultKind.RAISED,
        "class E(Exception):\n        def __str__(self): raise SystemExit\n    raise E",
    ),
    "objects": (FaultKind.UNSUPPORTED, "return np.array([object()])"),
    "records": (FaultKind.UNSUPPORTED, "return np.zeros(3, dtype=[('a', 'i4'), ('b', 'f8')])"),
    "bytes of no type": (FaultKind.UNSUPPORTED, "return np.zeros(3, dtype='V8')"),
    "dates": (FaultKind.UNSUPPORTED, "return np.zeros(3, dtype='M8[s]')"),
    "nested in itself": (FaultKind.UNSUPPORTED, "l = []; l.append(l); return l"),
    "garbage on the way back": (FaultKind.PROTOCOL, "os.write(4, b'\\x99' * 1000); time.sleep(5)"),
    "closes the way back": (FaultKind.PROTOCOL, "os.close(4); time.sleep(100)"),
    "announces 4 GB": (FaultKind.OUTPUT, "os.write(4, struct.pack('<BQ', 2, 1 << 32)); time.sleep(100)"),
    "half a frame, then nothing": (
        FaultKind.PROTOCOL,
        "os.write(4, struct.pack('<BQ', 2, 100) + b'l'); time.sleep(100)",
    ),
    "a type that is not listed": (
        FaultKind.PROTOCOL,
        "os.write(4, struct.pack('<BQ', 2, 11) + b'a' + bytes([99, 1]) + bytes(8)); time.sleep(100)",
    ),
    "a huge shape": (
        FaultKind.PROTOCOL,
        "os.write(4, struct.pack('<BQ', 2, 27) + b'a' + bytes([11, 3]) + b'\\xff' * 24); time.sleep(100)",
    ),
    "a shape of more than there is": (
        FaultKind.PROTOCOL,
        "v = b'a' + bytes([11, 1]) + struct.pack('<Q', 1 << 40)\n"
        "    os.write(4, struct.pack('<BQ', 2, len(v)) + v); time.sleep(100)",
    ),
    "an answer of another form": (
        FaultKind.PROTOCOL,
        "os.write(4, struct.pack('<BQ', 2, 1) + b'T'); time.sleep(100)",
    ),
    "a claim to have crashed": (
        FaultKind.PROTOCOL,
        "def s(t): return b's' + struct.pack('<I', len(t)) + t\n"
        "    v = b't' + struct.pack('<I', 4) + s(b'fault') + s(b'crashed') + s(b'') + s(b'')\n"
        "    os.write(4, struct.pack('<BQ', 2, len(v)) + v); time.sleep(100)",
    ),
    "many lists in a list": (
        FaultKind.PROTOCOL,
        "v = b'l\\x01\\x00\\x00\\x00' * 1000\n"
        "    os.write(4, struct.pack('<BQ', 2, len(v)) + v); time.sleep(100)",
    ),
    "exponential forks": (FaultKind.PROCESSES, "while True: os.fork()"),
    "a pool of processes": (FaultKind.PROCESSES, "import multiprocessing; multiprocessing.Pool(4)"),
    "a shell": (FaultKind.PROCESSES, "os.posix_spawn('/bin/sh', ['sh'], {})"),
    "threads that allocate": (
        FaultKind.MEMORY,
        "l = []\n    def fill():\n        while True: l.append(np.ones(1 << 18))\n"
        "    t = [threading.Thread(target=fill, daemon=True) for _ in range(3)]\n"
        "    [x.start() for x in t]; fill()",
    ),
    "a huge text": (FaultKind.MEMORY, "s = 'x'\n    while True: s += s"),
    "sorts for ever": (FaultKind.CPU, "import re; re.match('(a+)+$', 'a' * 64 + 'b')"),
    "a number without end": (FaultKind.CPU, "return 3 ** (10 ** 9)"),
    "swallows every exception": (
        FaultKind.CPU,
        "while True:\n        try:\n            while True: pass\n        except BaseException: pass",
    ),
    "a loop where its object ends": (
        FaultKind.CPU,
        "class E:\n        def __del__(self):\n            while True: pass\n    E()",
    ),
    "recursion without Python's limit": (
        FaultKind.CRASHED,
        "sys.setrecursionlimit(1 << 30)\n    def f(n): return [n].sort(key=f)\n    return f(1)",
    ),
    "a jump into nothing": (FaultKind.CRASHED, "ctypes.CFUNCTYPE(None)(8)()"),
    "an alarm of its own": (FaultKind.CRASHED, "signal.alarm(1); time.sleep(100)"),
    "a pipe that nobody fills": (FaultKind.WALL, "r, w = os.pipe(); return os.read(r, 1)"),
    "a lock that nobody opens": (FaultKind.WALL, "l = threading.Lock(); l.acquire(); l.acquire()"),
    "a flood of frames": (
        FaultKind.PROTOCOL,
        "while True: os.write(4, struct.pack('<BQ', 2, 0) * 1000)",
    ),
    "a frame of requests": (
        FaultKind.PROTOCOL,
        "os.write(4, struct.pack('<BQ', 1, 1) + b'T'); time.sleep(100)",
    ),
    "a class that lies about itself": (
        FaultKind.UNSUPPORTED,
        "class A(np.ndarray):\n        dtype = property(lambda s: np.dtype(object))\n"
        "    return np.array([object()]).view(A)",
    ),
    "a download": (
        FaultKind.FORBIDDEN,
        "import urllib.request; urllib.request.urlopen('http://127.0.0.1/')",
    ),
    "a name's address": (FaultKind.FORBIDDEN, "import socket; socket.gethostbyname('a.org')"),
    "a copy on the host": (FaultKind.FORBIDDEN, "open('/home/x', 'w')"),
}


# --- refused, and the code goes on: the errors that may be the answer, and an expression ----------------

EPERM = {"EPERM"}
READ_ONLY = {"EROFS", "EACCES", "EPERM"}
REFUSED: dict[str, tuple[set[str], str]] = {
    "memory without a name": (EPERM, "os.memfd_create('x')"),
    "shared memory of old": ({"ENOSYS"}, "call(29, 0, 1 << 20, 0o1600)"),
    "write to the root": (READ_ONLY, "open('/x', 'w')"),
    "write to devices": (READ_ONLY, "open('/dev/x', 'w')"),
    "write to shared memory": ({"ENOENT", "EACCES"}, "open('/dev/shm/x', 'w')"),
    "write to NumPy": (READ_ONLY, "open(np.__file__, 'a')"),
    "write to the harness": (READ_ONLY, "open('/opt/run/guest/wire.pyc', 'ab')"),
    "rename the harness": (READ_ONLY, "os.rename('/opt/run', '/opt/ran')"),
    "delete the interpreter": (READ_ONLY, "os.unlink('/opt/py/bin/python3.11')"),
    "read the harness": ({"EACCES", "ENOENT"}, "open('/opt/run/guest/wire.pyc', 'rb')"),
    "read the memory of the first process": ({"ENOENT", "EACCES"}, "open('/proc/1/mem')"),
    "read the environment of the first process": ({"ENOENT", "EACCES"}, "open('/proc/1/environ')"),
    "read its own process's files": ({"ENOENT", "EACCES"}, "os.listdir('/proc/self')"),
    "read the accounts": ({"ENOENT", "EACCES"}, "open('/etc/passwd')"),
    "signals by way of a descriptor": ({"ENOSYS"}, "__import__('fcntl').fcntl(0, 8, 2)"),
    "a signal of choice by way of a descriptor": ({"ENOSYS"}, "__import__('fcntl').fcntl(0, 10, 9)"),
    "signal all": (EPERM, "os.kill(-1, 9)"),
    "signal the first process": (EPERM, "os.kill(1, 9)"),
    "signal the parent": (EPERM, "os.kill(os.getppid(), 9)"),
    "trace": (EPERM, "call(101, 16, 1, 0, 0)"),
    "read another process's memory": ({"ENOSYS"}, "call(310, 1, 0, 0, 0, 0, 0)"),
    "mount": (EPERM, "call(165, b'none', b'/tmp', b'tmpfs', 0, 0)"),
    "unmount": (EPERM, "call(166, b'/tmp', 2)"),
    "mount anew": ({"ENOSYS"}, "call(430, b'tmpfs', 0)"),
    "chroot": (EPERM, "os.chroot('/tmp')"),
    "pivot the root": (EPERM, "call(155, b'/', b'/')"),
    "a user namespace": (EPERM, "call(272, 0x10000000)"),
    "a mount namespace": (EPERM, "call(272, 0x20000)"),
    "clone into namespaces": ({"EAGAIN"}, "call(56, 0x10000000 | 17, 0, 0, 0, 0)"),
    "clone by its newest form": ({"ENOSYS"}, "call(435, 0, 0)"),
    "enter a namespace": (EPERM, "call(308, 3, 0)"),
    "bpf": (EPERM, "call(321, 0, 0, 0)"),
    "io_uring": ({"ENOSYS"}, "call(425, 8, 0)"),
    "keys": (EPERM, "call(250, 0, 0)"),
    "performance counters": (EPERM, "call(298, 0, 0, 0, 0, 0)"),
    "page faults in user space": ({"ENOSYS"}, "call(323, 0)"),
    "a call that is not known": ({"ENOSYS"}, "call(998)"),
    "open by handle": ({"ENOSYS"}, "call(304, 3, 0, 0)"),
    "the kernel's log": ({"ENOSYS"}, "call(103, 2, 0, 0)"),
    "another personality": (EPERM, "call(135, 0x20000)"),
    "another limit of another process": (EPERM, "call(302, 1, 0, 0, 0)"),
    "a socket": (EPERM, "__import__('socket').socket()"),
    "a pair of sockets": (EPERM, "__import__('socket').socketpair()"),
    "become root": (EPERM, "os.setuid(0)"),
    "another group": (EPERM, "os.setgid(0)"),
    "a device": (EPERM, "os.mknod('x', 0o60600, 0xFE00)"),
    "exec": (EPERM, "os.execv('/opt/py/bin/python3.11', ['x'])"),
    "exec from memory": (EPERM, "call(322, -1, b'', 0, 0, 0x1000)"),
    "type into the terminal": ({"ENOSYS", "ENOTTY"}, "__import__('fcntl').ioctl(0, 0x5412, b'x')"),
    "the terminal": ({"ENOENT", "ENXIO", "EACCES"}, "open('/dev/tty')"),
    "another processor": (EPERM, "os.sched_setaffinity(0, {0})"),
    "its own filter": (EPERM, "call(317, 1, 0, 0)"),
    "gain capabilities": (EPERM, "call(126, struct.pack('<Ii', 0x20080522, 0), b'\\xff' * 24)"),
    "be seen by others again": ({"ENOSYS"}, "call(157, 4, 1, 0, 0, 0)"),
    "set the clock": ({"EPERM", "ENOSYS"}, "call(227, 0, 0)"),
    "set the time": ({"EPERM", "ENOSYS"}, "call(164, 0, 0)"),
    "restart the machine": ({"EPERM", "ENOSYS"}, "call(169, 0, 0, 0, 0)"),
    "load a module": ({"EPERM", "ENOSYS"}, "call(175, 0, 0, 0)"),
    "load a module's file": ({"EPERM", "ENOSYS"}, "call(313, 0, 0, 0)"),
    "load a kernel": ({"EPERM", "ENOSYS"}, "call(246, 0, 0, 0, 0)"),
    "ports of the machine": ({"EPERM", "ENOSYS"}, "call(172, 3)"),
    "its own segments": ({"EPERM", "ENOSYS"}, "call(154, 0, 0, 0)"),
    "swap": ({"EPERM", "ENOSYS"}, "call(167, b'x', 0)"),
    "accounting": ({"EPERM", "ENOSYS"}, "call(163, 0)"),
    "rename the host": ({"EPERM", "ENOSYS"}, "call(170, b'x', 1)"),
    "quotas": ({"EPERM", "ENOSYS"}, "call(179, 0, 0, 0, 0)"),
    "watch all files": ({"EPERM", "ENOSYS"}, "call(300, 0, 0)"),
    "another process's descriptors": ({"EPERM", "ENOSYS"}, "call(438, 3, 0, 0)"),
    "advice for another process": ({"EPERM", "ENOSYS"}, "call(440, 3, 0, 0, 0, 0)"),
    "compare processes": ({"EPERM", "ENOSYS"}, "call(312, 1, 2, 0, 0, 0)"),
    "move a mount": ({"EPERM", "ENOSYS"}, "call(429, 0, 0, 0, 0, 0)"),
    "ask for a key": ({"EPERM", "ENOSYS"}, "call(249, 0, 0, 0, 0)"),
    "memory on another node": ({"EPERM", "ENOSYS"}, "call(237, 0, 0, 0, 0, 0, 0)"),
    "order of the disk": ({"EPERM", "ENOSYS"}, "call(251, 0, 0, 0)"),
    "semaphores of old": ({"EPERM", "ENOSYS"}, "call(64, 0, 1, 0o1600)"),
    "messages of old": ({"EPERM", "ENOSYS"}, "call(68, 0, 0o1600)"),
    "attach shared memory": ({"EPERM", "ENOSYS"}, "call(30, 0, 0, 0)"),
    "a queue": ({"EPERM", "ENOSYS"}, "call(240, b'x', 66, 0o600, 0)"),
    "pages of others": ({"EPERM", "ENOSYS"}, "call(311, 1, 0, 0, 0, 0, 0)"),
    "handles of names": ({"EPERM", "ENOSYS"}, "call(303, 0, 0, 0, 0, 0)"),
    "input and output of old": ({"EPERM", "ENOSYS"}, "call(206, 1, 0)"),
    "secret memory": ({"EPERM", "ENOSYS"}, "call(447, 0)"),
    "a group at once": ({"EPERM", "ENOSYS"}, "call(109, 0, 0)"),
    "a FIFO": (EPERM, "os.mkfifo('f')"),
    "be traced": (EPERM, "call(101, 0, 0, 0, 0)"),
    "come first": (EPERM, "os.setpriority(os.PRIO_PROCESS, 0, -20)"),
    "in real time": (EPERM, "os.sched_setscheduler(0, os.SCHED_FIFO, os.sched_param(50))"),
    "a link to the accounts": ({"ENOENT", "EACCES"}, "(os.symlink('/etc/passwd', 'l'), open('l').read())"),
    "a hard link to NumPy": ({"EXDEV", *READ_ONLY}, "os.link(np.__file__, 'l')"),
    "up from the working folder": (READ_ONLY, "open('../' * 9 + 'x', 'w')"),
    "fill shared memory": ({"ENOENT", "EACCES"}, "os.mkdir('/dev/shm/x')"),
    "other submissions": ({"ENOENT", "EACCES"}, "os.listdir('/tmp/../home')"),
    "the control group": ({"ENOENT", "EACCES"}, "open('/sys/fs/cgroup/cgroup.procs', 'w')"),
    "the disk itself": ({"ENOENT", "EACCES"}, "open('/dev/sda')"),
    "memory of the machine": ({"ENOENT", "EACCES"}, "open('/dev/mem')"),
}
