"""Parses clients' JSON strictly, in any Unicode encoding and in legacy East Asian ones."""

import codecs
import json
from email.message import Message
from typing import Any

from pydantic_core import from_json

from app.core.charsets import NARROW, WIDE, codec_of
from app.domain.text import may_be_unstorable, storable

# Byte order marks, as C# and PowerShell write them. UTF-32-LE comes first: its mark begins with
# that of UTF-16-LE.
_MARKS = {
    codecs.BOM_UTF8: "utf-8",
    codecs.BOM_UTF32_LE: "utf-32-le",
    codecs.BOM_UTF32_BE: "utf-32-be",
    codecs.BOM_UTF16_LE: "utf-16-le",
    codecs.BOM_UTF16_BE: "utf-16-be",
}
_FIRST_BYTES = {mark[:1] for mark in _MARKS}


class NotJson(ValueError):
    """`reason` is a complete sentence for the client; empty if the text is just not JSON."""

    def __init__(self, reason: str = "") -> None:
        super().__init__(reason)
        self.reason = reason


def read_json(body: bytes, content_type: str) -> Any:
    """Return the value of a body, without characters that a database can't store.

    NUL and lone surrogates become U+FFFD. NaN, infinite numbers and values nested too deeply are
    refused. Raises `NotJson`.
    """
    if body[:1] in _FIRST_BYTES or "charset" in content_type.lower():
        body = _in_utf8(body, _charset(content_type))
    # JSON does not allow a raw NUL: treat it as an escaped one.
    body = body.replace(b"\0", b"\\u0000")
    try:
        value = from_json(body, allow_inf_nan=False)
    except ValueError as error:
        return _repaired(body, error)
    return storable(value) if b"\\u0000" in body else value


def _repaired(body: bytes, error: ValueError) -> Any:
    """Parse again what may have been refused only because of a lone surrogate."""
    try:
        text = body.decode("utf-8")
    except UnicodeDecodeError as broken:
        raise NotJson("The body is not UTF-8. Send it in that encoding.") from broken
    if not may_be_unstorable(body):
        raise NotJson from error
    try:
        repaired = json.dumps(storable(json.loads(text)))
        # Parsed again by the strict parser, which enforces the limits on depth and numbers.
        return from_json(repaired, allow_inf_nan=False)
    except (ValueError, RecursionError) as broken:
        raise NotJson from broken


def _in_utf8(body: bytes, charset: str) -> bytes:
    for mark, encoding in _MARKS.items():
        if body.startswith(mark):
            return _decoded(body[len(mark) :], encoding)
    name = codec_of(charset)
    if name in WIDE:
        return _decoded(body, name)
    # The standard wants UTF-8, and many clients send it while they declare another charset.
    return body if name not in NARROW or _is_utf8(body) else _decoded(body, name)


def _decoded(body: bytes, encoding: str) -> bytes:
    if encoding == "utf-8":
        return body
    try:
        return body.decode(encoding, "strict").encode("utf-8")
    except UnicodeError as error:
        raise NotJson(f"The body is not valid {encoding}. Send it in UTF-8.") from error


def _is_utf8(body: bytes) -> bool:
    try:
        body.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return True


def _charset(content_type: str) -> str:
    message = Message()
    message["content-type"] = content_type
    return str(message.get_param("charset", ""))
