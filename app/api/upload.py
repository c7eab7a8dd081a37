"""Reads a file from a multipart form as it arrives, without storing it.

The framework's own parser writes a temporary file first, and it ignores file names in RFC 5987's
form (`filename*=`), which some clients send.
"""

import re
import unicodedata
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote

from fastapi.exceptions import RequestValidationError
from pydantic import ValidationError
from python_multipart.exceptions import FormParserError
from python_multipart.multipart import MultipartParser
from starlette.requests import ClientDisconnect, Request

from app.api.packed import encoding_of, unread
from app.core.charsets import codec_of
from app.domain.errors import InvalidRequest
from app.domain.text import storable
from app.schemas.files import FileCreate
from app.services.files import check_purpose, file_too_large

if TYPE_CHECKING:
    from python_multipart.multipart import MultipartCallbacks

# The limit for all of a form's fields except its file, headers included; each part counts for
# `_PART_BYTES` at least.
_FIELD_BYTES = 32 * 1024
_PART_BYTES = 100
# The limit for the whole form except its file: the fields, and the boundaries between them.
_FORM_BYTES = 64 * 1024
_MAX_NAME = 1024
# A quoted value may contain semicolons; any other value ends at the next semicolon.
_PARAMETER = re.compile(r';\s*([\w*-]+)\s*=\s*("(?:[^"\\]|\\.)*"|[^;]*)', re.DOTALL)


class FileUpload:
    """A form with one `file`, before or after its other fields."""

    def __init__(self, request: Request, *, max_bytes: int) -> None:
        """Raises `InvalidRequest` for a body that isn't a form or declares too large a length.

        Compressed forms are refused: their decompressed size would be unbounded.
        """
        if encoding := encoding_of(request):
            raise unread(encoding)
        self._max_bytes = max_bytes
        declared = request.headers.get("content-length", "")
        self._check_length(int(declared) if declared.isdecimal() else 0)
        self._stream = request.stream()
        self._length = 0
        with _readable():
            self._parser = MultipartParser(
                _boundary(request.headers.get("content-type", "")), self._callbacks()
            )
        self._filename: str | None = None
        self._fields: dict[str, str] = {}
        self._arrived: list[bytes] = []
        self._complete = False
        self._field_bytes = 0
        # State of the current part: a header, the disposition, a field's name and value.
        self._header_name, self._header_value, self._disposition = b"", b"", ""
        self._field: str | None = None
        self._value = b""

    async def begin(self) -> None:
        """Read up to the start of the file, and check the purpose if it came before the file."""
        while self._filename is None:
            if not await self._advance():
                raise _no_file()
        if "purpose" in self._fields:
            check_purpose(self._fields["purpose"])

    @property
    def filename(self) -> str:
        assert self._filename is not None, "the upload has not begun"
        return self._filename

    async def chunks(self) -> AsyncIterator[bytes]:
        """Yield the file's bytes as they arrive; afterwards, the whole form has been read."""
        more = True
        while more:
            arrived, self._arrived = b"".join(self._arrived), []
            if arrived:
                yield arrived
            more = await self._advance()

    def about(self) -> FileCreate:
        """Return the other fields. Raises `RequestValidationError`, as for any invalid body."""
        body = _nested(self._fields)
        try:
            return FileCreate.model_validate(body)
        except ValidationError as error:
            issues = [{**issue, "loc": ("body", *issue["loc"])} for issue in error.errors()]
            raise RequestValidationError(issues, body=body) from error

    async def _advance(self) -> bool:
        """Read more of the body; return False at its end."""
        try:
            data = await anext(self._stream, None)
        except ClientDisconnect as error:
            raise InvalidRequest("The upload was interrupted.") from error
        if data is None:
            if not self._complete:
                raise InvalidRequest("The form ends before its last boundary.")
            return False
        self._length += len(data)
        self._check_length(self._length)
        with _readable():
            self._parser.write(data)
        return True

    def _check_length(self, length: int) -> None:
        if length > self._max_bytes + _FORM_BYTES:
            raise file_too_large(self._max_bytes)

    def _count(self, field_bytes: int) -> None:
        self._field_bytes += field_bytes
        if self._field_bytes > _FIELD_BYTES:
            raise InvalidRequest("The form's fields are too long.")

    # The parser's callbacks, in the order in which it calls them

    def _callbacks(self) -> "MultipartCallbacks":
        return {
            "on_part_begin": self._on_part_begin,
            "on_header_field": self._on_header_name,
            "on_header_value": self._on_header_value,
            "on_header_end": self._on_header_end,
            "on_headers_finished": self._on_headers_finished,
            "on_part_data": self._on_part_data,
            "on_part_end": self._on_part_end,
            "on_end": self._on_end,
        }

    def _on_part_begin(self) -> None:
        self._count(_PART_BYTES)
        self._disposition, self._field, self._value = "", None, b""

    def _on_header_name(self, data: bytes, start: int, end: int) -> None:
        self._count(end - start)
        self._header_name += data[start:end]

    def _on_header_value(self, data: bytes, start: int, end: int) -> None:
        self._count(end - start)
        self._header_value += data[start:end]

    def _on_header_end(self) -> None:
        if self._header_name.lower() == b"content-disposition":
            self._disposition = _text(self._header_value)
        self._header_name, self._header_value = b"", b""

    def _on_headers_finished(self) -> None:
        parameters = _parameters(self._disposition)
        name, filename = parameters.get("name", ""), _filename(parameters)
        if filename is None:
            self._field = name
        elif name != "file":
            raise InvalidRequest(
                f"Unknown parameter: '{name}'.", param=name, code="unknown_parameter"
            )
        elif self._filename is not None:
            raise InvalidRequest("Only one file can be uploaded at a time.", param="file")
        else:
            self._filename = _checked_name(storable(filename))

    def _on_part_data(self, data: bytes, start: int, end: int) -> None:
        if self._field is None:
            self._arrived.append(data[start:end])
            return
        self._count(end - start)
        self._value += data[start:end]

    def _on_part_end(self) -> None:
        if self._field == "file":
            message = "Invalid type for 'file': expected a file, but got a string instead."
            raise InvalidRequest(message, param="file", code="invalid_type")
        if self._field is not None:
            self._fields[self._field] = storable(_text(self._value))

    def _on_end(self) -> None:
        self._complete = True


