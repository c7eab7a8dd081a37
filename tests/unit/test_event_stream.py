"""What stays in memory while a stream of events is open, and how it ends."""

import asyncio
from collections.abc import AsyncIterator
from types import SimpleNamespace
from typing import Any

import pytest
from starlette.types import Message, Receive, Scope, Send

from app.api.middleware import RequestContext
from app.api.sse import EventStream
from app.core.instrumentation import Instrumentation


class Exchange:
    """One request to an application whose response streams `parts`."""

    def __init__(self, parts: AsyncIterator[bytes]) -> None:
        self._parts = parts
        self.returned = asyncio.Event()
        self.gone = asyncio.Event()
        self.sent: list[bytes] = []

    async def run(self) -> None:
        instruments = Instrumentation("0")
        app: Any = SimpleNamespace(state=SimpleNamespace(instruments=instruments))
        scope = {
            "type": "http",
            "method": "GET",
            "path": "/",
            "query_string": b"",
            "headers": [],
            "app": app,
        }
        await RequestContext(self._app, [], instruments)(scope, self._receive, self._send)

    async def _app(self, scope: Scope, receive: Receive, send: Send) -> None:
        await EventStream(self._parts)(scope, receive, send)
        self.returned.set()

    async def _receive(self) -> Message:
        await self.gone.wait()
        return {"type": "http.disconnect"}

    async def _send(self, message: Message) -> None:
        if message["type"] == "http.response.body":
            self.sent.append(message["body"])


async def test_the_layers_of_the_framework_return_before_the_first_event() -> None:
    async def parts() -> AsyncIterator[bytes]:
        async with asyncio.timeout(5):
            await exchange.returned.wait()
        yield b"event"

    exchange = Exchange(parts())
    await exchange.run()
    assert exchange.sent == [b"event", b""]


async def test_a_client_that_disconnects_ends_its_stream() -> None:
    ended: list[type[BaseException]] = []

    async def parts() -> AsyncIterator[bytes]:
        yield b"event"
        exchange.gone.set()
        try:
            await asyncio.Event().wait()
        except BaseException as error:
            ended.append(type(error))
            raise

    exchange = Exchange(parts())
    async with asyncio.timeout(5):
        await exchange.run()
    assert ended == [asyncio.CancelledError]
    assert exchange.sent == [b"event"]
    current = asyncio.current_task()
    assert current is not None
    assert not current.cancelling()


async def test_a_request_that_the_server_cancels_is_cancelled() -> None:
    begun = asyncio.Event()

    async def parts() -> AsyncIterator[bytes]:
        yield b"event"
        begun.set()
        await asyncio.Event().wait()

    running = asyncio.create_task(Exchange(parts()).run())
    async with asyncio.timeout(5):
        await begun.wait()
        running.cancel()
        with pytest.raises(asyncio.CancelledError):
            await running
