"""Object ids, in the shapes OpenAI's clients have always seen."""

import os
import string
import threading

_ALPHABET = string.ascii_letters + string.digits
_LETTERS = bytes(ord(_ALPHABET[byte % len(_ALPHABET)]) for byte in range(256))
_LENGTH = 24
_FILE_LENGTH = 22
# Bytes that the system is asked for at once.
_FETCHED = 512

# The first word of every kind's id. An id that arrives is opaque, so that objects imported
# from elsewhere keep theirs; the prefix only helps to say what is wrong with an unknown one.
PREFIXES = {
    "assistant": "asst",
    "thread": "thread",
    "message": "msg",
    "run": "run",
    "step": "step",
    "file": "file",
    "vector_store": "vs",
    "file_batch": "vsfb",
}


def new_id(kind: str) -> str:
    """Return a fresh id of `kind`, a key of `PREFIXES`: most have `_` and 24 alphanumerics."""
    prefix = PREFIXES[kind]
    match kind:
        case "file":
            return f"{prefix}-{_random(_FILE_LENGTH)}"
        case "vector_store" | "file_batch":
            return f"{prefix}_{_bytes(16).hex()}"
    return f"{prefix}_{_random(_LENGTH)}"


def new_call_id() -> str:
    """Return an id for a tool call, for a model that gives none of its own."""
    return f"call_{_random(_LENGTH)}"


def new_session_id() -> str:
    """Return an id for a browser's session."""
    return f"session_{_random(_LENGTH)}"


def new_request_id() -> str:
    """Return an id for one HTTP request, told in `x-request-id`."""
    return f"req_{_bytes(16).hex()}"


def _random(length: int) -> str:
    # A table turns random bytes into letters at once; that some letters are likelier by 1 in 256
    # costs an id of 24 less than one of its 142 bits.
    return _bytes(length).translate(_LETTERS).decode()


class _Supply(threading.local):
    """Random bytes of the system's, fetched many at a time: a turn takes half a dozen ids."""

    left = b""


_supply = _Supply()


def _bytes(length: int) -> bytes:
    left = _supply.left
    if len(left) < length:
        left = os.urandom(_FETCHED)
    _supply.left = left[length:]
    return left[:length]


def _forget() -> None:
    _supply.left = b""


if hasattr(os, "register_at_fork"):
    # Two processes must not draw from one supply.
    os.register_at_fork(after_in_child=_forget)
