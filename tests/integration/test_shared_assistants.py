"""Assistants of the settings and of the assistants file: every project's to use, and nobody's."""

import pytest

from tests.support.assistants_files import written
from tests.support.callers import ORIGIN, session_of
from tests.support.function_calls import outputs
from tests.support.replies import Reply
from tests.support.searches import search, stores
from tests.support.stores import counts, found
from tests.support.stream_reader import events_of
from tests.support.talk import ended, error_of

ONE = """
assistants:
  - id: asst_one
    name: 하나
    instructions: Be brief.
    tools: [file_search]
    knowledge: [knowledge/hours.md]
"""
HOURS = "매장은 오전 열 시에 엽니다. The shop opens at ten."
KEYS = {name: f"key-of-the-{name}-123456" for name in ("default", "shop", "cafe")}
SETTINGS = {"api_keys": [f"{name}:{key}" for name, key in KEYS.items()]}
ASKED = {"messages": [{"role": "user", "content": "When?"}]}


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("assistants")


@pytest.fixture(scope="module")
def shared(start_shared, folder):
    return start_shared(**SETTINGS, assistants_file=written(folder, ONE, hours=HOURS))


@pytest.fixture(scope="module", params=KEYS)
def caller(request, shared, call_shared_as):
    """One project after the other."""
    return call_shared_as(shared, KEYS[request.param])


def knowledge(http) -> tuple[str, str]:
    """Return the ids of the assistant's store, and of the file in it."""
    resources = http.get("/assistants/asst_one").json()["tool_resources"]
    (store_id,) = resources["file_search"]["vector_store_ids"]
    (file,) = http.get(f"/vector_stores/{store_id}/files").json()["data"]
    return store_id, file["id"]


def test_every_project_lists_and_reads_them(caller):
    listed = {one["id"] for one in caller.http.get("/assistants").json()["data"]}
    assert listed >= {"asst_one", "asst_default"}
    assert caller.http.get("/assistants/asst_one").json()["name"] == "하나"
    # Pages begin and end at them, as at one's own.
    made = caller.http.post("/assistants", json={"model": "m"}).json()["id"]
    page = caller.http.get("/assistants", params={"limit": 1, "after": "asst_one"})
    assert page.is_success
    every: list[str] = []
    cursor: dict[str, str] = {}
    while not every or cursor:
        page = caller.http.get("/assistants", params={"limit": 1, **cursor}).json()
        every += [one["id"] for one in page["data"]]
        cursor = {"after": page["last_id"]} if page["has_more"] else {}
    assert len(every) == len({*every}) and {"asst_one", "asst_default", made} <= {*every}


def test_every_project_speaks_with_them(caller, upstream):
    for assistant_id in ("asst_one", "asst_default"):
        body = {"message": "x", "assistant_id": assistant_id}
        assert caller.http.post("/chat", json=body).is_success
        run = {"assistant_id": assistant_id, "thread": ASKED}
        assert events_of(caller.http, "/threads/runs", run)[-1].name == "done"
    thread_id = caller.http.post("/threads").json()["id"]
    run = caller.http.post(f"/threads/{thread_id}/runs").json()
    assert run["assistant_id"] == "asst_default"
    assert ended(caller.http, f"/threads/{thread_id}/runs/{run['id']}")["status"] == "completed"


def test_what_they_know_is_found_from_every_project(caller, upstream):
    upstream.reply(Reply.function_calls(search("opens 매장")), Reply.text("At ten."))
    events_of(caller.http, "/threads/runs", {"assistant_id": "asst_one", "thread": ASKED})
    (answer,) = outputs(upstream)
    assert HOURS in answer


def test_what_they_know_is_read_and_searched_by_all(caller):
    store_id, file_id = knowledge(caller.http)
    assert counts(caller.client, store_id) == {"completed": 1, "total": 1}
    assert found(caller.client, store_id, "매장") == [file_id]
    assert caller.http.get(f"/files/{file_id}/content").text == HOURS
    content = caller.http.get(f"/vector_stores/{store_id}/files/{file_id}/content").json()
    assert content["data"][0]["text"] == HOURS
    # It is none of one's own files, though.
    for path in ("/files", "/vector_stores"):
        listed = [one["id"] for one in caller.http.get(path).json()["data"]]
        assert store_id not in listed and file_id not in listed


def test_no_project_can_change_any_of_it(caller):
    store_id, file_id = knowledge(caller.http)
    own = caller.client.files.create(file=("own.txt", b"own"), purpose="assistants").id
    before = caller.http.get("/assistants/asst_one").json()
    for method, path, body in (
        ("POST", "/assistants/asst_one", {"name": "Mine"}),
        ("POST", "/assistants/asst_one", {}),
        ("DELETE", "/assistants/asst_one", None),
        ("POST", "/assistants/asst_default", {"name": "Mine"}),
        ("DELETE", "/assistants/asst_default", None),
        ("DELETE", f"/files/{file_id}", None),
        ("POST", f"/vector_stores/{store_id}", {"name": "Mine"}),
        ("POST", f"/vector_stores/{store_id}", {}),
        ("DELETE", f"/vector_stores/{store_id}", None),
        ("POST", f"/vector_stores/{store_id}/files", {"file_id": own}),
        ("POST", f"/vector_stores/{store_id}/files", {"file_id": file_id}),
        ("POST", f"/vector_stores/{store_id}/file_batches", {"file_ids": [own]}),
        ("POST", f"/vector_stores/{store_id}/files/{file_id}", {"attributes": {"a": 1}}),
        ("DELETE", f"/vector_stores/{store_id}/files/{file_id}", None),
    ):
        error = error_of(caller.http.request(method, path, json=body))
        assert error["code"] == "assistant_is_configured", path
    assert caller.http.get("/assistants/asst_one").json() == before
    assert counts(caller.client, store_id) == {"completed": 1, "total": 1}
    assert found(caller.client, store_id, "매장") == [file_id]


