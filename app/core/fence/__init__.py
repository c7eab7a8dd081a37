"""A fence (sandbox) around a process, which calls `apply` to restrict itself by a policy.

For processes that parse untrusted files. It uses what Linux offers to unprivileged users, without
a package: Landlock (files), seccomp (system calls), resource limits, and no new privileges. It
needs Linux 5.13 on x86-64 or arm64; `missing` says what is lacking. The limits apply anyway.

Call `apply` after the imports that start threads or programs, and before the process reads
untrusted bytes: the fence can't be removed. The parent process must pass a separate environment,
and close every file that the process must not use: open files stay open.
"""

import ctypes
import sys
from contextlib import suppress
from dataclasses import dataclass, field
from importlib import import_module
from pathlib import Path
from typing import Any

from app.core.fence import landlock, libc, seccomp

_SET_DUMPABLE, _NO_NEW_PRIVS, _DROP_CAPABILITY = 4, 38, 24
_HIGHEST_CAPABILITY = 63
_CAPABILITY_VERSION = 0x20080522
_READ_ANY_FILE = 1 << 2  # CAP_DAC_READ_SEARCH


@dataclass(frozen=True)
class Limits:
    """Resource limits of a process, in bytes and CPU seconds. None leaves a limit unchanged."""

    memory_bytes: int | None = None
    cpu_seconds: int | None = None
    # For each file that it writes.
    file_bytes: int | None = 0
    open_files: int | None = 256
    # Processes and threads of this user in total, on the whole machine. Root has no such limit.
    tasks: int | None = None


@dataclass(frozen=True)
class Policy:
    """What stays allowed. A folder includes everything beneath it.

    Never allowed: to trace, signal or slow down another process, to change a file's owner or mode,
    to mount, to share memory by name, to watch files, to hide from the parent process, or to use
    the kernel's larger interfaces. Threads always are.
    """

    readable: tuple[Path, ...] = ()
    writable: tuple[Path, ...] = ()
    network: bool = False
    # To start processes and programs; only programs beneath `readable`.
    programs: bool = False
    limits: Limits = field(default_factory=Limits)


def missing() -> str:
    """Return what this system lacks for a fence, as the end of a sentence; empty if nothing."""
    if sys.platform != "linux":
        return "it needs Linux"
    if not libc.machine():
        return "it supports only 64-bit systems on x86-64 and arm64"
    if landlock.version() < 1:
        return "the kernel has no Landlock (it needs Linux 5.13, and `landlock` in its `lsm` list)"
    if not seccomp.is_there():
        return "the kernel has no seccomp filters"
    return ""


def apply(policy: Policy) -> str:
    """Restrict this process by the policy, permanently; return what is `missing`.

    If anything is missing, only the limits apply.

    Raises `OSError` if a part of the fence fails although the system supports it.
    """
    _limit(policy.limits)
    lacking = missing()
    if not lacking:
        _give_up_capabilities()
        landlock.restrict(
            policy.readable, policy.writable, network=policy.network, programs=policy.programs
        )
        seccomp.restrict(
            seccomp.Refusals(policy.network, policy.programs, changes=bool(policy.writable))
        )
    return lacking


def forbid_inspection() -> None:
    """Prevent other processes of this user from reading our memory and environment (Linux).

    It also disables core dumps, and debuggers need root.
    """
    if sys.platform == "linux":
        libc.prctl(_SET_DUMPABLE, 0)


def _limit(limits: Limits) -> None:
    try:
        resource: Any = import_module("resource")
    except ImportError:  # Windows has no such limits
        return
    for kind, limit in (
        (resource.RLIMIT_AS, limits.memory_bytes),
        (resource.RLIMIT_CPU, limits.cpu_seconds),
        (resource.RLIMIT_FSIZE, limits.file_bytes),
        (resource.RLIMIT_NOFILE, limits.open_files),
        (resource.RLIMIT_NPROC, limits.tasks),
        (resource.RLIMIT_CORE, 0),
    ):
        if limit is not None:
            with suppress(ValueError, OSError):  # some systems support fewer limits
                resource.setrlimit(kind, (limit, limit))


def _give_up_capabilities() -> None:
    """Drop all of root's capabilities but one: to read what Landlock allows, whatever its owner.

    A server that root runs may be installed in a user's folder.
    """
    libc.prctl(_NO_NEW_PRIVS, 1)
    for capability in range(_HIGHEST_CAPABILITY + 1):
        with suppress(OSError):  # the kernel has fewer, or this user may drop none
            libc.prctl(_DROP_CAPABILITY, capability)
    try:
        _set_capabilities(_READ_ANY_FILE)
    except PermissionError:  # not root: the process has no capability to keep
        _set_capabilities(0)


def _set_capabilities(kept: int) -> None:
    header = (ctypes.c_uint32 * 2)(_CAPABILITY_VERSION, 0)
    # Effective, permitted and inheritable: the first 32 capabilities, then the others.
    sets = (ctypes.c_uint32 * 6)(kept, kept, 0, 0, 0, 0)
    libc.call(libc.CAPSET[libc.machine()], ctypes.byref(header), ctypes.byref(sets))
