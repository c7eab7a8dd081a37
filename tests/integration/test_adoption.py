"""With ADOPT_IDS, ids of another server work from the first call on."""

import gzip
import json
import logging
import secrets
import string
from concurrent.futures import ThreadPoolExecutor

import pytest
from sqlalchemy import text

from app.db.retention import remove_stale
from app.domain.clock import now
from tests.support.callers import ORIGIN, session_of
from tests.support.replies import Reply
from tests.support.rows import connected
from tests.support.stream_reader import events_of
from tests.support.talk import error_of

SHOP, OFFICE = "key-of-the-shop-0123456789", "key-of-the-office-0123456789"
ALIASED = "asst_AliasOfTheOldServer00001"
HELLO = {"role": "user", "content": "hello"}


def old(prefix: str) -> str:
    alphabet = string.ascii_letters + string.digits
    return f"{prefix}_" + "".join(secrets.choice(alphabet) for _ in range(24))


@pytest.fixture(scope="module")
def adopting(start_shared):
    return start_shared(
        adopt_ids=True,
        api_keys=[f"shop:{SHOP}", f"office:{OFFICE}"],
        assistant_instructions="Of the default assistant.",
        assistant_aliases={ALIASED: "asst_OfTheShop0000000000000001"},
        public_chat=True,
        public_project="shop",
        cors_origins=[ORIGIN],
        busy_thread="enqueue",
    )


@pytest.fixture(scope="module")
def shop(adopting, call_shared_as):
    return call_shared_as(adopting, SHOP).http


@pytest.fixture(scope="module")
def office(adopting, call_shared_as):
    return call_shared_as(adopting, OFFICE).http


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("GET", "", None),
        ("POST", "", {"metadata": {"a": "b"}}),
        ("POST", "/messages", HELLO),
        ("GET", "/messages", None),
        ("GET", "/runs", None),
        ("DELETE", "", None),
    ],
)
def test_an_unknown_thread_is_opened(shop, method, path, body):
    thread_id = old("thread")
    answer = shop.request(method, f"/threads/{thread_id}{path}", json=body)
    assert answer.is_success, answer.text
    if method == "GET" and not path:
        opened = answer.json()
        assert (opened["id"], opened["metadata"]) == (thread_id, {"adopted": "true"})
    if method != "DELETE":
        assert shop.get(f"/threads/{thread_id}").json()["id"] == thread_id


def test_a_run_on_an_unknown_thread_of_an_unknown_assistant(shop, upstream):
    upstream.reply(Reply.text("Hi", "."))
    thread_id, assistant_id = old("thread"), old("asst")
    body = {"assistant_id": assistant_id, "additional_messages": [HELLO], "stream": True}
    events = events_of(shop, f"/threads/{thread_id}/runs", body)
    assert events[-2].name == "thread.run.completed"
    run = events[-2].data
    assert (run["thread_id"], run["assistant_id"]) == (thread_id, assistant_id)
    assert run["instructions"] == "Of the default assistant."
    roles = [one["role"] for one in shop.get(f"/threads/{thread_id}/messages").json()["data"]]
    assert roles == ["assistant", "user"]


def test_a_chat_with_old_ids(shop, upstream):
    body = {"message": "hello", "thread_id": old("thread"), "assistant_id": old("asst")}
    answer = shop.post("/chat", json=body)
    assert answer.json()["thread_id"] == body["thread_id"]
    streamed = {**body, "thread_id": old("thread"), "stream": True}
    assert events_of(shop, "/chat", streamed)[-1].name == "message"


def test_a_packed_body_is_read_twice(shop, upstream):
    thread_id = old("thread")
    packed = gzip.compress(json.dumps(HELLO).encode())
    headers = {"content-encoding": "gzip", "content-type": "application/json"}
    answer = shop.post(f"/threads/{thread_id}/messages", content=packed, headers=headers)
    assert answer.json()["thread_id"] == thread_id


