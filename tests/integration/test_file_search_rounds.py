"""Several searches in a run, searches beside functions, and what later runs read of them."""

from typing import Any

import pytest

from tests.support.function_calls import call, function_tools, outputs
from tests.support.replies import Reply
from tests.support.searches import (
    CONTENT,
    REFUND,
    SCHEDULE,
    SEARCH,
    answer,
    asking,
    cited,
    heard,
    results,
    search,
    stores,
)
from tests.support.stores import filled
from tests.support.stream_reader import events_of, following, names, run_path, streaming
from tests.support.talk import ended, finished, texts

BOTH_APIS = True

REFUNDS, SCHEDULES = "【0:0†refund.txt】", "【1:0†schedule.txt】"
FORCED: Any = {"type": "file_search"}


@pytest.fixture
def ask(client, files):
    """Let the assistant answer in a thread of its own."""

    def run(**options):
        thread = client.beta.threads.create(**asking())
        return finished(client, thread.id, files.assistant_id, **options)

    return run


def path_of(run) -> str:
    return f"/threads/{run.thread_id}/runs/{run.id}"


@pytest.mark.parametrize("rounds", [1, 2])
def test_two_searches_have_markers_of_their_own(ask, http, upstream, files, rounds):
    calls = [search("환불", "call_a"), search("schedule repeat", "call_b")]
    each = [calls] if rounds == 1 else [calls[:1], calls[1:]]
    said = Reply.text("See ", REFUNDS, " and ", SCHEDULES, " not 【0:0†schedule.txt】")
    upstream.reply(*(Reply.function_calls(*some) for some in each), said)
    run = ask()
    assert outputs(upstream, rounds) == [f"{REFUNDS}\n{REFUND}", f"{SCHEDULES}\n{SCHEDULE}"]
    ids = [files.files["refund"], files.files["schedule"]]
    assert cited(answer(http, run.thread_id)) == [*zip([REFUNDS, SCHEDULES], ids, strict=True)]
    assert [found[0]["file_id"] for found in results(http, path_of(run))] == ids


def test_a_search_that_fails_counts_too(ask, http, upstream, files):
    wrong = ("call_a", "file_search", "{}")
    upstream.reply(Reply.function_calls(wrong, search("schedule", "call_b")), Reply.text(SCHEDULES))
    run = ask()
    assert outputs(upstream)[1].startswith(SCHEDULES)
    assert cited(answer(http, run.thread_id)) == [(SCHEDULES, files.files["schedule"])]


def test_an_id_may_come_again(ask, http, upstream, files):
    upstream.reply(
        Reply.function_calls(search("환불")),
        Reply.function_calls(search("schedule")),
        Reply.text(REFUNDS, SCHEDULES),
    )
    run = ask()
    assert [marker for marker, _ in cited(answer(http, run.thread_id))] == [REFUNDS, SCHEDULES]


def test_words_between_searches_are_cited(http, upstream, files):
    upstream.reply(
        Reply.function_calls(search("환불")),
        Reply.function_calls(search("schedule", "call_2"), text=f"First {REFUNDS}."),
        Reply.text(f"Then {SCHEDULES}."),
    )
    body = {"assistant_id": files.assistant_id, "thread": asking()}
    events = events_of(http, "/threads/runs", body)
    said = [event.data for event in events if event.name == "thread.message.completed"]
    assert [cited(message["content"][0])[0][0] for message in said] == [REFUNDS, SCHEDULES]
    assert names(events).count("step.completed") == 4
    # The model reads its own words again in the same run: there the marker still means the same.
    (again,) = [
        item
        for item in upstream.requests[2].asked["input"]
        if item["type"] == "message" and item["role"] == "assistant"
    ]
    assert again["content"][0]["text"] == f"First {REFUNDS}."


def test_a_search_may_be_forced_once(ask, upstream):
    upstream.reply(Reply.function_calls(search("환불")))
    run = ask(tool_choice=FORCED)
    assert (run.status, run.tool_choice.type) == ("completed", "file_search")
    choices = [request.asked["tool_choice"] for request in upstream.requests]
    assert choices == [{"type": "function", "name": "file_search"}, "auto"]


def test_what_is_not_there_can_not_be_forced(ask, upstream):
    assert ask(tools=function_tools("f"), tool_choice=FORCED).status == "completed"
    assert upstream.requests[0].asked["tool_choice"] == "auto"


# Beside the client's functions

BOTH = [SEARCH, *function_tools("mine")]
MIXED = Reply.function_calls(call("mine", "call_a"), search("환불", "call_b"))
OUTPUTS = {"tool_outputs": [{"tool_call_id": "call_a", "output": "yours"}]}


@pytest.fixture
def mixed(http, upstream, files):
    """A run that has searched and waits for its client; return all its events."""
    upstream.reply(MIXED, Reply.text(f"So {REFUNDS}."))
    body = {"assistant_id": files.assistant_id, "thread": asking(), "tools": BOTH}
    return events_of(http, "/threads/runs", body)


def test_the_client_is_asked_for_its_part_only(http, mixed, files):
    assert names(mixed)[4:] == [
        *("step.created", "step.in_progress", *["step.delta"] * 4),
        *("run.requires_action", "done"),
    ]
    run = mixed[-2].data
    waiting = run["required_action"]["submit_tool_outputs"]["tool_calls"]
    assert [(one["id"], one["function"]["name"]) for one in waiting] == [("call_a", "mine")]
    ((found,),) = results(http, run_path(mixed))
    assert found["file_id"] == files.files["refund"]


