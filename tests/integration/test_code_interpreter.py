"""The code interpreter through the API: what runs, what the model reads, and what clients get."""

from typing import Any

import pytest

from app.engine.tools.code_interpreter.texts import LOST, NO_CODE
from tests.support.code_interpreter import (
    CODE,
    asked,
    call_of,
    coding,
    newest,
    outputs_of,
    pieces_of,
)
from tests.support.function_calls import call, function_tools, outputs
from tests.support.interpreters import require_interpreter
from tests.support.replies import Reply
from tests.support.stores import uploaded
from tests.support.stream_reader import events_of, following, names, run_path
from tests.support.talk import ended, text_of

WRITES = "with open('/mnt/data/매출 요약.csv', 'w') as file: print('a,b\\n1,2', file=file)"
PATH = "sandbox:/mnt/data/매출 요약.csv"
LINK = f"표: [매출]({PATH}) 😀"
DRAWS = "from PIL import Image\nprint(1)\ndisplay(Image.new('RGB', (8, 8)))"
CRASHES = "import ctypes\nctypes.string_at(0)"


@pytest.fixture(scope="module")
def code_server(start_shared):
    """A server that keeps the session of one thread only."""
    require_interpreter()
    return start_shared(code_interpreter="auto", code_interpreter_sessions=1, max_rounds=5)


@pytest.fixture
def server(code_server, upstream):
    return code_server


@pytest.fixture
def assistant_id(server):
    made = server.client.beta.assistants.create(model="m", instructions="Compute.", tools=[CODE])
    return made.id


@pytest.fixture
def run(server, assistant_id, upstream):
    """Run with these answers of the model, streamed; return the events."""

    def begin(*replies: Reply, thread_id: str = "", **more: Any) -> list[Any]:
        upstream.reply(*replies)
        if thread_id:
            body = {"assistant_id": assistant_id, **more}
            return events_of(server.http, f"/threads/{thread_id}/runs", body)
        return events_of(server.http, "/threads/runs", asked(assistant_id, **more))

    return begin


@pytest.fixture
def lose_session(run, upstream):
    """Let another thread have the only session."""

    def lose() -> None:
        run(coding("None"), Reply.text("Done."))
        upstream.requests.clear()

    return lose


def reads(*names: str) -> str:
    """Return code that prints what is in files."""
    return f"for name in {names}:\n  with open('/mnt/data/' + name) as file: print(file.read())"


def thread_of(events: Any) -> str:
    return run_path(events).split("/")[2]


# What runs


def test_the_model_is_offered_a_function_of_one_string(run, upstream):
    run(Reply.text("Hello."))
    (tool,) = upstream.requests[0].body["tools"]
    assert (tool["type"], tool["name"], tool["strict"]) == ("function", "code_interpreter", False)
    assert [*tool["parameters"]["properties"]] == ["code"]
    assert tool["parameters"]["required"] == ["code"]
    assert "/mnt/data" in tool["description"]


def test_it_is_streamed_as_recorded(run):
    code = 'x = "두 번째"\nprint(x)\nprint(1 + 1)'
    events = run(coding(code).in_pieces(7), Reply.text("2."))
    shown = names(events)
    first, last = shown.index("step.created"), shown.index("step.completed")
    assert shown[:first] == ["thread.created", "run.created", "run.queued", "run.in_progress"]
    assert shown[first + 1] == "step.in_progress"
    assert {*shown[first + 2 : last]} == {"step.delta"}
    assert shown[last + 1 :] == [
        *("step.created", "step.in_progress", "message.created", "message.in_progress"),
        *("message.delta", "message.completed", "step.completed", "run.completed", "done"),
    ]
    assert events[first].data["step_details"] == {"type": "tool_calls", "tool_calls": []}
    begun, *pieces = pieces_of(events)
    assert begun == {
        "index": 0,
        "id": "call_1",
        "type": "code_interpreter",
        "code_interpreter": {"input": "", "outputs": []},
    }
    assert all({*piece} == {"index", "type", "code_interpreter"} for piece in pieces)
    inputs = [one for piece in pieces if (one := piece["code_interpreter"].get("input"))]
    assert ("".join(inputs), len(inputs) > 1) == (code, True)
    printed = [one for piece in pieces for one in piece["code_interpreter"].get("outputs", [])]
    assert {(one["index"], one["type"]) for one in printed} == {(0, "logs")}
    assert "".join(one["logs"] for one in printed) == "두 번째\n2\n"
    kinds = ["input" in piece["code_interpreter"] for piece in pieces]
    assert kinds == sorted(kinds, reverse=True), "the code comes before what it printed"
    done = events[last].data
    assert done["usage"]["total_tokens"] > 0
    assert done["step_details"]["tool_calls"] == [
        {
            "id": "call_1",
            "type": "code_interpreter",
            "code_interpreter": {
                "input": code,
                "outputs": [{"type": "logs", "logs": "두 번째\n2\n"}],
            },
        }
    ]


