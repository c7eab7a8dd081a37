"""All configured upstreams, each with its client."""

import asyncio
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import partial
from importlib import import_module

from app.core.circuit import Circuit
from app.core.demo_client import DemoClient
from app.core.instrumentation import Instrumentation
from app.core.later import Later
from app.core.model import Api, ModelClient, Reach
from app.core.model_calls import ModelCalls
from app.core.open_files import DEFAULT_OPEN_FILES, calls_within
from app.core.retirements import Retirements
from app.core.upstream import Kind, Target, Upstream
from app.core.upstream_choice import UpstreamChoice
from app.domain.errors import Cause

# Seconds between the demo model's words: some chat components can't handle a burst of deltas.
_DEMO_DELAY = 0.008

Connect = Callable[[Upstream, Instrumentation | None, ModelCalls], ModelClient]


def _real(
    upstream: Upstream, instruments: Instrumentation | None, calls: ModelCalls
) -> ModelClient:
    from app.core.openai_client import OpenAIClient  # noqa: PLC0415

    return OpenAIClient(upstream, instruments=instruments, turns=calls)


# The client for each kind of upstream. It is made at the first call; `core/later.py` says why.
_CLIENTS: dict[Kind, Connect] = {
    "demo": lambda _upstream, _instruments, _calls: DemoClient(_DEMO_DELAY),
    "auto": _real,
    "responses": _real,
    "chat_completions": _real,
}


def load_libraries(upstreams: Iterable[Upstream]) -> None:
    """Import what the clients of these upstreams need; nothing for the demo model."""
    if any(one.kind != "demo" for one in upstreams):
        import_module("app.core.openai_client")


class Upstreams(UpstreamChoice):
    """The upstreams and their clients. The creator of this object closes each client."""

    def __init__(
        self,
        upstreams: Sequence[Upstream],
        instruments: Instrumentation | None = None,
        *,
        retirements: Retirements | None = None,
        before: "Upstreams | None" = None,
        most_calls: int = calls_within(DEFAULT_OPEN_FILES),
    ) -> None:
        """Keep the clients of upstreams that are the same in `before`; `new` are the others.

        `most_calls`: how many calls to all of them are made at once, if there was none before.
        Raises ValueError as `UpstreamChoice` does.
        """
        super().__init__(upstreams, retirements)
        self.circuit: Circuit = before.circuit if before else Circuit()
        unchanged = [one for one in self if before is not None and one in [*before]]
        self.new = [one for one in self if one not in unchanged]
        self.calls: ModelCalls = before.calls if before else ModelCalls(most_calls, instruments)
        self._clients: dict[str, Later[ModelClient]] = {
            one.name: before._clients[one.name]
            if before is not None and one in unchanged
            else Later(partial(_CLIENTS[one.kind], one, instruments, self.calls))
            for one in self
        }

    async def client(self, upstream: Upstream) -> ModelClient:
        return await self._clients[upstream.name].get()

    async def close(self, upstream: Upstream) -> None:
        """Close the upstream's client, if it was made."""
        client = self._clients[upstream.name].made
        if client is not None:
            await client.close()

    def candidates(self, model: str) -> Iterator[Target]:
        """Yield what to ask for a model, one after the other, until one answers.

        Those that have just failed come last.
        """
        targets = self.targets(model)
        if len(targets) == 1:
            yield targets[0]
            return
        passed_over = []
        for target in targets:
            if self.circuit.passes(*_keys(target)):
                yield target
            else:
                passed_over.append(target)
        yield from passed_over

    def failed(self, target: Target, cause: Cause) -> None:
        """Note that a call failed, and what the cause was."""
        whole, one_model = _keys(target)
        if cause == "upstream":
            self.circuit.failed(whole)
        elif cause == "model":
            self.circuit.failed(one_model)
        else:
            # It refuses the request, so it works.
            self.circuit.worked(whole, one_model)

    def worked(self, target: Target) -> None:
        self.circuit.worked(*_keys(target))

    async def reach(self, seconds: float) -> dict[str, Reach]:
        """Return, by upstream name, whether each can be called; takes at most `seconds`."""
        clients = [await self.client(one) for one in self._all]
        found = await asyncio.gather(*(client.reach(seconds) for client in clients))
        return {one.name: reach for one, reach in zip(self._all, found, strict=True)}

    def apis(self) -> dict[str, Api]:
        """Return, by upstream name, the API by which each is called, as far as that is known."""
        clients = {name: later.made for name, later in self._clients.items()}
        found = {name: client.api for name, client in clients.items() if client is not None}
        return {name: api for name, api in found.items() if api is not None}


def _keys(target: Target) -> tuple[str, str]:
    return target.upstream.name, f"{target.upstream.name}/{target.model}"
