"""Bodies that mean harm, to every operation that takes one: refused, cheaply, leaving nothing."""

import gzip
import time
from collections.abc import Iterator

import pytest

from tests.support.administration import ADMIN_KEY
from tests.support.hostile_server import Target, target_server
from tests.support.hostile_wire import JSON, ask, chunked, sized
from tests.support.operations import operations
from tests.support.sentences import NOT_JSON

WITH_JSON = [each for each in operations() if "json" in each.content]
KEY = "sk-of-the-one-who-asks"
AS_PROJECT = f"Authorization: Bearer {KEY}"
MEGABYTES = 2_000_000
# Processor time of the client's side and the server's: ten times what the worst of them takes.
CHEAP_SECONDS = 2.0


@pytest.fixture(scope="module")
def target(database_kind: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Target]:
    folder = tmp_path_factory.mktemp("bodies")
    most = MEGABYTES + 100_000
    keys = {"key": KEY, "admin_key": ADMIN_KEY}
    with target_server(database_kind, folder, **keys, max_body_bytes=most) as target:
        yield target


def metadata(value: bytes) -> bytes:
    return b'{"metadata": {"k": "%s"}}' % value


def many(item: bytes) -> bytes:
    """Return as many items as there is room for."""
    return b",".join([item] * (MEGABYTES // (len(item) + 1)))


def fields(value: bytes) -> bytes:
    return b"{%s}" % b",".join(b'"f%d":%s' % (number, value) for number in range(MEGABYTES // 12))


BROKEN = {
    "cut off": b'{"metadata": {"k": "v"',
    "cut off in a character": metadata(b"\xea\xb0"),
    "overlong UTF-8": metadata(b"\xc0\xaf"),
    "a surrogate in UTF-8": metadata(b"\xed\xa0\x80"),
    "beyond Unicode": metadata(b"\xf4\x90\x80\x80"),
    "a line end in a text": metadata(b"a\r\nb"),
    "single quotes": b"{'metadata': {}}",
    "a number with a zero before it": b'{"x": 01}',
    "10,000 arrays": b'{"metadata": %s' % (b"[" * 10_000 + b"]" * 10_000),
    "10,000 objects": b'{"a":' * 10_000 + b"1" + b"}" * 10_000,
    "2 MB of opened arrays": b"[" * MEGABYTES,
    "2 MB of no JSON": b"x" * MEGABYTES,
    "2 MB that never end": b'"' + b"x" * MEGABYTES,
    "packed": gzip.compress(metadata(b"v")),
}
REFUSED = {
    "a huge decimal": b'{"x": 1e400}',
    "a huge integer": b'{"x": 1%s}' % (b"0" * 400),
    "a name twice": b'{"x": 1, "x": 2}',
    "an array": b"[0]",
    "a text": b'"{}"',
    "no object": b"0",
    "2 MB of numbers": b"[%s]" % many(b"0"),
    "a 2 MB name": b'{"%s": 1}' % (b"x" * MEGABYTES),
    "2 MB of names": fields(b"0"),
    "2 MB of pairs": b'{"metadata": %s}' % fields(b"0"),
    "a 2 MB text": metadata(b"x" * MEGABYTES),
    "another type at every level": b'{"metadata": [[{"k": [{"v": {}}]}]], "x": [[], {}, "", null]}',
}


@pytest.mark.parametrize("operation", WITH_JSON, ids=str)
def test_what_is_no_json_is_said_to_be_none(target: Target, operation):
    path, headers = target.path(operation), (*JSON, *target.shown(operation))
    with target.unmoved():
        for name, body in BROKEN.items():
            answer = ask(target.server.base_url, sized(operation.method, path, body, *headers))
            assert answer.status == 400, name
            assert answer.error()["message"].startswith(NOT_JSON), name


@pytest.mark.parametrize("operation", WITH_JSON, ids=str)
def test_what_does_not_fit_is_refused(target: Target, operation):
    path, headers = target.path(operation), (*JSON, *target.shown(operation))
    with target.unmoved():
        for name, body in REFUSED.items():
            answer = ask(target.server.base_url, sized(operation.method, path, body, *headers))
            assert answer.status == 400, name
            assert answer.error()["message"], name
            assert len(answer.body) < len(body) + 1000, name


@pytest.mark.parametrize("send", [sized, chunked])
@pytest.mark.parametrize("operation", WITH_JSON, ids=str)
def test_what_is_too_large_is_not_read(target: Target, operation, send):
    path, body = target.path(operation), metadata(b"x" * (MEGABYTES + 200_000))
    headers = (*JSON, *target.shown(operation))
    with target.unmoved():
        answer = ask(target.server.base_url, send(operation.method, path, body, *headers))
        assert answer.status == 413
        assert answer.error()["code"] == "request_too_large"


def in_message(part: bytes) -> bytes:
    return b'{"messages": [{"role": "user", %s}]}' % part


FAULTY = {
    "messages that are none": ("/threads", b'{"messages": [%s]}' % many(b"0")),
    "empty messages": ("/threads", b'{"messages": [%s]}' % many(b"{}")),
    "empty parts": ("/threads", in_message(b'"content": [%s]' % many(b"{}"))),
    "empty attachments": (
        "/threads",
        in_message(b'"content": "x", "attachments": [%s]' % many(b"{}")),
    ),
    "empty tools": ("/assistants", b'{"model": "m", "tools": [%s]}' % many(b"{}")),
    "additional messages": (
        "/threads/{thread_id}/runs",
        b'{"assistant_id": "a", "additional_messages": [%s]}' % many(b"{}"),
    ),
    "empty outputs": (
        "/threads/{thread_id}/runs/run_x/submit_tool_outputs",
        b'{"tool_outputs": [%s]}' % many(b"{}"),
    ),
    "empty filters": (
        "/vector_stores/{vector_store_id}/search",
        b'{"query": "x", "filters": {"type": "or", "filters": [%s]}}' % many(b"{}"),
    ),
    "values that are none": (
        "/vector_stores/{vector_store_id}/search",
        b'{"query": "x", "filters": {"type": "in", "key": "k", "value": [%s]}}' % many(b"[]"),
    ),
    "attributes": (
        "/vector_stores/{vector_store_id}/files/{file_id}",
        b'{"attributes": %s}' % fields(b"[]"),
    ),
    "file ids that are none": (
        "/vector_stores/{vector_store_id}/file_batches",
        b'{"file_ids": [%s]}' % many(b"0"),
    ),
}


@pytest.mark.parametrize("what", FAULTY)
def test_a_million_faults_cost_no_more_than_one(target: Target, what):
    path, body = FAULTY[what]
    request = sized("POST", path.format_map(target.ids), body, *JSON, AS_PROJECT)
    with target.unmoved():
        before = time.process_time()
        answer = ask(target.server.base_url, request)
        assert time.process_time() - before < CHEAP_SECONDS
        assert answer.status == 400
        assert answer.error()["param"]


def test_filters_in_filters_are_followed_to_no_great_depth(target: Target):
    """How deep a body may be is the parser's to say; what it lets pass is answered too."""
    path = f"/vector_stores/{target.ids['vector_store_id']}/search"
    with target.unmoved():
        for depth in (10, 60, 90, 150, 1000):
            inner = b'{"type": "eq", "key": "k", "value": 1}'
            for _ in range(depth):
                inner = b'{"type": "and", "filters": [%s]}' % inner
            body = b'{"query": "x", "filters": %s}' % inner
            answer = ask(target.server.base_url, sized("POST", path, body, *JSON, AS_PROJECT))
            assert answer.status in (200, 400), depth
