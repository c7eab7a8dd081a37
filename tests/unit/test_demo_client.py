"""The demo model."""

import json
from typing import Any

import pytest

from app.core.demo_client import DemoClient
from app.core.model import Event, ModelClient
from tests.support.openai_spec import assert_valid

TOOL = {
    "type": "function",
    "name": "get_weather",
    "strict": False,
    "parameters": {
        "type": "object",
        "properties": {
            "city": {"type": "string"},
            "days": {"type": "integer", "minimum": 1},
            "unit": {"enum": ["celsius", "kelvin"]},
            "place": {"$ref": "#/$defs/place"},
            "free": {"type": "boolean"},
        },
        "required": ["city", "days", "unit", "place"],
        "$defs": {"place": {"type": "object", "properties": {"on": {"type": ["boolean", "null"]}},
                            "required": ["on"]}},
    },
}  # fmt: skip


def user(text: str) -> dict[str, Any]:
    return {"role": "user", "content": [{"type": "input_text", "text": text}]}


def assistant(text: str) -> dict[str, Any]:
    return {"role": "assistant", "content": text}


def request(*items: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {"model": "demo", "store": False, "input": list(items), **more}


async def batches(body: dict[str, Any], *, stream: bool) -> list[list[Event]]:
    assert_valid("CreateResponse", body)
    model: ModelClient = DemoClient()
    return [batch async for batch in model.events(body, stream=stream)]


async def response(body: dict[str, Any]) -> dict[str, Any]:
    [[event]] = await batches(body, stream=False)
    assert event["type"] == f"response.{event['response']['status']}"
    assert_valid("Response", event["response"])
    result: dict[str, Any] = event["response"]
    return result


async def text(body: dict[str, Any]) -> str:
    answered: str = (await response(body))["output"][0]["content"][0]["text"]
    return answered


async def test_it_says_what_it_is_and_how_to_get_a_real_one() -> None:
    said = await text(request(user("Hello there")))
    assert said.startswith('[Demo model] You said: "Hello there"')
    assert "OPENAI_API_KEY" in said


async def test_it_answers_korean_in_korean() -> None:
    said = await text(request(user("Hello"), assistant("…"), user("안녕하세요")))
    assert said.startswith("[데모 모드]")
    assert "안녕하세요" in said
    assert "OPENAI_API_KEY" in said


@pytest.mark.parametrize("question", ["What did I say?", "What was it earlier?", "Do you remember"])
async def test_it_quotes_what_was_said_before(question: str) -> None:
    said = await text(request(user("My dog is Bo"), assistant("I see"), user(question)))
    assert said == '[Demo model] You said earlier: "My dog is Bo"'


@pytest.mark.parametrize(
    "question",
    [
        "아까 제가 뭐라고 했죠?",
        "전에 한 질문이 뭐였지",
        "방금 무엇을 말했나요?",
        "앞에서 뭐라고 말했지?",
    ],
)
async def test_it_quotes_what_was_said_before_in_korean(question: str) -> None:
    said = await text(request(user("제 개는 보리예요"), assistant("네"), user(question)))
    assert said == '[데모 모드] 앞에서 이렇게 말씀하셨습니다: "제 개는 보리예요"'


@pytest.mark.parametrize(
    ("said", "name"),
    [
        ("제 이름은 한빛입니다", "한빛"),
        ("안녕하세요. 제 이름은 한빛입니다. 잘 부탁드립니다.", "한빛"),
        ("저는 한빛이에요", "한빛"),
        ("내 이름은 한빛이야", "한빛"),
        ("내 이름은 민아야", "민아"),
        ("내 이름은 수이야", "수이"),
        ("저는 민아예요, 반가워요", "민아"),
        ("저는 김 한빛이라고 합니다", "김 한빛"),
        ("저를 민아라고 불러 주세요", "민아"),
        ("제 이름은 Ada예요", "Ada"),
        ("My name is Ada", "Ada"),
        ("Hello! My name is Ada Lovelace, and I like numbers.", "Ada Lovelace"),
        ("my name's ada", "ada"),
        ("I'm Ada", "Ada"),
        ("I am Ada and I am hungry", "Ada"),
        ("Please call me Ada.", "Ada"),
    ],
)
@pytest.mark.parametrize(
    ("question", "answer"),
    [
        ("제 이름이 뭐라고 했죠?", "[데모 모드] 성함은 {}입니다."),
        ("내 이름이 뭐야?", "[데모 모드] 성함은 {}입니다."),
        ("제 이름을 기억하세요?", "[데모 모드] 성함은 {}입니다."),
        ("제가 누구라고 했나요?", "[데모 모드] 성함은 {}입니다."),
        ("What is my name?", "[Demo model] Your name is {}."),
        ("what's my name", "[Demo model] Your name is {}."),
        ("Do you remember my name?", "[Demo model] Your name is {}."),
        ("Who am I?", "[Demo model] Your name is {}."),
    ],
)
async def test_it_remembers_a_name(said: str, name: str, question: str, answer: str) -> None:
    items = [user(said), assistant("네"), user("I'm hungry. 저는 배가 고파요"), assistant("네")]
    assert await text(request(*items, user(question))) == answer.format(name)


@pytest.mark.parametrize(
    ("question", "answer"),
    [
        ("제 이름이 뭐죠?", "[데모 모드] 이 대화에서 아직 이름을 말씀하지 않으셨습니다."),
        ("What's my name?", "[Demo model] You have not mentioned your name in this thread."),
    ],
)
async def test_it_invents_no_name(question: str, answer: str) -> None:
    items = [user("I'm hungry"), user("저는 배가 고파요"), user("What is my name?")]
    assert await text(request(*items, user(question))) == answer


@pytest.mark.parametrize(
    ("question", "quoted"),
    [
        ("What is my dog's name?", "My dog is Bo."),
        ("Where did I say the meeting is?", "The meeting is in room 4."),
        ("Do you remember my dogs?", "My dog is Bo."),
        ("제 주문 번호가 뭐였죠?", "주문 번호는 7731입니다."),
        ("아까 회의실이 어디라고 했죠?", "회의실은 4층이에요."),
    ],
)
async def test_it_quotes_the_sentence_that_a_question_is_about(question: str, quoted: str) -> None:
    said = [
        "My dog is Bo. I like tea.",
        "The meeting is in room 4.",
        "주문 번호는 7731입니다. 회의실은 4층이에요.",
    ]
    items = [item for one in said for item in (user(one), assistant("OK"))]
    assert (await text(request(*items, user(question)))).endswith(f': "{quoted}"')


async def test_other_questions_are_answered_as_ever() -> None:
    said = await text(request(user("My dog is Bo"), user("What are my opening hours?")))
    assert said.startswith('[Demo model] You said: "What are my opening hours?"')


@pytest.mark.parametrize(
    ("question", "start"),
    [
        ("What did I say before?", "[Demo model] You have not"),
        ("아까 뭐라고 했죠?", "[데모 모드] 이 대화에서"),
    ],
)
async def test_it_says_so_if_nothing_was_said_before(question: str, start: str) -> None:
    assert (await text(request(user(question)))).startswith(start)


async def test_a_plain_string_is_input_too() -> None:
    assert '"Hi"' in await text({"model": "demo", "input": "Hi"})


async def test_an_image_alone_is_answered() -> None:
    image = {"type": "input_image", "image_url": "data:image/png;base64,AA==", "detail": "auto"}
    said = await text(request({"role": "user", "content": [image]}))
    assert said.startswith("[Demo model]")


@pytest.mark.parametrize(
    ("choice", "said"),
    [
        ({"type": "function", "name": "get_weather"}, "Seoul"),
        ("required", "Seoul"),
        ("auto", "Please call get_weather."),
        ("auto", "get_weather를 불러 주세요"),
    ],
)
async def test_it_calls_a_function_with_fitting_arguments(choice: Any, said: str) -> None:
    body = request(user(said), tools=[TOOL], tool_choice=choice)
    [call] = (await response(body))["output"]
    assert (call["type"], call["name"]) == ("function_call", "get_weather")
    assert json.loads(call["arguments"]) == {
        "city": said,
        "days": 1,
        "unit": "celsius",
        "place": {"on": False},
    }


@pytest.mark.parametrize(
    ("choice", "said"), [("none", "get_weather"), ("auto", "forget_weather_now"), ("auto", "Hi")]
)
async def test_it_calls_nothing_unasked(choice: str, said: str) -> None:
    body = request(user(said), tools=[TOOL], tool_choice=choice)
    assert (await text(body)).startswith("[Demo model]")


async def test_two_calls_never_share_an_id() -> None:
    body = request(user("x"), tools=[TOOL], tool_choice="required")
    ids = {(await response(body))["output"][0]["call_id"] for _ in range(2)}
    assert len(ids) == 2


async def test_it_quotes_the_outputs_of_its_calls() -> None:
    call = {"type": "function_call", "call_id": "c1", "name": "get_weather", "arguments": "{}"}
    output = {"type": "function_call_output", "call_id": "c1", "output": "22 degrees"}
    body = request(user("x"), call, output, tools=[TOOL], tool_choice="required")
    assert await text(body) == '[Demo model] The tool returned: "22 degrees"'
    again = await response(request(user("x"), call, output, user("y"), tools=[TOOL],
                                   tool_choice="required"))  # fmt: skip
    assert again["output"][0]["type"] == "function_call"


async def test_it_keeps_to_json() -> None:
    said = json.loads(await text(request(user("Hi"), text={"format": {"type": "json_object"}})))
    assert said["demo"] is True
    assert said["answer"].startswith("[Demo model]")


async def test_it_keeps_to_a_schema() -> None:
    schema = {
        "type": "object",
        "properties": {
            "answer": {"anyOf": [{"type": "string", "maxLength": 6}, {"type": "null"}]},
            "tags": {"type": "array", "items": {"type": "number"}, "minItems": 2},
        },
        "required": ["answer", "tags"],
    }
    shape = {"type": "json_schema", "name": "a", "schema": schema}
    said = json.loads(await text(request(user("Hi"), text={"format": shape})))
    assert said == {"answer": "[Demo ", "tags": [0, 0]}


async def test_a_schema_that_holds_itself_ends() -> None:
    schema = {"type": "object", "properties": {"next": {"$ref": "#"}}, "required": ["next"]}
    shape = {"type": "json_schema", "name": "a", "schema": schema}
    assert json.loads(await text(request(user("Hi"), text={"format": shape})))["next"]


async def test_it_stops_at_max_output_tokens() -> None:
    answered = await response(request(user("Hi"), max_output_tokens=16))
    assert answered["status"] == "incomplete"
    assert answered["incomplete_details"] == {"reason": "max_output_tokens"}
    assert answered["output"][0]["status"] == "incomplete"
    assert answered["usage"]["output_tokens"] == 16
    assert len(answered["output"][0]["content"][0]["text"].split()) == 16


async def test_words_and_usage_are_deterministic() -> None:
    body = request(user("Hi"), instructions="Be kind.")
    first, second = await response(body), await response(body)
    assert first["output"][0]["content"] == second["output"][0]["content"]
    assert first["usage"] == second["usage"]


@pytest.mark.parametrize("more", [{}, {"tools": [TOOL], "tool_choice": "required"},
                                  {"max_output_tokens": 16}])  # fmt: skip
async def test_the_stream_tells_the_same_in_valid_events(more: dict[str, Any]) -> None:
    body = request(user("Hi there"), **more)
    reported = await batches(body, stream=True)
    events = [event for batch in reported for event in batch]
    for number, event in enumerate(events):
        assert_valid("ResponseStreamEvent", event)
        assert event["sequence_number"] == number
    [item] = events[-1]["response"]["output"]
    deltas = [event["delta"] for event in events if event["type"].endswith(".delta")]
    whole = item["arguments"] if "arguments" in item else item["content"][0]["text"]
    assert "".join(deltas) == whole
    assert all(len(batch) == 1 for batch in reported[1:-1])
    assert len(deltas) > 1


async def test_a_reader_may_leave_in_the_middle() -> None:
    events = DemoClient().events(request(user("Hi")), stream=True)
    assert (await anext(events))[0]["type"] == "response.created"
    await events.aclose()
