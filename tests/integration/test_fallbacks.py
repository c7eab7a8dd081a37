"""If an upstream fails before it has said anything, the next one is asked; who answered is kept."""

import logging
from collections.abc import Iterator
from typing import Any

import httpx
import pytest
from sqlalchemy import text

from tests.support.belongings import FUNCTION
from tests.support.fake_upstream import FakeUpstream
from tests.support.figures import Figures
from tests.support.provider_files import provider, providers_file
from tests.support.replies import Reply
from tests.support.rows import connected
from tests.support.stream_reader import streaming
from tests.support.talk import ended, error_of
from tests.support.waiting import wait_until

NO_MODEL = {
    "error": {"message": "The model `m` does not exist", "code": "model_not_found", "param": None}
}
# What another upstream may do better.
PASSED_ON = {
    "overloaded": Reply.http_error(503),
    "broken": Reply.http_error(500),
    "too many": Reply.http_error(429),
    "too slow": Reply.http_error(408),
    "no such model": Reply.http_error(404, NO_MODEL),
    "no answer": Reply.text("Never heard").cut(),
    "failed": Reply.failed(),
    "cut off": Reply.text("Never heard").cut(after=1),
}
# What another upstream would refuse as well, or what the operator must mend.
FINAL = {
    "bad request": Reply.http_error(400, {"error": {"message": "Bad.", "code": "invalid_prompt"}}),
    "bad key": Reply.http_error(401),
    "forbidden": Reply.http_error(403),
    "invalid prompt": Reply.failed("invalid_prompt", "No."),
}
FIRST = {
    "models": ["m"],
    "fallbacks": ["second"],
    "price": {"input": 2, "cached": 0.5, "output": 8},
}


@pytest.fixture
def second() -> Iterator[FakeUpstream]:
    with FakeUpstream.serve() as server:
        yield server
        assert not server.refused


@pytest.fixture
def served(start, tmp_path, upstream, second):
    """Serve two providers: `first` with the model `m`, which falls back to `second`."""

    def begin(first: dict[str, Any] | None = None, **settings: Any) -> Any:
        file = providers_file(
            tmp_path,
            provider("first", upstream.base_url, **(FIRST | (first or {}))),
            provider("second", second.base_url, aliases={"m": "m-there"}, context_window=1024),
        )
        return start(providers_file=file, openai_model="m", **settings)

    return begin


def asked(server: FakeUpstream) -> list[str]:
    return [one.body["model"] for one in server.requests]


def chat(http: httpx.Client, **more: Any) -> httpx.Response:
    return http.post("/chat", json={"message": "hi", **more})


def row_of(database_url: str, run_id: str) -> tuple[str, str]:
    with connected(database_url) as connection:
        found = connection.execute(
            text("SELECT answered_by, answered_model FROM runs WHERE id = :id"), {"id": run_id}
        )
        return tuple(found.one())


@pytest.mark.parametrize("streamed", [False, True])
@pytest.mark.parametrize("failure", PASSED_ON)
def test_another_upstream_answers(served, upstream, second, database_url, failure, streamed):
    server = served()
    upstream.reply(PASSED_ON[failure])
    if streamed:
        with streaming(server.http, "/chat", {"message": "hi"}) as reader:
            said = reader.until("message")
        assert said
    else:
        assert chat(server.http).json()["message"] == "Answer to: hi"
    assert (asked(upstream), asked(second)) == (["m"], ["m-there"])
    (usage,) = server.http.get("/usage").json()["data"]
    assert (usage["model"], usage["answered_by"], usage["answered_model"], usage["runs"]) == (
        "m",
        "second",
        "m-there",
        1,
    )


@pytest.mark.parametrize("failure", FINAL)
def test_what_no_other_upstream_would_do_better_is_not_passed_on(served, upstream, second, failure):
    server = served()
    upstream.reply(FINAL[failure])
    assert not chat(server.http).is_success
    assert second.requests == []


