"""Ordinary users: so many chats a second, whether or not the last ones are answered yet."""

import asyncio
import random
import time
from collections.abc import Coroutine
from itertools import count

import aiohttp

from benchmarks.soak_ledger import Ledger
from benchmarks.soak_load import Client, Failed
from benchmarks.soak_phases import Measured

_SEED = 20_261_127
# Every so many-th chat is streamed; for every so many chats the upstream is asked directly.
_STREAMED = 4
_BARE = 3


class Crowd:
    """Chats that come by chance, at a mean rate, from as many users as it takes."""

    def __init__(
        self, sessions: aiohttp.ClientSession, ports: list[int], model: str, ledger: Ledger
    ) -> None:
        self.measured: Measured | None = None
        self._session = sessions
        self._ports = ports
        self._model = model
        self._ledger = ledger
        self._free: list[Client] = []
        self._under_way: set[asyncio.Task[None]] = set()

    async def chat_on(self, rate: float) -> None:
        """Chat at so many a second until it is cancelled."""
        chance = random.Random(_SEED)
        due = time.monotonic()
        for number in count():
            due += chance.expovariate(rate)
            await asyncio.sleep(max(0.0, due - time.monotonic()))
            self._begin(self._chat(number, due))
            if number % _BARE == 0:
                self._begin(self._ask_the_model(due))

    async def wait_answered(self) -> None:
        while self._under_way:
            await asyncio.wait(self._under_way)

    def _begin(self, chat: Coroutine[None, None, None]) -> None:
        task = asyncio.create_task(chat)
        self._under_way.add(task)
        task.add_done_callback(self._under_way.discard)

    async def _chat(self, number: int, due: float) -> None:
        measured = self.measured
        client = self._free.pop() if self._free else self._new_client()
        turn = client.stream if number % _STREAMED == 0 else client.chat
        try:
            await turn(f"this is said as number {number} of all")
        except Failed as failure:
            if measured:
                measured.refused[str(failure)] += 1
        else:
            if measured:
                measured.seconds.append(time.monotonic() - due)
        finally:
            self._free.append(client)
        if measured:
            measured.longest = max(measured.longest, time.monotonic() - due)

    def _new_client(self) -> Client:
        turned = len(self._under_way) % 2
        return Client(self._session, self._ports[:: -1 if turned else 1], self._ledger)

    async def _ask_the_model(self, due: float) -> None:
        measured = self.measured
        body = {"model": "m", "input": "this is said to the model itself", "store": False}
        url = f"{self._model}/responses"
        async with self._session.post(url, json=body, headers={"authorization": "Bearer x"}) as got:
            await got.read()
        if measured:
            measured.bare.append(time.monotonic() - due)
