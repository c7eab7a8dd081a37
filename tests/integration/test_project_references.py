"""Ids of another project's objects inside bodies: they name nothing, and show nothing."""

import base64

import pytest

from app.engine.images import NOT_HERE
from tests.integration.test_images import PNG
from tests.support.belongings import FUNCTION, SECRET, all_rows, belongings, unknown
from tests.support.function_calls import outputs
from tests.support.replies import Reply
from tests.support.searches import SEARCH, search, stores
from tests.support.stream_reader import events_of
from tests.support.talk import ended, error_of
from tests.support.waiting import wait_until

ASKED = {"role": "user", "content": "open the vault"}


@pytest.fixture(scope="module")
def both_server(start_shared):
    return start_shared(api_keys=["shop:key-of-the-shop-1", "cafe:key-of-the-cafe-1"])


@pytest.fixture(scope="module")
def shop(both_server, call_shared_as):
    return call_shared_as(both_server, "key-of-the-shop-1")


@pytest.fixture(scope="module")
def cafe(both_server, call_shared_as):
    return call_shared_as(both_server, "key-of-the-cafe-1")


@pytest.fixture(scope="module")
def theirs(shop, upstream_server):
    upstream_server.reset()
    return belongings(shop, upstream_server)


@pytest.fixture(scope="module")
def own(cafe, upstream_server):
    upstream_server.reset()
    ids = belongings(cafe, upstream_server)
    run = f"/threads/{ids['thread_id']}/runs/{ids['run_id']}"
    cafe.http.post(f"{run}/cancel")
    ended(cafe.http, run)
    return ids


def bringing(file_id: str, tool: str = "file_search") -> dict:
    """Return a message with a file for a tool."""
    return {**ASKED, "attachments": [{"file_id": file_id, "tools": [{"type": tool}]}]}


def with_store(file_id: str) -> dict:
    """Return resources with a store that is to be made of a file."""
    return {"tool_resources": {"file_search": {"vector_stores": [{"file_ids": [file_id]}]}}}


def for_code(file_id: str) -> dict:
    """Return resources with a file for code."""
    return {"tool_resources": {"code_interpreter": {"file_ids": [file_id]}}}


# A path, and a body that names what is somebody else's: by the name of the id.
NAMED = {
    "a run's assistant": (
        "/threads/{thread_id}/runs",
        lambda ids: {"assistant_id": ids["assistant_id"]},
    ),
    "a thread and run's assistant": (
        "/threads/runs",
        lambda ids: {"assistant_id": ids["assistant_id"], "thread": {"messages": [ASKED]}},
    ),
    "a chat's assistant": (
        "/chat",
        lambda ids: {"message": "x", "assistant_id": ids["assistant_id"]},
    ),
    "a chat's thread": ("/chat", lambda ids: {"message": "x", "thread_id": ids["thread_id"]}),
    "a streamed chat's thread": (
        "/chat",
        lambda ids: {"message": "x", "thread_id": ids["thread_id"], "stream": True},
    ),
    "a store's files": ("/vector_stores", lambda ids: {"file_ids": [ids["file_id"]]}),
    "a file of a store": (
        "/vector_stores/{vector_store_id}/files",
        lambda ids: {"file_id": ids["file_id"]},
    ),
    "a batch": (
        "/vector_stores/{vector_store_id}/file_batches",
        lambda ids: {"file_ids": [ids["own_file_id"], ids["file_id"]]},
    ),
    "a message's file": ("/threads/{thread_id}/messages", lambda ids: bringing(ids["file_id"])),
    "a thread's file": ("/threads", lambda ids: {"messages": [bringing(ids["file_id"])]}),
    "a thread's store": ("/threads", lambda ids: with_store(ids["file_id"])),
    "an assistant's store": (
        "/assistants",
        lambda ids: {"model": "m", **with_store(ids["file_id"])},
    ),
    "a thread and run's file": (
        "/threads/runs",
        lambda ids: {
            "assistant_id": "asst_default",
            "thread": {"messages": [bringing(ids["file_id"])]},
        },
    ),
    "a run's further message": (
        "/threads/{thread_id}/runs",
        lambda ids: {
            "assistant_id": "asst_default",
            "additional_messages": [bringing(ids["file_id"])],
        },
    ),
    "a message's file for code": (
        "/threads/{thread_id}/messages",
        lambda ids: bringing(ids["file_id"], "code_interpreter"),
    ),
    "an assistant's file for code": (
        "/assistants",
        lambda ids: {"model": "m", **for_code(ids["file_id"])},
    ),
    "a changed assistant's file for code": (
        "/assistants/{assistant_id}",
        lambda ids: for_code(ids["file_id"]),
    ),
    "a thread's file for code": ("/threads", lambda ids: for_code(ids["file_id"])),
    "a changed thread's file for code": (
        "/threads/{thread_id}",
        lambda ids: for_code(ids["file_id"]),
    ),
    "a run's file for code": (
        "/threads/runs",
        lambda ids: {"assistant_id": "asst_default", **for_code(ids["file_id"])},
    ),
    "a thread and run's file for code": (
        "/threads/runs",
        lambda ids: {"assistant_id": "asst_default", "thread": for_code(ids["file_id"])},
    ),
}