@contextmanager
def _readable() -> Iterator[None]:
    try:
        yield
    except FormParserError as error:
        raise InvalidRequest(f"The form can't be read: {error}.") from error


def _boundary(content_type: str) -> str:
    boundary = _parameters(content_type).get("boundary", "")
    if not content_type.lower().startswith("multipart/form-data") or not boundary:
        raise _no_file(" Send it in a form ('multipart/form-data').")
    return boundary


def _parameters(header: str) -> dict[str, str]:
    return {name.lower(): _unquoted(value) for name, value in _PARAMETER.findall(header)}


def _unquoted(value: str) -> str:
    value = value.strip()
    if len(value) < 2 or value[0] != '"' or value[-1] != '"':
        return value
    # Browsers send backslashes unescaped: one only escapes a quote or another backslash.
    return re.sub(r'\\(["\\])', r"\1", value[1:-1])


def _filename(parameters: dict[str, str]) -> str | None:
    """Return the name that was sent for a file; None for a plain field."""
    charset, _, encoded = parameters.get("filename*", "").partition("'")
    if not encoded:
        return parameters.get("filename")
    name = _unescaped(encoded.partition("'")[2], codec_of(charset))
    if name is None:
        raise InvalidRequest(
            "Invalid 'file': its name can't be decoded.", param="file", code="invalid_value"
        )
    return name


def _unescaped(value: str, codec: str) -> str | None:
    """Return the text of an escaped value; None if it can't be decoded."""
    try:
        return unquote(value, encoding=codec, errors="strict") if codec else None
    except UnicodeDecodeError:
        return None


def _checked_name(name: str) -> str:
    if not name.strip():
        fault = "it has no name"
    elif len(name) > _MAX_NAME:
        fault = f"its name is longer than {_MAX_NAME} characters"
    elif any(unicodedata.category(character) == "Cc" for character in name):
        fault = "its name contains control characters"
    else:
        return name
    raise InvalidRequest(f"Invalid 'file': {fault}.", param="file", code="invalid_value")


def _nested(fields: dict[str, str]) -> dict[str, Any]:
    """Return a form's fields as a nested body: `a[b]` becomes the field `b` of `a`."""
    body: dict[str, Any] = {}
    for name, value in fields.items():
        outer, bracket, inner = name.partition("[")
        part = body.setdefault(outer, {}) if bracket else None
        if isinstance(part, dict):
            part[inner.removesuffix("]")] = value
        else:
            body[name] = value
    return body


def _text(value: bytes) -> str:
    try:
        return value.decode("utf-8")
    except UnicodeDecodeError:
        # Only very old programs send this; every byte is valid in Latin-1.
        return value.decode("latin-1")


def _no_file(hint: str = "") -> InvalidRequest:
    message = f"Missing required parameter: 'file'.{hint}"
    return InvalidRequest(message, param="file", code="missing_required_parameter")
