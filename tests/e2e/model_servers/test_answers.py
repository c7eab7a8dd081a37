"""Chats and runs over each model server: what was asked arrives, what was answered is kept."""

import json

import pytest

from tests.support.model_server_commands import BOUND, CALL, FREE, PHRASE
from tests.support.stream_reader import streaming
from tests.support.talk import ended, finished, texts

# Tokens: as few as every server lets one ask for.
CUT = 16

ASKED = "제 이름은 한빛이에요. “안녕”을 영어로? 👩‍👩‍👧 \\n 100 % <b>&amp;</b>"
WEATHER = {
    "name": "weather",
    "parameters": {
        "type": "object",
        "properties": {"city": {"type": "string", "enum": ["서울"]}},
        "required": ["city"],
        "additionalProperties": False,
    },
}


def deltas(events) -> str:
    return "".join(event.data["delta"] for event in events if event.name == "delta")


def chat(http, message: str, **more) -> dict:
    response = http.post("/chat", json={"message": message, **more}, timeout=120)
    assert response.status_code == 200, response.text
    return response.json()


def streamed_chat(http, message: str, **more) -> tuple[str, dict]:
    """Return what came in pieces, and the answer as a whole."""
    with streaming(http, "/chat", {"message": message, **more}) as reader:
        events = reader.rest()
    assert events[-1].name == "message", events[-1]
    return deltas(events), events[-1].data


def executed(server, thread_id: str, assistant_id: str, *, streamed: bool, **options):
    """Return a new run once it has ended, or waits for its client."""
    if not streamed:
        return finished(server.client, thread_id, assistant_id, **options)
    stream = server.client.beta.threads.runs.stream(
        thread_id=thread_id, assistant_id=assistant_id, **options
    )
    with stream as events:
        events.until_done()
        return events.current_run


def is_the_phrase(answer: str) -> bool:
    """Say whether this is PHRASE, again and again, up to where the answer was cut off."""
    # The limit may fall into the middle of a character of several tokens.
    said = answer.rstrip("\ufffd")
    return len(said) > 4 and (PHRASE * len(said)).startswith(said)


def test_two_turns_in_one_piece_and_in_many(target, begin, slots):
    http = begin(**target.settings()).http
    first = chat(http, "My name is Hanbit. What is yours?")
    streamed, second = streamed_chat(http, "Say my name.", thread_id=first["thread_id"])
    assert first["message"] and streamed == second["message"] != ""
    assert [text for _, text in texts(http, first["thread_id"])] == [
        "My name is Hanbit. What is yours?",
        first["message"],
        "Say my name.",
        second["message"],
    ]
    # The model itself has read the whole conversation, in this order.
    prompt = slots(FREE).last()["prompt"]
    for text in ("My name is Hanbit. What is yours?", first["message"].strip(), "Say my name."):
        assert text in prompt, prompt
        prompt = prompt.partition(text)[2]


def test_korean_arrives_and_comes_back(target, begin, slots):
    http = begin(**target.settings(BOUND)).http
    plain = chat(http, ASKED)
    assert is_the_phrase(plain["message"])
    assert ASKED in slots(BOUND).last()["prompt"]
    streamed, second = streamed_chat(http, "더 말해 주세요 🙏", thread_id=plain["thread_id"])
    assert is_the_phrase(streamed) and streamed == second["message"]
    prompt = slots(BOUND).last()["prompt"]
    assert ASKED in prompt and plain["message"].strip("\ufffd ") in prompt
    assert texts(http, plain["thread_id"])[0] == ("user", ASKED)


def test_usage_is_what_the_server_counted(target, begin, slots):
    http = begin(**target.settings(BOUND)).http
    for ask in (chat, lambda *asked: streamed_chat(*asked)[1]):
        usage = ask(http, "Count me, please.")["usage"]
        slot = slots(BOUND).last()
        assert usage["prompt_tokens"] == slots(BOUND).count(slot["prompt"])
        assert usage["total_tokens"] == usage["prompt_tokens"] + usage["completion_tokens"]
        # The slot's memory holds both, but for the answer's last token, which nothing follows.
        assert usage["total_tokens"] == slot["n_prompt_tokens"] + 1


