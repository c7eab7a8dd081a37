"""Reads newline-delimited JSON from a request's body as it arrives, one object per line."""

from collections.abc import AsyncIterator
from typing import Any, cast

from fastapi.exceptions import RequestValidationError
from pydantic import ConfigDict, TypeAdapter, ValidationError
from starlette.requests import ClientDisconnect, Request

from app.api.json_text import NotJson, read_json
from app.api.packed import encoding_of, unread
from app.api.validation import describe
from app.domain.errors import InvalidRequest
from app.schemas.moving import ImportedLine
from app.services.importing import BadLine, GoodLine, Line

# A line can be longer than the body of a request: an answer, or a run with all its settings.
LINE_BYTES = 16 * 1024 * 1024
# How many values a line may contain: in memory, an empty list takes 30 times its two bytes.
_VALUES = 500_000
_BETWEEN_VALUES = (b",", b"[", b"{")
_SHOWN = 256

_LINE: TypeAdapter[Any] = TypeAdapter(ImportedLine, config=ConfigDict(defer_build=True))


async def imported_lines(request: Request) -> AsyncIterator[Line]:
    """Yield the lines; a line that is not a valid object is yielded as such.

    Raises `InvalidRequest` for a compressed body, and if the client stops sending.
    """
    if encoding := encoding_of(request):
        raise unread(encoding)
    number = 0
    async for text in _split(request):
        number += 1
        if text is None:
            reason = f"The line is longer than {LINE_BYTES} bytes."
            yield BadLine(number, None, None, None, reason)
        elif text.strip():
            yield _read(number, text)


async def _split(request: Request) -> AsyncIterator[bytes | None]:
    """Yield the lines of the body; None for one that is too long."""
    begun: list[bytes] = []
    length = 0
    try:
        async for chunk in request.stream():
            first, *rest = chunk.split(b"\n")
            length += len(first)
            if length <= LINE_BYTES:
                begun.append(first)
            else:
                begun.clear()
            for following in rest:
                yield b"".join(begun) if length <= LINE_BYTES else None
                begun, length = [following], len(following)
    except ClientDisconnect as error:
        raise InvalidRequest("The import was interrupted.") from error
    if length:
        yield b"".join(begun) if length <= LINE_BYTES else None


def _read(number: int, text: bytes) -> Line:
    if sum(map(text.count, _BETWEEN_VALUES)) > _VALUES:
        reason = f"The line has more than {_VALUES} values."
        return BadLine(number, None, None, None, reason)
    try:
        raw = read_json(text, "")
    except NotJson as error:
        return BadLine(number, None, None, None, error.reason or "The line is not JSON.")
    if not isinstance(raw, dict):
        return BadLine(number, None, None, None, "The line is not a JSON object.")
    try:
        value = _LINE.validate_python(raw)
    except ValidationError as error:
        return _refused(number, raw, error)
    return GoodLine(number, value, raw, len(text))


def _refused(number: int, raw: dict[str, Any], error: ValidationError) -> BadLine:
    issues = error.errors(include_url=False)
    first = cast(dict[str, Any], issues[0])
    # The kind of object is not part of the field's name.
    location = first["loc"]
    if location and location[0] == raw.get("object"):
        location = location[1:]
    if first["type"] in ("union_tag_invalid", "union_tag_not_found") and not location:
        return _of_unknown_kind(number, raw)
    described = describe(RequestValidationError([{**first, "loc": ("body", *location)}], body=raw))
    return BadLine(
        number, _text(raw, "object"), _text(raw, "id"), described.param, described.message
    )


def _of_unknown_kind(number: int, raw: dict[str, Any]) -> BadLine:
    kind = _text(raw, "object")
    reason = f"Objects of the kind '{kind}' can't be imported." if kind else "There is no 'object'."
    return BadLine(number, kind, _text(raw, "id"), "object", reason)


def _text(raw: dict[str, Any], name: str) -> str | None:
    value = raw.get(name)
    return value[:_SHOWN] if isinstance(value, str) else None