def test_nothing_is_passed_on_once_something_was_said(served, upstream, second):
    server = served()
    upstream.reply(Reply.text("Half", " an answer").cut(after=5))
    thread = server.http.post("/threads").json()["id"]
    body = {"assistant_id": "asst_default", "stream": True}
    server.http.post(f"/threads/{thread}/messages", json={"role": "user", "content": "hi"})
    server.http.post(f"/threads/{thread}/runs", json=body)
    (run,) = server.http.get(f"/threads/{thread}/runs").json()["data"]
    assert run["status"] == "failed"
    assert second.requests == []


def test_its_own_retries_come_first(served, upstream, second):
    server = served({"max_retries": 2})
    again = Reply.http_error(503, headers={"retry-after-ms": "1"})
    upstream.reply(again, again)
    assert chat(server.http).is_success
    assert (asked(upstream), second.requests) == (["m"] * 3, [])
    upstream.reply(again, again, again)
    assert chat(server.http).is_success
    assert (asked(upstream), asked(second)) == (["m"] * 6, ["m-there"])


def test_one_that_has_just_failed_is_passed_over(served, upstream, second, caplog):
    server = served()
    upstream.reply(Reply.http_error(500))
    with caplog.at_level(logging.INFO):
        for _ in range(3):
            assert chat(server.http).is_success
    assert (asked(upstream), asked(second)) == (["m"], ["m-there"] * 3)
    answers = [
        one for one in caplog.messages if one.endswith("m was answered by m-there of second")
    ]
    assert len(answers) == 3
    figures = Figures(server)
    passed_on = "threadkeeper_upstream_failures_passed_on_total"
    assert figures.value(passed_on, upstream="first") == 1
    tokens = "threadkeeper_tokens_total"
    assert figures.value(tokens, upstream="second", model="m-there") > 0
    assert figures.value(tokens, upstream="first") == 0


def test_a_model_that_is_missing_says_nothing_of_the_others(served, upstream, second):
    server = served({"models": ["m", "n"]})
    upstream.reply(Reply.http_error(404, NO_MODEL))
    assert chat(server.http).is_success
    made = server.http.post("/assistants", json={"model": "n"}).json()["id"]
    assert chat(server.http, assistant_id=made).is_success
    assert (asked(upstream), asked(second)) == (["m", "n"], ["m-there"])


def test_the_first_failure_is_reported_if_every_upstream_fails(served, upstream, second):
    server = served()
    for _ in range(2):
        upstream.reply(Reply.http_error(500, {"error": {"message": "Full."}}))
        second.reply(Reply.http_error(500, {"error": {"message": "Full too."}}))
        message = error_of(chat(server.http), 502)["message"]
        assert message.endswith("The upstream first answered HTTP 500: Full.")
    # Those that have just failed are asked all the same, if there is nobody else.
    assert (len(upstream.requests), len(second.requests)) == (2, 2)


def test_a_fallback_gets_what_it_can_read(served, upstream, second, database_url):
    """Less history, its own name of the model, and no reasoning that only the first can read."""
    server = served(assistant_instructions="")
    http = server.http
    thread = http.post("/threads").json()["id"]
    for number in range(8):
        said = {"role": "user", "content": f"{number} " + "word " * 200}
        assert http.post(f"/threads/{thread}/messages", json=said).is_success
    upstream.reply(
        Reply.function_calls(("call_1", "f", "{}"), reasoning="secret"), Reply.http_error(500)
    )
    body = {"assistant_id": "asst_default", "tools": [FUNCTION], "model": "m"}
    run = http.post(f"/threads/{thread}/runs", json=body).json()
    path = f"/threads/{thread}/runs/{run['id']}"
    wait_until(lambda: http.get(path).json()["status"] == "requires_action")
    outputs = {"tool_outputs": [{"tool_call_id": "call_1", "output": "x"}]}
    assert http.post(f"{path}/submit_tool_outputs", json=outputs).is_success
    assert ended(http, path)["status"] == "completed"
    kinds = [[item["type"] for item in one.body["input"]] for one in upstream.requests]
    assert kinds[1] == ["message"] * 8 + ["reasoning", "function_call", "function_call_output"]
    (fallback,) = second.requests
    read = [item["type"] for item in fallback.body["input"]]
    assert "reasoning" not in read
    assert read[-2:] == ["function_call", "function_call_output"]
    assert 1 <= read.count("message") < 8
    assert row_of(database_url, run["id"]) == ("second", "m-there")
    report = http.get("/usage").json()
    shares = {one["answered_by"]: one for one in report["data"]}
    assert {name: one["runs"] for name, one in shares.items()} == {"first": 0, "second": 1}
    used = ended(http, path)["usage"]
    assert report["total"]["total_tokens"] == used["total_tokens"]
    assert all(one["total_tokens"] > 0 for one in shares.values())
    first = shares["first"]
    cost = (first["prompt_tokens"] * 2 + first["completion_tokens"] * 8) / 1e6
    assert (first["cost"], first["currency"]) == (pytest.approx(cost), "USD")
    assert shares["second"]["cost"] is None
    assert report["total"]["costs"] == {"USD": pytest.approx(cost)}


