"""A site says who its visitor is, by a signed token; his threads follow him."""

import base64
import json
import time
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import jwt
import pytest

from tests.support.callers import ORIGIN
from tests.support.talk import error_of
from tests.support.terminal import fail, succeed

SECRET = "a-secret-of-the-sites-backend-0123456789-and-some-more-characters-0123456789"
SETTINGS = {
    "api_keys": ["web:key-of-the-web-12345", "shop:key-of-the-shop-1234"],
    "public_chat": True,
    "public_project": "web",
    "public_rate_limit": "",
    "cors_origins": [ORIGIN],
    "user_token_secret": SECRET,
}


@pytest.fixture(scope="module")
def public(start_shared):
    return start_shared(**SETTINGS)


def signed(subject: str = "anna", secret: str = SECRET, algorithm: str = "HS256", **claims) -> str:
    """Return a site's token; a claim that is None is left out."""
    given = {"sub": subject, "exp": int(time.time()) + 600, **claims}
    return jwt.encode(
        {name: value for name, value in given.items() if value is not None}, secret, algorithm
    )


@pytest.fixture
def begin(public, call_as):
    """Begin a session and return the whole answer."""
    page = call_as(public)

    def begin_session(user: str | None = None, earlier: str | None = None):
        headers = {"origin": ORIGIN}
        if earlier:
            headers["authorization"] = f"Bearer {earlier}"
        body: dict[str, Any] = {} if user is None else {"user": user}
        return page.http.post("/chat/sessions", json=body, headers=headers)

    return begin_session


@pytest.fixture
def visitor(public, call_as, begin):
    """A caller in the session of a user, or of nobody."""

    def caller(user: str | None = None, earlier: str | None = None):
        answer = begin(user, earlier)
        assert answer.status_code == 200, answer.text
        return call_as(public, answer.json()["token"])

    return caller


def threads_of(caller, **query: str) -> list[str]:
    return [thread["id"] for thread in caller.http.get("/threads", params=query).json()["data"]]


def chat(caller, thread_id: str | None = None) -> str:
    answer = caller.http.post("/chat", json={"message": "hello", "thread_id": thread_id})
    assert answer.status_code == 200, answer.text
    return answer.json()["thread_id"]


def test_a_users_threads_follow_him_to_another_device(visitor, begin):
    phone, desk = visitor(signed("bo", name=" Bo \n Li ")), visitor(signed("bo"))
    thread_id = chat(phone)
    assert threads_of(desk) == [thread_id]
    assert chat(desk, thread_id) == thread_id
    assert begin(signed("bo", name="Bo\nLi")).json()["user"] == {"id": "bo", "name": "Bo Li"}


def test_other_users_and_visitors_see_none_of_them(visitor):
    thread_id = chat(visitor(signed("carl")))
    for other in (visitor(signed("Carl")), visitor(signed("carl ")), visitor()):
        assert threads_of(other) == []
        error_of(other.http.get(f"/threads/{thread_id}"), 404)


def test_threads_from_before_the_sign_in_are_kept(visitor, public):
    before = visitor()
    thread_id = chat(before)
    user = visitor(signed("dora"), earlier=before.credential)
    assert threads_of(user) == [thread_id]
    assert threads_of(before) == [], "a visitor at the same browser sees them after the sign-out"
    # The next one who signs in there gets nothing with the same earlier token.
    assert threads_of(visitor(signed("emil"), earlier=before.credential)) == []
    assert threads_of(user) == [thread_id]


def test_a_users_session_is_never_handed_to_another_one(visitor, begin):
    user = visitor(signed("fay"))
    thread_id = chat(user)
    assert threads_of(visitor(signed("gus"), earlier=user.credential)) == []
    assert threads_of(user) == [thread_id]
    # Nor does its token open it again after he has signed out.
    refused = begin(None, user.credential)
    assert error_of(refused, 401)["code"] == "user_token_required"


def _unsigned(**claims: Any) -> str:
    """Return a token without a signature, which names no algorithm."""
    parts = ({"alg": "none", "typ": "JWT"}, {"sub": "anna", "exp": int(time.time()) + 60, **claims})
    encoded = (base64.urlsafe_b64encode(json.dumps(part).encode()).rstrip(b"=") for part in parts)
    return b".".join([*encoded, b""]).decode()


@pytest.mark.parametrize(
    ("token", "code", "said"),
    [
        (lambda: signed(exp=int(time.time()) - 120), "user_token_expired", "expired"),
        (lambda: signed(secret=f"{SECRET}x"), "user_token_invalid", "signature"),
        (lambda: signed(algorithm="HS512"), "user_token_invalid", "HS256"),
        (_unsigned, "user_token_invalid", "HS256"),
        (lambda: signed(exp=None), "user_token_invalid", "'exp'"),
        (lambda: signed(exp=int(time.time()) + 25 * 3600), "user_token_invalid", "24 hours"),
        (lambda: signed(exp="soon"), "user_token_invalid", "JSON Web Token"),
        (lambda: signed(sub=None), "user_token_invalid", "'sub'"),
        (lambda: signed(sub=""), "user_token_invalid", "'sub'"),
        (lambda: signed(sub=" "), "user_token_invalid", "'sub'"),
        (lambda: signed(sub="x" * 257), "user_token_invalid", "'sub'"),
        (lambda: signed(sub="a\0b"), "user_token_invalid", "null"),
        (lambda: signed(name="x" * 257), "user_token_invalid", "'name'"),
        (lambda: signed(email=7), "user_token_invalid", "'email'"),
        (lambda: signed(nbf=int(time.time()) + 600), "user_token_invalid", "not valid yet"),
        (lambda: "nonsense", "user_token_invalid", "JSON Web Token"),
    ],
)
def test_a_wrong_token_is_refused_with_the_reason(begin, visitor, token, code, said):
    """Also with a session that could be continued: the page must not become somebody else."""
    for earlier in (None, visitor().credential):
        error = error_of(begin(token(), earlier), 401)
        assert (error["code"], error["param"]) == (code, "user")
        assert said in error["message"]
        assert SECRET not in error["message"]


