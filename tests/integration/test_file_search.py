"""`file_search` in a run: asked by the model, answered here, cited in what it says."""

from typing import Any

import pytest
from openai import AssistantEventHandler

from tests.support.function_calls import outputs
from tests.support.replies import Reply
from tests.support.searches import (
    CONTENT,
    REFUND,
    SCHEDULE,
    SCREENS,
    SEARCH,
    answer,
    asking,
    cited,
    heard,
    results,
    search,
    stores,
)
from tests.support.stream_reader import (
    StreamReader,
    events_of,
    names,
    run_path,
    streaming,
    unnumbered,
)
from tests.support.talk import error_of, finished

BOTH_APIS = True

MARKER = "【0:0†refund.txt】"
PIECES = ("환불은 😀 ", "사흘 【0", ":0†ref", "und.txt", "】", " 안에 【9:9†x】 처리")
WHOLE = "".join(PIECES)


@pytest.fixture
def ask(client, files):
    """Let the assistant answer in a thread of its own."""

    def run(question="환불은 언제 처리됩니까?", **options):
        thread = client.beta.threads.create(**asking(question))
        return finished(client, thread.id, files.assistant_id, **options)

    return run


@pytest.fixture
def found(ask, http, upstream, files):
    """Let the model search with the tool's options; return what it found."""

    def find(query, **options):
        upstream.reply(Reply.function_calls(search(query)))
        run = ask(tools=[{**SEARCH, "file_search": options}])
        assert run.status == "completed"
        (found,) = results(http, path_of(run))
        return found

    return find


def path_of(run) -> str:
    return f"/threads/{run.thread_id}/runs/{run.id}"


def test_the_model_is_offered_a_function(ask, upstream):
    ask()
    (body,) = [request.asked for request in upstream.requests]
    (tool,) = body["tools"]
    assert (tool["type"], tool["name"], tool["strict"]) == ("function", "file_search", False)
    assert "【0:0†name】" in tool["description"]
    query = tool["parameters"]["properties"].pop("query")
    assert query["type"] == "string"
    assert tool["parameters"] == {
        "type": "object",
        "properties": {},
        "required": ["query"],
        "additionalProperties": False,
    }


def test_each_marker_cites_its_passage(ask, upstream):
    upstream.reply(Reply.function_calls(search("playlist schedule")))
    assert ask().status == "completed"
    assert outputs(upstream) == [
        f"【0:0†schedule.txt】\n{SCHEDULE}\n\n【0:1†screens.txt】\n{SCREENS}"
    ]
    assert upstream.requests[1].asked["tools"] == upstream.requests[0].asked["tools"]


def test_what_it_says_is_cited(ask, http, upstream, files):
    upstream.reply(Reply.function_calls(search("환불")), Reply.text(*PIECES))
    run = ask()
    part = answer(http, run.thread_id)
    assert part["text"]["value"] == WHOLE
    assert cited(part) == [(MARKER, files.files["refund"])], "an unknown marker stays text"
    assert part["text"]["annotations"] == [
        {
            "type": "file_citation",
            "text": MARKER,
            "start_index": 9,
            "end_index": 9 + len(MARKER),
            "file_citation": {"file_id": files.files["refund"]},
        }
    ]


def test_a_stream_tells_the_search_and_the_citation(http, upstream, files):
    upstream.reply(Reply.function_calls(search("환불")), Reply.text(*PIECES))
    body = {"assistant_id": files.assistant_id, "thread": asking()}
    events = events_of(http, "/threads/runs", body)
    assert names(events) == [
        *("thread.created", "run.created", "run.queued", "run.in_progress"),
        *("step.created", "step.in_progress", "step.delta", "step.completed"),
        *("step.created", "step.in_progress", "message.created", "message.in_progress"),
        *["message.delta"] * 4,
        *("message.completed", "step.completed", "run.completed", "done"),
    ]
    created, delta, completed = events[4].data, events[6].data["delta"], events[7].data
    ranking = {"ranker": "default_2024_08_21", "score_threshold": 0.0}
    call = {"id": "call_1", "type": "file_search"}
    empty = {"ranking_options": ranking, "results": []}
    assert created["step_details"] == {"type": "tool_calls", "tool_calls": []}
    assert delta["step_details"]["tool_calls"] == [{"index": 0, **call, "file_search": empty}]
    (answered,) = completed["step_details"]["tool_calls"]
    (result,) = answered["file_search"].pop("results")
    assert answered == {**call, "file_search": {"ranking_options": ranking}}
    assert " ".join(result) == "file_id file_name score attributes", "content is to be asked for"
    assert (result["file_id"], result["file_name"]) == (files.files["refund"], "refund.txt")
    assert 0 < result["score"] <= 1
    message = next(event.data for event in events if event.name == "thread.message.completed")
    assert message["content"] == [heard(events)]
    assert cited(heard(events)) == [(MARKER, files.files["refund"])]


