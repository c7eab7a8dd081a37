"""Requests that OpenAI's SDKs repeat: which are recognised by their count, and which are not."""

from typing import Any

import pytest
from sqlalchemy import func, select, update

from app.db.tables import assistants, messages, run_events, run_items, runs, threads
from tests.support.function_calls import call, function_tools
from tests.support.repeats import counted, made, wait_until_repeats_are_known
from tests.support.replies import Reply
from tests.support.rows import connected
from tests.support.stream_reader import names, streaming
from tests.support.talk import ended, error_of, texts
from tests.support.waiting import wait_until

ASSISTANT = {"assistant_id": "asst_default"}
YES = {"role": "user", "content": "yes"}
# More than an SDK waits before it repeats a request, and less than two minutes.
A_WHILE = 60


@pytest.fixture(scope="module")
def settled(start_shared):
    """A server that was started a while ago."""
    server = start_shared()
    wait_until_repeats_are_known(server.http)
    return server


@pytest.fixture
def http(settled, upstream):
    return settled.http


def age(url: str, table, row_id: str, seconds: int) -> None:
    """Make a row older."""
    with connected(url) as rows:
        older = table.c.created_at - seconds
        rows.execute(update(table).where(table.c.id == row_id).values(created_at=older))


def test_a_message_is_repeated_within_two_minutes(http, shared_database_url, thread_id):
    path = f"/threads/{thread_id}/messages"
    first = made(http, path, YES, counted(0))
    assert made(http, path, YES, counted(1)) == first
    age(shared_database_url, messages, first["id"], A_WHILE)
    assert made(http, path, YES, counted(2))["id"] == first["id"]
    age(shared_database_url, messages, first["id"], 2 * A_WHILE)
    assert made(http, path, YES, counted(3))["id"] != first["id"]


def test_the_same_words_said_twice_are_two_messages(http, thread_id):
    path = f"/threads/{thread_id}/messages"
    assert made(http, path, YES, counted(0)) != made(http, path, YES, counted(0))


def test_each_repeat_finds_a_message_of_its_own(http, thread_id):
    """Two people say the same, and both answers are lost."""
    path = f"/threads/{thread_id}/messages"
    said = {made(http, path, YES, counted(0))["id"] for _ in range(2)}
    assert {made(http, path, YES, counted(1))["id"] for _ in range(2)} == said
    assert made(http, path, YES, counted(1))["id"] not in said


def test_other_words_another_thread_and_another_program_are_other_requests(http, thread_id):
    path = f"/threads/{thread_id}/messages"
    first = made(http, path, YES, counted(0))["id"]
    other_thread = made(http, "/threads", {}, {})["id"]
    others = [
        made(http, path, {"role": "user", "content": "no"}, counted(1)),
        made(http, f"/threads/{other_thread}/messages", YES, counted(1)),
        made(http, path, YES, {**counted(1), "x-stainless-lang": "js"}),
        made(http, path, YES, {**counted(1), "user-agent": "another"}),
    ]
    assert first not in [other["id"] for other in others]


def test_azures_path_is_the_same_request(settled, http, thread_id):
    first = made(http, f"/threads/{thread_id}/messages", YES, counted(0))
    azure = f"{settled.base_url}/openai/threads/{thread_id}/messages?api-version=2024-05-01-preview"
    assert http.post(azure, json=YES, headers=counted(1)).json() == first


def test_a_message_is_found_though_a_run_has_begun(http, upstream, thread_id):
    path = f"/threads/{thread_id}/messages"
    first = made(http, path, YES, counted(0))
    upstream.reply(Reply.text("One").stalled())
    run = made(http, f"/threads/{thread_id}/runs", ASSISTANT, {})
    assert made(http, path, YES, counted(1)) == first
    assert upstream.wait_stalled()
    upstream.release()
    ended(http, f"/threads/{thread_id}/runs/{run['id']}")


def test_a_client_that_does_not_count_is_not_recognised(http, thread_id):
    path = f"/threads/{thread_id}/messages"
    assert len({made(http, path, YES, {})["id"] for _ in range(2)}) == 2
    assert len({made(http, path, YES, {"x-stainless-retry-count": "-1"})["id"] for _ in "ab"}) == 2