@pytest.mark.parametrize("place", NAMED)
def test_an_id_of_others_in_a_body_is_an_unknown_one(
    cafe, theirs, own, shared_database_url, upstream, place
):
    path, body = NAMED[place]
    before = all_rows(shared_database_url)
    others = {**theirs, "own_file_id": own["file_id"]}
    unknowns = {name: unknown(object_id) for name, object_id in theirs.items()}
    answers = [
        cafe.http.post(path.format_map(own), json=body(ids))
        for ids in (others, {**unknowns, "own_file_id": own["file_id"]})
    ]
    for name, object_id in theirs.items():
        unlike = unknown(object_id)
        assert object_id not in answers[1].text, name
        assert answers[0].text.count(object_id) == answers[1].text.count(unlike)
    first, second = (error_of(answer, 404) for answer in answers)
    (there,) = [key for key in theirs.values() if key in first["message"]]
    assert {**first, "message": first["message"].replace(there, unknown(there))} == second
    assert all_rows(shared_database_url) == before
    assert upstream.requests == []


def test_messages_of_others_runs_are_not_listed(cafe, theirs, own):
    for run_id in (theirs["run_id"], unknown(theirs["run_id"])):
        page = cafe.http.get(f"/threads/{own['thread_id']}/messages", params={"run_id": run_id})
        assert page.json()["data"] == []


def searching(caller, upstream, path: str, body: dict) -> list[str]:
    """Run with a search for what the vault opens with; return the search's output."""
    first = len(upstream.requests)
    upstream.reply(Reply.function_calls(search("vault appletree 금고")), Reply.text("Done."))
    events = events_of(caller.http, path, body)
    assert "thread.run.completed" in [event.name for event in events]
    return outputs(upstream, first + 1)


@pytest.mark.parametrize("holder", ["thread", "changed thread", "assistant", "changed", "run"])
def test_another_projects_store_is_not_searched(
    shop, cafe, theirs, upstream, shared_database_url, holder
):
    resources = stores(theirs["vector_store_id"])

    def ask(caller) -> list[str]:
        thread = {"messages": [ASKED]}
        made = {"model": "m", "instructions": "Cite.", "tools": [SEARCH]}
        if holder == "assistant":
            made |= resources
        assistant_id = caller.http.post("/assistants", json=made).json()["id"]
        if holder == "changed":
            assert caller.http.post(f"/assistants/{assistant_id}", json=resources).is_success
        body = {"assistant_id": assistant_id, "thread": thread}
        if holder == "thread":
            body["thread"] = {**thread, **resources}
        if holder == "run":
            body |= resources
        if holder == "changed thread":
            thread_id = caller.http.post("/threads", json=thread).json()["id"]
            assert caller.http.post(f"/threads/{thread_id}", json=resources).is_success
            del body["thread"]
            return searching(caller, upstream, f"/threads/{thread_id}/runs", body)
        return searching(caller, upstream, "/threads/runs", body)

    store_before = all_rows(shared_database_url)["vector_stores"]
    assert ask(cafe) == ["Nothing was found."]
    # Not even that somebody has asked is to be seen.
    assert all_rows(shared_database_url)["vector_stores"] == store_before
    (found,) = ask(shop)
    assert SECRET in found