def test_no_part_of_a_marker_is_sent_before_it_is_whole(http, upstream, files):
    upstream.reply(
        Reply.function_calls(search("환불")),
        # Four events open the message; the second delta is the last before the silence.
        Reply.text("So: ", MARKER[:5], MARKER[5:]).stalled(after=6),
    )
    body = {"assistant_id": files.assistant_id, "thread": asking()}
    with streaming(http, "/threads/runs", body) as reader:
        said = reader.until("thread.message.delta").data["delta"]["content"]
        assert said == [{"index": 0, "type": "text", "text": {"value": "So: ", "annotations": []}}]
        assert upstream.wait_stalled()
        upstream.release()
        (part,) = reader.until("thread.message.delta").data["delta"]["content"]
        assert part["text"]["value"] == MARKER
        assert [one["index"] for one in part["text"]["annotations"]] == [0]
        reader.rest()


@pytest.mark.parametrize("reply", [Reply.text, Reply.incomplete])
def test_a_marker_that_never_ends_is_said_at_last(http, upstream, files, reply):
    upstream.reply(Reply.function_calls(search("환불")), reply("So: ", "【0:0†", "refund"))
    body = {"assistant_id": files.assistant_id, "thread": asking()}
    events = events_of(http, "/threads/runs", body)
    assert heard(events)["text"] == {"value": "So: 【0:0†refund", "annotations": []}
    assert answer(http, events[0].data["id"]) == heard(events)


def test_a_marker_alone_is_an_answer(http, upstream, files):
    upstream.reply(Reply.function_calls(search("환불")), Reply.text(MARKER[:3], MARKER[3:]))
    events = events_of(
        http, "/threads/runs", {"assistant_id": files.assistant_id, "thread": asking()}
    )
    assert cited(heard(events)) == [(MARKER, files.files["refund"])]
    assert answer(http, events[0].data["id"]) == heard(events)


def test_a_stream_can_be_followed_again(http, upstream, files):
    upstream.reply(Reply.function_calls(search("환불")), Reply.text(*PIECES))
    events = events_of(
        http, "/threads/runs", {"assistant_id": files.assistant_id, "thread": asking()}
    )
    with http.stream("GET", f"{run_path(events)}/events") as response:
        again = StreamReader(response).rest()
    assert heard(again) == heard(events)
    assert unnumbered(again) == events


class Hearing(AssistantEventHandler):
    """What OpenAI's helper makes of a stream."""

    def __init__(self) -> None:
        super().__init__()
        self.steps: list[Any] = []
        self.text: Any = None

    def on_run_step_done(self, run_step: Any) -> None:
        self.steps.append(run_step)

    def on_text_delta(self, delta: Any, snapshot: Any) -> None:
        self.text = snapshot


def test_the_sdks_helper_puts_the_citation_together(client, upstream, files):
    upstream.reply(Reply.function_calls(search("환불")), Reply.text(*PIECES))
    thread, hearing = client.beta.threads.create(**asking()), Hearing()
    with client.beta.threads.runs.stream(
        thread_id=thread.id, assistant_id=files.assistant_id, event_handler=hearing
    ) as stream:
        (message,) = stream.get_final_messages()
    (call,) = hearing.steps[0].step_details.tool_calls
    assert [one.file_name for one in call.file_search.results] == ["refund.txt"]
    (annotation,) = hearing.text.annotations
    assert hearing.text.value[annotation.start_index : annotation.end_index] == MARKER
    assert message.content[0].text.value == hearing.text.value == WHOLE


# Steps


@pytest.mark.parametrize("name", ["include[]", "include", None])
def test_the_texts_found_are_included_on_request(ask, http, upstream, name):
    upstream.reply(Reply.function_calls(search("환불")))
    run = ask()
    params = {name: CONTENT} if name else {}
    ((result,),) = results(http, path_of(run), **params)
    wanted = [{"type": "text", "text": REFUND}] if name else None
    assert result.get("content") == wanted
    page = http.get(f"{path_of(run)}/steps").json()
    one = http.get(f"{path_of(run)}/steps/{page['last_id']}", params=params).json()
    (call,) = one["step_details"]["tool_calls"]
    assert call["file_search"]["results"] == [result]


