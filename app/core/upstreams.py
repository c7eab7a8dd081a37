"""All configured upstreams, each with its client."""

import asyncio
from collections.abc import Callable, Sequence

from app.core.demo_client import DemoClient
from app.core.instrumentation import Instrumentation
from app.core.model import Api, ModelClient, Reach
from app.core.openai_client import OpenAIClient
from app.core.upstream import Kind, Upstream, UpstreamChoice

# Seconds between the demo model's words: some chat components can't handle a burst of deltas.
_DEMO_DELAY = 0.008

Connect = Callable[[Upstream, Instrumentation | None], ModelClient]


def _real(upstream: Upstream, instruments: Instrumentation | None) -> ModelClient:
    return OpenAIClient(upstream, instruments=instruments)


# The client for each kind of upstream. It connects at the first call.
_CLIENTS: dict[Kind, Connect] = {
    "demo": lambda _upstream, _instruments: DemoClient(_DEMO_DELAY),
    "auto": _real,
    "responses": _real,
    "chat_completions": _real,
}


class Upstreams(UpstreamChoice):
    """The upstreams and their clients. The creator of this object closes each client."""

    def __init__(
        self, upstreams: Sequence[Upstream], instruments: Instrumentation | None = None
    ) -> None:
        """Raises ValueError as `UpstreamChoice` does."""
        super().__init__(upstreams)
        self._clients = {one.name: _CLIENTS[one.kind](one, instruments) for one in upstreams}

    def client(self, upstream: Upstream) -> ModelClient:
        return self._clients[upstream.name]

    async def reach(self, seconds: float) -> dict[str, Reach]:
        """Return, by upstream name, whether each can be called; takes at most `seconds`."""
        found = await asyncio.gather(*(self.client(one).reach(seconds) for one in self._all))
        return {one.name: reach for one, reach in zip(self._all, found, strict=True)}

    def apis(self) -> dict[str, Api]:
        """Return, by upstream name, the API by which each is called, as far as that is known."""
        found = {one.name: self.client(one).api for one in self._all}
        return {name: api for name, api in found.items() if api is not None}