NEW_OBJECTS: dict[str, tuple[str, dict[str, Any]]] = {
    "threads": ("/threads", {"metadata": {"of": "{unique}"}}),
    "assistants": ("/assistants", {"model": "m", "name": "{unique}"}),
    "vector_stores": ("/vector_stores", {"name": "{unique}"}),
    "runs": ("/threads/runs", {**ASSISTANT, "instructions": "{unique}"}),
    "chats": ("/chat", {"message": "{unique}"}),
}


@pytest.fixture(params=NEW_OBJECTS)
def new_object(request):
    path, body = NEW_OBJECTS[request.param]
    unique = request.node.name

    def filled(value):
        return (
            {name: filled(one) for name, one in value.items()}
            if isinstance(value, dict)
            else value.replace("{unique}", unique)
        )

    return path, filled(body)


def id_of(answer) -> str:
    found: str = answer.get("thread_id") or answer["id"]
    return found


def test_a_new_object_is_found_soon_after(http, new_object):
    path, body = new_object
    first = id_of(made(http, path, body, counted(0)))
    assert id_of(made(http, path, body, counted(1))) == first
    assert id_of(made(http, path, body, counted(2))) == first


def test_two_equal_new_objects_are_never_mixed_up(http, new_object):
    path, body = new_object
    both = {id_of(made(http, path, body, counted(0))) for _ in range(2)}
    assert id_of(made(http, path, body, counted(1))) not in both


@pytest.mark.parametrize("path", ["/threads", "/vector_stores"])
@pytest.mark.parametrize("body", [None, {}, []])
def test_an_empty_body_says_too_little(http, path, body):
    first = made(http, path, body, counted(0))
    assert made(http, path, body, counted(1))["id"] != first["id"]


def test_a_new_object_is_not_found_after_a_while(http, shared_database_url):
    body = {"model": "m", "name": "not after a while"}
    first = made(http, "/assistants", body, counted(0))
    age(shared_database_url, assistants, first["id"], 40)
    assert made(http, "/assistants", body, counted(1))["id"] != first["id"]


def test_a_thread_in_use_is_not_found(http):
    """Its client has its id, so it was not its answer that was lost."""
    body = {"metadata": {"app": "in use"}}
    first = made(http, "/threads", body, counted(0))
    made(http, f"/threads/{first['id']}/messages", YES, {})
    assert made(http, "/threads", body, counted(1))["id"] != first["id"]


def test_a_chat_that_was_continued_is_not_found(http, upstream):
    body = {"message": "continued"}
    first = made(http, "/chat", body, counted(0))
    made(http, "/chat", {"message": "more", "thread_id": first["thread_id"]}, {})
    assert made(http, "/chat", body, counted(1))["thread_id"] != first["thread_id"]


def test_a_repeat_waits_for_the_answer_of_a_chat(http, upstream, aside, shared_database_url):
    upstream.reply(Reply.text("Slowly.").stalled(after=2))
    body = {"message": "a slow one"}
    first = aside(lambda: made(http, "/chat", body, counted(0)))
    assert upstream.wait_stalled()
    again = aside(lambda: made(http, "/chat", body, counted(1)))
    with pytest.raises(TimeoutError):
        again.result(0.3)
    upstream.release()
    assert again.result(10) == first.result(10)
    assert len(upstream.requests) == 1


def test_a_repeat_long_after_a_slow_answer_began_is_known(
    http, upstream, aside, shared_database_url
):
    """What counts is when the run ended."""
    upstream.reply(Reply.text("Slowly.").stalled(after=2))
    body = {"message": "a very slow one"}
    first = aside(lambda: made(http, "/chat", body, counted(0)))
    assert upstream.wait_stalled()
    with connected(shared_database_url) as rows:
        newest = select(func.max(threads.c.sequence)).scalar_subquery()
        older = threads.c.created_at - A_WHILE
        rows.execute(update(threads).where(threads.c.sequence == newest).values(created_at=older))
    upstream.release()
    assert made(http, "/chat", body, counted(1)) == first.result(10)


