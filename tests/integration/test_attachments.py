"""Files that come with messages: read into the thread's own store before it is run."""

from typing import Any

import pytest
from sqlalchemy import update

from app.db.knowledge_tables import vector_store_files
from app.domain.clock import now
from app.engine.tools.file_search import tool as file_search
from tests.support.function_calls import outputs
from tests.support.replies import Reply
from tests.support.rows import connected
from tests.support.searches import REFUND, SCHEDULE, SEARCH, answer, asking, cited, search, stores
from tests.support.stores import counts, filled, settled, uploaded
from tests.support.stream_reader import events_of
from tests.support.talk import ended, error_of, finished

MARKER = "【0:0†refund.txt】"
WEEK: Any = {"anchor": "last_active_at", "days": 7}
CODE: dict[str, Any] = {"type": "code_interpreter"}
DEFAULT = {"assistant_id": "asst_default", "tools": [SEARCH]}


@pytest.fixture
def refund(client) -> str:
    return uploaded(client, REFUND, "refund.txt")


@pytest.fixture
def assistant_id(client) -> str:
    """An assistant that searches, and has no store itself."""
    assistant = client.beta.assistants.create(model="m", instructions="Cite.", tools=[SEARCH])
    return str(assistant.id)


def bringing(*file_ids: str, tools: Any = (SEARCH,)) -> dict[str, Any]:
    """Return a message that brings files."""
    wanted = tools if tools is None else [*tools]
    attachments = [{"file_id": file_id, "tools": wanted} for file_id in file_ids]
    return {"role": "user", "content": "What does it say?", "attachments": attachments}


def own_store(http, thread_id: str) -> str:
    """Return the only store of a thread."""
    resources = http.get(f"/threads/{thread_id}").json()["tool_resources"]
    (store_id,) = resources["file_search"]["vector_store_ids"]
    return str(store_id)


def found_in(run, upstream) -> str:
    """Return the output of the run's only search."""
    assert run.status == "completed", run.last_error
    (output,) = outputs(upstream)
    return str(output)


def test_a_file_is_read_before_the_run_begins(client, http, upstream, assistant_id, refund):
    thread = client.beta.threads.create()
    message = client.beta.threads.messages.create(thread.id, **bringing(refund))
    assert [one.to_dict() for one in message.attachments] == [
        {"file_id": refund, "tools": [{"type": "file_search"}]}
    ]
    upstream.reply(Reply.function_calls(search("환불")), Reply.text("So ", MARKER))
    run = finished(client, thread.id, assistant_id)
    assert found_in(run, upstream) == f"{MARKER}\n{REFUND}"
    assert cited(answer(http, thread.id)) == [(MARKER, refund)]
    store = client.vector_stores.retrieve(own_store(http, thread.id))
    assert store.expires_after.to_dict() == WEEK
    assert store.expires_at - store.last_active_at == 7 * 86_400
    assert (store.status, store.file_counts.completed) == ("completed", 1)


def test_the_next_file_comes_into_the_same_store(client, http, upstream, assistant_id, refund):
    thread = client.beta.threads.create()
    client.beta.threads.messages.create(thread.id, **bringing(refund))
    store_id = own_store(http, thread.id)
    more = uploaded(client, f"{REFUND} {SCHEDULE}", "more.txt")
    client.beta.threads.messages.create(thread.id, **bringing(more, refund, more))
    assert own_store(http, thread.id) == store_id
    upstream.reply(Reply.function_calls(search("환불 요금")))
    said = found_in(finished(client, thread.id, assistant_id), upstream)
    assert "†refund.txt】" in said and "†more.txt】" in said
    assert counts(client, store_id) == {"completed": 2, "total": 2}


def test_files_that_come_at_once_share_a_store(client, http, together):
    thread_id = client.beta.threads.create().id
    names = [uploaded(client, f"text {number}") for number in range(4)]
    path = f"/threads/{thread_id}/messages"
    made = together(lambda number: http.post(path, json=bringing(names[number])), 4)
    assert {response.status_code for response in made} == {200}
    assert settled(client, own_store(http, thread_id)) == {"completed": 4, "total": 4}


def test_a_thread_may_have_a_store_already(client, http, upstream, assistant_id, refund):
    store_id = client.vector_stores.create().id
    filled(client, store_id, schedule=SCHEDULE)
    thread = client.beta.threads.create(messages=[bringing(refund)], **stores(store_id))
    assert own_store(http, thread.id) == store_id
    assert client.vector_stores.retrieve(store_id).expires_after is None
    upstream.reply(Reply.function_calls(search("환불 playlist")))
    said = found_in(finished(client, thread.id, assistant_id), upstream)
    assert REFUND in said and SCHEDULE in said


