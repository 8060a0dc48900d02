"""What a process can be kept from doing: the isolation levels, and how a process takes them on itself.

L1  own session, clean environment, limits on memory, processor time, files and processes (any system)
L2  and no writing anywhere, no reading but of Python, NumPy and the kit, no TCP (Landlock); no socket, no
    process, no signal, no change of modes, owners or times, no opening for writing, no truncating (seccomp).
    Linux 5.13, no root needed
L3  and namespaces of its own: no network, no sight of other processes, all dies with it.  Linux, where
    user namespaces are allowed

A process that has confined itself cannot undo it, and neither can its children.
"""

from __future__ import annotations

import contextlib
import ctypes
import os
import platform
import signal
import struct
import subprocess
import sys
import sysconfig
from functools import cache
from pathlib import Path
from typing import NoReturn

LEVELS = {
    1: "subprocess: clean environment, limits, killed with its whole group",
    2: "and Landlock with seccomp: reads Python, NumPy and the kit; no writing, network, process, signal",
    3: "and its own user, process, network and IPC namespaces",
}
CANNOT_STOP = {
    1: "reading and writing your files, using the network, starting and signalling processes of your own",
    2: "seeing that files exist (not what is in them), and whatever a fault in the kernel allows",
    3: "seeing that files exist (not what is in them), and whatever a fault in the kernel allows",
}


NEWEST = 99  # whatever version of Landlock the kernel has


class IsolationError(RuntimeError):
    """This machine does not offer the level that was asked for."""


@cache
def best_level() -> int:
    """The highest level that works here, found by trying each in a process of its own."""
    return max((level for level in LEVELS if not why_not(level)), default=1)


@cache
def why_not(level: int) -> str:
    """Why a level does not work on this machine; empty where it does."""
    code = (
        f"import sys; sys.path.insert(0, {str(Path(__file__).parent)!r}); import isolate; "
        f"isolate.enter_namespaces({level}); isolate.confine({level}, [])"
    )
    command = [sys.executable, "-I", "-S", "-B", "-c", code]
    tried = subprocess.run(command, capture_output=True, text=True, start_new_session=True)
    if not tried.returncode:
        return ""
    last = (tried.stderr.strip().splitlines() or [f"a process that tried it ended with {tried.returncode}"])[
        -1
    ]
    return last.removeprefix("isolate.IsolationError: ")


def runs_as_root() -> bool:
    return hasattr(os, "geteuid") and os.geteuid() == 0


# Called by the process that is to be confined ---------------------------------------------------------


def limit_resources(memory_mb: int, seconds: int) -> None:
    """Memory, processor time, no core file, nothing written to a file, no process (root may still fork)."""
    try:
        import resource
    except ImportError:  # Windows: the judge's wall clock is the only limit
        return
    wanted = {"AS": memory_mb << 20, "CPU": seconds, "CORE": 0, "FSIZE": 0, "NOFILE": 64, "NPROC": 0}
    for name, limit in wanted.items():
        with contextlib.suppress(ValueError, OSError):  # macOS refuses some
            resource.setrlimit(getattr(resource, f"RLIMIT_{name}"), (limit, limit))


def die_with_parent() -> None:
    """If the judge is killed, the judged is killed too (Linux)."""
    if sys.platform == "linux":
        _libc().prctl(SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)


def enter_namespaces(level: int) -> None:
    """From L3 on: new namespaces.  Returns in their first process; the one outside waits and ends as it does.

    To be called before any thread exists.
    """
    if level < 3:
        return
    _need_linux()
    uid, gid = os.getuid(), os.getgid()
    flags = 0x10000000 | 0x20000000 | 0x40000000 | 0x08000000 | 0x04000000  # user, pid, network, IPC, UTS
    _must(_libc().unshare(flags), "user namespaces are not allowed")
    for name, text in (("setgroups", "deny"), ("uid_map", f"{uid} {uid} 1"), ("gid_map", f"{gid} {gid} 1")):
        Path(f"/proc/self/{name}").write_text(text)
    if inside := os.fork():
        _end_as(inside)
    die_with_parent()


def confine(level: int, readable: list[str], landlock: int = NEWEST) -> None:
    """From L2 on: no file but those beneath `readable`, and none of the forbidden system calls.

    landlock: the newest version of it to use, so that one kernel can show what an older one would do.
    """
    if level < 2:
        return
    _need_linux()
    _must(_libc().prctl(38, 1, 0, 0, 0), "no_new_privs is refused")
    _landlock(readable, landlock)
    _drop_capabilities()
    _seccomp()


def python_paths() -> list[str]:
    """What Python reads while it runs: its standard library without site-packages."""
    library = Path(sysconfig.get_path("stdlib"))
    return [str(path) for path in library.iterdir() if path.name not in ("site-packages", "dist-packages")]


# How Linux does it ------------------------------------------------------------------------------------

