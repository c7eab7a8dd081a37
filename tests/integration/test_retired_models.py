"""A model that OpenAI retires: its replacement answers, and everybody is warned before."""

import logging
from collections.abc import Iterator
from datetime import date

import pytest
from starlette.applications import Starlette
from starlette.responses import JSONResponse
from starlette.routing import Route

from app.core import retirements
from app.core import upstream as upstream_module
from tests.support.callers import ORIGIN, session_of
from tests.support.replies import Reply
from tests.support.stream_reader import streaming
from tests.support.talk import ended
from tests.support.terminal import run
from tests.support.waiting import wait_until

ASKED = {"messages": [{"role": "user", "content": "hi"}]}
TOLD = {
    "deprecation": "@1776816000",
    "sunset": "Fri, 23 Oct 2026 00:00:00 GMT",
    "link": '<https://developers.openai.com/api/docs/deprecations>; rel="deprecation"; '
    'type="text/html"',
}
NONE = dict.fromkeys(TOLD)
EFFORT = "Unsupported value: 'minimal' is not supported with the 'gpt-5.6-sol' model."


@pytest.fixture(autouse=True)
def today(monkeypatch):
    monkeypatch.setattr(retirements, "today", lambda: date(2026, 11, 28))


@pytest.fixture
def openai(monkeypatch, upstream):
    """The fake upstream stands at OpenAI's own address."""
    monkeypatch.setattr(upstream_module, "OPENAI_URL", upstream.base_url)
    return upstream


@pytest.fixture
def serve(start, openai):
    """A server for which the fake upstream is OpenAI itself."""

    def begin(**settings):
        return start(openai_base_url=openai.base_url, **settings)

    return begin


def headers_of(response) -> dict[str, str | None]:
    return {name: response.headers.get(name) for name in TOLD}


def asked(server) -> list[str]:
    return [one.body["model"] for one in server.requests]


def test_the_replacement_answers_for_openai_itself(serve, openai, caplog):
    http = serve(openai_model="gpt-4").http
    with caplog.at_level(logging.INFO):
        assert http.post("/chat", json={"message": "hi"}).is_success
    assert asked(openai) == ["gpt-5.6-sol"]
    assert any("gpt-4 was answered by gpt-5.6-sol of openai" in one for one in caplog.messages)
    (usage,) = http.get("/usage").json()["data"]
    assert (usage["model"], usage["answered_model"]) == ("gpt-4", "gpt-5.6-sol")
    # The wire object says what was asked for.
    assert http.get("/assistants/asst_default").json()["model"] == "gpt-4"


@pytest.mark.parametrize(
    ("settings", "sent"),
    [
        ({"retired_models": "warn"}, "gpt-4"),
        ({"retired_models": "off"}, "gpt-4"),
        ({"model_aliases": {"gpt-4": "gpt-4-own"}}, "gpt-4-own"),
        ({"openai_model": "gpt-4o"}, "gpt-4o"),
    ],
)
def test_nothing_is_switched_otherwise(serve, openai, settings, sent):
    http = serve(**({"openai_model": "gpt-4"} | settings)).http
    assert http.post("/chat", json={"message": "hi"}).is_success
    assert asked(openai) == [sent]


def test_another_server_is_asked_by_the_old_name(start, upstream):
    http = start(openai_model="gpt-4").http
    assert http.post("/chat", json={"message": "hi"}).is_success
    assert asked(upstream) == ["gpt-4"]
    assert headers_of(http.get("/assistants/asst_default")) == NONE