def test_a_servers_own_token_vouches_for_nobody(begin, visitor):
    error = error_of(begin(visitor().credential), 401)
    assert error["code"] == "user_token_invalid"


def test_without_the_setting_a_token_is_refused(start, call_as):
    page = call_as(start(**{**SETTINGS, "user_token_secret": ""}))
    answer = page.http.post("/chat/sessions", json={"user": signed()}, headers={"origin": ORIGIN})
    assert error_of(answer, 400)["code"] == "user_tokens_are_off"


def test_many_devices_at_once_get_one_session(begin):
    def session(_: int) -> str:
        token = begin(signed("hana")).json()["token"]
        return jwt.decode(token, options={"verify_signature": False})["sub"]

    with ThreadPoolExecutor(8) as pool:
        assert len(set(pool.map(session, range(16)))) == 1


def test_session_ids_say_nothing_about_the_user(begin):
    token = begin(signed("ida@example.org")).json()["token"]
    claims = jwt.decode(token, options={"verify_signature": False})
    assert "ida" not in json.dumps(claims) and len(claims["sub"]) == 32


def test_an_export_of_a_user_says_who_he_is_and_that_he_asked_for_a_person(
    visitor, public, call_as, tmp_path
):
    claims = {"name": "Lea", "email": "lea@example.org"}
    lea = visitor(signed("lea", **claims))
    thread_id = chat(lea)
    asked = lea.http.post(f"/threads/{thread_id}/handover", json={"contact": "010-1234-5678"})
    assert asked.is_success
    folder = tmp_path / "lea"
    key = "key-of-the-web-12345"
    options = ("--user", "lea", "-o", str(folder), "--key", key)
    succeed("person", "export", *options, url=public.base_url)
    exported = map(json.loads, (folder / "threads.ndjson").read_text("utf-8").splitlines())
    by_kind = {one["object"]: one for one in exported}
    who = by_kind["thread.visitor"]
    assert {name: who[name] for name in ("id", "name", "email")} == {"id": "lea", **claims}
    assert by_kind["thread.handover"]["contact"] == "010-1234-5678"
    owner = call_as(public, key)
    assert owner.http.get(f"/threads/{thread_id}/visitor").json() == who
    assert error_of(lea.http.get(f"/threads/{thread_id}/visitor"), 403)


def test_a_user_without_a_thread_is_exported_and_deleted(visitor, public, call_as, tmp_path):
    url, key = public.base_url, "key-of-the-web-12345"
    subject = "mia/7@example.org"
    visitor(signed(subject, name="Mia", email="mia@example.org"))
    folder = tmp_path / "mia"
    options = ("--user", subject, "--key", key)
    reported = json.loads(
        succeed("person", "export", *options, "-o", str(folder), "--json", url=url)
    )
    assert (reported["visitors"], reported["threads"]) == (1, 0)
    (who,) = map(json.loads, (folder / "threads.ndjson").read_text("utf-8").splitlines())
    assert (who["id"], who["name"], who["email"]) == (subject, "Mia", "mia@example.org")
    owner, other = (call_as(public, one).http for one in (key, "key-of-the-shop-1234"))
    assert owner.get("/visitors", params={"user": subject}).json()["data"] == [who]
    assert other.get("/visitors", params={"user": subject}).json()["data"] == []
    assert "Add --yes" in fail("person", "delete", *options, url=url, status=2)
    assert "e-mail address) was deleted" in succeed("person", "delete", *options, "--yes", url=url)
    assert owner.get("/visitors", params={"user": subject}).json()["data"] == []
    again = ("person", "export", *options, "-o", str(tmp_path / "again"))
    assert "nothing was exported" in fail(*again, url=url)


def test_the_owner_finds_and_deletes_a_users_threads(visitor, public, call_as):
    thread_id = chat(visitor(signed("jo")))
    chat(visitor(signed("kim")))
    owner, other = (
        call_as(public, key) for key in ("key-of-the-web-12345", "key-of-the-shop-1234")
    )
    assert threads_of(owner, user="jo") == [thread_id]
    assert threads_of(other, user="jo") == []
    assert owner.http.delete("/threads", params={"user": "jo"}).json()["count"] == 1
    assert threads_of(owner, user="jo") == []
    assert len(threads_of(owner, user="kim")) == 1
    assert threads_of(visitor(signed("jo"))) == []


def test_an_open_session_creates_nothing_after_his_deletion(visitor, public, call_as):
    key, open_page = "key-of-the-web-12345", visitor(signed("hal"))
    chat(open_page)
    succeed("person", "delete", "--user", "hal", "--yes", "--key", key, url=public.base_url)
    for stream in (False, True):
        refused = open_page.http.post("/chat", json={"message": "hello", "stream": stream})
        assert error_of(refused, 401)["code"] == "session_expired"
    assert threads_of(open_page) == []
    # With a new session he can write, and is found again.
    thread_id = chat(visitor(signed("hal")))
    assert threads_of(call_as(public, key), user="hal") == [thread_id]
