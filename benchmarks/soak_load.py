"""The clients of the soak: each does one thing after the other, until the time is over."""

import asyncio
import json
import os
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from itertools import count
from typing import Any

import aiohttp

from benchmarks.soak_ledger import Ledger, digest

_TURNS_OF_A_CONVERSATION = 5
_FILE_BYTES = 64 * 1024
_SECONDS = aiohttp.ClientTimeout(total=90)
# As the SDKs mark the polls of their helpers: the answer waits for the run's next state.
_POLL_HELPER = {"X-Stainless-Poll-Helper": "true"}
_SETTLED = ("completed", "failed", "incomplete", "cancelled", "expired")
_FAILED = tuple(f"thread.run.{status}" for status in _SETTLED[1:])
_RETRY_AFTER = 0.2  # seconds
_ATTEMPTS = 50

Turn = Callable[[str], Awaitable[None]]


class Failed(Exception):
    """The error that a client got instead of an answer, in a few words."""


class Client:
    """A client of its own, which asks one server after the other, as behind a balancer."""

    def __init__(self, session: aiohttp.ClientSession, ports: list[int], ledger: Ledger) -> None:
        self._session = session
        self._ports = ports
        self._ledger = ledger
        self._asked = 0
        self._thread_id: str | None = None
        self._turns = 0

    async def chat(self, text: str) -> None:
        """A plain chat, some of them on one thread."""
        if self._turns % _TURNS_OF_A_CONVERSATION == 0:
            self._thread_id = None
        self._turns += 1
        body = {"message": text, "thread_id": self._thread_id}
        self._thread_id = None
        reply = await self._sent("chat", "/chat", body)
        self._ledger.said.add(text)
        self._ledger.answers[reply["run_id"]] = reply["message"]
        self._thread_id = reply["thread_id"]

    async def stream(self, text: str) -> None:
        """A streamed chat; where the connection is lost it is followed from another server."""
        self._ledger.requests["stream"] += 1
        path, last = "", 0
        try:
            async with self._asking(
                "POST", "/chat", json={"message": text, "stream": True}
            ) as answer:
                path = f"/threads/{answer.headers['x-thread-id']}/runs/{answer.headers['x-run-id']}"
                self._ledger.said.add(text)
                async for number, name, data in _events(answer):
                    last = number or last
                    if name == "error" and data["error"]["code"] != "server_restarting":
                        raise Failed(f"error event {data['error']['code']}")
                    if name == "message":
                        self._ledger.answers[data["run_id"]] = data["message"]
                        return
            raise aiohttp.ClientPayloadError("the stream ended without an answer")
        except (aiohttp.ClientError, TimeoutError, _Refused) as error:
            if not path:
                raise Failed(_kind(error)) from error
        await self._resume(path, last)

    async def _resume(self, path: str, last: int) -> None:
        """Follow the run to its end, from wherever it can be followed."""
        for _ in range(_ATTEMPTS):
            self._ledger.requests["resume"] += 1
            headers = {"Last-Event-ID": str(last)}
            try:
                async with self._asking("GET", f"{path}/events", headers=headers) as answer:
                    async for number, name, data in _events(answer):
                        last = number or last
                        if name == "thread.message.completed":
                            self._ledger.answers[data["run_id"]] = _text(data)
                        if name == "thread.run.completed":
                            self._ledger.resumed += 1
                            return
                        if name in _FAILED:
                            raise Failed(f"the run {name.split('.')[-1]}")
            except (aiohttp.ClientError, TimeoutError, _Refused):
                await asyncio.sleep(_RETRY_AFTER)
        raise Failed("a stream that could not be resumed")

    async def poll(self, text: str) -> None:
        """As an SDK does it: a thread, a message, a run, looks at it, the answer."""
        thread = await self._sent("poll", "/threads", {})
        path = f"/threads/{thread['id']}"
        await self._sent("poll", f"{path}/messages", {"role": "user", "content": text})
        self._ledger.said.add(text)
        run = await self._sent("poll", f"{path}/runs", {"assistant_id": "asst_default"})
        while run["status"] not in _SETTLED:
            run = await self._read("poll", f"{path}/runs/{run['id']}", _POLL_HELPER)
        if run["status"] != "completed":
            raise Failed(f"the run {run['status']}")
        page = await self._read("poll", f"{path}/messages?limit=1")
        self._ledger.answers[run["id"]] = _text(page["data"][0])

    async def upload(self, text: str) -> None:
        """A file, and its content read again."""
        content = text.encode() + os.urandom(_FILE_BYTES)
        form = aiohttp.FormData({"purpose": "assistants"})
        form.add_field("file", content, filename="a.bin")
        file = await self._sent("upload", "/files", data=form)
        self._ledger.files[file["id"]] = digest(content)
        await self.check_file(file["id"])

    async def check_file(self, file_id: str) -> None:
        """Raises `Failed` where a file is not as it was taken over."""
        got = await self._read("upload", f"/files/{file_id}/content", raw=True)
        if digest(got) != self._ledger.files[file_id]:
            raise Failed("a file that is not what was sent")

    # Asking

    async def _sent(self, kind: str, path: str, body: Any = None, **more: Any) -> Any:
        """Send it once: nobody knows what became of a POST that was not answered."""
        self._ledger.requests[kind] += 1
        if body is not None:
            more["json"] = body
        try:
            async with self._asking("POST", path, **more) as answer:
                return await answer.json()
        except (aiohttp.ClientError, TimeoutError, _Refused) as error:
            raise Failed(_kind(error)) from error

    async def _read(
        self, kind: str, path: str, headers: dict[str, str] | None = None, *, raw: bool = False
    ) -> Any:
        """Read it, again and again where it fails: that is safe, and what clients do."""
        for _ in range(_ATTEMPTS):
            self._ledger.requests[kind] += 1
            try:
                async with self._asking("GET", path, headers=headers) as answer:
                    return await answer.read() if raw else await answer.json()
            except (aiohttp.ClientError, TimeoutError, _Refused) as error:
                self._ledger.failures[kind, f"a read, tried again: {_kind(error)}"] += 1
                await asyncio.sleep(_RETRY_AFTER)
        raise Failed("a read that never succeeded")

    @asynccontextmanager
    async def _asking(
        self, method: str, path: str, **more: Any
    ) -> AsyncIterator[aiohttp.ClientResponse]:
        """Ask the next server that takes the connection. Raises `_Refused` for an error."""
        for attempt in count(1):
            port = self._ports[self._asked % len(self._ports)]
            self._asked += 1
            try:
                asked = self._session.request(
                    method, f"http://127.0.0.1:{port}/api/v1{path}", timeout=_SECONDS, **more
                )
                answer = await asked
                break
            except aiohttp.ClientConnectorError:
                # Nothing was sent: the other one may have it.
                if attempt == len(self._ports):
                    raise
        async with answer:
            if answer.status != 200:
                raise _Refused(answer.status, await answer.text())
            yield answer


