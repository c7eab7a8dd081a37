"""The real client over the transport of production: answers, connections, refused parameters."""

import asyncio
import json
import logging
import zlib
from typing import Any

import pytest

from app.core.model import TERMINAL_EVENTS, Api, Event
from app.core.openai_client import OpenAIClient
from tests.support.chat_events import completion_object, stream_chunks
from tests.support.fake_upstream import FakeUpstream
from tests.support.openai_calls import (
    KEY,
    client,
    failure,
    flat,
    read,
    request,
    spoken,
)
from tests.support.openai_spec import assert_valid
from tests.support.recording_server import recording_server
from tests.support.replies import Reply
from tests.support.response_events import output_items, response_object, stream_events

ENCRYPTED = "reasoning.encrypted_content"
CITATION = {"type": "file_citation", "file_id": "file-1", "index": 3, "filename": "a.txt"}
REASONING = {"type": "reasoning", "id": "rs_1", "summary": [], "encrypted_content": "old"}

REPLIES = [
    Reply.text("안녕", "하세요 ", "😀", annotations=(CITATION,)),
    Reply.function_calls(
        ("call_1", "f", '{"a": 1}'), ("call_2", "g", "{}"), reasoning="blob", text="Wait."
    ),
    Reply.refusal("No, ", "thanks."),
    Reply.incomplete("Half ", "an", reason="content_filter"),
]


def refused(
    param: str | None, message: str = "", code: str | None = "unsupported_parameter"
) -> Reply:
    text = message or f"Unsupported parameter: '{param}' is not supported with this model."
    error = {"message": text, "type": "invalid_request_error", "param": param, "code": code}
    return Reply.http_error(400, {"error": error})


ALL_REPLIES = [*REPLIES, Reply.failed("server_error", "It broke.", "Well")]


@pytest.mark.parametrize("reply", ALL_REPLIES)
def test_the_fake_speaks_as_the_specification_says(reply: Reply) -> None:
    body = request(temperature=0.5)
    assert_valid("Response", response_object(reply, body, output_items(reply)))
    for event in stream_events(reply, body):
        assert_valid("ResponseStreamEvent", event)


@pytest.mark.parametrize("reply", REPLIES)
def test_the_fake_of_the_older_api_does_too(reply: Reply) -> None:
    body = request(stream_options={"include_usage": True})
    assert_valid("CreateChatCompletionResponse", completion_object(reply, body))
    *chunks, end = stream_chunks(reply, body)
    for chunk in chunks:
        assert_valid("CreateChatCompletionStreamResponse", chunk)
    assert end is None


@pytest.mark.parametrize("reply", REPLIES)
@pytest.mark.parametrize("bend", ["as it is", "one write", "pieces", "unnamed"])
async def test_a_stream_brings_the_needed_events(
    real: OpenAIClient, upstream: FakeUpstream, api: Api, reply: Reply, bend: str
) -> None:
    bent = {
        "as it is": reply,
        "one write": reply.in_one_write(),
        "pieces": reply.in_pieces(5),
        "unnamed": reply.unnamed(),
    }[bend]
    upstream.reply(bent)
    events = flat(await read(real))
    kinds = [event["type"] for event in events]
    assert kinds[-1] == f"response.{reply.status}"
    assert kinds[-1] in TERMINAL_EVENTS
    assert not {"response.created", "response.content_part.added"} & set(kinds)
    output = events[-1]["response"]["output"]
    # Chat Completions has no items: what is to be replayed is put together at the end.
    finished = [item for item in output if (api, item["type"]) != ("chat_completions", "reasoning")]
    done = [e for e in events if e["type"] == "response.output_item.done"]
    assert [(e["output_index"], e["item"]) for e in done] == [*enumerate(finished)]
    text = "".join(reply.deltas) + "".join(arguments for _, _, arguments in reply.calls)
    assert spoken([events]) == text