@pytest.mark.parametrize("streamed", [False, True])
def test_cut_off_by_length(target, begin, streamed):
    server = begin(**target.settings(BOUND))
    assistant = server.client.beta.assistants.create(model=target.model(BOUND))
    thread = server.client.beta.threads.create(messages=[{"role": "user", "content": "말해 줘"}])
    run = executed(server, thread.id, assistant.id, streamed=streamed, max_completion_tokens=CUT)
    assert (run.status, run.last_error) == ("incomplete", None)
    assert run.incomplete_details.reason == "max_completion_tokens"
    assert run.usage.completion_tokens == CUT
    (_, answer) = texts(server.http, thread.id)[-1]
    assert is_the_phrase(answer)


@pytest.mark.parametrize("streamed", [False, True])
def test_a_function_is_called(target, begin, slots, streamed):
    server = begin(**target.settings())
    runs = server.client.beta.threads.runs
    assistant = server.client.beta.assistants.create(
        model=target.model(FREE), tools=[{"type": "function", "function": WEATHER}]
    )
    thread = server.client.beta.threads.create(messages=[{"role": "user", "content": CALL}])
    asked = {"tool_choice": "required", "max_completion_tokens": 256}
    run = executed(server, thread.id, assistant.id, streamed=streamed, **asked)
    assert run.status == "requires_action", run.last_error
    (call,) = run.required_action.submit_tool_outputs.tool_calls
    assert call.function.name == "weather"
    assert json.loads(call.function.arguments) == {"city": "서울"}
    outputs = [{"tool_call_id": call.id, "output": "맑음, 21 °C"}]
    run = runs.submit_tool_outputs(run.id, thread_id=thread.id, tool_outputs=outputs)
    run = ended(server.http, f"/threads/{thread.id}/runs/{run.id}")
    assert run["status"] == "completed", run["last_error"]
    assert "맑음, 21 °C" in slots(FREE).last()["prompt"]


SCHEMA = {
    "type": "object",
    "properties": {
        "city": {"type": "string", "enum": ["서울", "부산"]},
        "rain": {"type": "boolean"},
    },
    "required": ["city", "rain"],
    "additionalProperties": False,
}


# llama-server ignores the format of a request to `/responses`.
@pytest.mark.parametrize(
    "target",
    ["llama-server by chat_completions", "litellm", "litellm by chat_completions"],
    indirect=True,
)
@pytest.mark.parametrize("streamed", [False, True])
def test_an_answer_in_a_schema(target, begin, streamed):
    server = begin(**target.settings())
    assistant = server.client.beta.assistants.create(
        model=target.model(FREE),
        response_format={"type": "json_schema", "json_schema": {"name": "day", "schema": SCHEMA}},
    )
    asked = {"role": "user", "content": "Will it rain in Seoul?"}
    thread = server.client.beta.threads.create(messages=[asked])
    run = executed(server, thread.id, assistant.id, streamed=streamed, max_completion_tokens=200)
    assert run.status == "completed", run.last_error
    answer = json.loads(texts(server.http, thread.id)[-1][1])
    assert answer.keys() == {"city", "rain"}
    assert answer["city"] in ("서울", "부산")


@pytest.mark.parametrize("streamed", [False, True])
def test_two_rounds_of_a_server_function(target, begin, slots, streamed, tmp_path):
    """The server answers the call itself, and the model is asked a second time."""
    folder = tmp_path / "functions"
    folder.mkdir()
    (folder / "own.py").write_text(FUNCTION, "utf-8")
    server = begin(**target.settings(), functions_dir=str(folder))
    function = {"type": "function", "function": WEATHER}
    assistant = server.client.beta.assistants.create(model=target.model(FREE), tools=[function])
    thread = server.client.beta.threads.create(messages=[{"role": "user", "content": CALL}])
    asked = {"tool_choice": "required", "max_completion_tokens": 256}
    run = executed(server, thread.id, assistant.id, streamed=streamed, **asked)
    assert run.status == "completed", run.last_error
    prompt = slots(FREE).last()["prompt"]
    assert "맑음, 21 °C" in prompt.partition(CALL)[2]
    steps = server.client.beta.threads.runs.steps.list(run.id, thread_id=thread.id).data
    assert [step.type for step in steps] == ["message_creation", "tool_calls"]


FUNCTION = '''
def weather(city: str) -> str:
    """Return the weather."""
    return f"{city}: 맑음, 21 °C"
'''
