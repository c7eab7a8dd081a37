"""Who may call a server with keys, and in which words all others are refused."""

import base64
import logging

import openai
import pytest
from fastapi.routing import iter_route_contexts

from app.application import create_app
from app.core.config import Settings
from tests.support.callers import session_of
from tests.support.operations import operations
from tests.support.raw_http import answer_to
from tests.support.stream_reader import events_of
from tests.support.talk import error_of

KEY = "key-of-the-shop-0123456789"
# Whose first letters are those of the right one.
WRONG = "key-of-the-shop-9876543210-wrong-one"
NO_KEY = (
    "You didn't provide an API key. You need to provide your API key in an Authorization header "
    "using Bearer auth (i.e. Authorization: Bearer YOUR_KEY)."
)
# What anybody may ask: all other routes want a key.
PUBLIC = {
    "/",
    "/openapi.json",
    "/api/v1/health",
    "/api/v1/ready",
    "/api/v1/access",
    "/api/v1/chat/sessions",
    "/chat",
    "/console",
    "/docs",
    "/readme",
    "/widget.js",
    "/widget/demo",
    "/widget/preview",
    "/static",
}
ORIGIN = "https://shop.example"


@pytest.fixture(scope="module")
def keyed(start_shared):
    return start_shared(api_keys=[f"shop:{KEY}", "short"], cors_origins=[ORIGIN])


@pytest.fixture(scope="module")
def nobody(keyed, call_shared_as):
    return call_shared_as(keyed).http


def refused(answer) -> str:
    """Return what a refusal says, having looked at all else of it."""
    error = error_of(answer, 401)
    assert (error["type"], error["param"]) == ("invalid_request_error", None)
    assert answer.headers["www-authenticate"] == "Bearer"
    assert error["code"] == (None if error["message"] == NO_KEY else "invalid_api_key")
    return error["message"]


@pytest.mark.parametrize(
    "header",
    [
        None,
        "",
        "Bearer",
        KEY,
        f"Basic {base64.b64encode(f'{KEY}:'.encode()).decode()}",
        f"Token {KEY}",
        f"Bearer\t{KEY}",
    ],
)
def test_without_a_key_the_error_says_where_to_send_one(nobody, header):
    headers = {} if header is None else {"authorization": header}
    assert refused(nobody.get("/threads", headers=headers)) == NO_KEY


@pytest.mark.parametrize("header", [b"Bearer ", b"Bearer    ", b" ", b"Bearer \t"])
def test_an_empty_key_is_none(keyed, header):
    request = b"GET /api/v1/threads HTTP/1.1\r\nHost: x\r\nAuthorization: " + header
    assert refused(answer_to(keyed.base_url, request + b"\r\n\r\n")) == NO_KEY


@pytest.mark.parametrize(
    ("wrong", "shown"),
    [
        (WRONG, "key-********-one"),
        ("sk-not-so-long", "********"),
        ("x", "*"),
        (KEY + "x", "key-********789x"),
        (KEY.upper(), "KEY-********6789"),
        (f"{KEY} {KEY}", "key-********6789"),
        (f'{KEY}"', 'key-********789"'),
        (f"shop:{KEY}", "shop********6789"),
        ("shop", "****"),
        ("SHORT", "*****"),
        ("..'; DROP TABLE threads;--", "..';********s;--"),
        ("a.b.c", "*****"),
        ("eyJhbGciOiJub25lIn0.eyJzdWIiOiJ4In0.", "eyJh********In0."),
    ],
)
def test_a_wrong_key_is_shown_masked(nobody, wrong, shown):
    message = refused(nobody.get("/threads", headers={"authorization": f"Bearer {wrong}"}))
    assert message == f"Incorrect API key provided: {shown}."


@pytest.mark.parametrize("wrong", [b"\xff\xfe\x80" * 9, "열쇠".encode() * 5, b"\xc3\xa9", b"\xa0"])
def test_odd_bytes_are_a_wrong_key(keyed, wrong):
    request = b"GET /api/v1/threads HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer " + wrong
    assert refused(answer_to(keyed.base_url, request + b"\r\n\r\n"))


@pytest.mark.parametrize("scheme", ["Bearer", "bearer", "BEARER", "Bearer  "])
def test_a_key_is_taken_however_its_scheme_is_written(nobody, scheme):
    for key in (KEY, "short"):
        headers = {"authorization": f"{scheme} {key}"}
        assert nobody.get("/threads", headers=headers).is_success


def test_a_wrong_key_appears_in_no_log_or_answer(keyed, nobody, caplog):
    caplog.set_level(logging.DEBUG)
    headers = {"authorization": f"Bearer {WRONG}"}
    answers = [
        nobody.get("/threads", headers=headers),
        nobody.post("/chat", json={"message": "x"}, headers=headers),
        nobody.post("/threads/x/y", headers=headers),
        nobody.post("/chat/sessions", headers=headers),
    ]
    assert [answer.status_code for answer in answers] == [401, 401, 404, 403]
    said = caplog.text + "".join(f"{answer.text}{answer.headers}" for answer in answers)
    for record in caplog.records:
        said += str(record.__dict__)
    for secret in (WRONG, "9876543210", KEY):
        assert secret not in said