EXECUTE, READ_FILE, READ_DIR = 1 << 0, 1 << 2, 1 << 3
FILE_RIGHTS = {1: 13, 2: 14, 3: 15, 5: 16}  # how many rights each version of Landlock knows


def landlock_version() -> int:
    """Of this kernel; negative where it has none."""
    return (
        _libc().syscall(444, None, ctypes.c_size_t(0), ctypes.c_uint32(1)) if sys.platform == "linux" else -1
    )


def _landlock(readable: list[str], newest: int) -> None:
    libc = _libc()
    version = min(landlock_version(), newest)
    _must(version, "Landlock is not in this kernel or not switched on")
    rights = (1 << max(count for since, count in FILE_RIGHTS.items() if since <= version)) - 1
    network, scopes = (0b11 if version >= 4 else 0), (0b11 if version >= 6 else 0)
    attributes = struct.pack("<QQQ", rights, network, scopes)[
        : 8 if version < 4 else 16 if version < 6 else 24
    ]
    ruleset = libc.syscall(444, attributes, ctypes.c_size_t(len(attributes)), ctypes.c_uint32(0))
    _must(ruleset, "Landlock makes no rule set")
    library = sysconfig.get_path("stdlib")
    for path, allowed in [(library, READ_DIR), *((path, READ_FILE | READ_DIR) for path in readable)]:
        descriptor = os.open(path, os.O_PATH | os.O_CLOEXEC)
        rule = struct.pack("<Qi", allowed if os.path.isdir(path) else READ_FILE, descriptor)
        _must(libc.syscall(445, ruleset, 1, rule, ctypes.c_uint32(0)), f"Landlock refuses a rule for {path}")
        os.close(descriptor)
    _must(libc.syscall(446, ruleset, ctypes.c_uint32(0)), "Landlock does not restrict this process")
    os.close(ruleset)


# Number on x86_64, on aarch64 (where it exists).
FORBIDDEN = {
    "socket": (41, 198),
    "socketpair": (53, 199),
    "fork": (57, None),
    "vfork": (58, None),
    "execve": (59, 221),
    "execveat": (322, 281),
    "kill": (62, 129),
    "tkill": (200, 130),
    "tgkill": (234, 131),
    "rt_sigqueueinfo": (129, 138),
    "rt_tgsigqueueinfo": (297, 240),
    "pidfd_open": (434, 434),
    "pidfd_send_signal": (424, 424),
    "pidfd_getfd": (438, 438),
    "setsid": (112, 157),
    "setpgid": (109, 154),
    "ptrace": (101, 117),
    "process_vm_readv": (310, 270),
    "process_vm_writev": (311, 271),
    "process_madvise": (440, 440),
    "setpriority": (141, 140),
    "sched_setparam": (142, 118),
    "sched_setscheduler": (144, 119),
    "sched_setaffinity": (203, 122),
    "sched_setattr": (314, 274),
    "ioprio_set": (251, 30),
    "move_pages": (279, 239),
    "migrate_pages": (256, 238),
    "chmod": (90, None),
    "fchmod": (91, 52),
    "fchmodat": (268, 53),
    "fchmodat2": (452, 452),
    "chown": (92, None),
    "lchown": (94, None),
    "fchown": (93, 55),
    "fchownat": (260, 54),
    "utime": (132, None),
    "utimes": (235, None),
    "futimesat": (261, None),
    "utimensat": (280, 88),
    "setxattr": (188, 5),
    "lsetxattr": (189, 6),
    "fsetxattr": (190, 7),
    "removexattr": (197, 14),
    "lremovexattr": (198, 15),
    "fremovexattr": (199, 16),
    "shmget": (29, 194),
    "semget": (64, 190),
    "msgget": (68, 186),
    "mq_open": (240, 180),
    "add_key": (248, 217),
    "request_key": (249, 218),
    "keyctl": (250, 219),
    "unshare": (272, 97),
    "setns": (308, 268),
    "mount": (165, 40),
    "bpf": (321, 280),
    "perf_event_open": (298, 241),
    "userfaultfd": (323, 282),
    "io_uring_setup": (425, 425),
    "memfd_create": (319, 279),
    "creat": (85, None),
    "openat2": (437, 437),  # its flags cannot be read from here
    "open_by_handle_at": (304, 265),
    "truncate": (76, 45),
}
CLONE, CLONE3, PRLIMIT, PRCTL, FCNTL = (56, 220), (435, 435), (302, 261), (157, 167), (72, 25)
OPENS = {2: (24, 0), 257: (32, 0), 56: (32, 1)}  # open, openat, openat: where the flags are, in which column
WRITING = 0o1 | 0o2 | 0o100 | 0o1000  # write only, read and write, create, truncate
SET_PDEATHSIG = 1
SETOWN, SETSIG, SETOWN_EX = 8, 10, 15  # who gets which signal when a pipe has something to read
MACHINES = {"x86_64": (0, 0xC000003E), "aarch64": (1, 0xC00000B7)}  # column, AUDIT_ARCH
LOAD, JUMP_EQUAL, JUMP_OVER, JUMP_SET, RETURN = 0x20, 0x15, 0x35, 0x45, 0x06
ALLOW, ERRNO, KILL = 0x7FFF0000, 0x00050000, 0x80000000
EPERM, ENOSYS, CLONE_THREAD = 1, 38, 0x10000


