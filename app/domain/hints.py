"""What of a key or secret may be shown."""

_SHOWN = 4
# Of a shorter one, the shown characters would reveal too much.
_LONG = 20


def hint_of(value: str) -> str:
    """Return the end of a value that this server made, by which people recognise it."""
    return value[-_SHOWN:]


def masked(credential: str) -> str:
    """Return a wrong key as errors show it: it may be a valid key of another service."""
    if len(credential) < _LONG:
        return "*" * min(len(credential), 8)
    return f"{credential[:_SHOWN]}{'*' * 8}{credential[-_SHOWN:]}"