def test_the_sdk_raises_authentication_error_for_a_wrong_key(keyed, call_as):
    with pytest.raises(openai.AuthenticationError) as caught:
        call_as(keyed, WRONG).client.beta.assistants.list()
    assert caught.value.code == "invalid_api_key"
    assert WRONG not in str(caught.value)
    assert call_as(keyed, KEY).client.beta.assistants.list().data


def every_route() -> list[tuple[str, str]]:
    """Return method and path of all that the application answers, but for what is public."""
    routes = [
        # As the document has it: a parameter that takes slashes says so in the route alone.
        (method, context.path.replace(":path}", "}"))
        for context in iter_route_contexts(create_app(Settings(_env_file=None)).routes)
        for method in getattr(context.original_route, "methods", None) or ("GET",)
        if context.path is not None and method != "HEAD"
    ]
    assert {path for _, path in routes} >= PUBLIC
    assert {(each.method, each.path) for each in operations()} <= {*routes}
    return [(method, path) for method, path in routes if path not in PUBLIC]


@pytest.mark.parametrize(("method", "path"), every_route())
def test_every_route_wants_a_key_before_it_reads_anything(keyed, method, path):
    """The body never comes, and what is there of it is no JSON."""
    filled = path.replace("{", "").replace("}", "")
    head = (
        f"{method} {filled}?limit=none HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
        "Content-Length: 1000\r\n\r\n{"
    )
    assert refused(answer_to(keyed.base_url, head.encode())) == NO_KEY


@pytest.mark.parametrize("path", sorted(PUBLIC - {"/static", "/api/v1/chat/sessions"}))
def test_what_is_public_wants_none(nobody, path):
    # 503: a page whose parts were not downloaded yet.
    assert nobody.get(nobody.base_url.join(path)).status_code in (200, 503)


def test_access_says_whether_a_page_needs_a_key(keyed, nobody, start):
    told_here = nobody.get("/access").json()
    assert told_here == {
        "object": "access",
        "mode": "keys",
        "public_chat": False,
        "default_assistant_id": "asst_default",
    }
    other = start(public_chat=True, assistant_id="asst_two").http.get("/access").json()
    assert (other["mode"], other["public_chat"]) == ("open", True)
    assert other["default_assistant_id"] == "asst_two"
    # Whatever is shown: it asks before it knows.
    assert nobody.get("/access", headers={"authorization": "Bearer x"}).json() == told_here


@pytest.mark.parametrize("credential", [None, WRONG, KEY])
def test_a_page_of_a_known_origin_may_read_its_refusal(keyed, call_as, credential):
    caller = call_as(keyed, credential, origin=ORIGIN)
    answer = caller.http.get("/threads")
    assert answer.status_code == (200 if credential == KEY else 401)
    assert answer.headers["access-control-allow-origin"] == ORIGIN
    assert "retry-after" in answer.headers["access-control-expose-headers"]
    # With keys, the origin binds nobody: who has one may call from anywhere.
    stranger = call_as(keyed, credential, origin="https://elsewhere.example").http.get("/threads")
    assert stranger.status_code == answer.status_code
    assert "access-control-allow-origin" not in stranger.headers


def test_a_preflight_needs_no_key(nobody):
    asked = {
        "origin": ORIGIN,
        "access-control-request-method": "DELETE",
        "access-control-request-headers": "authorization,last-event-id",
    }
    answer = nobody.options("/threads/thread_x", headers=asked)
    assert answer.status_code == 200
    assert answer.headers["access-control-allow-origin"] == ORIGIN
    assert "authorization" in answer.headers["access-control-allow-headers"]


def test_a_key_opens_everything_a_client_needs(keyed, call_as, upstream):
    shop = call_as(keyed, KEY)
    assert shop.http.post("/chat", json={"message": "hi"}).is_success
    body = {"assistant_id": "asst_default", "thread": {"messages": []}}
    assert events_of(shop.http, "/threads/runs", body)[-1].name == "done"
    figures = shop.http.get(shop.http.base_url.join("/metrics"))
    assert "threadkeeper_runs" in figures.text


def test_me_describes_the_caller(keyed, call_as, start):
    def me(caller) -> dict:
        answer: dict = caller.http.get("/me").json()
        return answer

    assert me(call_as(keyed, KEY)) == {
        "object": "caller",
        "kind": "key",
        "project": "shop",
        "scope": "all",
    }
    # The name of its project is made of the key.
    assert me(call_as(keyed, "short"))["project"] is None
    refused(call_as(keyed).http.get("/me"))
    open_server = start(public_chat=True, cors_origins=[ORIGIN])
    assert me(open_server) == {
        "object": "caller",
        "kind": "open",
        "project": "default",
        "scope": "all",
    }
    visitor = call_as(open_server, session_of(call_as(open_server, origin=ORIGIN)))
    assert me(visitor) == {
        "object": "caller",
        "kind": "session",
        "project": None,
        "scope": "chat",
    }
