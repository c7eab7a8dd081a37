"""A tool that nothing in the server knows: one file, and a line where tools are listed.

It streams its input and its output, draws a picture, and is tested through the API alone.
"""

import base64
from typing import Any

import pytest

from app.tools import TOOLS
from tests.support.assistants_files import written
from tests.support.callers import ORIGIN, session_of
from tests.support.function_calls import call, function_tools
from tests.support.pictures import PIXEL
from tests.support.replies import Reply
from tests.support.stream_reader import events_of, following, names, run_path
from tests.support.talk import ended, error_of, texts
from tests.support.toy_tool import TYPE, Toy
from tests.support.waiting import wait_until

BOTH_APIS = True

TOOL: Any = {"type": TYPE}
CODE = 'first draw "두 번째" 😀\n'
PATH = "sandbox:/mnt/data/drawing.png"
SAID = f"[drawing]({PATH}), see {PATH}"


class Server:
    """A server with the toy, which `toys` has once it has started."""

    def __init__(self, start: Any, **settings: Any) -> None:
        self.toys: list[Toy] = []

        def make(resources: Any) -> Toy:
            self.toys.append(Toy(resources))
            return self.toys[-1]

        self.running = start(tools=[*TOOLS, make], **settings)
        self.http, self.client = self.running.http, self.running.client


@pytest.fixture
def server(start):
    return Server(start)


@pytest.fixture
def assistant_id(server):
    return server.client.beta.assistants.create(model="m", instructions="Draw.", tools=[TOOL]).id


def computing(code: str = CODE, call_id: str = "call_1") -> Reply:
    return Reply.function_calls(call(TYPE, call_id, code=code)).in_pieces(3)


def asked(assistant_id: str, **more: Any) -> dict[str, Any]:
    thread = {"messages": [{"role": "user", "content": "Draw."}]}
    return {"assistant_id": assistant_id, "thread": thread, **more}


def calls_of(events: Any) -> list[dict[str, Any]]:
    """Return what each delta of a step says of its one call."""
    deltas = [event.data["delta"] for event in events if event.name == "thread.run.step.delta"]
    return [one for delta in deltas for one in delta["step_details"]["tool_calls"]]


def steps_of(http: Any, run: dict[str, Any]) -> list[dict[str, Any]]:
    path = f"/threads/{run['thread_id']}/runs/{run['id']}/steps"
    found: list[dict[str, Any]] = http.get(path, params={"order": "asc"}).json()["data"]
    return found


def newest(http: Any, thread_id: str) -> dict[str, Any]:
    message: dict[str, Any] = http.get(f"/threads/{thread_id}/messages").json()["data"][0]
    return message


def picture_in(message: dict[str, Any]) -> str:
    """Return the file of the picture that a message begins with."""
    first, *_ = message["content"]
    assert first["type"] == "image_file"
    file_id: str = first["image_file"]["file_id"]
    return file_id


def paths_in(part: dict[str, Any]) -> list[tuple[str, str]]:
    """Return the paths in a text part and their files, having checked every offset."""
    value, annotations = part["text"]["value"], part["text"]["annotations"]
    for one in annotations:
        assert one["type"] == "file_path"
        assert value[one["start_index"] : one["end_index"]] == one["text"]
    return [(one["text"], one["file_path"]["file_id"]) for one in annotations]


def test_input_and_output_are_streamed(server, assistant_id, upstream):
    upstream.reply(computing(), Reply.text("Here."))
    events = events_of(server.http, "/threads/runs", asked(assistant_id))
    assert names(events)[4:8] == ["step.created", "step.in_progress", "step.delta", "step.delta"]
    begun, *pieces = calls_of(events)
    assert begun == {"index": 0, "id": "call_1", "type": TYPE, TYPE: {"input": "", "outputs": []}}
    assert all({*piece} == {"index", "type", TYPE} for piece in pieces)
    inputs = [piece[TYPE]["input"] for piece in pieces if "input" in piece[TYPE]]
    assert ("".join(inputs), len(inputs) > 1) == (CODE, True)
    outputs = [one for piece in pieces for one in piece[TYPE].get("outputs", [])]
    assert [(one["index"], one["type"]) for one in outputs] == [
        *((0, "logs"), (1, "image"), (2, "logs"), (3, "logs"), (4, "logs"))
    ]
    (done, *_) = [event.data for event in events if event.name == "thread.run.step.completed"]
    (final,) = done["step_details"]["tool_calls"]
    whole = [{name: value for name, value in one.items() if name != "index"} for one in outputs]
    assert final == {"id": "call_1", "type": TYPE, TYPE: {"input": CODE, "outputs": whole}}