def test_a_reader_that_joins_later_reads_the_same(run, server):
    events = run(coding("print(1)"), Reply.text("1."))
    with following(server.http, run_path(events)) as reader:
        again = reader.rest()
    assert [event.data for event in again] == [event.data for event in events]


def test_variables_last_from_call_to_call_and_from_run_to_run(run, upstream):
    events = run(coding("x = 41"), coding("print(x + 1)", "call_2"), Reply.text("42."))
    assert outputs(upstream, 2) == ["(no output)", "42"]
    run(coding("print(x + 2)"), Reply.text("43."), thread_id=thread_of(events))
    assert outputs(upstream, 4) == ["43"]


def test_calls_of_one_answer_run_in_their_order(run, upstream):
    codes = ["x = 1", "x += 1", "print(x)"]
    calls = [call("code_interpreter", f"call_{n}", code=code) for n, code in enumerate(codes)]
    events = run(Reply.function_calls(*calls), Reply.text("2."))
    assert outputs(upstream)[2] == "2"
    (step,) = [one.data for one in events if one.name == "thread.run.step.completed"][:1]
    inputs = [one["code_interpreter"]["input"] for one in step["step_details"]["tool_calls"]]
    assert inputs == codes
    # The third call's delta names the third call.
    assert {piece["index"] for piece in pieces_of(events) if outputs_of(piece)} == {2}


def test_a_failure_goes_back_to_the_model_which_repairs_it(run, upstream):
    events = run(coding("1 / 0"), coding("print(1 / 1)", "call_2"), Reply.text("1."))
    (failure,) = outputs(upstream)
    assert "ZeroDivisionError" in failure
    assert events[-2].name == "thread.run.completed"


def test_a_model_that_never_repairs_it_is_stopped(run, upstream):
    upstream.reply_with(lambda _: coding("1 / 0"))
    *_, failed, _done = run()
    assert (failed.name, len(upstream.requests)) == ("thread.run.failed", 5)
    assert "5 rounds" in failed.data["last_error"]["message"]


@pytest.mark.parametrize(
    ("arguments", "streamed"),
    [("print(6 * 7)", False), ('{"code": "x = 1\nprint(6 * 7)"}', True)],
)
def test_a_model_that_can_not_write_json_is_understood(run, upstream, arguments, streamed):
    called = Reply.function_calls(("call_1", "code_interpreter", arguments))
    events = run(called.in_pieces(5), Reply.text("42."))
    assert outputs(upstream) == ["42"]
    inputs = [one["code_interpreter"].get("input", "") for one in pieces_of(events)]
    code = "x = 1\nprint(6 * 7)" if streamed else "print(6 * 7)"
    assert "".join(inputs) == code
    assert call_of(events)["input"] == code


def test_a_call_without_code_is_explained_and_loses_no_variables(run, upstream):
    nothing = Reply.function_calls(("call_2", "code_interpreter", "{}"))
    run(coding("x = 1"), nothing, coding("print(x)", "call_3"), Reply.text("1."))
    assert outputs(upstream, 3) == ["(no output)", NO_CODE, "1"]


def test_a_chat_has_it_too(server, assistant_id, upstream):
    upstream.reply(coding("print(1)"), Reply.text("One."))
    said = server.http.post("/chat", json={"message": "q", "assistant_id": assistant_id}).json()
    assert said["message"] == "One."