# Wherever a message is made


def test_a_thread_begins_with_files(client, http, upstream, assistant_id, refund):
    for_code = uploaded(client, "a,b", "a.csv")
    resources: Any = {"code_interpreter": {"file_ids": [for_code]}}
    body = {"messages": [bringing(refund)], "tool_resources": resources}
    thread = http.post("/threads", json=body).json()
    assert thread["tool_resources"]["code_interpreter"] == {"file_ids": [for_code]}
    assert thread == http.get(f"/threads/{thread['id']}").json()
    store = client.vector_stores.retrieve(own_store(http, thread["id"]))
    assert store.expires_after.to_dict() == WEEK
    upstream.reply(Reply.function_calls(search("환불")))
    assert REFUND in found_in(finished(client, thread["id"], assistant_id), upstream)


def test_a_thread_begins_with_files_beside_its_new_store(client, http, refund):
    more = uploaded(client, SCHEDULE)
    new = {"file_search": {"vector_stores": [{"file_ids": [more]}]}}
    thread = client.beta.threads.create(messages=[bringing(refund)], tool_resources=new)
    assert settled(client, own_store(http, thread.id)) == {"completed": 2, "total": 2}


@pytest.mark.parametrize("stream", [False, True])
def test_a_run_with_its_thread_brings_files(client, http, upstream, assistant_id, refund, stream):
    upstream.reply(Reply.function_calls(search("환불")), Reply.text(MARKER))
    body = {"assistant_id": assistant_id, "thread": {"messages": [bringing(refund)]}}
    if stream:
        thread = events_of(http, "/threads/runs", body)[0].data
        assert thread["tool_resources"]["file_search"]["vector_store_ids"]
        thread_id = thread["id"]
    else:
        run = client.beta.threads.create_and_run_poll(**body)
        assert run.status == "completed"
        thread_id = run.thread_id
    assert outputs(upstream) == [f"{MARKER}\n{REFUND}"]
    assert cited(answer(http, thread_id)) == [(MARKER, refund)]


@pytest.mark.parametrize("stream", [False, True])
def test_a_runs_own_messages_bring_files(
    client, http, upstream, thread_id, assistant_id, refund, stream
):
    upstream.reply(Reply.function_calls(search("환불")), Reply.text(MARKER))
    more: Any = {"additional_messages": [bringing(refund)]}
    if stream:
        events_of(http, f"/threads/{thread_id}/runs", {"assistant_id": assistant_id, **more})
    else:
        finished(client, thread_id, assistant_id, **more)
    assert outputs(upstream) == [f"{MARKER}\n{REFUND}"]
    assert cited(answer(http, thread_id)) == [(MARKER, refund)]


# What is no file to search


@pytest.mark.parametrize("tool", [SEARCH, CODE], ids=["search", "code"])
@pytest.mark.parametrize("where", ["messages", "runs", "threads", "threads/runs"])
def test_an_unknown_file_is_refused_and_leaves_nothing(http, thread_id, refund, where, tool):
    message = bringing(refund, "file-none", tools=[tool])
    path, body = {
        "messages": (f"/threads/{thread_id}/messages", message),
        "runs": (f"/threads/{thread_id}/runs", {**DEFAULT, "additional_messages": [message]}),
        "threads": ("/threads", {"messages": [message]}),
        "threads/runs": ("/threads/runs", {**DEFAULT, "thread": {"messages": [message]}}),
    }[where]
    before = http.get("/vector_stores").json()["first_id"]
    error = error_of(http.post(path, json=body), 404)
    assert (error["message"], error["param"]) == ("No such File object: file-none", "id")
    assert http.get("/vector_stores").json()["first_id"] == before
    assert http.get(f"/threads/{thread_id}").json()["tool_resources"] == {}
    assert len(http.get(f"/threads/{thread_id}/messages").json()["data"]) == 1
    assert http.get(f"/threads/{thread_id}/runs").json()["data"] == []


@pytest.mark.parametrize("tools", [[], None], ids=["none", "null"])
def test_what_is_for_no_tool_is_kept_as_it_is(http, thread_id, tools):
    made = http.post(f"/threads/{thread_id}/messages", json=bringing("file-none", tools=tools))
    kept = {"file_id": "file-none"} | ({} if tools is None else {"tools": tools})
    assert made.json()["attachments"] == [kept]
    assert http.get(f"/threads/{thread_id}").json()["tool_resources"] == {}


