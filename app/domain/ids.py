"""Object ids in OpenAI's formats."""

import os
import string
import threading
import time
from functools import lru_cache

_ALPHABET = string.ascii_letters + string.digits
_LETTERS = bytes(ord(_ALPHABET[byte % len(_ALPHABET)]) for byte in range(256))
_LENGTH = 24
_FILE_LENGTH = 22
# Digits of a time: their order is the same in every collation of PostgreSQL.
_DIGITS = string.digits + string.ascii_lowercase
# Enough for milliseconds since 1970 until 2059; then they begin anew, which harms nothing.
_TIME_LENGTH = 8
# Random bytes fetched from the system at once.
_FETCHED = 512

# The prefix of each kind's ids. Ids from clients are opaque, so that imported objects keep theirs;
# the prefix only helps to explain why an unknown id is wrong.
PREFIXES = {
    "assistant": "asst",
    "assistant_version": "asstv",
    "thread": "thread",
    "message": "msg",
    "run": "run",
    "step": "step",
    "file": "file",
    "vector_store": "vs",
    "file_batch": "vsfb",
    "action": "action",
    "key": "key",
    "origin": "origin",
    "answer": "answer",
    "notification": "ntf",
    "notification_target": "ntft",
    "user_token_secret": "uts",
}


def new_id(kind: str) -> str:
    """Return a new id of `kind`, a key of `PREFIXES`: usually the prefix, `_`, 24 alphanumerics.

    The alphanumerics begin with the time, so that what is created together is found in the same
    pages of an index: random ones would each change a page of their own. The rest is random, 95
    bits: nobody can guess an id.
    """
    prefix = PREFIXES[kind]
    match kind:
        case "file":
            return f"{prefix}-{_random(_FILE_LENGTH)}"
        case "vector_store" | "file_batch":
            return f"{prefix}_{_bytes(16).hex()}"
    return f"{prefix}_{_time()}{_random(_LENGTH - _TIME_LENGTH)}"


def new_call_id() -> str:
    """Return an id for a tool call whose model provided none."""
    return f"call_{_random(_LENGTH)}"


def new_session_id() -> str:
    """Return an id for a browser's session."""
    return f"session_{_random(_LENGTH)}"


def new_request_id() -> str:
    """Return an id for one HTTP request, sent in `x-request-id`."""
    return f"req_{_bytes(16).hex()}"


def _time() -> str:
    return _time_digits(time.time_ns() // 1_000_000)


@lru_cache(maxsize=1)
def _time_digits(milliseconds: int) -> str:
    digits = []
    for _ in range(_TIME_LENGTH):
        milliseconds, digit = divmod(milliseconds, len(_DIGITS))
        digits.append(_DIGITS[digit])
    return "".join(reversed(digits))


def _random(length: int) -> str:
    # Translating bytes with a table is fast. Its bias (some letters are likelier by 1/256) costs an
    # id of 24 characters less than one of its 142 bits.
    return _bytes(length).translate(_LETTERS).decode()


class _Supply(threading.local):
    """Random bytes from the system, fetched in batches: each turn needs about six ids."""

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
    # A forked process must not reuse its parent's random bytes.
    os.register_at_fork(after_in_child=_forget)
