"""A page's access without a key: how a browser gets it, keeps it, and what it is worth."""

import base64
import json
import time

import jwt
import pytest
from sqlalchemy import text

from tests.support.callers import ORIGIN, session_of
from tests.support.rows import connected
from tests.support.talk import error_of
from tests.support.waiting import wait_until

AUDIENCE = "threadkeeper/chat"
DAY = 86_400
SETTINGS = {
    "api_keys": ["web:key-of-the-web-12345", "shop:key-of-the-shop-1234"],
    "public_chat": True,
    "public_project": "web",
    "public_rate_limit": "",
    "cors_origins": [ORIGIN],
}


@pytest.fixture(scope="module")
def public(start_shared):
    return start_shared(**SETTINGS)


@pytest.fixture
def secret(public, shared_database_url) -> str:
    """What this database's tokens are signed with."""
    with connected(shared_database_url) as connection:
        return connection.execute(text("SELECT value FROM secrets")).scalar_one()


@pytest.fixture
def page(public, call_as):
    """Somebody who has no key yet."""
    return call_as(public)


def signed(secret: str, algorithm: str = "HS256", **claims) -> str:
    """Return a token like ours, with other claims: None leaves one out."""
    moment = int(time.time())
    ours = {"sub": "session_x", "aud": AUDIENCE, "iat": moment, "exp": moment + 3600}
    reported = {name: value for name, value in {**ours, **claims}.items() if value is not None}
    return jwt.encode(reported, secret, algorithm)


def sessions(caller, token: str | None = None, **headers: str):
    authorization = {"authorization": f"Bearer {token}"} if token else {}
    return caller.http.post("/chat/sessions", headers={**authorization, **headers})


def own_id(token: str) -> str:
    return jwt.decode(token, options={"verify_signature": False})["sub"]


def test_a_page_is_given_a_token(public, page, secret):
    before = int(time.time())
    answer = sessions(page, origin=ORIGIN)
    issued = answer.json()
    assert [*issued] == ["object", "token", "expires_at", "user", "assistants"]
    assert issued["user"] is None
    assert issued["object"] == "chat.session"
    claims = jwt.decode(issued["token"], secret, ["HS256"], audience=AUDIENCE)
    assert before <= claims["iat"] <= time.time()
    assert issued["expires_at"] == claims["exp"] == claims["iat"] + 3600
    assert claims["sub"].startswith("session_") and len(claims["sub"]) == 32
    assert answer.headers["access-control-allow-origin"] == ORIGIN
    assert issued["assistants"] == [
        {"id": "asst_default", "name": "Threadkeeper", "description": None, "metadata": {}}
    ]
    assert own_id(session_of(page)) != claims["sub"], "two browsers share a session"


def test_how_long_it_is_good_is_a_setting(start, call_as):
    page = call_as(start(**{**SETTINGS, "session_minutes": 7}))
    issued = sessions(page, origin=ORIGIN).json()
    assert 0 <= time.time() + 7 * 60 - issued["expires_at"] < 30


@pytest.mark.parametrize("body", [b"", b"{}"])
def test_its_body_says_nothing(page, body):
    headers = {"origin": ORIGIN, "content-type": "application/json"}
    assert page.http.post("/chat/sessions", content=body, headers=headers).is_success


@pytest.mark.parametrize(
    "origin",
    [
        None,
        "",
        "null",
        "https://elsewhere.example",
        "http://shop.example",
        "https://shop.example.elsewhere",
        "https://shop.example:444",
        "https://SHOP.example",
        "http://[::1",
        "http://",
        "*",
    ],
)
def test_another_origin_is_given_none(page, origin):
    headers = {} if origin is None else {"origin": origin}
    answer = sessions(page, **headers)
    assert error_of(answer, 403)["code"] == "origin_not_allowed"
    assert "access-control-allow-origin" not in answer.headers


def test_the_servers_own_page_is_given_one(public, page):
    own = public.base_url
    for origin in (own, own.replace("http", "https")):
        assert sessions(page, origin=origin).is_success
    assert sessions(page, origin="https://proxy.example", host="proxy.example").is_success
    error_of(sessions(page, origin="http://127.0.0.1:1"), 403)


