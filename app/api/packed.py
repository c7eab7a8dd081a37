"""Decompresses bodies with a `Content-Encoding`, up to the largest allowed size."""

import zlib

from starlette.requests import Request

from app.domain.errors import InvalidRequest

TOO_LARGE = InvalidRequest(
    "The request body is larger than this server accepts.", code="request_too_large", status=413
)

_SUPPORTED = "gzip, deflate"
# zlib's window sizes: detect a gzip or zlib header, or expect none.
_ANY_HEADER, _NO_HEADER = 47, -15
# Implementations disagree on whether `deflate` includes zlib's header.
_WINDOWS = {
    "gzip": (_ANY_HEADER,),
    "x-gzip": (_ANY_HEADER,),
    "deflate": (_ANY_HEADER, _NO_HEADER),
}


def encoding_of(request: Request) -> str:
    """Return the body's encoding in lower case, empty if it has none."""
    named = request.headers.get("content-encoding", "").strip().lower()
    return "" if named == "identity" else named


def unpacked(body: bytes, encoding: str, max_bytes: int) -> bytes:
    """Return a body decompressed.

    Raises `InvalidRequest` for an unsupported encoding, for a body that is not in that encoding,
    and for one of more than `max_bytes`: no more than that is ever decompressed.
    """
    if encoding not in _WINDOWS:
        raise unread(encoding, _SUPPORTED)
    for window in _WINDOWS[encoding]:
        try:
            return _inflated(body, window, max_bytes)
        except zlib.error:
            continue
    raise InvalidRequest(
        f"The request body is not valid {encoding}, though its header 'Content-Encoding' says so.",
        code="invalid_content_encoding",
    )


def unread(encoding: str, taken: str = "") -> InvalidRequest:
    """Return the error for an unsupported encoding; `taken` lists the supported ones."""
    instead = f"with one of {taken}, or uncompressed" if taken else "uncompressed"
    return InvalidRequest(
        f"'Content-Encoding: {encoding[:64]}' is not supported here. Send the body {instead}.",
        code="unsupported_content_encoding",
        status=415,
        headers={"accept-encoding": taken or "identity"},
    )


def _inflated(body: bytes, window: int, max_bytes: int) -> bytes:
    """Decompress; gzip data may have several members in a row. Raises `zlib.error`."""
    parts: list[bytes] = []
    left = max_bytes
    while body:
        member = zlib.decompressobj(window)
        # Ask for one byte more than allowed, to notice a body that is too large.
        part = member.decompress(body, left + 1)
        left -= len(part)
        if left < 0:
            raise TOO_LARGE
        if not member.eof:
            raise zlib.error("cut off")
        parts.append(part)
        body = member.unused_data
    return b"".join(parts)
