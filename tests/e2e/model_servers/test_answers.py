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
    limit = {"max_completion_tokens": CUT}
    if streamed:
        stream = server.client.beta.threads.runs.stream(
            thread_id=thread.id, assistant_id=assistant.id, **limit
        )
        with stream as events:
            events.until_done()
            run = events.current_run
    else:
        run = finished(server.client, thread.id, assistant.id, **limit)
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
    asked = {
        **{"thread_id": thread.id, "assistant_id": assistant.id, "tool_choice": "required"},
        "max_completion_tokens": 256,
    }
    if streamed:
        with runs.stream(**asked) as events:
            events.until_done()
            run = events.current_run
    else:
        run = runs.create_and_poll(**asked)
    assert run.status == "requires_action", run.last_error
    (call,) = run.required_action.submit_tool_outputs.tool_calls
    assert call.function.name == "weather"
    assert json.loads(call.function.arguments) == {"city": "서울"}
    outputs = [{"tool_call_id": call.id, "output": "맑음, 21 °C"}]
    run = runs.submit_tool_outputs(run.id, thread_id=thread.id, tool_outputs=outputs)
    run = ended(server.http, f"/threads/{thread.id}/runs/{run.id}")
    assert run["status"] == "completed", run["last_error"]
    assert "맑음, 21 °C" in slots(FREE).last()["prompt"]