def test_without_public_chat_there_are_no_sessions(start, call_as, public):
    token = session_of(call_as(public))
    keyed = call_as(start(**{**SETTINGS, "public_chat": False}))
    assert error_of(sessions(keyed, origin=ORIGIN), 403)["code"] == "public_chat_is_off"
    assert error_of(call_as(keyed, token).http.get("/threads"), 401)["code"] == "invalid_api_key"


def test_without_keys_the_servers_own_page_may_try_it(start, call_as):
    """The widget's demo works at once; other sites' pages still need the setting."""
    server = start(public_chat=False, cors_origins=[ORIGIN])
    page = call_as(server)
    assert page.http.get("/access").json()["public_chat"] is False
    token = sessions(page, origin=server.base_url).json()["token"]
    visitor = call_as(server, token, origin=server.base_url)
    thread_id = visitor.http.post("/chat", json={"message": "x"}).json()["thread_id"]
    assert visitor.http.get(f"/threads/{thread_id}").is_success
    assert error_of(visitor.http.get("/files"), 403)["code"] == "session_not_allowed"
    error = error_of(sessions(page, origin=ORIGIN), 403)
    assert error["code"] == "public_chat_is_off"
    assert "PUBLIC_CHAT=true" in error["message"] and "CORS_ORIGINS" in error["message"]


def test_a_token_is_renewed(public, page, secret, call_as):
    first = session_of(page)
    thread_id = call_as(public, first).http.post("/chat", json={"message": "a"}).json()["thread_id"]
    second = sessions(page, first, origin=ORIGIN).json()["token"]
    assert own_id(second) == own_id(first)
    mine = call_as(public, second).http.get("/threads").json()["data"]
    assert [thread["id"] for thread in mine] == [thread_id]
    # Both are good, until they end.
    assert call_as(public, first).http.get(f"/threads/{thread_id}").is_success


@pytest.mark.parametrize(
    ("age", "goes_on"),
    [
        (3600, True),
        (29 * DAY, True),
        (30 * DAY - 60, True),
        (30 * DAY + 60, False),
        (99 * DAY, False),
    ],
)
def test_an_expired_token_is_worth_its_session_for_a_month(
    public, page, secret, call_as, age, goes_on
):
    moment = int(time.time())
    old = signed(secret, sub="session_old", iat=moment - age, exp=moment - age + 3600)
    expired = call_as(public, old).http
    for answer in (expired.get("/threads"), expired.post("/chat", json={"message": "x"})):
        assert error_of(answer, 401)["code"] == "session_expired"
    issued = sessions(page, old, origin=ORIGIN).json()["token"]
    assert (own_id(issued) == "session_old") == goes_on
    # From elsewhere it is worth nothing.
    error_of(sessions(page, old), 403)


def test_a_clock_that_is_a_little_ahead_is_no_fault(public, page, secret, call_as):
    """Several servers of one database never have quite the same time."""
    moment = int(time.time())
    early = signed(secret, sub="session_early", iat=moment + 5, exp=moment + 3605)
    assert call_as(public, early).http.get("/threads").is_success
    assert own_id(sessions(page, early, origin=ORIGIN).json()["token"]) == "session_early"


def unsigned(**claims) -> str:
    head, body = ({"alg": "none", "typ": "JWT"}, {"sub": "session_x", "aud": AUDIENCE, **claims})
    return ".".join(_base64(json.dumps(part).encode()) for part in (head, body)) + "."


