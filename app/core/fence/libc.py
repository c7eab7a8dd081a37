"""The few C library calls that the fence uses."""

import ctypes
import errno
import os
import platform
import sys
from typing import Any

# By machine: its identifier for seccomp, and its index in the tables of `syscalls`.
MACHINES = {"x86_64": (0xC000003E, 0), "aarch64": (0xC00000B7, 1)}
# The C library has no functions for `seccomp` and `capset`.
SECCOMP = {"x86_64": 317, "aarch64": 277}
CAPSET = {"x86_64": 126, "aarch64": 91}


def machine() -> str:
    """Return the type of machine if its system calls are known, else an empty string."""
    name = platform.machine()
    known = sys.platform == "linux" and name in MACHINES and sys.maxsize > 2**32
    return name if known else ""


def _library() -> Any:
    return ctypes.CDLL(None, use_errno=True)


def call(number: int, *arguments: Any) -> int:
    """Make a system call. Raises `OSError`."""
    return _checked(_library().syscall(ctypes.c_long(number), *map(_argument, arguments)))


def prctl(option: int, *arguments: int) -> int:
    """Raises `OSError`."""
    given = [*arguments, 0, 0, 0, 0][:4]
    return _checked(_library().prctl(option, *map(ctypes.c_ulong, given)))


def answers(number: int, *arguments: Any) -> int:
    """Return the result of a call that only queries; -1 if the system does not support it."""
    try:
        return call(number, *arguments)
    except OSError as error:
        if error.errno in (errno.ENOSYS, errno.EOPNOTSUPP, errno.EINVAL, errno.EPERM):
            return -1
        raise


def _argument(value: Any) -> Any:
    return ctypes.c_ulong(value) if isinstance(value, int) else value


def _checked(result: int) -> int:
    if result < 0:
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number))
    return result