@pytest.mark.parametrize("name", ["include[]", None])
def test_a_stream_includes_the_texts_found_on_request(client, http, upstream, files, name):
    upstream.reply(Reply.function_calls(search("환불")), Reply.text("So."))
    thread = client.beta.threads.create(**asking())
    body = {"assistant_id": files.assistant_id, "stream": True}
    path = f"/threads/{thread.id}/runs"
    with http.stream("POST", path, params={name: CONTENT} if name else {}, json=body) as response:
        events = StreamReader(response).rest()
    searched = next(one.data for one in events if one.name == "thread.run.step.completed")
    (result,) = searched["step_details"]["tool_calls"][0]["file_search"]["results"]
    assert result.get("content") == ([{"type": "text", "text": REFUND}] if name else None)


def test_the_sdk_asks_for_the_texts(ask, client, upstream):
    upstream.reply(Reply.function_calls(search("환불")))
    run = ask()
    steps = client.beta.threads.runs.steps.list(
        run.id, thread_id=run.thread_id, include=[CONTENT], order="asc"
    )
    (result,) = steps.data[0].step_details.tool_calls[0].file_search.results
    assert [part.text for part in result.content] == [REFUND]


@pytest.mark.parametrize("name", ["include[]", "include"])
@pytest.mark.parametrize("where", ["steps", "steps/step_x", ""])
def test_nothing_else_can_be_asked_for(client, http, files, name, where):
    run = {"assistant_id": files.assistant_id}
    thread = client.beta.threads.create()
    path = f"/threads/{thread.id}/runs"
    params = {name: ["x", CONTENT]}
    if where:
        answered = http.get(f"{path}/run_x/{where}", params=params)
    else:
        answered = http.post(path, params=params, json=run)
    error = error_of(answered)
    assert (error["param"], error["code"]) == ("include", "invalid_value")
    assert error["message"] == f"Invalid value: 'x'. Supported values are: '{CONTENT}'."


# Options


def test_no_more_is_found_than_the_tool_says(found):
    both = [one["file_name"] for one in found("playlist schedule")]
    assert both == ["schedule.txt", "screens.txt"]
    (best,) = found("playlist schedule", max_num_results=1)
    assert best["file_name"] == "schedule.txt"


def test_what_scores_too_low_is_not_found(found, upstream):
    high, low = (one["score"] for one in found("playlist schedule"))
    between = {"score_threshold": (high + low) / 2}
    (best,) = found("playlist schedule", ranking_options=between)
    assert best["file_name"] == "schedule.txt"
    output = outputs(upstream, 3)[-1]
    assert SCHEDULE in output and SCREENS not in output


@pytest.mark.parametrize("options", [None, {}, {"ranking_options": None, "max_num_results": None}])
def test_options_that_are_null_are_none(ask, http, upstream, options):
    upstream.reply(Reply.function_calls(search("playlist schedule")))
    run = ask(tools=[{**SEARCH, "file_search": options}])
    assert [len(found) for found in results(http, path_of(run))] == [2]


@pytest.mark.parametrize(
    ("arguments", "output"),
    [
        ('{"query": ', 'Error: call it with {"query": "…"}.'),
        ("", 'Error: call it with {"query": "…"}.'),
        ('{"query": null}', 'Error: call it with {"query": "…"}.'),
        ('["환불"]', 'Error: call it with {"query": "…"}.'),
        ('{"query": ""}', "Nothing was found."),
        ('{"query": "\\u0000"}', "Nothing was found."),
        ('{"query": "quantum chromodynamics"}', "Nothing was found."),
    ],
)
def test_the_model_reads_that_nothing_was_found(ask, http, upstream, arguments, output):
    upstream.reply(Reply.function_calls(("call_1", "file_search", arguments)))
    run = ask()
    assert run.status == "completed"
    assert outputs(upstream) == [output]
    assert results(http, path_of(run)) == [[]]


@pytest.mark.parametrize("resources", [{}, stores("vs_none")], ids=["none", "unknown"])
def test_an_assistant_without_stores_finds_nothing(client, upstream, files, resources):
    assistant = client.beta.assistants.create(model="m", tools=[SEARCH], **resources)
    thread = client.beta.threads.create(**asking())
    upstream.reply(Reply.function_calls(search("환불")))
    assert finished(client, thread.id, assistant.id).status == "completed"
    assert outputs(upstream) == ["Nothing was found."]