def test_after_a_refusal_new_objects_are_not_found(start, call_as):
    """The SDK repeats what was refused, and another's equal request may have been accepted."""
    server = start(max_concurrent_runs=1, api_keys=["site:one", "shop:two"])
    site, shop = call_as(server, "one").http, call_as(server, "two").http
    wait_until_repeats_are_known(site)
    body = {"metadata": {"app": "the same for all"}}
    first = [made(http, "/threads", body, counted(0))["id"] for http in (site, shop)]
    path = f"/threads/{first[0]}/runs"
    instructed = {**ASSISTANT, "instructions": "Be brief.", "if_busy": "enqueue"}
    wait_until(lambda: site.post(path, json=instructed).status_code == 429)
    store = {"name": "the same for all"}
    first = [made(http, "/vector_stores", store, counted(0))["id"] for http in (site, shop)]
    again = [made(http, "/vector_stores", store, counted(1))["id"] for http in (site, shop)]
    assert again[0] != first[0]
    assert again[1] == first[1]


def test_outputs_that_were_accepted_are_accepted_again(
    http, upstream, thread_id, shared_database_url
):
    upstream.reply(Reply.function_calls(call("weather")), Reply.text("Sunny."))
    tools = {"tools": function_tools("weather")}
    run = made(http, f"/threads/{thread_id}/runs", {**ASSISTANT, **tools}, {})
    path = f"/threads/{thread_id}/runs/{run['id']}"
    wait_until(lambda: http.get(path).json()["status"] == "requires_action")
    submit = f"{path}/submit_tool_outputs"
    body = {"tool_outputs": [{"tool_call_id": "call_1", "output": "25 degrees"}]}
    made(http, submit, body, counted(0))
    assert ended(http, path)["status"] == "completed"
    assert made(http, submit, body, counted(1))["status"] == "completed"
    http.headers.update(counted(1))
    try:
        with streaming(http, submit, {**body, "stream": True}) as stream:
            events = stream.rest()
    finally:
        del http.headers["x-stainless-retry-count"]
    assert names(events)[:2] == ["step.completed", "run.queued"]
    assert names(events)[-2:] == ["run.completed", "done"]
    others = {"tool_outputs": [{"tool_call_id": "call_1", "output": "5 degrees"}]}
    assert error_of(http.post(submit, json=others, headers=counted(1)))
    with connected(shared_database_url) as rows:
        items = rows.execute(select(run_items.c.item).where(run_items.c.run_id == run["id"]))
        assert [item["type"] for item in items.scalars()].count("function_call_output") == 1


def test_a_run_whose_events_are_gone_still_ends(http, upstream, thread_id, shared_database_url):
    path, body = f"/threads/{thread_id}/runs", {**ASSISTANT, "stream": True}
    http.headers.update(counted(0))
    try:
        with streaming(http, path, body) as first:
            run_id = first.until("thread.run.created").data["id"]
            first.rest()
        with connected(shared_database_url) as rows:
            rows.execute(run_events.delete().where(run_events.c.run_id == run_id))
        http.headers.update(counted(1))
        with streaming(http, path, body) as again:
            assert names(again.rest()) == ["run.completed", "done"]
    finally:
        del http.headers["x-stainless-retry-count"]
    with connected(shared_database_url) as rows:
        of_thread = select(func.count()).where(runs.c.thread_id == thread_id)
        assert rows.execute(of_thread).scalar_one() == 1


def test_only_counting_clients_leave_marks(http, shared_database_url, thread_id):
    path = f"/threads/{thread_id}/messages"
    for headers in ({}, counted(0)):
        made(http, path, YES, headers)
    with connected(shared_database_url) as rows:
        marks = select(messages.c.attempt).where(messages.c.thread_id == thread_id)
        found = rows.execute(marks.order_by(messages.c.sequence)).scalars().all()
    assert found[:2] == [None, None]
    assert found[2].endswith(":0")
    assert ("user", "yes") in texts(http, thread_id)
