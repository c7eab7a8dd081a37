"""What servers may put on the wire, through an intercepted httpx client."""

import asyncio
import json
from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest
import respx

from app.core.model import Event
from tests.support.httpx_transport import HttpxTransport
from tests.support.openai_calls import KEY, client, failure, flat, read, spoken

URL = "http://127.0.0.1:9/v1"


@pytest.fixture
async def mocked() -> AsyncIterator[httpx.AsyncClient]:
    async with httpx.AsyncClient() as http_client:
        yield http_client


def sse(*lines: str) -> httpx.Response:
    return httpx.Response(200, text="".join(lines), headers={"content-type": "text/event-stream"})


def data(event: Any) -> str:
    return f"data: {json.dumps(event)}\n\n"


COMPLETED = {"type": "response.completed", "response": {"status": "completed", "output": []}}


def delta(text: str) -> Event:
    return {"type": "response.output_text.delta", "delta": text}


@respx.mock
async def test_without_a_base_url_it_asks_openai(
    mocked: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OPENAI_BASE_URL", "http://127.0.0.1:1/elsewhere")
    route = respx.post("https://api.openai.com/v1/responses")
    route.return_value = sse(data(COMPLETED))
    model = client("", transport=HttpxTransport(mocked))
    assert await read(model) == [[COMPLETED]]
    assert route.calls.last.request.headers["authorization"] == f"Bearer {KEY}"


@respx.mock
async def test_without_a_key_none_is_sent(
    mocked: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", KEY)
    route = respx.post(f"{URL}/responses").respond(json={"output": []})
    model = client(URL, key="", transport=HttpxTransport(mocked))
    [[event]] = await read(model, stream=False)
    assert event == {"type": "response.completed", "response": {"output": []}}
    assert "authorization" not in route.calls.last.request.headers


@respx.mock
@pytest.mark.parametrize(
    "stream",
    [
        ": ping\r\n\r\n"
        + data(delta("x")).replace("\n", "\r\n")
        + data(COMPLETED)
        + "data: [DONE]\n\n",
        "event: response.output_text.delta\n" + data({"delta": "x"}) + data(COMPLETED),
        "event: message\n" + data(delta("x")) + data(COMPLETED).rstrip("\n"),
        data(delta("x"))
        + data({"type": "response.brand.new"})
        + data(COMPLETED)
        + data(delta("no")),
    ],
)
async def test_dialects_of_a_stream(mocked: httpx.AsyncClient, stream: str) -> None:
    respx.post(f"{URL}/responses").return_value = sse(stream)
    batches = await read(client(URL, transport=HttpxTransport(mocked)))
    assert spoken(batches) == "x"
    assert flat(batches)[-1] == COMPLETED


@respx.mock
@pytest.mark.parametrize(
    "stream",
    [
        "",
        "data: [DONE]\n\n",
        data(5),
        "data: {oops}\n\n",
        data({"type": "response.created"}),
        "data: " + "[" * 100_000 + "\n\n",
        data({"type": "response.completed"})[:-9],
    ],
)
async def test_no_end_is_a_server_error(mocked: httpx.AsyncClient, stream: str) -> None:
    respx.post(f"{URL}/responses").return_value = sse(stream)
    error = await failure(client(URL, transport=HttpxTransport(mocked)), stream=True)
    assert (error.code, error.message) == (
        "server_error",
        "The upstream custom sent an answer that was interrupted or can't be read.",
    )


@respx.mock
@pytest.mark.parametrize(
    "event",
    [
        {"type": "error", "code": None, "message": "Full.", "param": None},
        {"type": "error", "error": {"message": "Full."}},
        {"error": {"message": "Full."}},
        {"error": "Full."},
    ],
)
async def test_errors_come_in_many_forms(mocked: httpx.AsyncClient, event: Event) -> None:
    respx.post(f"{URL}/responses").return_value = sse(data(event))
    error = await failure(client(URL, transport=HttpxTransport(mocked)), stream=True)
    assert (error.code, error.message) == (
        "server_error",
        "The upstream custom failed: Full.",
    )


@respx.mock
async def test_what_a_database_refuses_is_replaced(mocked: httpx.AsyncClient) -> None:
    text = rb"a\u0000\ud83d\ude00\uD800\udfff\udc00-\uD83D" b"\0\xff"
    raw = b'data: {"type":"response.output_text.delta","delta":"' + text
    raw += b'"}\n\n' + data(COMPLETED).encode()
    respx.post(f"{URL}/responses").return_value = httpx.Response(200, content=raw)
    batches = await read(client(URL, transport=HttpxTransport(mocked)))
    assert (
        spoken(batches).encode("utf-8", "strict").decode()
        == "a\ufffd😀\U000103ff\ufffd-\ufffd\ufffd\ufffd"
    )


@respx.mock
async def test_a_connection_left_open_after_the_answer_is_not_waited_for(
    mocked: httpx.AsyncClient,
) -> None:
    async def body() -> AsyncIterator[bytes]:
        yield data(COMPLETED).encode()
        await asyncio.Event().wait()

    respx.post(f"{URL}/responses").return_value = httpx.Response(200, content=body())
    assert await read(client(URL, transport=HttpxTransport(mocked))) == [[COMPLETED]]