class _Refused(Exception):
    def __init__(self, status: int, body: str) -> None:
        super().__init__(body)
        self.status = status


def _kind(error: Exception) -> str:
    if isinstance(error, _Refused):
        try:
            code = json.loads(str(error))["error"]["code"]
        except (ValueError, KeyError, TypeError):
            code = str(error)[:60]
        return f"{error.status} {code}"
    return type(error).__name__


async def _events(answer: aiohttp.ClientResponse) -> AsyncIterator[tuple[int, str, Any]]:
    """Yield the id (0: none), the name and the data of each event."""
    number, name = 0, ""
    async for raw in answer.content:
        line = raw.decode().rstrip("\n")
        field, _, value = line.partition(": ")
        if field == "id":
            number = int(value)
        elif field == "event":
            name = value
        elif field == "data" and value != "[DONE]":
            yield number, name, json.loads(value)
            number = 0


def _text(message: dict[str, Any]) -> str:
    return "".join(part["text"]["value"] for part in message["content"] if part["type"] == "text")


async def keep_busy(kind: str, name: str, turn: Turn, ledger: Ledger, until: float) -> None:
    """Take one turn after the other until then (of the monotonic clock)."""
    for number in count():
        if time.monotonic() > until:
            return
        started = time.perf_counter()
        try:
            await turn(f"{name} says this as number {number} of all that it says")
        except Failed as failure:
            ledger.failures[kind, str(failure)] += 1
        else:
            ledger.seconds[kind].append(time.perf_counter() - started)