@pytest.mark.parametrize("retired_models", ["switch", "warn"])
def test_the_assistant_and_its_runs_say_when_it_goes(serve, retired_models):
    http = serve(retired_models=retired_models).http
    made = http.post("/assistants", json={"model": "gpt-4"})
    assistant = f"/assistants/{made.json()['id']}"
    body = {"assistant_id": made.json()["id"], "thread": ASKED}
    created = http.post("/threads/runs", json=body)
    thread = f"/threads/{created.json()['thread_id']}"
    path = f"{thread}/runs/{created.json()['id']}"
    ended(http, path)
    again = http.post(f"{thread}/runs", json={"assistant_id": made.json()["id"]})
    ended(http, f"{thread}/runs/{again.json()['id']}")
    for response in (
        made,
        http.get(assistant),
        http.post(assistant, json={"name": "Old"}),
        created,
        again,
        http.get(path),
        http.post(path, json={"metadata": {}}),
    ):
        assert headers_of(response) == TOLD
    with streaming(http, "/threads/runs", {**body, "stream": True}) as reader:
        assert headers_of(reader.response) == TOLD
    assert headers_of(http.get("/assistants")) == NONE
    new = http.post("/assistants", json={"model": "gpt-5.4-mini"})
    assert headers_of(new) == NONE


def test_nothing_is_said_if_it_is_off(serve):
    http = serve(retired_models="off", openai_model="gpt-4").http
    assert headers_of(http.get("/assistants/asst_default")) == NONE
    assert http.get("/models/gpt-4").json()["shutdown_date"] is None


def test_the_list_of_models_has_the_dates(serve):
    http = serve(openai_model="gpt-4o", model_aliases={"o1": "own"}).http
    dates = {one["id"]: one["shutdown_date"] for one in http.get("/models").json()["data"]}
    assert dates == {"gpt-4o": "2027-01-14", "o1": None}
    assert http.get("/models/gpt-4o").json()["shutdown_date"] == "2027-01-14"


def test_the_log_says_at_the_start_which_models_go(serve, openai, caplog):
    first = serve(openai_model="gpt-4o")
    first.http.post("/assistants", json={"model": "gpt-4"})
    first.stop()
    with caplog.at_level(logging.WARNING):
        serve(openai_model="gpt-4o")
        lines = [
            "OpenAI shut down gpt-4 on 2026-10-23; gpt-5.6-sol answers instead",
            "OpenAI shuts down gpt-4o on 2027-01-14; gpt-6-luna will answer instead",
        ]
        wait_until(lambda: all(line in caplog.messages for line in lines))


@pytest.mark.parametrize(
    ("field", "value", "error"),
    [
        (
            "temperature",
            0.3,
            {
                "code": "unsupported_value",
                "param": "temperature",
                "message": "Unsupported value: 'temperature' does not support 0.3 with this model. "
                "Only the default (1) value is supported.",
            },
        ),
        (
            "temperature",
            0.3,
            {
                "code": "unsupported_parameter",
                "param": "temperature",
                "message": "Unsupported parameter: 'temperature' is not supported with this model.",
            },
        ),
        (
            "top_p",
            0.5,
            {
                "code": None,
                "param": "top_p",
                "message": "Unsupported parameter: 'top_p' is not supported with this model.",
            },
        ),
        (
            "reasoning_effort",
            "minimal",
            {"code": "unsupported_value", "param": "reasoning.effort", "message": EFFORT},
        ),
        (
            "parallel_tool_calls",
            False,
            {
                "code": "unsupported_parameter",
                "param": "parallel_tool_calls",
                "message": "Unsupported parameter: 'parallel_tool_calls' is not supported.",
            },
        ),
    ],
)
def test_what_a_replacement_refuses_costs_one_retry(serve, openai, field, value, error):
    sent = {"reasoning_effort": "reasoning"}.get(field, field)
    refused = []

    def decide(body):
        if sent in body:
            refused.append(body)
            return Reply.http_error(400, {"error": {"type": "invalid_request_error", **error}})
        return Reply.text("Yes.")

    openai.reply_with(decide)
    http = serve().http
    function = {"type": "function", "function": {"name": "f"}}
    for _ in range(2):
        body = {
            "assistant_id": "asst_default",
            "model": "gpt-4",
            "tools": [function],
            "thread": ASKED,
            field: value,
        }
        made = http.post("/threads/runs", json=body).json()
        run = ended(http, f"/threads/{made['thread_id']}/runs/{made['id']}")
        assert (run["status"], run["last_error"]) == ("completed", None)
    assert len(refused) == 1
    assert len(openai.requests) == 3


