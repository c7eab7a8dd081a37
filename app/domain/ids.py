"""Object ids, in the shapes OpenAI's clients have always seen."""

import secrets
import string

_ALPHABET = string.ascii_letters + string.digits
_LENGTH = 24

# The first word of every kind's id. An id that arrives is opaque, so that objects imported
# from elsewhere keep theirs; the prefix only helps to say what is wrong with an unknown one.
PREFIXES = {
    "assistant": "asst",
    "thread": "thread",
    "message": "msg",
    "run": "run",
    "step": "step",
}


def new_id(kind: str) -> str:
    """Return a fresh id of `kind` (a key of `PREFIXES`): its prefix, `_`, 24 alphanumerics."""
    return f"{PREFIXES[kind]}_{_random(_LENGTH)}"


def new_call_id() -> str:
    """Return an id for a tool call, for a model that gives none of its own."""
    return f"call_{_random(_LENGTH)}"


def new_request_id() -> str:
    """Return an id for one HTTP request, told in `x-request-id`."""
    return f"req_{secrets.token_hex(16)}"


def _random(length: int) -> str:
    # One draw for the whole id: about 143 bits, far cheaper than one draw a character.
    number = secrets.randbits(length * 6)
    characters = []
    for _ in range(length):
        number, index = divmod(number, len(_ALPHABET))
        characters.append(_ALPHABET[index])
    return "".join(characters)