def test_an_adopted_assistant_is_made_once_and_then_edited(shop, upstream):
    assistant_id = old("asst")
    body = {"assistant_id": assistant_id, "thread": {"messages": [HELLO]}}
    assert shop.post("/threads/runs", json=body).is_success
    made = shop.get(f"/assistants/{assistant_id}").json()
    assert made["instructions"] == "Of the default assistant."
    assert made["metadata"]["adopted"] == "true"
    changed = shop.post(f"/assistants/{assistant_id}", json={"instructions": "Mine."})
    assert changed.is_success
    run = shop.post("/threads/runs", json=body).json()
    assert run["instructions"] == "Mine."
    assert shop.get("/assistants/asst_default").json()["instructions"] != "Mine."


def test_an_alias_says_which_assistant_is_copied(shop, office, rows_of, upstream, caplog):
    body = {"assistant_id": ALIASED, "thread": {"messages": [HELLO]}}
    # Nobody has the other assistant yet.
    error_of(shop.post("/threads/runs", json=body), 404)
    assert "can't be answered by asst_OfTheShop0000000000000001" in caplog.text
    rows_of("shop", "asst_OfTheShop0000000000000001", "Of the shop.")
    # It is another project's.
    error_of(office.post("/threads/runs", json=body), 404)
    assert shop.post("/threads/runs", json=body).json()["instructions"] == "Of the shop."
    assert shop.get(f"/assistants/{ALIASED}").json()["instructions"] == "Of the shop."


@pytest.fixture
def rows_of(shop):
    """Import an assistant under an id of our choice."""

    def bring(_project: str, assistant_id: str, instructions: str) -> None:
        line = {
            "id": assistant_id,
            "object": "assistant",
            "created_at": 1_700_000_000,
            "model": "m",
            "instructions": instructions,
        }
        answer = shop.post("/import", json=line)
        assert answer.is_success, answer.text

    return bring


def test_only_runs_and_chats_adopt_an_assistant(shop):
    assistant_id = old("asst")
    error_of(shop.get(f"/assistants/{assistant_id}"), 404)
    error_of(shop.post(f"/assistants/{assistant_id}", json={"name": "x"}), 404)
    error_of(shop.delete(f"/assistants/{assistant_id}"), 404)


@pytest.mark.parametrize(
    "thread_id",
    [
        "thread_",
        "thread_undefined",
        "thread_" + "x" * 23,
        "thread_" + "x" * 25,
        "thread_" + "x" * 23 + "-",
        "thread_" + "가" * 24,
        "thread_" + "x" * 23 + "%0A",
        "x" * 24,
    ],
)
def test_what_is_no_id_stays_an_error(shop, thread_id):
    assert shop.get(f"/threads/{thread_id}").status_code in (400, 404)
    assert shop.get(f"/threads/{thread_id}").status_code in (400, 404)


def test_ids_elsewhere_are_not_adopted(shop):
    thread_id = old("thread")
    assert shop.get("/threads", params={"after": thread_id}).status_code in (400, 404)
    thread = shop.get(f"/threads/{old('thread')}").json()["id"]
    error_of(shop.get(f"/threads/{thread}/messages/msg_{'x' * 24}"), 404)
    listed = [one["id"] for one in shop.get("/threads", params={"limit": 100}).json()["data"]]
    assert thread_id not in listed


def test_another_projects_ids_stay_unknown(shop, office, upstream):
    theirs, adopted, assistant = shop.post("/threads").json()["id"], old("thread"), old("asst")
    shop.get(f"/threads/{adopted}")
    shop.post("/threads/runs", json={"assistant_id": assistant, "thread": {"messages": [HELLO]}})
    for thread_id in (theirs, adopted):
        error_of(office.get(f"/threads/{thread_id}"), 404)
        error_of(office.post(f"/threads/{thread_id}/messages", json=HELLO), 404)
        error_of(office.post("/chat", json={"message": "x", "thread_id": thread_id}), 404)
        assert shop.get(f"/threads/{thread_id}").is_success
    body = {"assistant_id": assistant, "thread": {"messages": [HELLO]}}
    error_of(office.post("/threads/runs", json=body), 404)


def test_what_was_deleted_stays_deleted(shop, office, upstream):
    one, two = shop.post("/threads", json={"metadata": {"batch": "7"}}).json()["id"], old("thread")
    shop.get(f"/threads/{two}")
    shop.post(f"/threads/{two}", json={"metadata": {"batch": "7"}})
    shop.delete(f"/threads/{one}")
    assert shop.delete("/threads", params={"metadata[batch]": "7"}).is_success
    assistant = old("asst")
    body = {"assistant_id": assistant, "thread": {"messages": [HELLO]}}
    shop.post("/threads/runs", json=body)
    shop.delete(f"/assistants/{assistant}")
    for caller in (shop, office):
        error_of(caller.get(f"/threads/{one}"), 404)
        error_of(caller.get(f"/threads/{two}"), 404)
        error_of(caller.post("/threads/runs", json=body), 404)