def _drop_capabilities() -> None:
    """Root without its powers: it cannot raise its limits again."""
    header = struct.pack("<Ii", 0x20080522, 0)  # version 3, this process
    _must(_libc().capset(header, bytes(24)), "capabilities cannot be dropped")


def _seccomp() -> None:
    if platform.machine() not in MACHINES:
        raise IsolationError(f"the table of system calls lacks {platform.machine()}")
    column, architecture = MACHINES[platform.machine()]
    program = [
        (LOAD, 0, 0, 4),  # seccomp_data.arch
        (JUMP_EQUAL, 1, 0, architecture),
        (RETURN, 0, 0, KILL),
        (LOAD, 0, 0, 0),  # seccomp_data.nr
        (JUMP_OVER, 0, 1, 0x40000000),  # the x32 calls
        (RETURN, 0, 0, ERRNO | EPERM),
        (
            JUMP_EQUAL,
            0,
            1,
            CLONE3[column],
        ),  # its flags cannot be read from here: the C library then uses clone
        (RETURN, 0, 0, ERRNO | ENOSYS),
        (JUMP_EQUAL, 0, 4, CLONE[column]),  # a thread is allowed, a process not
        (LOAD, 0, 0, 16),
        (JUMP_SET, 1, 0, CLONE_THREAD),
        (RETURN, 0, 0, ERRNO | EPERM),
        (RETURN, 0, 0, ALLOW),
        (JUMP_EQUAL, 0, 4, PRLIMIT[column]),  # one's own limits, nobody else's
        (LOAD, 0, 0, 16),
        (JUMP_EQUAL, 1, 0, 0),
        (RETURN, 0, 0, ERRNO | EPERM),
        (RETURN, 0, 0, ALLOW),
        (JUMP_EQUAL, 0, 4, PRCTL[column]),  # it dies with the judge, and cannot ask not to
        (LOAD, 0, 0, 16),
        (JUMP_EQUAL, 0, 1, SET_PDEATHSIG),
        (RETURN, 0, 0, ERRNO | EPERM),
        (RETURN, 0, 0, ALLOW),
        (JUMP_EQUAL, 0, 6, FCNTL[column]),  # a way to send signals to the judge
        (LOAD, 0, 0, 24),
        (JUMP_EQUAL, 2, 0, SETOWN),
        (JUMP_EQUAL, 1, 0, SETSIG),
        (JUMP_EQUAL, 0, 1, SETOWN_EX),
        (RETURN, 0, 0, ERRNO | EPERM),
        (RETURN, 0, 0, ALLOW),
    ]
    for number, (flags, of) in OPENS.items():
        if of == column:  # Landlock forbids it too, but before version 3 knows nothing of truncating
            program += [(JUMP_EQUAL, 0, 4, number), (LOAD, 0, 0, flags), (JUMP_SET, 0, 1, WRITING)]
            program += [(RETURN, 0, 0, ERRNO | EPERM), (RETURN, 0, 0, ALLOW)]
    for numbers in FORBIDDEN.values():
        if (forbidden := numbers[column]) is not None:
            program += [(JUMP_EQUAL, 0, 1, forbidden), (RETURN, 0, 0, ERRNO | EPERM)]
    program.append((RETURN, 0, 0, ALLOW))
    code = ctypes.create_string_buffer(b"".join(struct.pack("<HBBI", *line) for line in program))
    head = struct.pack("@HP", len(program), ctypes.addressof(code))
    _must(_libc().prctl(22, 2, head, 0, 0), "seccomp filters are refused")


def _need_linux() -> None:
    if sys.platform != "linux":
        raise IsolationError(f"it needs Linux, and this is {platform.system()}")


def _end_as(child: int) -> NoReturn:
    _, status = os.waitpid(child, 0)
    code = os.waitstatus_to_exitcode(status)
    if code < 0:
        with contextlib.suppress(OSError, ValueError):
            signal.signal(-code, signal.SIG_DFL)
        os.kill(os.getpid(), -code)
    os._exit(code)


@cache
def _libc() -> ctypes.CDLL:
    return ctypes.CDLL(None, use_errno=True)


def _must(result: int, complaint: str) -> None:
    if result < 0:
        raise IsolationError(f"{complaint} ({os.strerror(ctypes.get_errno())})")
