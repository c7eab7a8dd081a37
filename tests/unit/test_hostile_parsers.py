"""The parsers that read strangers' bytes: whatever comes, they answer, or refuse as they should."""

import asyncio
import codecs
import json
from itertools import pairwise
from typing import Any

import pytest
from fastapi.exceptions import RequestValidationError
from hypothesis import example, given, settings
from hypothesis import strategies as st
from starlette.requests import Request

from app.api.json_body import JsonRequest
from app.api.upload import FileUpload
from app.core.sse_reader import RawEvent, SSEReader
from app.domain.errors import InvalidRequest
from app.domain.text import storable
from tests.support.forms import BOUNDARY, field, file_part, form

# The same in every run; each takes about a second.
STEADY = settings(max_examples=300, derandomize=True, database=None, deadline=None)
MAX_BYTES = 100_000


def pieces(data: bytes, cuts: list[int]) -> list[bytes]:
    places = sorted({cut % (len(data) + 1) for cut in cuts} | {0, len(data)})
    return [data[start:end] for start, end in pairwise(places)]


CUTS = st.lists(st.integers(0, 10_000), max_size=8)
WORDS = [b"data:", b"event:", b"id", b":", b" ", b"\r", b"\n", b"\r\n", b"\n\n", b"\0", b"\xff"]
STREAMS = st.lists(st.sampled_from(WORDS) | st.binary(max_size=5), max_size=30).map(b"".join)


def read(parts: list[bytes]) -> list[RawEvent]:
    reader = SSEReader()
    events = [event for part in parts for event in reader.feed(part)]
    return events + reader.finish()


@given(STREAMS, CUTS)
@STEADY
def test_a_stream_may_be_split_anywhere(stream: bytes, cuts: list[int]) -> None:
    assert read(pieces(stream, cuts)) == read([stream])


@given(STREAMS)
@STEADY
def test_an_event_is_one_that_was_sent(stream: bytes) -> None:
    for name, data in read([stream]):
        assert name is None or "\n" not in name
        assert data
        assert all(line in stream for line in data.split(b"\n"))


def request(
    kind: type[Request], parts: list[bytes], content_type: str = "application/json"
) -> Request:
    left = [*parts, b""]

    async def receive() -> dict[str, Any]:
        return {"type": "http.request", "body": left.pop(0), "more_body": bool(left)}

    headers = [(b"content-type", content_type.encode("latin-1"))]
    return kind({"type": "http", "method": "POST", "headers": headers}, receive)


JSON_WORDS = [
    *(b"{", b"}", b"[", b"]", b",", b":", b'"', b"null", b"true", b"1", b"-", b"e400", b"."),
    *(b'"a"', b'"\\u0000"', b'"\\ud800"', b"\\", b"\\u", b"\0", b"\xc0\xaf", b"\xef\xbb\xbf"),
    *(b"NaN", b"-Infinity", b"9" * 5000, "가".encode(), b" ", b"\n"),
]
JSON_PARTS = st.sampled_from(JSON_WORDS) | st.binary(max_size=3)
JSON_TEXTS = st.lists(JSON_PARTS, max_size=12).map(b"".join)
ANY_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(st.characters()),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=20,
).map(lambda value: json.dumps(value).encode())


@given(JSON_TEXTS | ANY_JSON, CUTS)
@example(b'{"a": "\\u0000"}', [])
@example(b'{"\\\\u0000": 1}', [])
@example(b"[" * 10_000, [])
@STEADY
def test_a_body_is_refused_or_can_be_kept(body: bytes, cuts: list[int]) -> None:
    try:
        value = asyncio.run(request(JsonRequest, pieces(body, cuts)).json())
    except json.JSONDecodeError:
        return
    # A database's text takes no NUL, UTF-8 no half of a pair, JSON no NaN.
    reported = json.dumps(value, ensure_ascii=False)
    assert "\\u0000" not in reported.replace("\\\\", "")
    assert reported.encode()
    assert value == plainly(body) or "Infinity" in reported


def plainly(body: bytes) -> Any:
    """Return what Python's own reader makes of a body, with what we change in it."""
    if body[:2] not in (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE):
        body = body.removeprefix(codecs.BOM_UTF8).replace(b"\0", b"\\u0000")
    value = storable(json.loads(body))
    return {} if value == [] else value


async def uploaded(parts: list[bytes], content_type: str) -> tuple[str, bytes]:
    upload = FileUpload(request(Request, parts, content_type), max_bytes=MAX_BYTES)
    await upload.begin()
    content = b"".join([chunk async for chunk in upload.chunks()])
    upload.about()
    return upload.filename, content


FORM = f"multipart/form-data; boundary={BOUNDARY}"
EDGE = BOUNDARY.encode()
FORM_WORDS = [
    *(b"--", b"\r\n", b"\n", b"\r", EDGE, b"--" + EDGE + b"\r\n", b"\r\n--" + EDGE + b"--\r\n"),
    *(b"Content-Disposition: form-data", b'; name="file"', b'; name="purpose"', b"; name="),
    *(b'; filename="a.txt"', b"; filename*=UTF-8''%00", b"\r\n\r\n", b"assistants", b"\0", b":"),
    field("purpose", "assistants"),
    file_part(b"text"),
]
FORMS = st.lists(st.sampled_from(FORM_WORDS) | st.binary(max_size=4), max_size=15).map(b"".join)
TYPES = st.sampled_from([FORM, "multipart/form-data; boundary=a", "multipart/form-data"])


@given(FORMS, CUTS, TYPES | st.text(st.characters(max_codepoint=255), max_size=60))
@STEADY
def test_a_form_is_read_or_refused(body: bytes, cuts: list[int], content_type: str) -> None:
    try:
        name, _content = asyncio.run(uploaded(pieces(body, cuts), content_type))
    except (InvalidRequest, RequestValidationError):
        return
    assert name.strip() and "\0" not in name


@given(st.binary(max_size=200), CUTS)
@example(b"\r\n--" + EDGE[:-1], [3])
@STEADY
def test_a_files_bytes_arrive_however_the_form_is_cut(content: bytes, cuts: list[int]) -> None:
    if EDGE in content:
        return
    sent = form(field("purpose", "assistants"), file_part(content))
    assert asyncio.run(uploaded(pieces(sent, cuts), FORM)) == ("a.txt", content)


@pytest.mark.parametrize("size", [MAX_BYTES * 2, MAX_BYTES * 20])
def test_no_form_is_read_to_an_end_that_is_too_far(size: int) -> None:
    sent = form(field("purpose", "assistants"), file_part(b"x" * size))
    with pytest.raises(InvalidRequest) as caught:
        asyncio.run(uploaded(pieces(sent, [*range(0, len(sent), 1000)]), FORM))
    assert caught.value.status == 413