def test_a_visitor_never_adopts(adopting, call_shared_as, shop, upstream):
    page = call_shared_as(adopting, origin=ORIGIN)
    visitor = call_shared_as(adopting, session_of(page), origin=ORIGIN).http
    thread_id = old("thread")
    error_of(visitor.get(f"/threads/{thread_id}"), 404)
    error_of(visitor.post("/chat", json={"message": "x", "thread_id": thread_id}), 404)
    error_of(visitor.post("/chat", json={"message": "x", "assistant_id": old("asst")}), 404)
    listed = [one["id"] for one in shop.get("/threads", params={"limit": 100}).json()["data"]]
    assert thread_id not in listed


def test_many_requests_adopt_one_id_at_once(shop, office, upstream):
    thread_id = old("thread")
    with ThreadPoolExecutor(12) as pool:
        path = f"/threads/{thread_id}/messages"
        answers = list(pool.map(lambda _: shop.post(path, json=HELLO), range(12)))
    assert [answer.status_code for answer in answers] == [200] * 12
    assert len(shop.get(path).json()["data"]) == 12


def test_two_projects_adopt_one_id_at_once(shop, office):
    thread_ids = [old("thread") for _ in range(10)]
    with ThreadPoolExecutor(8) as pool:
        calls = [(who, one) for one in thread_ids for who in (shop, office)]
        answers = list(pool.map(lambda call: call[0].get(f"/threads/{call[1]}"), calls))
    for first, second in zip(answers[::2], answers[1::2], strict=True):
        assert sorted([first.status_code, second.status_code]) == [200, 404]


def test_many_runs_adopt_one_assistant_at_once(shop, upstream):
    body = {"assistant_id": old("asst"), "thread": {"messages": [HELLO]}}
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda _: shop.post("/threads/runs", json=body), range(8)))
    assert [answer.status_code for answer in answers] == [200] * 8


def test_by_default_nothing_is_adopted(http):
    error_of(http.get(f"/threads/{old('thread')}"), 404)
    body = {"assistant_id": old("asst"), "thread": {"messages": [HELLO]}}
    error_of(http.post("/threads/runs", json=body), 404)


def test_deleted_ids_are_kept_from_the_first_adoption_on(start, database_url):
    for adopt_ids, kept in ((False, 0), (True, 1), (False, 2)):
        server = start(adopt_ids=adopt_ids)
        thread_id = server.http.post("/threads").json()["id"]
        assert server.http.delete(f"/threads/{thread_id}").is_success
        server.stop()
        with connected(database_url) as connection:
            known = text("SELECT count(*) FROM past_ids WHERE id LIKE 'thread_%'")
            assert connection.execute(known).scalar() == kept


def test_an_adoption_is_logged(shop, caplog):
    caplog.set_level(logging.INFO)
    shop.get(f"/threads/{(thread_id := old('thread'))}")
    [record] = [one for one in caplog.records if one.getMessage() == "adopted"]
    assert record.fields == {"id": thread_id, "project": "shop"}


def test_what_went_with_time_stays_deleted(start, database_url):
    http = start(adopt_ids=True).http
    thread_id = http.post("/threads").json()["id"]
    with connected(database_url) as connection:
        # Everything that exists is older than tomorrow.
        assert remove_stale(connection, [thread_id], now() + 86_400) == 1
    error_of(http.get(f"/threads/{thread_id}"), 404)


def test_an_id_may_be_deleted_twice(start):
    http = start(adopt_ids=True).http
    line = {"id": old("thread"), "object": "thread", "created_at": 1_700_000_000}
    for _ in range(2):
        assert http.post("/import", json=line).is_success
        assert http.get(f"/threads/{line['id']}").is_success
        assert http.delete(f"/threads/{line['id']}").is_success
    error_of(http.get(f"/threads/{line['id']}"), 404)
