"""Requests that mean harm by their address, method, headers or manners."""

from collections.abc import Iterator
from contextlib import ExitStack

import pytest

from tests.support.checked_clients import VERSION
from tests.support.forms import HEADERS as FORM
from tests.support.forms import field, file_part
from tests.support.hostile_server import Target, target_server
from tests.support.hostile_wire import JSON, ask, chunked, head, sized
from tests.support.operations import operations
from tests.support.raw_http import connected_to
from tests.support.waiting import wait_until

# What is no HTTP the server in front of the application answers, in plain text.
IDS = {
    "up": "..",
    "up, encoded": "%2e%2e",
    "a path": "..%2f..%2f..%2fetc%2fpasswd",
    "a Windows path": "..%5c..%5cwindows",
    "encoded twice": "%252e%252e%252fetc",
    "overlong dots": "%c0%ae%c0%ae",
    "a parameter": "a;b=c",
    "a quote": "'%20OR%20'1'='1",
    "SQL": "x');DROP%20TABLE%20threads;--",
    "wildcards": "%25_%25",
    "a format": "%25s%25n{0}",
    "a header": "x%0d%0aSet-Cookie:%20a=b",
    "a control character": "%1b[2J",
    "a character that turns the text": "%e2%80%aegnp.exe",
    "a surrogate": "%ed%a0%80",
    "no Unicode": "%ff%fe",
    "no escape": "%zz",
    "50 KB": "x" * 50_000,
}
OPERATIONS = [
    each
    for each in operations()
    if each.path.startswith(f"{VERSION}/") and not each.is_administrative
]
WITH_IDS = [each for each in OPERATIONS if each.parameters]
METHODS = ["HEAD", "OPTIONS", "TRACE", "CONNECT", "PATCH", "PROPFIND"]


@pytest.fixture(scope="module")
def target(database_kind: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Target]:
    with target_server(database_kind, tmp_path_factory.mktemp("requests")) as target:
        yield target


@pytest.mark.parametrize("operation", WITH_IDS, ids=str)
def test_a_hostile_id_names_nothing(target: Target, operation):
    with target.unmoved():
        for parameter in operation.parameters:
            for name, given in IDS.items():
                path = target.path(operation, **{parameter: given})
                answer = ask(target.server.base_url, head(operation.method, path))
                # With a slash in it the path may be another, or none at all.
                assert answer.status in (400, 404, 405), name
                assert answer.error()["message"], name
                assert "set-cookie" not in dict(answer.headers), name


@pytest.mark.parametrize("operation", WITH_IDS, ids=str)
def test_a_nul_in_an_id_names_nothing(target: Target, operation):
    with target.unmoved():
        for parameter in operation.parameters:
            path = target.path(operation, **{parameter: "thread_%00"})
            answer = ask(target.server.base_url, head(operation.method, path))
            assert answer.status in (400, 404)
            assert answer.error()["message"]


@pytest.mark.parametrize(
    "path",
    [
        "/../../etc/passwd",
        "/./health",
        "/%2e%2e/docs",
        "/files/../assistants",
        "/files//content",
        "/files/{file_id}/../{file_id}/content",
        "/files/{file_id}/content/..",
        "/files/%2e/content",
        "/files/{file_id};/content",
        "/files/{file_id}%20/content",
        "/files/file:%2f%2f%2fetc%2fpasswd/content",
        "/files/http:%2f%2f169.254.169.254%2flatest/content",
    ],
)
def test_a_path_leads_nowhere_else(target: Target, path):
    """The wire is written by hand: clients would tidy the path up."""
    with target.unmoved():
        answer = ask(target.server.base_url, head("GET", path.format_map(target.ids)))
        assert answer.status == 404
        assert answer.error()["message"]


@pytest.mark.parametrize("operation", OPERATIONS, ids=str)
def test_a_method_that_is_none_of_the_paths_is_refused(target: Target, operation):
    path = target.path(operation)
    with target.unmoved():
        for method in METHODS:
            answer = ask(target.server.base_url, head(method, path))
            assert answer.status == 405, method
            assert operation.method in dict(answer.headers)["allow"], method
            # HEAD is answered without a body.
            assert method == "HEAD" or answer.error()["code"] == "method_not_supported"


@pytest.mark.parametrize("name", ["_method", "method"])
@pytest.mark.parametrize("header", ["X-HTTP-Method-Override", "X-HTTP-Method", "X-Method-Override"])
def test_no_header_and_no_field_changes_the_method(target: Target, header, name):
    path = f"/threads/{target.ids['thread_id']}?{name}=DELETE"
    with target.unmoved():
        answer = ask(target.server.base_url, sized("POST", path, b"{}", *JSON, f"{header}: DELETE"))
        assert answer.status == 200
        assert b'"thread"' in answer.body