def test_what_is_wrong_is_no_batch_of_it(caller):
    store_id, _ = knowledge(caller.http)
    path = f"/vector_stores/{store_id}/file_batches/vsfb_none"
    for answer in (
        caller.http.get(path),
        caller.http.get(f"{path}/files"),
    ):
        error_of(answer, 404)
    assert error_of(caller.http.post(f"{path}/cancel"))["code"] == "assistant_is_configured"


def test_ones_own_assistants_may_search_it(caller, upstream):
    """And a file of it may be in a store of one's own, which is then one's own to change."""
    store_id, file_id = knowledge(caller.http)
    made = {"model": "m", "instructions": "x", "tools": [{"type": "file_search"}]}
    assistant = caller.http.post("/assistants", json={**made, **stores(store_id)}).json()
    upstream.reply(Reply.function_calls(search("opens 매장")), Reply.text("At ten."))
    events_of(caller.http, "/threads/runs", {"assistant_id": assistant["id"], "thread": ASKED})
    assert HOURS in outputs(upstream)[0]
    own = caller.client.vector_stores.create().id
    caller.client.vector_stores.files.create_and_poll(file_id, vector_store_id=own)
    assert found(caller.client, own, "매장") == [file_id]
    assert caller.http.delete(f"/vector_stores/{own}/files/{file_id}").is_success
    assert caller.http.delete(f"/vector_stores/{own}").is_success
    assert found(caller.client, store_id, "매장") == [file_id]


def test_visitors_are_answered_with_what_they_know(start, call_as, upstream, tmp_path):
    server = start(
        **SETTINGS,
        assistants_file=written(tmp_path, ONE, hours=HOURS),
        public_chat=True,
        public_project="shop",
        public_assistants=["asst_one"],
        cors_origins=[ORIGIN],
    )
    visitor = call_as(server, session_of(call_as(server)))
    upstream.reply(Reply.function_calls(search("opens 매장")), Reply.text("At ten."))
    assert visitor.http.post("/chat", json={"message": "When?"}).json()["message"] == "At ten."
    assert HOURS in outputs(upstream)[0]


def test_one_that_left_the_file_is_the_default_projects(start, call_as, tmp_path, upstream):
    path = written(tmp_path, ONE, hours=HOURS)
    first = start(**SETTINGS, assistants_file=path)
    store_id, file_id = knowledge(call_as(first, KEYS["shop"]).http)
    thread_id = (
        call_as(first, KEYS["shop"])
        .http.post("/chat", json={"message": "x", "assistant_id": "asst_one"})
        .json()["thread_id"]
    )
    first.stop()
    second = start(**SETTINGS)
    default, shop = (call_as(second, KEYS[name]) for name in ("default", "shop"))
    for path_of in ("/assistants/asst_one", f"/vector_stores/{store_id}", f"/files/{file_id}"):
        assert default.http.get(path_of).is_success
        error_of(shop.http.get(path_of), 404)
    assert file_id in [one["id"] for one in default.http.get("/files").json()["data"]]
    assert store_id in [one["id"] for one in default.http.get("/vector_stores").json()["data"]]
    error_of(shop.http.post("/chat", json={"message": "x", "assistant_id": "asst_one"}), 404)
    # What was said with it stays.
    assert shop.http.get(f"/threads/{thread_id}/messages").json()["data"]
    second.stop()
    third = start(**SETTINGS, assistants_file=path)
    for name in KEYS:
        again = call_as(third, KEYS[name])
        assert knowledge(again.http) == (store_id, file_id)
        assert found(again.client, store_id, "매장") == [file_id]
        error_of(again.http.delete(f"/files/{file_id}"))
        assert again.http.get("/files").json()["data"] == []


def test_what_the_settings_left_is_back_for_all(start, call_as):
    start(**SETTINGS).stop()
    between = start(**SETTINGS, assistant_id="asst_second")
    error_of(call_as(between, KEYS["shop"]).http.get("/assistants/asst_default"), 404)
    assert call_as(between, KEYS["default"]).http.get("/assistants/asst_default").is_success
    between.stop()
    back = start(**SETTINGS)
    for name in KEYS:
        error_of(call_as(back, KEYS[name]).http.delete("/assistants/asst_default"))
        chat = call_as(back, KEYS[name]).http.post("/chat", json={"message": "x"})
        assert chat.is_success, name


def test_what_the_settings_took_over_from_the_file_is_the_default_projects(
    start, call_as, tmp_path
):
    path = written(tmp_path, ONE, hours=HOURS)
    first = start(**SETTINGS, assistants_file=path)
    store_id, file_id = knowledge(call_as(first, KEYS["shop"]).http)
    first.stop()
    second = start(**SETTINGS, assistant_id="asst_one")
    default, shop = (call_as(second, KEYS[name]) for name in ("default", "shop"))
    # The assistant is everybody's, and what it no longer knows is not.
    assert shop.http.get("/assistants/asst_one").json()["tool_resources"] == {}
    for path_of in (f"/files/{file_id}", f"/vector_stores/{store_id}"):
        error_of(shop.http.get(path_of), 404)
        assert default.http.get(path_of).is_success
    second.stop()
    third = start(**SETTINGS, assistants_file=path)
    for name in KEYS:
        assert knowledge(call_as(third, KEYS[name]).http) == (store_id, file_id)