@pytest.mark.parametrize("apis", [("responses", "chat_completions"), ("chat_completions", "auto")])
def test_a_fallback_may_have_the_other_api(start, tmp_path, upstream, second, apis):
    first_api, second_api = apis
    file = providers_file(
        tmp_path,
        provider("first", upstream.base_url, **FIRST | {"api": first_api}),
        provider("second", second.base_url, api=second_api),
    )
    http = start(providers_file=file, openai_model="m").http
    upstream.reply(Reply.http_error(500))
    assert chat(http).json()["message"] == "Answer to: hi"
    assert (asked(upstream), asked(second)) == (["m"], ["m"])


def test_an_answer_has_the_length_that_the_file_allows(served, upstream):
    server = served({"max_output": 100})
    assert chat(server.http).is_success
    thread = {"messages": [{"role": "user", "content": "hi"}]}
    for limit in (50, 500):
        body = {"assistant_id": "asst_default", "max_completion_tokens": limit, "thread": thread}
        run = server.http.post("/threads/runs", json=body).json()
        ended(server.http, f"/threads/{run['thread_id']}/runs/{run['id']}")
    assert [one.body["max_output_tokens"] for one in upstream.requests] == [100, 50, 100]


def test_headers_of_the_file_are_sent(served, upstream):
    server = served({"headers": {"X-Team": "shop"}})
    assert chat(server.http).is_success
    assert upstream.requests[0].headers["x-team"] == "shop"


@pytest.mark.parametrize(
    "apis", [("responses", "chat_completions"), ("chat_completions", "responses")]
)
def test_a_fallback_with_the_other_api_goes_on_with_the_calls(
    start, tmp_path, upstream, second, apis
):
    """It goes on with the calls of the first one, but not with what only that one can read."""
    file = providers_file(
        tmp_path,
        provider("first", upstream.base_url, api=apis[0], models=["m"], fallbacks=["second"]),
        provider("second", second.base_url, api=apis[1]),
    )
    http = start(providers_file=file, openai_model="m").http
    call = ("call_1", "f", "{}")
    upstream.reply(Reply.function_calls(call, reasoning="sealed"), Reply.http_error(503))
    body = {
        "assistant_id": "asst_default",
        "tools": [FUNCTION],
        "thread": {"messages": [{"role": "user", "content": "hi"}]},
    }
    run = http.post("/threads/runs", json=body).json()
    path = f"/threads/{run['thread_id']}/runs/{run['id']}"
    waited = wait_until(lambda: http.get(path).json()["required_action"])
    assert waited
    outputs = {"tool_outputs": [{"tool_call_id": "call_1", "output": "4"}]}
    http.post(f"{path}/submit_tool_outputs", json=outputs)
    assert ended(http, path)["status"] == "completed"
    [asked] = [recorded.asked for recorded in second.requests]
    kinds = [item["type"] for item in asked["input"]]
    assert kinds == ["message", "function_call", "function_call_output"]
    assert asked["input"][2]["output"] == "4"