def test_two_refused_parameters_cost_a_retry_each(serve, openai):
    def decide(body):
        for name in ("temperature", "top_p"):
            if name in body:
                message = f"Unsupported parameter: '{name}' is not supported with this model."
                error = {"message": message, "param": name, "code": "unsupported_parameter"}
                return Reply.http_error(400, {"error": error})
        return Reply.text("Yes.")

    openai.reply_with(decide)
    http = serve().http
    made = http.post(
        "/assistants", json={"model": "gpt-4", "temperature": 0.2, "top_p": 0.1}
    ).json()
    for number in (3, 4):
        body = {"message": "hi", "assistant_id": made["id"]}
        assert http.post("/chat", json=body).is_success
        assert len(openai.requests) == number


@pytest.fixture
def dated(monkeypatch, openai) -> Iterator[list[dict[str, str | None]]]:
    """What the provider itself says of its models."""
    models: list[dict[str, str | None]] = []

    async def listed(_request):
        return JSONResponse({"object": "list", "data": models})

    app = openai.app
    assert isinstance(app, Starlette)
    before = [*app.router.routes]
    app.router.routes.insert(0, Route("/v1/models", endpoint=listed))
    yield models
    app.router.routes[:] = before


def test_the_provider_knows_better(serve, openai, dated):
    dated += [
        {"id": "gpt-4", "shutdown_date": "2027-06-01"},
        {"id": "o1", "shutdown_date": None},
        {"id": "gpt-4o", "shutdown_date": "2026-11-28"},
        {"id": "new", "shutdown_date": "2028-01-01"},
        {"id": "odd", "shutdown_date": "soon"},
    ]
    http = serve(openai_model="gpt-4").http
    wait_until(lambda: http.get("/models/gpt-4").json()["shutdown_date"] == "2027-06-01")
    for model, sent in (("gpt-4", "gpt-4"), ("o1", "o1"), ("gpt-4o", "gpt-6-luna")):
        made = http.post("/assistants", json={"model": model})
        openai.requests.clear()
        body = {"message": "hi", "assistant_id": made.json()["id"]}
        assert http.post("/chat", json=body).is_success
        assert asked(openai) == [sent]
        assert ("sunset" in made.headers) == (model != "o1")
    made = http.post("/assistants", json={"model": "new"})
    assert headers_of(made) == NONE | {"sunset": "Sat, 01 Jan 2028 00:00:00 GMT"}


def test_the_doctor_says_it_in_both_languages(openai, monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    for language, coming, over in (
        ("en", "OpenAI shuts down the model gpt-4o on 2027-01-14.", "gpt-5.6-sol answers instead"),
        (
            "ko",
            "OpenAI가 2027-01-14에 종료하는 모델입니다: gpt-4o",
            "gpt-5.6-sol 모델이 대신 답하고",
        ),
    ):
        settings = {"OPENAI_BASE_URL": openai.base_url, "PORT": "0", "OPENAI_API_KEY": "sk-x"}
        found = run("doctor", "--json", "--language", language, OPENAI_MODEL="gpt-4o", **settings)
        assert coming in found.stdout
        found = run("doctor", "--json", "--language", language, OPENAI_MODEL="gpt-4", **settings)
        assert over in found.stdout


def test_visitors_get_no_deprecation_headers(serve, call_as):
    key = "key-of-the-web-12345"
    server = serve(
        api_keys=[f"web:{key}"],
        public_chat=True,
        public_project="web",
        cors_origins=[ORIGIN],
        openai_model="gpt-4",
    )
    visitor = call_as(server, session_of(call_as(server)))
    reply = visitor.http.post("/chat", json={"message": "hi"}).json()
    path = f"/threads/{reply['thread_id']}/runs/{reply['run_id']}"
    assert headers_of(visitor.http.get(path)) == NONE
    assert headers_of(call_as(server, key).http.get(path)) == TOLD