# Lost variables


def test_the_model_reads_once_that_variables_are_gone(run, upstream, lose_session):
    events = run(coding("x = 1"), Reply.text("Done."))
    lose_session()
    run(
        *(coding("print('x' in globals())"), coding("print(3)", "call_2"), Reply.text("Done.")),
        thread_id=thread_of(events),
    )
    assert outputs(upstream, 2) == [f"{LOST}\nFalse", "3"]


def test_a_new_thread_has_lost_nothing(run, upstream):
    nothing = Reply.function_calls(("call_0", "code_interpreter", ""))
    run(nothing, coding("print(1)"), Reply.text("1."))
    assert outputs(upstream, 2)[-1] == "1"


def test_a_crash_is_text_for_the_model_which_reads_once_of_lost_variables(run, upstream):
    events = run(
        *(coding("x = 1"), coding(CRASHES, "call_2"), coding("print(1)", "call_3")),
        Reply.text("Done."),
    )
    crashed, after = outputs(upstream, 3)[1:]
    assert "segmentation fault" in crashed and "variables are lost" in crashed
    assert after == "1"
    assert events[-2].name == "thread.run.completed"


# Files


def test_files_of_assistant_thread_and_message_are_there(server, upstream):
    client = server.client
    ids = [
        uploaded(client, f"text {n}", name) for n, name in enumerate(["a.csv", "a.csv", "b.csv"])
    ]
    assistant = client.beta.assistants.create(
        model="m",
        instructions="x",
        tools=[CODE],
        tool_resources={"code_interpreter": {"file_ids": [ids[0]]}},
    )
    attached = {"file_id": ids[2], "tools": [CODE]}
    thread = client.beta.threads.create(
        tool_resources={"code_interpreter": {"file_ids": [ids[1]]}},
        messages=[{"role": "user", "content": "q", "attachments": [attached]}],
    )
    assert thread.tool_resources.code_interpreter.file_ids == ids[1:]
    names_and_ids = ["a.csv", "a_2.csv", "b.csv", *ids]
    upstream.reply(coding(reads(*names_and_ids)), Reply.text("Read."))
    events_of(server.http, f"/threads/{thread.id}/runs", {"assistant_id": assistant.id})
    assert outputs(upstream) == ["\n".join(["text 0", "text 1", "text 2"] * 2)]
    description = upstream.requests[0].body["tools"][0]["description"]
    listed = f"a.csv ({ids[0]}), a_2.csv ({ids[1]}), b.csv ({ids[2]})."
    assert description.endswith(listed)


def test_a_file_that_comes_later_is_put_into_the_session(run, server, upstream):
    events = run(coding("x = 1"), Reply.text("Done."))
    file_id = uploaded(server.client, "later", "later.txt")
    attached = {"file_id": file_id, "tools": [CODE]}
    more = {"role": "user", "content": "q", "attachments": [attached]}
    run(
        *(coding(f"print(x)\n{reads('later.txt')}"), Reply.text("Done.")),
        thread_id=thread_of(events),
        additional_messages=[more],
    )
    assert outputs(upstream, 3) == ["1\nlater"]


def test_a_file_that_is_gone_is_left_out(server, assistant_id, upstream):
    file_id = uploaded(server.client, "gone", "gone.txt")
    resources = {"code_interpreter": {"file_ids": [file_id]}}
    thread_id = server.http.post("/threads", json={"tool_resources": resources}).json()["id"]
    server.client.files.delete(file_id)
    upstream.reply(coding("print(1)"), Reply.text("Done."))
    events_of(server.http, f"/threads/{thread_id}/runs", {"assistant_id": assistant_id})
    assert outputs(upstream) == ["1"]
    assert "gone.txt" not in upstream.requests[0].body["tools"][0]["description"]


