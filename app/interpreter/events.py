"""What sessions are limited to, what they report, and their errors.

InterpreterError            a session can't be started or used; the message is for the model
├── InterpreterBusy         all sessions are in use
├── NoRoom                  a file does not fit into the session's folder
└── Unreadable              a file that code made can't be read
"""

from dataclasses import dataclass
from typing import Literal


class InterpreterError(Exception):
    """A session can't be started or used; the message is a sentence for the model."""


class InterpreterBusy(InterpreterError):
    """All sessions are in use."""


class NoRoom(InterpreterError):
    """A file does not fit into the session's folder."""


class Unreadable(InterpreterError):
    """A file that code made is gone, is not a regular file, or is too large."""


@dataclass(frozen=True)
class Limits:
    """What one session may use; seconds and output are per call."""

    seconds: float = 120
    cpu_seconds: float = 60
    # In addition to what the libraries take.
    memory_bytes: int = 1 << 30
    # All files in the session's folder, with those that are deleted but still open.
    disk_bytes: int = 512 << 20
    output_characters: int = 20_000
    threads: int = 32


@dataclass(frozen=True)
class Printed:
    """A piece of standard output or error, of a traceback, or of the last expression's value."""

    text: str


@dataclass(frozen=True)
class Shown:
    """A figure or image that code showed; `Session.read` returns its bytes."""

    path: str
    media_type: str = "image/png"


# "ok" and "error": the code came to its end, by an exception or not. "timeout": it took too long.
# "limit": it used too much of something else. "died": its process ended.
How = Literal["ok", "error", "timeout", "limit", "died"]


@dataclass(frozen=True)
class Ended:
    """How the code ended. `note`: a sentence for the model; empty for "ok" and "error"."""

    how: How
    note: str = ""


Event = Printed | Shown | Ended


@dataclass(frozen=True)
class MadeFile:
    """A file that code made or changed. `name`: its path beneath `/mnt/data`; `size` in bytes."""

    name: str
    size: int
