"""Bodies with a `Content-Encoding`: unpacked, and never into more than a body may hold."""

import zlib

from starlette.requests import Request

from app.domain.errors import InvalidRequest

TOO_LARGE = InvalidRequest(
    "The request body is larger than this server takes.", code="request_too_large", status=413
)

_TAKEN = "gzip, deflate"
# zlib's own numbers: a header of gzip or zlib, whichever is there, and none at all.
_ANY_HEADER, _NO_HEADER = 47, -15
# Browsers and servers disagree on what `deflate` is: with zlib's header, or without one.
_WAYS = {
    "gzip": (_ANY_HEADER,),
    "x-gzip": (_ANY_HEADER,),
    "deflate": (_ANY_HEADER, _NO_HEADER),
}


def encoding_of(request: Request) -> str:
    """Return the body's encoding in small letters, empty if it is sent as it is."""
    named = request.headers.get("content-encoding", "").strip().lower()
    return "" if named == "identity" else named


def unpacked(body: bytes, encoding: str, max_bytes: int) -> bytes:
    """Return a body without its encoding.

    Raises `InvalidRequest` for an encoding that isn't read here, for a body that is not in it, and
    for one of more than `max_bytes`: no more than that is ever unpacked.
    """
    if encoding not in _WAYS:
        raise unread(encoding, _TAKEN)
    for window in _WAYS[encoding]:
        try:
            return _inflated(body, window, max_bytes)
        except zlib.error:
            continue
    raise InvalidRequest(
        f"The request body is not valid {encoding}, which its header 'Content-Encoding' says "
        "it is.",
        code="invalid_content_encoding",
    )


def unread(encoding: str, taken: str = "") -> InvalidRequest:
    """Return the error for an encoding that isn't read; `taken` are those that are."""
    instead = f"with one of {taken}, or with none" if taken else "without it"
    return InvalidRequest(
        f"A body with 'Content-Encoding: {encoding[:64]}' is not read here: send it {instead}.",
        code="unsupported_content_encoding",
        status=415,
        headers={"accept-encoding": taken or "identity"},
    )


def _inflated(body: bytes, window: int, max_bytes: int) -> bytes:
    """Raises `zlib.error`; gzip may have several members, one after the other."""
    parts: list[bytes] = []
    left = max_bytes
    while body:
        member = zlib.decompressobj(window)
        # One byte more would be too many: it is asked for, to see that it is there.
        part = member.decompress(body, left + 1)
        left -= len(part)
        if left < 0:
            raise TOO_LARGE
        if not member.eof:
            raise zlib.error("cut off")
        parts.append(part)
        body = member.unused_data
    return b"".join(parts)