@pytest.mark.parametrize("reply", REPLIES)
async def test_a_plain_answer_is_one_terminal_event(
    real: OpenAIClient, upstream: FakeUpstream, api: Api, reply: Reply
) -> None:
    upstream.reply(reply, reply)
    [[event]] = await read(real, stream=False)
    assert event["type"] == f"response.{reply.status}"
    if api == "responses":
        assert_valid("Response", event["response"])
    streamed = flat(await read(real))[-1]
    assert comparable(streamed) == comparable(event)


def comparable(event: Event) -> tuple[str, list[Any], Any]:
    """Return what an answer says, without the ids that differ each time."""
    response = event["response"]
    items = [{**item, "id": ""} for item in response["output"]]
    return event["type"], items, response["usage"]


async def test_a_compressed_stream() -> None:
    """A proxy may compress what its server streams, and send each event as it comes."""
    first, *others = [
        f"data: {json.dumps(event)}\n\n".encode()
        for event in stream_events(Reply.text("안녕", "하세요"), request())
    ]
    packer, seen = zlib.compressobj(wbits=31), asyncio.Event()

    def packed(*events: bytes) -> bytes:
        data = b"".join(map(packer.compress, events)) + packer.flush(zlib.Z_SYNC_FLUSH)
        return f"{len(data):x}\r\n".encode() + data + b"\r\n"

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        head = b"content-encoding: gzip\r\ntransfer-encoding: chunked\r\n\r\n"
        writer.write(b"HTTP/1.1 200 OK\r\n" + head + packed(first, *others[:-3]))
        await seen.wait()
        writer.write(packed(*others[-3:]) + b"0\r\n\r\n")
        await writer.drain()
        writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    model = client(f"http://127.0.0.1:{port}/v1")
    batches = []
    async with server:
        async for batch in model.events(request(), stream=True):
            batches.append(batch)
            seen.set()
    assert spoken(batches) == "안녕하세요"
    assert len(batches) > 1
    await model.close()


@pytest.mark.parametrize("variable", ["HTTP_PROXY", "ALL_PROXY"])
async def test_a_proxy_of_the_environment_is_used(
    monkeypatch: pytest.MonkeyPatch, variable: str
) -> None:
    with recording_server() as proxy:
        monkeypatch.setenv(variable, f"http://me:word@{proxy.address}")
        monkeypatch.setenv("NO_PROXY", "localhost,127.0.0.1")
        reply = Reply.text("x")
        answer = response_object(reply, request(), output_items(reply))
        proxy.answer(json.dumps(answer).encode())
        model = client("http://upstream.example/v1")
        [[event]] = await read(model, stream=False)
        assert event["type"] == "response.completed"
        [sent] = proxy.requests
        assert sent.startswith(b"POST http://upstream.example/v1/responses HTTP/1.1\r\n")
        assert b"\r\nproxy-authorization: basic bwu6d29yza==\r\n" in sent.lower()
        await model.close()


async def test_no_proxy_is_used_where_the_environment_says_so(
    monkeypatch: pytest.MonkeyPatch, upstream: FakeUpstream
) -> None:
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:1")
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    model = client(upstream.base_url)
    assert spoken(await read(model)) == "Answer to: hi 안녕"
    await model.close()


async def test_one_network_read_is_one_batch(real: OpenAIClient, upstream: FakeUpstream) -> None:
    upstream.reply(Reply.text("a", "b", "c").in_one_write())
    [batch] = await read(real)
    assert [event["delta"] for event in batch if "delta" in event] == ["a", "b", "c"]


async def test_a_single_delta_is_sent_at_once(real: OpenAIClient, upstream: FakeUpstream) -> None:
    # Events 0 to 4: created, in_progress, item added, part added, the first delta.
    upstream.reply(Reply.text("first", "second").stalled(after=5))
    reported: list[list[Event]] = []
    async for batch in real.events(request(), stream=True):
        reported.append(batch)
        if spoken(reported) == "first":
            upstream.release()
    assert spoken(reported) == "firstsecond"


@pytest.mark.parametrize("stream", [True, False])
async def test_the_request_is_sent_as_it_is(
    responses: OpenAIClient, upstream: FakeUpstream, stream: bool
) -> None:
    body = request(temperature=0.5, include=[ENCRYPTED])
    await read(responses, body, stream=stream)
    [recorded] = upstream.requests
    assert recorded.body == {**body, "stream": stream}
    assert_valid("CreateResponse", recorded.body)
    assert recorded.headers["authorization"] == f"Bearer {KEY}"