def _base64(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def headed(header: bytes) -> str:
    return f"{_base64(header)}.e30.{_base64(b'signature')}"


def _bent(token: str) -> str:
    """Return the token with another session in it, and its old signature."""
    head, _, signature = token.split(".")
    moment = int(time.time())
    claims = {"sub": "session_victim", "aud": AUDIENCE, "iat": moment, "exp": moment + 99}
    return f"{head}.{_base64(json.dumps(claims).encode())}.{signature}"


FORGED = {
    "bent": lambda secret: _bent(signed(secret)),
    "unsigned": lambda _: unsigned(iat=int(time.time()), exp=int(time.time()) + 99),
    "another secret's": lambda _: signed("x" * 64),
    "an empty secret's": lambda _: jwt.encode({"sub": "x", "aud": AUDIENCE}, "x" * 32, "HS256"),
    "another algorithm's": lambda secret: signed(secret, "HS512"),
    "another audience's": lambda secret: signed(secret, aud="threadkeeper/other"),
    "no audience's": lambda secret: signed(secret, aud=None),
    "nobody's": lambda secret: signed(secret, sub=None),
    "endless": lambda secret: signed(secret, exp=None),
    "without a beginning": lambda secret: signed(secret, iat=None),
    "cut": lambda secret: signed(secret)[:-3],
    "lengthened": lambda secret: signed(secret) + "AAAA",
    "no token": lambda _: "a.b.c",
    "deep": lambda _: headed(b"[" * 5_000),
    "deep objects": lambda _: headed(b'{"a":' * 5_000),
    "no header": lambda _: headed(b"null"),
    "a list's": lambda _: headed(b"[]"),
    "odd types": lambda _: headed(b'{"alg": ["HS256"], "typ": 1}'),
    "a null algorithm's": lambda _: headed(b'{"alg": null}'),
    "critical": lambda _: headed(b'{"alg": "HS256", "crit": ["b64"], "b64": false}'),
    "no text": lambda _: headed(b"\xff\xfe"),
}


@pytest.mark.parametrize("kind", FORGED)
def test_a_forged_token_is_a_wrong_key(public, page, secret, call_as, kind):
    token = FORGED[kind](secret)
    answer = call_as(public, token).http.get("/threads")
    assert error_of(answer, 401)["code"] == "invalid_api_key"
    assert token not in answer.text
    # Shown for a renewal it is as if there were none.
    issued = sessions(page, token, origin=ORIGIN)
    assert own_id(issued.json()["token"]) not in ("session_x", "session_victim", "x")


def test_a_key_is_no_session(public, page, call_as):
    """A page that has a key may begin a session all the same; it is a new one."""
    issued = sessions(page, "key-of-the-web-12345", origin=ORIGIN)
    assert own_id(issued.json()["token"]).startswith("session_")


def test_servers_of_one_database_take_each_others_tokens(start, call_as, database_url):
    one = start(**SETTINGS)
    token = session_of(call_as(one))
    thread_id = call_as(one, token).http.post("/chat", json={"message": "x"}).json()["thread_id"]
    other = start(**SETTINGS)
    assert call_as(other, token).http.get(f"/threads/{thread_id}").is_success
    carried = own_id(sessions(call_as(other), token, origin=ORIGIN).json()["token"])
    assert carried == own_id(token)
    for server in (one, other):
        server.stop()
    # The secret outlives them, and there is one.
    assert call_as(start(**SETTINGS), token).http.get(f"/threads/{thread_id}").is_success
    with connected(database_url) as connection:
        assert connection.execute(text("SELECT count(*) FROM secrets")).scalar_one() == 1


def test_another_database_takes_them_for_nothing(public, start, call_as):
    token = session_of(call_as(start(**SETTINGS)))
    error_of(call_as(public, token).http.get("/threads"), 401)


def test_it_ends_by_itself(start, call_as, database_url):
    server = start(**SETTINGS)
    with connected(database_url) as connection:
        secret = connection.execute(text("SELECT value FROM secrets")).scalar_one()
    short = call_as(server, signed(secret, exp=int(time.time()) + 2))
    assert short.http.get("/threads").is_success
    wait_until(lambda: short.http.get("/threads").status_code == 401)
    assert short.http.get("/threads").json()["error"]["code"] == "session_expired"


def test_a_visitors_body_is_bounded_before_it_is_read(start, call_as):
    server = start(**SETTINGS, public_max_message=100)
    visitor = call_as(server, session_of(server))
    # The largest message there may be, in the longest way to write it.
    longest = '{"message": "' + "\\ud83d\\ude00" * 100 + '"}'
    headers = {"content-type": "application/json"}
    assert visitor.http.post("/chat", content=longest, headers=headers).status_code == 200
    sent = visitor.http.post("/chat", content=b" " * 30_000, headers=headers)
    assert error_of(sent, 413)["code"] == "request_too_large"
    chunked = visitor.http.post("/chat", content=iter([b"{", b"}"]), headers=headers)
    assert error_of(chunked, 411)["code"] == "content_length_required"
    # With a key a body may be larger.
    keyed = call_as(server, "key-of-the-web-12345")
    error_of(keyed.http.post("/chat", content=b" " * 30_000, headers=headers), 400)