def test_a_file_for_both_tools_is_searched(client, http, thread_id, refund):
    http.post(f"/threads/{thread_id}/messages", json=bringing(refund, tools=[CODE, SEARCH]))
    assert settled(client, own_store(http, thread_id)) == {"completed": 1, "total": 1}
    assert for_code_of(http, thread_id) == [refund]


def for_code_of(http, thread_id: str) -> list[str]:
    resources = http.get(f"/threads/{thread_id}").json()["tool_resources"]
    return [*resources["code_interpreter"]["file_ids"]]


def test_files_for_code_are_added_to_the_threads(client, http, thread_id):
    first, second, third = (uploaded(client, f"{n}", f"{n}.csv") for n in range(3))
    http.post(f"/threads/{thread_id}/messages", json=bringing(first, second, tools=[CODE]))
    http.post(f"/threads/{thread_id}/messages", json=bringing(second, third, tools=[CODE]))
    assert for_code_of(http, thread_id) == [first, second, third]


def test_a_thread_has_not_too_many_files_for_code(client, http, thread_id):
    ids = [uploaded(client, f"{n}") for n in range(21)]
    path = f"/threads/{thread_id}/messages"
    error = error_of(http.post(path, json=bringing(*ids, tools=[CODE])))
    assert error["code"] == "array_above_max_length"
    assert error["param"] == "tool_resources.code_interpreter.file_ids"
    assert http.post(path, json=bringing(*ids[:20], tools=[CODE])).is_success
    error_of(http.post(path, json=bringing(ids[20], tools=[CODE])))
    assert http.post(path, json=bringing(ids[3], tools=[CODE])).is_success
    assert for_code_of(http, thread_id) == ids[:20]


def test_a_file_that_can_not_be_read_holds_up_nothing(client, upstream, assistant_id):
    bad = uploaded(client, b"%PDF-", "bad.pdf")
    thread = client.beta.threads.create(messages=[bringing(bad)])
    upstream.reply(Reply.function_calls(search("환불")))
    assert found_in(finished(client, thread.id, assistant_id), upstream) == "Nothing was found."


# While a file is being read


class Waiting:
    """A server of its own, and a thread whose file another process seems to read for long."""

    def __init__(self, server, database_url: str) -> None:
        self.client, self.http, self._url = server.client, server.http, database_url
        file_id = uploaded(self.client, REFUND, "refund.txt")
        self.thread_id = self.client.beta.threads.create(messages=[bringing(file_id)]).id
        settled(self.client, own_store(self.http, self.thread_id))
        self._set(status="in_progress", worker_id="another", held_until=now() + 3600)

    def read(self) -> None:
        self._set(status="completed", worker_id=None, held_until=None)

    def _set(self, **values: Any) -> None:
        with connected(self._url) as connection:
            connection.execute(update(vector_store_files).values(**values))

    def run(self, **more: Any) -> str:
        """Begin a run; return its path."""
        path = f"/threads/{self.thread_id}/runs"
        run = self.http.post(path, json={"assistant_id": "asst_default", **more}).json()
        return f"{path}/{run['id']}"


@pytest.fixture
def waiting(start, database_url) -> Waiting:
    return Waiting(start(), database_url)


def test_a_run_waits_for_its_files(waiting, upstream):
    path = waiting.run(tools=[SEARCH])
    # One that is begun later is answered meanwhile; so could this one have been.
    other = waiting.http.post("/threads/runs", json={**DEFAULT, "thread": asking()}).json()
    ended(waiting.http, f"/threads/{other['thread_id']}/runs/{other['id']}")
    assert len(upstream.requests) == 1
    upstream.reply(Reply.function_calls(search("환불")))
    waiting.read()
    assert ended(waiting.http, path)["status"] == "completed"
    assert outputs(upstream, 2) == [f"{MARKER}\n{REFUND}"]


def test_a_run_that_waits_can_be_cancelled(waiting, upstream):
    path = waiting.run(tools=[SEARCH])
    assert waiting.http.post(f"{path}/cancel").json()["status"] == "cancelling"
    assert ended(waiting.http, path)["status"] == "cancelled"
    assert upstream.requests == []


def test_a_run_that_does_not_search_does_not_wait(waiting, upstream):
    assert ended(waiting.http, waiting.run())["status"] == "completed"


def test_a_run_does_not_wait_for_ever(waiting, upstream, monkeypatch):
    monkeypatch.setattr(file_search, "_WAIT_FOR_FILES", 0.1)
    assert ended(waiting.http, waiting.run(tools=[SEARCH]))["status"] == "completed"