@pytest.mark.parametrize("stream", [True, False])
async def test_a_finished_answer_leaves_its_connection_for_the_next(
    real: OpenAIClient, upstream: FakeUpstream, stream: bool
) -> None:
    for _ in range(3):
        await read(real, stream=stream)
    assert len({recorded.connection for recorded in upstream.requests}) == 1


@pytest.mark.parametrize("how", ["aclose", "cancel"])
async def test_leaving_hangs_up_on_the_upstream(
    real: OpenAIClient, upstream: FakeUpstream, how: str
) -> None:
    upstream.reply(Reply.text("first", "second").stalled(after=5))
    events = real.events(request(), stream=True)
    reported: list[list[Event]] = []
    while "first" not in spoken(reported):
        reported.append(await anext(events))
    if how == "cancel":
        waiting = asyncio.ensure_future(anext(events))
        await asyncio.sleep(0)
        waiting.cancel()
        with pytest.raises(asyncio.CancelledError):
            await waiting
    await events.aclose()
    assert await asyncio.to_thread(upstream.wait_hang_up)


async def test_a_cancelled_plain_call_hangs_up_too(
    real: OpenAIClient, upstream: FakeUpstream
) -> None:
    upstream.reply(Reply.text("late").stalled())
    call = asyncio.create_task(read(real, stream=False))
    assert await asyncio.to_thread(upstream.wait_stalled)
    call.cancel()
    with pytest.raises(asyncio.CancelledError):
        await call
    assert await asyncio.to_thread(upstream.wait_hang_up)


@pytest.mark.parametrize("stream", [True, False])
async def test_refused_parameters_are_left_out_and_remembered(
    responses: OpenAIClient,
    upstream: FakeUpstream,
    stream: bool,
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.WARNING)
    body = request(temperature=0.5, include=[ENCRYPTED], top_p=0.5)
    encrypted = "Encrypted content is not supported with this model."
    upstream.reply(refused("temperature"), refused("include", encrypted, None))
    await read(responses, body, stream=stream)
    await read(responses, body, stream=stream)
    kept = {**request(top_p=0.5), "stream": stream}
    assert [recorded.body for recorded in upstream.requests[2:]] == [kept, kept]
    assert len(upstream.requests) == 4
    assert len(caplog.messages) == 2


async def test_a_refused_question_fails(responses: OpenAIClient, upstream: FakeUpstream) -> None:
    upstream.reply(refused("text.format"))
    error = await failure(responses, request(text={"format": {"type": "json_object"}}))
    assert error.code == "invalid_prompt"
    assert "text.format" in error.message


async def test_reasoning_that_cannot_be_read_is_dropped_once(
    responses: OpenAIClient, upstream: FakeUpstream
) -> None:
    unreadable = refused(
        None, "The encrypted content can't be verified.", "invalid_encrypted_content"
    )
    body = request()
    body["input"] = [*body["input"], REASONING]
    upstream.reply(unreadable)
    await read(responses, body)
    assert upstream.requests[1].body["input"] == request()["input"]
    upstream.reply(unreadable, unreadable)
    assert (await failure(responses, body)).code == "invalid_prompt"


async def test_a_request_that_is_no_json_fails_before_it_is_sent(
    real: OpenAIClient, upstream: FakeUpstream
) -> None:
    for wrong in ({"instructions": "\ud800"}, {"temperature": float("nan")}):
        assert (await failure(real, request(**wrong))).code == "invalid_prompt"
    assert upstream.requests == []


@pytest.mark.parametrize("key", ["키", "sk-\n-x"])
def test_a_key_that_fits_no_header_is_refused_without_being_shown(key: str) -> None:
    with pytest.raises(ValueError, match="API key") as caught:
        client("", key=key)
    assert key not in str(caught.value)


async def test_the_key_is_not_in_the_client_s_repr(real: OpenAIClient) -> None:
    assert KEY not in repr(real) + str(real)