@pytest.mark.parametrize("size", [1, 5, 100])
def test_a_made_file_is_linked_to(run, server, upstream, size):
    events = run(coding(WRITES), Reply.text(LINK).in_pieces(size))
    assert PATH in outputs(upstream)[0]
    (part,) = newest(server.http, thread_of(events))["content"]
    assert part["text"]["value"] == LINK
    (one,) = part["text"]["annotations"]
    start, end = one["start_index"], one["end_index"]
    assert (one["type"], one["text"], LINK[start:end]) == ("file_path", PATH, PATH)
    file = server.http.get(f"/files/{one['file_path']['file_id']}").json()
    assert (file["filename"], file["purpose"]) == ("매출 요약.csv", "assistants_output")
    content = server.http.get(f"/files/{file['id']}/content")
    assert content.text == "a,b\n1,2\n"


def test_made_files_come_back_into_a_new_session(run, server, upstream, lose_session):
    events = run(coding(WRITES), Reply.text(LINK))
    lose_session()
    later = run(coding(reads("매출 요약.csv")), Reply.text(LINK), thread_id=thread_of(events))
    assert outputs(upstream) == [f"{LOST}\na,b\n1,2\n"]
    said = [event.data for event in later if event.name == "thread.message.completed"]
    # Not made again, and still linked to.
    assert len(said[0]["content"][0]["text"]["annotations"]) == 1
    links = [said[0]["content"][0], newest(server.http, thread_of(events))["content"][0]]
    ids = [one["text"]["annotations"][0]["file_path"]["file_id"] for one in links]
    assert ids[0] == ids[1]


def test_files_in_folders_come_back_into_them(run, upstream, lose_session):
    makes = "import os\nos.makedirs('/mnt/data/연도/2026')\n"
    makes += "with open('/mnt/data/연도/2026/x.csv', 'w') as file: file.write('in')"
    events = run(coding(makes), Reply.text("Done."))
    lose_session()
    run(coding(reads("연도/2026/x.csv")), Reply.text("Done."), thread_id=thread_of(events))
    assert outputs(upstream) == [f"{LOST}\nin"]


def test_a_changed_file_is_a_new_one_under_its_name(run, server, upstream, lose_session):
    events = run(coding(WRITES), coding(WRITES.replace("1", "3"), "call_2"), Reply.text(LINK))
    (part,) = newest(server.http, thread_of(events))["content"]
    file_id = part["text"]["annotations"][0]["file_path"]["file_id"]
    assert server.http.get(f"/files/{file_id}/content").text == "a,b\n3,2\n"
    lose_session()
    run(coding(reads("매출 요약.csv")), Reply.text("Done."), thread_id=thread_of(events))
    assert outputs(upstream) == [f"{LOST}\na,b\n3,2\n"]


def test_a_picture_is_an_output_and_begins_the_next_message(run, server, upstream):
    events = run(coding(DRAWS), Reply.text("Here."))
    shown = call_of(events)["outputs"]
    assert [one["type"] for one in shown] == ["logs", "image"]
    message = newest(server.http, thread_of(events))
    picture = {"type": "image_file", "image_file": shown[1]["image"]}
    assert message["content"][0] == picture
    assert text_of(message) == "Here."
    file = server.http.get(f"/files/{shown[1]['image']['file_id']}").json()
    assert (file["purpose"], file["filename"][-4:]) == ("assistants_output", ".png")
    (said,) = outputs(upstream)
    assert isinstance(said, str), "a model that can't see refuses pictures"


def test_a_picture_is_no_file_in_a_new_session(run, upstream, lose_session):
    events = run(coding(DRAWS), Reply.text("Here."))
    lose_session()
    look = "import os\nprint(os.listdir('/mnt/data'))"
    run(coding(look), Reply.text("Done."), thread_id=thread_of(events))
    assert outputs(upstream) == [f"{LOST}\n[]"]


# Wire


def test_resources_are_there_wherever_the_tool_is_listed(server, assistant_id, upstream):
    empty: Any = {"code_interpreter": {"file_ids": []}}
    assistant = server.http.get(f"/assistants/{assistant_id}").json()
    assert assistant["tool_resources"] == empty
    events = events_of(server.http, "/threads/runs", asked(assistant_id))
    for event in events:
        if event.name.startswith(("thread.created", "thread.run.")) and "step" not in event.name:
            assert event.data["tool_resources"] == empty, event.name
    assert server.http.get(run_path(events)).json()["tool_resources"] == empty
    body = {"model": "m", "instructions": "x"}
    plain = server.http.post("/assistants", json=body).json()
    assert plain["tool_resources"] == {}
    events = events_of(server.http, "/threads/runs", asked(plain["id"], tools=[CODE]))
    assert events[0].data["tool_resources"] == events[1].data["tool_resources"] == empty
    events = events_of(server.http, "/threads/runs", asked(plain["id"]))
    assert events[0].data["tool_resources"] == events[1].data["tool_resources"] == {}


