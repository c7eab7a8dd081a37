"""A visitor of a public page reads that an answer failed; why is for the operator."""

import pytest

from tests.support.callers import ORIGIN, session_of
from tests.support.function_calls import FOLDER, call, function_tools
from tests.support.replies import Reply
from tests.support.stream_reader import events_of
from tests.support.talk import error_of

KEY = "key-of-the-web-12345"
REASON = "host gpu-7.internal:8000 lost shard /srv/models/llama"
FAILURES = {
    "server_error": (
        lambda: Reply.http_error(401, {"error": {"message": "Incorrect API key"}}),
        "Check OPENAI_API_KEY",
    ),
    "rate_limit_exceeded": (
        lambda: Reply.http_error(429, {"error": {"message": REASON}}),
        "gpu-7.internal",
    ),
    "invalid_prompt": (
        lambda: Reply.http_error(400, {"error": {"message": REASON}}),
        "gpu-7.internal",
    ),
}
SENTENCES = {
    "server_error": "The assistant could not answer. Please try again later.",
    "rate_limit_exceeded": "The assistant is busy right now. Please try again in a moment.",
    "invalid_prompt": (
        "The assistant could not answer this. Please rephrase it or start a new conversation."
    ),
}


@pytest.fixture
def opened(start, call_as):
    """Start a public chat; return a visitor, and the operator with the key."""

    def begin(**settings):
        server = start(
            api_keys=[f"web:{KEY}"],
            public_chat=True,
            public_project="web",
            cors_origins=[ORIGIN],
            **settings,
        )
        return call_as(server, session_of(call_as(server))), call_as(server, KEY)

    return begin


@pytest.mark.parametrize("code", FAILURES)
def test_the_reason_is_for_the_operator(opened, upstream, code):
    visitor, operator = opened()
    fails, reason = FAILURES[code]
    upstream.reply(fails(), fails())
    plain = visitor.http.post("/chat", json={"message": "hi"})
    error = error_of(plain, 503 if code == "rate_limit_exceeded" else 502)
    assert (error["code"], error["message"]) == (code, SENTENCES[code])
    assert plain.headers["x-should-retry"] == "false"
    path = f"/threads/{plain.headers['x-thread-id']}/runs"
    run_path = f"{path}/{plain.headers['x-run-id']}"
    streamed = events_of(visitor.http, "/chat", {"message": "hi"})[-1]
    assert (streamed.name, streamed.data["error"]["message"]) == ("error", SENTENCES[code])
    answers = [
        visitor.http.get(one) for one in (path, run_path, f"{run_path}/events", f"{run_path}/steps")
    ]
    assert answers[1].json()["last_error"] == {"code": code, "message": SENTENCES[code]}
    seen = plain.text + str(streamed) + "".join(answer.text for answer in answers)
    for hidden in (reason, "HTTP", "OPENAI", "server answered"):
        assert hidden not in seen
    assert reason in operator.http.get(run_path).json()["last_error"]["message"]
    assert reason in operator.http.get(f"{run_path}/events").text


def test_what_a_function_was_given_and_answered_is_for_the_operator(opened, upstream, call_as):
    visitor, operator = opened(functions_dir=FOLDER, public_assistants=["asst_default"])
    body = {"model": "m", "tools": function_tools("double")}
    made = operator.http.post("/assistants", json=body).json()["id"]
    visitor, operator = opened(functions_dir=FOLDER, public_assistants=[made])
    upstream.reply(Reply.function_calls(call("double", number=4321)), Reply.text("It is done."))
    answer = visitor.http.post("/chat", json={"message": "go", "stream": True})
    run_path = f"/threads/{answer.headers['x-thread-id']}/runs/{answer.headers['x-run-id']}"
    assert "It is done." in answer.text
    (step,) = [
        one
        for one in visitor.http.get(f"{run_path}/steps").json()["data"]
        if one["type"] == "tool_calls"
    ]
    (shown,) = step["step_details"]["tool_calls"]
    assert shown["function"] == {"name": "double", "arguments": "", "output": None}
    assert visitor.http.get(f"{run_path}/steps/{step['id']}").json() == step
    events = visitor.http.get(f"{run_path}/events").text
    assert "thread.run.step.delta" in events and '"double"' in events
    assert "4321" not in events and "8642" not in events
    known = operator.http.get(f"{run_path}/steps").text
    assert "4321" in known and "8642" in known


@pytest.mark.parametrize(
    ("settings", "code", "sentence"),
    [
        (
            {"token_budgets": {"web": 0}},
            "insufficient_quota",
            "This chat has reached its limit for today. Please come back tomorrow.",
        ),
    ],
)
def test_the_limits_of_a_project_are_for_the_operator(opened, settings, code, sentence):
    visitor, operator = opened(**settings)
    refused = visitor.http.post("/chat", json={"message": "hi"})
    error = error_of(refused, 429)
    assert (error["code"], error["message"]) == (code, sentence)
    assert int(refused.headers["retry-after"]) > 0
    assert error_of(operator.http.post("/chat", json={"message": "hi"}), 429)["message"] != sentence


def test_what_a_visitor_did_wrong_is_said_as_ever(opened):
    visitor, _ = opened()
    assert "message" in error_of(visitor.http.post("/chat", json={}), 400)["message"]
    missing = error_of(visitor.http.get("/threads/thread_none"), 404)
    assert missing["message"] == "No thread found with id 'thread_none'."
