"""What all attackers share: the servers' addresses, a key, a count of what they were answered."""

import asyncio
import json
import time
from abc import ABC, abstractmethod
from collections import Counter
from collections.abc import Sequence
from itertools import count
from typing import Any

import aiohttp

_SECONDS = aiohttp.ClientTimeout(total=120)
_AFTER_A_REFUSAL = 0.5  # seconds
_SETTLED = ("completed", "failed", "incomplete", "cancelled", "expired")


class Attacker(ABC):
    """One kind of attack. `clients` of them attack at once, each as fast as it is answered."""

    clients = 4

    def __init__(self, session: aiohttp.ClientSession, ports: Sequence[int], key: str) -> None:
        self.ports = ports
        self.key = key
        self.answers: Counter[str] = Counter()
        self._session = session
        self._asked = count()

    async def prepare(self) -> None:  # noqa: B027 - most have something to prepare, not all
        """Make what the attack needs, before anything is measured."""

    @abstractmethod
    async def strike(self, number: int) -> None:
        """Attack once, as client `number`."""

    async def clean_up(self) -> None:  # noqa: B027 - most leave nothing behind
        """Take back what would go on being worked at after the attack."""

    async def attack(self, seconds: float) -> None:
        """Attack for so long; what is under way then is dropped, as clients do that disconnect."""
        clients = [asyncio.create_task(self._attack_on(number)) for number in range(self.clients)]
        await asyncio.sleep(seconds)
        for client in clients:
            client.cancel()
        outcomes = await asyncio.gather(*clients, return_exceptions=True)
        await self.clean_up()
        for outcome in outcomes:
            if isinstance(outcome, Exception):
                raise outcome

    async def _attack_on(self, number: int) -> None:
        while True:
            try:
                await self.strike(number)
            except (aiohttp.ClientError, OSError, TimeoutError) as error:
                self.answers[type(error).__name__] += 1
                await asyncio.sleep(_AFTER_A_REFUSAL)

    # Asking

    async def send(self, path: str, body: Any = None, **more: Any) -> dict[str, Any]:
        """POST it to the next server; an error's answer is `{}`, and counted by its code."""
        if body is not None:
            more["json"] = body
        return await self.ask("POST", path, **more)

    async def ask(self, method: str, path: str, **more: Any) -> dict[str, Any]:
        port = self.ports[next(self._asked) % len(self.ports)]
        url = f"http://127.0.0.1:{port}/api/v1{path}"
        async with self._session.request(method, url, timeout=_SECONDS, **more) as answer:
            content = await answer.read()
        try:
            body: dict[str, Any] = json.loads(content)
        except ValueError:
            body = {}  # a stream
        error = body.get("error")
        if error:
            self.answers[f"{answer.status} {error['code']}"] += 1
            await asyncio.sleep(_AFTER_A_REFUSAL)
            return {}
        self.answers[f"{answer.status}"] += 1
        return body

    async def upload(self, name: str, content: bytes, purpose: str = "assistants") -> str:
        """Return the file's id; "" if it was refused."""
        form = aiohttp.FormData({"purpose": purpose})
        form.add_field("file", content, filename=name)
        file = await self.send("/files", data=form)
        return str(file.get("id", ""))

    async def until_read(self, store: str, seconds: float) -> None:
        """Wait until no file of a vector store is being read, no longer than `seconds`."""
        ends = time.monotonic() + seconds
        while time.monotonic() < ends:
            counts = (await self.ask("GET", store)).get("file_counts", {})
            if not counts.get("in_progress"):
                return
            await asyncio.sleep(_AFTER_A_REFUSAL)

    async def run(self, thread_id: str, assistant_id: str = "asst_default") -> None:
        """Run a thread to its end, as the SDKs' helpers do; count how it ended."""
        path = f"/threads/{thread_id}/runs"
        run = await self.send(path, {"assistant_id": assistant_id})
        ends = time.monotonic() + (_SECONDS.total or 0)
        while run and run["status"] not in _SETTLED and time.monotonic() < ends:
            helper = {"X-Stainless-Poll-Helper": "true"}
            run = await self.ask("GET", f"{path}/{run['id']}", headers=helper)
        if run:
            error = run["last_error"] or {}
            self.answers[f"run {run['status']} {error.get('code', '')}".rstrip()] += 1