def test_a_null_for_files_is_none(server):
    body = {"tool_resources": {"code_interpreter": {"file_ids": None}}}
    thread = server.http.post("/threads", json=body).json()
    assert thread["tool_resources"] == {"code_interpreter": {"file_ids": []}}


# Whose files code may read


def test_a_run_may_bring_its_own_files(server, assistant_id, upstream):
    file_id = uploaded(server.client, "of the run", "own.txt")
    resources = {"code_interpreter": {"file_ids": [file_id]}}
    upstream.reply(coding(reads("own.txt", file_id)), Reply.text("Read."))
    events_of(server.http, "/threads/runs", asked(assistant_id, tool_resources=resources))
    assert outputs(upstream) == ["of the run\nof the run"]


def test_files_that_do_not_fit_are_named(start, upstream):
    require_interpreter()
    server = start(code_interpreter="auto", code_interpreter_disk_mib=1)
    assistant = server.client.beta.assistants.create(model="m", instructions="x", tools=[CODE])
    big = uploaded(server.client, "x" * (2 << 20), "big.csv")
    attached = {"file_id": big, "tools": [CODE]}
    message = {"role": "user", "content": "q", "attachments": [attached]}
    upstream.reply(coding("print(1)"), Reply.text("Done."))
    body = {"assistant_id": assistant.id, "thread": {"messages": [message]}}
    events_of(server.http, "/threads/runs", body)
    (said,) = outputs(upstream)
    assert said.startswith("big.csv is not in /mnt/data: ")
    assert said.endswith("\n1")


# Choices


def test_a_forced_choice_becomes_the_function(run, upstream):
    run(coding("print(1)"), Reply.text("1."), tool_choice=CODE)
    assert [request.body["tool_choice"] for request in upstream.requests] == [
        *({"type": "function", "name": "code_interpreter"}, "auto"),
    ]


def test_a_step_that_waits_for_its_client_has_its_output(server, upstream):
    tools = [CODE, *function_tools("mine")]
    assistant = server.client.beta.assistants.create(model="m", instructions="x", tools=tools)
    upstream.reply(
        Reply.function_calls(
            call("code_interpreter", "call_1", code=WRITES), call("mine", "call_2")
        ),
        Reply.text(LINK),
    )
    events = events_of(server.http, "/threads/runs", asked(assistant.id))
    assert names(events)[-2:] == ["run.requires_action", "done"]
    given = {"tool_outputs": [{"tool_call_id": "call_2", "output": "yours"}]}
    path = run_path(events)
    server.http.post(f"{path}/submit_tool_outputs", json=given)
    assert ended(server.http, path)["status"] == "completed"
    (part,) = newest(server.http, thread_of(events))["content"]
    assert len(part["text"]["annotations"]) == 1


@pytest.fixture
def off(start):
    """A server without it, and an assistant that lists it."""
    server = start(code_interpreter="off")
    made = server.client.beta.assistants.create(model="m", instructions="x", tools=[CODE])
    return server.client.beta.threads, made.id


def test_a_server_without_it_offers_nothing(off, upstream):
    threads, assistant_id = off
    run = threads.create_and_run_poll(assistant_id=assistant_id)
    assert run.status == "completed"
    assert "tools" not in upstream.requests[0].body


def test_a_forced_choice_on_a_server_without_it_fails_with_the_reason(off, upstream):
    threads, assistant_id = off
    run = threads.create_and_run_poll(assistant_id=assistant_id, tool_choice=CODE)
    assert (run.status, run.last_error.code) == ("failed", "server_error")
    assert run.last_error.message == "The code interpreter is off (CODE_INTERPRETER=off)."
    assert upstream.requests == []
