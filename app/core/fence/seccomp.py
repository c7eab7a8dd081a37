"""seccomp: a filter that the kernel runs before each system call; refused calls return EPERM.

The list contains what is refused, not what is allowed: the C libraries that read files use too
many calls, and different ones in each version. Calls newer than the list return ENOSYS, as do
those of x32. Those of any other architecture (32 bits) return EPERM.
"""

import ctypes
import errno
import os
from collections.abc import Iterator
from dataclasses import dataclass

from app.core.fence import syscalls
from app.core.fence.libc import MACHINES, SECCOMP, answers, call, machine, prctl

_SET_FILTER, _ACTION_AVAILABLE = 1, 2
_ALL_THREADS = 1
_NO_NEW_PRIVS = 38
_ALLOW, _ERRNO = 0x7FFF0000, 0x00050000
_REFUSE = _ERRNO | errno.EPERM
_UNKNOWN = _ERRNO | errno.ENOSYS

# Offsets of the call's number, the architecture, and the (lower halves of the) arguments.
_NUMBER, _ARCHITECTURE, _ARGUMENTS = 0, 4, 16
_LOAD, _EQUALS, _GREATER, _ANY_BIT, _RETURN = 0x20, 0x15, 0x25, 0x45, 0x06

# What every thread has: the process's memory and open files. A thread with files of its own could
# hide them.
_CLONE_FILES, _CLONE_THREAD = 0x00000400, 0x00010000
# Requests of `ioctl` that insert a character into a terminal's input.
_TYPING = (0x5412, 0x541C)
# Commands of `fcntl` that set whom the kernel signals when a file is ready, and with which signal:
# they could signal any process.
_SIGNALLING = (8, 10, 15)
# Options of `prctl` by which a process would outlive its parent or hide its open files from it.
_HIDING = (1, 4)
# What gives a thread files of its own (`CLOSE_RANGE_UNSHARE`).
_UNSHARE_FILES = 1 << 1
# Threads that send it to their own process could prevent the parent from stopping it.
_CONTINUE = 18

_Instruction = tuple[int, int, int, int]


@dataclass(frozen=True)
class Refusals:
    """Which of the refusable calls are allowed."""

    network: bool = False
    programs: bool = False
    changes: bool = False


class _Filter(ctypes.Structure):
    _fields_ = (
        ("code", ctypes.c_uint16),
        ("yes", ctypes.c_uint8),
        ("no", ctypes.c_uint8),
        ("value", ctypes.c_uint32),
    )


class _Program(ctypes.Structure):
    _fields_ = (("length", ctypes.c_uint16), ("filters", ctypes.POINTER(_Filter)))


def is_there() -> bool:
    """Return whether the kernel supports filters."""
    action = ctypes.c_uint32(_ERRNO)
    return answers(SECCOMP[machine()], _ACTION_AVAILABLE, 0, ctypes.byref(action)) == 0


def restrict(allowed: Refusals) -> None:
    """Filter the calls of all threads of this process, permanently. Raises `OSError`."""
    made = [_Filter(*instruction) for instruction in _instructions(allowed)]
    filters = (_Filter * len(made))(*made)
    program = _Program(len(made), filters)
    prctl(_NO_NEW_PRIVS, 1)
    call(SECCOMP[machine()], _SET_FILTER, _ALL_THREADS, ctypes.byref(program))


def _instructions(allowed: Refusals) -> Iterator[_Instruction]:
    architecture, _ = MACHINES[machine()]
    yield (_LOAD, 0, 0, _ARCHITECTURE)
    yield (_EQUALS, 1, 0, architecture)
    yield (_RETURN, 0, 0, _REFUSE)
    yield (_LOAD, 0, 0, _NUMBER)
    # x32's calls have the same numbers with a high bit set.
    yield from _refuse_if(_GREATER, syscalls.NEWEST, _UNKNOWN)
    for table in _tables(allowed):
        for name in table:
            yield from _refuse_call(table, name)
    yield from _looked_into(allowed)
    yield (_RETURN, 0, 0, _ALLOW)


def _tables(allowed: Refusals) -> Iterator[syscalls.Table]:
    yield from (
        *(syscalls.OTHERS, syscalls.SHARED, syscalls.KERNEL, syscalls.PLACES),
        *(syscalls.IDENTITY, syscalls.ATTRIBUTES),
    )
    if not allowed.network:
        yield syscalls.NETWORK
    if not allowed.programs:
        yield syscalls.NEW_PROGRAMS
        yield syscalls.NEW_PROCESSES
    if not allowed.changes:
        yield syscalls.CHANGES


def _looked_into(allowed: Refusals) -> Iterator[_Instruction]:
    own = os.getpid()
    if not allowed.programs:
        of_threads = [
            part
            for flag in (_CLONE_THREAD, _CLONE_FILES)
            for part in ((_ANY_BIT, 1, 0, flag), _refusal())
        ]
        yield from _for_call("clone", [*_argument(0), *of_threads])
        # A filter can't read its arguments, which are in memory. The C library falls back to clone.
        yield from _refuse_call(syscalls.LOOKED_INTO, "clone3", _UNKNOWN)
    for name, signal_at in (("kill", 1), ("tgkill", 2)):  # `abort` signals its own process
        to_itself = [*_argument(0), (_EQUALS, 1, 0, own), _refusal()]
        yield from _for_call(name, [*to_itself, *_argument(signal_at), *_if_any((_CONTINUE,))])
    # A process may read its own limits, and set none.
    yield from _for_call(
        "prlimit64",
        [
            *(*_argument(0), *_unless_zero(), *_argument(2), *_unless_zero()),
            *((_LOAD, 0, 0, _ARGUMENTS + 2 * 8 + 4), *_unless_zero()),
        ],
    )
    yield from _for_call("ioctl", [*_argument(1), *_if_any(_TYPING)])
    yield from _for_call("fcntl", [*_argument(1), *_if_any(_SIGNALLING)])
    yield from _for_call("prctl", [*_argument(0), *_if_any(_HIDING)])
    yield from _for_call(
        "close_range", [*_argument(2), (_ANY_BIT, 0, 1, _UNSHARE_FILES), _refusal()]
    )


def _for_call(name: str, body: list[_Instruction]) -> Iterator[_Instruction]:
    """Run `body` for this call, then allow it."""
    number = _number(syscalls.LOOKED_INTO, name)
    if number is not None:
        yield (_EQUALS, 0, len(body) + 1, number)
        yield from body
        yield (_RETURN, 0, 0, _ALLOW)


def _argument(place: int) -> list[_Instruction]:
    return [(_LOAD, 0, 0, _ARGUMENTS + place * 8)]


def _refusal() -> _Instruction:
    return (_RETURN, 0, 0, _REFUSE)


def _unless_zero() -> list[_Instruction]:
    return [(_EQUALS, 1, 0, 0), _refusal()]


def _if_any(values: tuple[int, ...]) -> list[_Instruction]:
    return [one for value in values for one in _refuse_if(_EQUALS, value, _REFUSE)]


def _refuse_if(test: int, value: int, answer: int) -> Iterator[_Instruction]:
    yield (test, 0, 1, value)
    yield (_RETURN, 0, 0, answer)


def _refuse_call(table: syscalls.Table, name: str, answer: int = _REFUSE) -> Iterator[_Instruction]:
    number = _number(table, name)
    if number is not None:
        yield from _refuse_if(_EQUALS, number, answer)


def _number(table: syscalls.Table, name: str) -> int | None:
    _, place = MACHINES[machine()]
    return table[name][place]