def test_the_sdks_helper_puts_the_pieces_together(server, assistant_id, upstream):
    upstream.reply(computing(), Reply.text("Here."))
    runs = server.client.beta.threads
    with runs.create_and_run_stream(assistant_id=assistant_id) as stream:
        stream.until_done()
        step, said = stream.get_final_run_steps()
        (message,) = stream.get_final_messages()
    assert said.type == "message_creation"
    (one,) = step.step_details.tool_calls
    assert one.code_interpreter.input == CODE
    kinds = [output.type for output in one.code_interpreter.outputs]
    assert kinds == ["logs", "image", "logs", "logs", "logs"]
    assert [part.type for part in message.content] == ["image_file", "text"]


@pytest.mark.parametrize("size", [1, 4, 100])
def test_the_next_message_has_the_picture_and_its_path(server, assistant_id, upstream, size):
    upstream.reply(computing(), Reply.text(SAID).in_pieces(size))
    events = events_of(server.http, "/threads/runs", asked(assistant_id))
    (message,) = [event.data for event in events if event.name == "thread.message.completed"]
    file_id = picture_in(message)
    assert paths_in(message["content"][1]) == [(PATH, file_id), (PATH, file_id)]
    assert message["content"][1]["text"]["value"] == SAID
    assert newest(server.http, message["thread_id"]) == message
    deltas = [event.data["delta"] for event in events if event.name == "thread.message.delta"]
    first, *later = [part for delta in deltas for part in delta["content"]]
    picture = {"file_id": file_id}
    assert first == {"index": 0, "type": "image_file", "image_file": picture}
    assert {part["index"] for part in later} == {1}
    content = server.http.get(f"/files/{file_id}/content")
    assert (content.status_code, content.content) == (200, PIXEL)
    assert server.http.get(f"/files/{file_id}").json()["purpose"] == "assistants_output"


def test_the_model_reads_texts_and_looks_at_pictures(server, assistant_id, upstream):
    upstream.reply(computing("draw"), computing("word", "call_2"), Reply.text("Here."))
    events_of(server.http, "/threads/runs", asked(assistant_id))
    url = f"data:image/png;base64,{base64.b64encode(PIXEL).decode()}"
    answers = [
        item["output"]
        for item in upstream.requests[2].asked["input"]
        if item["type"] == "function_call_output"
    ]
    picture = {"type": "input_image", "detail": "auto", "image_url": url}
    assert answers == [[{"type": "input_text", "text": "done"}, picture], "done"]


def test_a_chat_has_it_too(server, assistant_id, upstream):
    upstream.reply(computing(), Reply.text(SAID))
    said = server.http.post("/chat", json={"message": "Draw.", "assistant_id": assistant_id}).json()
    assert said["message"] == SAID
    assert newest(server.http, said["thread_id"])["content"][0]["type"] == "image_file"


def test_a_streamed_chat_has_its_words(server, assistant_id, upstream):
    upstream.reply(computing(), Reply.text(SAID))
    body = {"message": "Draw.", "assistant_id": assistant_id, "stream": True}
    events = events_of(server.http, "/chat", body)
    assert "".join(event.data["delta"] for event in events[:-1]) == SAID
    assert events[-1].data["message"] == SAID


def test_what_was_made_outlives_the_session(server, upstream):
    """While the client answers its call, nothing of the run is in memory."""
    tools = [TOOL, *function_tools("mine")]
    assistant_id = server.client.beta.assistants.create(
        model="m", instructions="Draw.", tools=tools
    ).id
    upstream.reply(
        Reply.function_calls(call(TYPE, "call_1", code="draw"), call("mine", "call_2")),
        Reply.text(SAID),
    )
    events = events_of(server.http, "/threads/runs", asked(assistant_id))
    assert names(events)[-2:] == ["run.requires_action", "done"]
    (toy,) = server.toys
    wait_until(lambda: toy.closed)
    assert toy.opened == toy.closed == [events[-2].data["id"]]
    outputs = {"tool_outputs": [{"tool_call_id": "call_2", "output": "yours"}]}
    later = events_of(server.http, f"{run_path(events)}/submit_tool_outputs", outputs)
    (message,) = [event.data for event in later if event.name == "thread.message.completed"]
    assert paths_in(message["content"][1]) == [(PATH, picture_in(message))] * 2
    wait_until(lambda: len(toy.closed) == 2)
    assert toy.opened == toy.closed


