"""What real model servers have streamed, replayed: our client and projection understand each.

`tests/support/record_streams.py` has recorded them. They leave out event names, sequence numbers
or whole events, have ids of hundreds of characters, and end in three ways.
"""

import json
from collections.abc import AsyncIterator

import httpx
import pytest
import respx

from app.core.model import Api
from app.core.upstream import PATHS
from app.engine.translation.events import Projection
from tests.support.httpx_transport import HttpxTransport
from tests.support.model_server_commands import PHRASE
from tests.support.openai_calls import client, flat, read, request
from tests.support.projections import new_projection
from tests.support.record_streams import CASES, FOLDER, SERVERS, file_of

URL = "http://127.0.0.1:9/v1"


class Pieces(httpx.AsyncByteStream):
    """A body that arrives in pieces of one size, in the middle of characters too."""

    def __init__(self, body: bytes, size: int) -> None:
        self._pieces = [body[start : start + size] for start in range(0, len(body), size)]

    async def __aiter__(self) -> AsyncIterator[bytes]:
        for piece in self._pieces:
            yield piece


async def replayed(server: str, case: str, api: Api, size: int, limit: int) -> Projection:
    """Return what the engine makes of a recorded stream, for which `limit` tokens were asked."""
    body = file_of(server, case, api).read_bytes()
    with respx.mock:
        respx.post(f"{URL}/{PATHS[api]}").mock(
            return_value=httpx.Response(
                200, stream=Pieces(body, size), headers={"content-type": "text/event-stream"}
            )
        )
        async with httpx.AsyncClient() as http_client:
            batches = await read(
                client(URL, kind=api, transport=HttpxTransport(http_client)),
                request(max_output_tokens=limit),
            )
    projection = new_projection(streamed=True, cut_from=limit)
    for event in flat(batches):
        projection.apply(event)
    return projection


def test_every_case_of_every_server_is_recorded() -> None:
    files = {file_of(server, case, api) for server in SERVERS for case in CASES for api in PATHS}
    assert {*FOLDER.iterdir()} == files


@pytest.mark.parametrize("case", ["text", "cut"])
@pytest.mark.parametrize("size", [7, 1_000_000])
@pytest.mark.parametrize("server", SERVERS)
async def test_a_text_that_was_cut_off(server: str, size: int, case: str, api: Api) -> None:
    limit = CASES[case][1]["max_output_tokens"]
    projection = await replayed(server, case, api, size, limit)
    assert projection.ended and projection.incomplete_reason is not None
    assert projection.usage.completion_tokens == limit
    (message,) = projection.changes.new_messages.values()
    said = message.content[0]["text"]["value"].rstrip("\ufffd")
    assert (PHRASE * 9).startswith(said) and len(said) > (len(PHRASE) if case == "text" else 4)
    spoken = [data for name, data in projection.changes.events if name.endswith("message.delta")]
    assert len(spoken) > 1, "it came in pieces"


@pytest.mark.parametrize("size", [7, 1_000_000])
@pytest.mark.parametrize("server", SERVERS)
async def test_a_call(server: str, size: int, api: Api) -> None:
    projection = await replayed(server, "call", api, size, 256)
    assert (projection.ended, projection.incomplete_reason) == (True, None)
    (call,) = [item for item in projection.items if item["type"] == "function_call"]
    assert (call["name"], json.loads(call["arguments"])) == ("weather", {"city": "서울"})
    assert call["call_id"]