def test_what_was_found_is_kept_while_the_client_answers(http, mixed, upstream, files):
    events = events_of(http, f"{run_path(mixed)}/submit_tool_outputs", OUTPUTS)
    assert names(events)[:3] == ["step.completed", "run.queued", "run.in_progress"]
    mine, searched = events[0].data["step_details"]["tool_calls"]
    assert mine["function"]["output"] == "yours"
    assert [[*found] for found in searched["file_search"]["results"]] == [
        ["file_id", "file_name", "score", "attributes"]
    ]
    assert cited(heard(events)) == [(REFUNDS, files.files["refund"])]
    assert sorted(outputs(upstream)) == ["yours", f"{REFUNDS}\n{REFUND}"]
    ((found,),) = results(http, run_path(mixed), include=CONTENT)
    assert found["content"] == [{"type": "text", "text": REFUND}]


def test_a_search_after_the_clients_answer_counts_on(http, mixed, upstream, files):
    upstream.reset()
    upstream.reply(
        Reply.function_calls(search("schedule", "call_c")), Reply.text(REFUNDS, SCHEDULES)
    )
    events = events_of(http, f"{run_path(mixed)}/submit_tool_outputs", OUTPUTS)
    assert [marker for marker, _ in cited(heard(events))] == [REFUNDS, SCHEDULES]


def test_a_cancel_tells_no_text_that_was_not_asked_for(http, mixed):
    http.post(f"{run_path(mixed)}/cancel")
    ended(http, run_path(mixed))
    with following(http, run_path(mixed)) as reader:
        step = reader.until("thread.run.step.cancelled").data
    (found,) = step["step_details"]["tool_calls"][1]["file_search"]["results"]
    assert "content" not in found


# Runs that end early


@pytest.mark.parametrize("how", ["failed", "cancelled"])
def test_what_was_held_back_is_kept_when_a_run_ends_early(http, upstream, files, how):
    said = ("So ", REFUNDS, " and 【not a marker")
    ending = Reply.failed("server_error", "It broke.", *said)
    if how == "cancelled":
        # Four events open the message, three are its deltas.
        ending = Reply.text(*said, " at all】").stalled(after=7)
    upstream.reply(Reply.function_calls(search("환불")), ending)
    body = {"assistant_id": files.assistant_id, "thread": asking()}
    with streaming(http, "/threads/runs", body) as reader:
        if how == "cancelled":
            assert upstream.wait_stalled()
            while not heard(reader.events)["text"]["value"].endswith(" and "):
                assert reader.next() is not None
            http.post(f"{run_path(reader.events)}/cancel")
        reader.rest()
    assert names(reader.events)[-2] == f"run.{how}"
    part = answer(http, reader.events[0].data["id"])
    assert cited(part) == [(REFUNDS, files.files["refund"])]
    assert part["text"]["value"] == "".join(said)


# What the next run reads


def test_the_next_run_reads_no_markers(client, http, upstream, files):
    thread = client.beta.threads.create(**asking())
    upstream.reply(
        Reply.function_calls(search("환불")), Reply.text(f"😀 So{REFUNDS} is 【7:7†it】{REFUNDS}.")
    )
    finished(client, thread.id, files.assistant_id)
    client.beta.threads.messages.create(thread.id, role="user", content="And?")
    finished(client, thread.id, files.assistant_id)
    said = [item["content"][0]["text"] for item in upstream.requests[2].asked["input"]]
    assert said == ["What do the files say?", "😀 So is 【7:7†it】.", "And?"]
    assert REFUNDS in texts(http, thread.id)[1][1], "in the thread it stays"


def test_an_answer_of_markers_alone_is_nothing_to_read(client, upstream, files):
    thread = client.beta.threads.create(**asking())
    upstream.reply(Reply.function_calls(search("환불")), Reply.text(REFUNDS))
    finished(client, thread.id, files.assistant_id)
    finished(client, thread.id, files.assistant_id)
    said = [item["role"] for item in upstream.requests[2].asked["input"]]
    assert said == ["user"], "no message without a word"


def test_a_marker_of_an_earlier_run_is_text(client, http, upstream, files):
    thread = client.beta.threads.create(**asking())
    upstream.reply(Reply.function_calls(search("환불")), Reply.text(REFUNDS), Reply.text(REFUNDS))
    finished(client, thread.id, files.assistant_id)
    finished(client, thread.id, files.assistant_id)
    assert cited(answer(http, thread.id)) == []
    assert answer(http, thread.id)["text"]["value"] == REFUNDS


# Where it searches


def test_the_stores_of_assistant_and_thread_are_searched(client, http, upstream, files):
    own = client.vector_stores.create().id
    theirs = filled(client, own, mine="환불 규정: 이 회사는 이레 안에 환불합니다.")
    thread = client.beta.threads.create(**asking(), **stores(own))
    upstream.reply(Reply.function_calls(search("환불")))
    run = finished(client, thread.id, files.assistant_id)
    (found,) = results(http, path_of(run))
    assert {one["file_id"] for one in found} == {theirs["mine"], files.files["refund"]}


@pytest.mark.parametrize("stream", [False, True])
def test_a_chat_searches_and_cites(http, upstream, files, stream):
    upstream.reply(
        Reply.function_calls(search("환불")), Reply.text("So ", REFUNDS[:4], REFUNDS[4:])
    )
    body = {"message": "환불은 언제?", "assistant_id": files.assistant_id}
    if stream:
        events = events_of(http, "/chat", body)
        reply = events[-1].data
        said = [event.data["delta"] for event in events if event.name == "delta"]
        assert said == ["So ", REFUNDS]
    else:
        reply = http.post("/chat", json=body).json()
    assert reply["message"] == f"So {REFUNDS}"
    assert outputs(upstream) == [f"{REFUNDS}\n{REFUND}"]
    assert cited(answer(http, reply["thread_id"])) == [(REFUNDS, files.files["refund"])]
