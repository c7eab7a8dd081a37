"""A fence around a process: what it may still do once it has `apply`-ed a policy to itself.

For processes that read what strangers send. Made of what Linux offers to every user, without a
package: Landlock (files), seccomp (system calls), limits, and no way to gain rights. It needs
Linux 5.13 on x86-64 or arm64; `missing` says what isn't there, and the limits hold anyway.

Apply it after the imports that start threads or programs, and before the stranger's bytes are
looked at: it can't be taken off. Whoever starts the process gives it an environment of its own,
and closes every file it isn't to use: what is open stays open.
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
    """What a process may use; None: as before. Bytes and seconds (of CPU)."""

    memory_bytes: int | None = None
    cpu_seconds: int | None = None
    # Of each file that it writes.
    file_bytes: int | None = 0
    open_files: int | None = 256


@dataclass(frozen=True)
class Policy:
    """What stays allowed. Files are named with all that is beneath them.

    Never allowed: to trace, signal or slow down another process, to change a file's owner or mode,
    to mount, to share memory by name, or to use the kernel's larger interfaces. Threads always are.
    """

    readable: tuple[Path, ...] = ()
    writable: tuple[Path, ...] = ()
    network: bool = False
    # To start programs and processes; programs beneath `readable` only.
    programs: bool = False
    limits: Limits = field(default_factory=Limits)


def missing() -> str:
    """Return what this system lacks for a fence, as the end of a sentence; nothing: it is whole."""
    if sys.platform != "linux":
        return "only Linux has what it is made of"
    if not libc.machine():
        return "it is made for 64 bits of x86-64 and arm64 only"
    if landlock.version() < 1:
        return "the kernel has no Landlock (Linux 5.13, and `landlock` among its `lsm`)"
    if not seccomp.is_there():
        return "the kernel has no seccomp filters"
    return ""


def apply(policy: Policy) -> str:
    """Bind this process to the policy, for ever; return what is `missing`.

    If anything is missing, only the limits hold.

    Raises `OSError` if a part of it can't be put up that should be there.
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
    """Let no other process of this user read this one's memory and environment (Linux).

    It leaves no core dumps either, and debuggers need root.
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
        (resource.RLIMIT_CORE, 0),
    ):
        if limit is not None:
            with suppress(ValueError, OSError):  # some systems know fewer limits
                resource.setrlimit(kind, (limit, limit))


def _give_up_capabilities() -> None:
    """Keep none of root's rights but to read what Landlock leaves, whoever owns it.

    A server that root runs may be installed in a user's folder.
    """
    libc.prctl(_NO_NEW_PRIVS, 1)
    for capability in range(_HIGHEST_CAPABILITY + 1):
        with suppress(OSError):  # there are fewer, or this user may give up none
            libc.prctl(_DROP_CAPABILITY, capability)
    try:
        _set_capabilities(_READ_ANY_FILE)
    except PermissionError:  # not root: there is none to keep
        _set_capabilities(0)


def _set_capabilities(kept: int) -> None:
    header = (ctypes.c_uint32 * 2)(_CAPABILITY_VERSION, 0)
    # Effective, permitted and inheritable ones, of the first 32 and of the others.
    sets = (ctypes.c_uint32 * 6)(kept, kept, 0, 0, 0, 0)
    libc.call(libc.CAPSET[libc.machine()], ctypes.byref(header), ctypes.byref(sets))