@pytest.mark.parametrize(
    "request_line",
    [
        head("get", "/health"),
        head("X" * 1000, "/health"),
        head("G\0T", "/health"),
        b"GET /api/v1/health HTTP/9.9\r\nHost: x\r\n\r\n",
        head("GET", "/files/" + "x" * 100_000),
        head("GET", "/health\0"),
        head("GET", "/assistants?" + "&".join(f"field{number}=1" for number in range(10_000))),
        head("GET", "/health", "X-Name: a\0b"),
        head("GET", "/health", "no header at all"),
        head("POST", "/threads", *JSON, "Content-Length: 2", "Content-Length: 3") + b"{}",
        head("POST", "/threads", *JSON, "Content-Length: 2", "Transfer-Encoding: chunked")
        + b"2\r\n{}\r\n0\r\n\r\n",
        head("POST", "/threads", *JSON, "Content-Length: -1") + b"{}",
        head("POST", "/threads", *JSON, "Content-Length: two") + b"{}",
        head("POST", "/threads", *JSON, "Content-Length: " + "9" * 30) + b"{}",
        head("POST", "/threads", *JSON, "Transfer-Encoding: chunked") + b"zz\r\n{}\r\n0\r\n\r\n",
        b"\x16\x03\x01\x02\x00\x01\x00\r\n\r\n",
    ],
    ids=lambda sent: repr(sent[:60]),
)
def test_what_is_no_http_is_no_request(target: Target, request_line):
    with target.unmoved():
        answer = ask(target.server.base_url, request_line)
        assert (answer.status, answer.error()["code"]) == (400, "invalid_http")


@pytest.mark.parametrize(
    "query",
    ["&" * 50_000, "=" * 50_000, "&".join(["limit=1"] * 5_000), "x=" + "%41" * 15_000],
    ids=lambda query: query[:10],
)
def test_a_long_query_is_no_burden(target: Target, query):
    with target.unmoved():
        assert ask(target.server.base_url, head("GET", f"/assistants?{query}")).status == 200


def test_the_last_of_many_is_what_counts(target: Target):
    path = f"/assistants?{'limit=1&' * 5_000}limit=1000"
    answer = ask(target.server.base_url, head("GET", path))
    assert (answer.status, answer.error()["param"]) == (400, "limit")


@pytest.mark.parametrize(
    ("given", "code"),
    [
        ("-1", "integer_below_min_value"),
        ("9223372036854775808", "integer_above_max_value"),
        ("9" * 100, "integer_above_max_value"),
        *[(given, "invalid_type") for given in ("abc", "1.5", " ", "0x10", "1,2", "١", "'--", "∞")],
        ("9" * 5_000, "invalid_value"),
    ],
)
def test_an_event_id_that_was_never_sent(target: Target, given, code):
    path = "/threads/{thread_id}/runs/{run_id}/events".format_map(target.waiting)
    with target.unmoved():
        answer = ask(target.server.base_url, head("GET", path, f"Last-Event-ID: {given}"))
        assert (answer.status, answer.error()["param"]) == (400, "Last-Event-ID")
        assert answer.error()["code"] == code


@pytest.mark.parametrize(
    "kind",
    [
        "text/plain",
        "text/json",
        "application/jsonx",
        "application/json, text/plain",
        "multipart/form-data",
        "multipart/form-data; boundary=",
        "application/x-www-form-urlencoded; charset=utf-7",
        "/",
        "x" * 10_000,
    ],
)
def test_a_body_of_another_type_is_not_guessed_at(target: Target, kind):
    with target.unmoved():
        request = sized("POST", "/threads", b'{"metadata": {}}', f"Content-Type: {kind}")
        answer = ask(target.server.base_url, request)
        assert (answer.status, answer.error()["code"]) == (400, "invalid_content_type")


def test_clients_that_disconnect_midway_delay_no_others(target: Target):
    begun = [
        head("POST", "/threads", *JSON, "Content-Length: 100") + b'{"metadata": ',
        head("POST", "/threads", *JSON, "Content-Length: 1000000"),
        head("POST", "/threads", *JSON, "Transfer-Encoding: chunked") + b'5\r\n{"met',
        head("POST", "/files", f"Content-Type: {FORM['content-type']}", "Content-Length: 90000")
        + field("purpose", "assistants")
        + file_part(b"x" * 1000),
        b"".join([*chunked("POST", "/chat", b'{"message": "x"}', *JSON)][:-1]),
        b"POST /api/v1/threads HTTP/1.1\r\nHost:",
        b"",
    ]
    before = target.kept()
    with ExitStack() as stack:
        for sent in begun * 10:
            wire = stack.enter_context(connected_to(target.server.base_url))
            wire.sendall(sent)
        made = target.caller.http.post("/threads", json={})
        assert made.status_code == 200
        target.caller.http.delete(f"/threads/{made.json()['id']}")
    assert wait_until(lambda: target.kept() == before)