def test_a_picture_is_in_one_message_only(server, assistant_id, upstream):
    upstream.reply(
        computing("draw"),
        Reply.function_calls(call(TYPE, "call_2", code="word"), text="First."),
        Reply.text("Then."),
    )
    events = events_of(server.http, "/threads/runs", asked(assistant_id))
    said = [event.data for event in events if event.name == "thread.message.completed"]
    kinds = [[part["type"] for part in message["content"]] for message in said]
    assert kinds == [["image_file", "text"], ["text"]]


@pytest.mark.parametrize("reply", [Reply.http_error(400), Reply.text("Fine.")])
def test_a_session_is_closed_however_the_run_ends(server, assistant_id, upstream, reply):
    upstream.reply(computing("word"), reply)
    run = server.http.post("/threads/runs", json=asked(assistant_id)).json()
    ended(server.http, f"/threads/{run['thread_id']}/runs/{run['id']}")
    (toy,) = server.toys
    wait_until(lambda: toy.closed)
    assert toy.opened == toy.closed == [run["id"]]


def test_a_reader_that_joins_later_reads_the_same(server, assistant_id, upstream):
    upstream.reply(computing(), Reply.text(SAID))
    events = events_of(server.http, "/threads/runs", asked(assistant_id))
    run = next(event.data for event in events if event.name == "thread.run.created")
    with following(server.http, f"/threads/{run['thread_id']}/runs/{run['id']}") as reader:
        again = reader.rest()
    assert [event.data for event in again if "step" in event.name] == [
        event.data for event in events if "step" in event.name
    ]
    assert [step["type"] for step in steps_of(server.http, run)] == [
        *("tool_calls", "message_creation")
    ]
    assert texts(server.http, run["thread_id"])


# Whose the files are

VISITED = """
assistants:
  - id: asst_toy
    instructions: Draw.
    tools:
      - type: code_interpreter
"""
OPEN: Any = {
    "api_keys": ["shop:key-of-the-shop-1234", "bar:key-of-the-bar-12345"],
    "public_chat": True,
    "public_project": "shop",
    "public_assistants": ["asst_toy"],
    "cors_origins": [ORIGIN],
}


@pytest.fixture
def visited(start, call_as, tmp_path, upstream):
    """A server for visitors: the owner of its project, a visitor, and a turn with a picture."""
    server = Server(start, **OPEN, assistants_file=written(tmp_path, VISITED)).running
    visitor = call_as(server, session_of(call_as(server)), origin=ORIGIN)
    upstream.reply(computing(), Reply.text(SAID))
    said = visitor.http.post("/chat", json={"message": "Draw."}).json()
    return server, call_as(server, "key-of-the-shop-1234"), visitor, said


def test_a_visitor_may_read_what_was_made_for_their_thread(visited, call_as):
    server, owner, visitor, said = visited
    file_id = picture_in(newest(visitor.http, said["thread_id"]))
    for caller in (visitor, owner):
        assert caller.http.get(f"/files/{file_id}").status_code == 200
        assert caller.http.get(f"/files/{file_id}/content").content == PIXEL
    other = call_as(server, session_of(call_as(server)), origin=ORIGIN)
    elsewhere = call_as(server, "key-of-the-bar-12345")
    for stranger in (other, elsewhere):
        for path in (f"/files/{file_id}", f"/files/{file_id}/content"):
            error_of(stranger.http.get(path), 404)


def test_a_visitor_may_read_no_other_file(visited):
    _, owner, visitor, _ = visited
    secret = owner.client.files.create(file=("a.txt", b"secret"), purpose="assistants").id
    for path in (f"/files/{secret}", f"/files/{secret}/content"):
        error_of(visitor.http.get(path), 404)
    for refused in (
        visitor.http.get("/files"),
        visitor.http.delete(f"/files/{secret}"),
        visitor.http.post("/files", files={"file": b"x"}, data={"purpose": "assistants"}),
    ):
        assert error_of(refused, 403)["code"] == "session_not_allowed"


def test_what_was_made_for_a_thread_goes_with_it(visited):
    _, owner, visitor, said = visited
    file_id = picture_in(newest(visitor.http, said["thread_id"]))
    assert visitor.http.delete(f"/threads/{said['thread_id']}").status_code == 200
    for caller in (owner, visitor):
        error_of(caller.http.get(f"/files/{file_id}"), 404)