def test_a_file_is_not_brought_into_a_store_of_others(cafe, own, theirs, upstream):
    """A thread that names it gets one of its own for its attachments."""
    thread_id = cafe.http.post("/threads", json=stores(theirs["vector_store_id"])).json()["id"]
    assert cafe.http.post(f"/threads/{thread_id}/messages", json=bringing(own["file_id"]))
    resources = cafe.http.get(f"/threads/{thread_id}").json()["tool_resources"]
    (store_id,) = resources["file_search"]["vector_store_ids"]
    assert store_id != theirs["vector_store_id"]
    assert cafe.http.get(f"/vector_stores/{store_id}").is_success


def test_a_picture_of_others_does_not_reach_the_model(shop, cafe, upstream):
    file_id = shop.client.files.create(file=("secret.png", PNG), purpose="vision").id
    part = {"type": "image_file", "image_file": {"file_id": file_id}}
    body = {
        "assistant_id": "asst_default",
        "thread": {"messages": [{"role": "user", "content": [part]}]},
    }
    events_of(cafe.http, "/threads/runs", body)
    asked = upstream.requests[-1].body["input"]
    assert base64.b64encode(PNG).decode() not in str(asked)
    # Nor does its id, which may be somebody's in the account there.
    assert file_id not in str(asked)
    assert asked[-1]["content"] == [{"type": "input_text", "text": NOT_HERE}]
    events_of(shop.http, "/threads/runs", body)
    assert base64.b64encode(PNG).decode() in str(upstream.requests[-1].body["input"])


def test_another_projects_busy_thread_delays_no_run(shop, cafe, upstream, aside):
    upstream.reply(Reply.text("Slow").stalled())
    thread_id = shop.http.post("/threads").json()["id"]
    chat = {"message": "hello", "thread_id": thread_id}
    speaking = aside(lambda: shop.http.post("/chat", json=chat))
    assert upstream.wait_stalled()
    asking = aside(lambda: cafe.http.post("/chat", json=chat))
    try:
        wait_until(asking.done, 5)
        error_of(asking.result(), 404)
        assert not speaking.done()
    finally:
        upstream.release()
    assert speaking.result().is_success


def test_an_answer_to_a_waiting_run_of_others_is_not_taken(shop, cafe, theirs):
    path = f"/threads/{theirs['thread_id']}/runs/{theirs['run_id']}"
    body = {"tool_outputs": [{"tool_call_id": "call_1", "output": "x"}]}
    for more in ({}, {"stream": True}):
        error_of(cafe.http.post(f"{path}/submit_tool_outputs", json={**body, **more}), 404)
    error_of(cafe.http.post(f"{path}/cancel"), 404)
    poll = {"x-stainless-poll-helper": "true"}
    error_of(cafe.http.get(path, headers=poll), 404)
    error_of(cafe.http.get(f"{path}/events", headers={"last-event-id": "1"}), 404)
    assert shop.http.get(path).json()["status"] == "requires_action"


def test_each_project_has_its_own_busy_thread(shop, cafe, upstream):
    """What one has at work keeps no other from anything."""
    upstream.reply(Reply.function_calls(("call_1", "f", "{}")))
    body = {"assistant_id": "asst_default", "thread": {"messages": [ASKED]}, "tools": [FUNCTION]}
    events_of(shop.http, "/threads/runs", body)
    upstream.reply(Reply.text("Free."))
    assert cafe.http.post("/chat", json={"message": "x"}).json()["message"] == "Free."
