"""Helpers for tests of the real client."""

from typing import Any

import pytest

from app.core.model import Event, ModelClient
from app.core.openai_client import OpenAIClient
from app.core.upstream import Kind, Upstream
from app.domain.errors import ModelError

KEY = "sk-proj-very-secret-0123456789"


def request(**more: Any) -> dict[str, Any]:
    message = {"role": "user", "content": [{"type": "input_text", "text": "hi 안녕"}]}
    return {"model": "m", "store": False, "input": [message], **more}


def upstream_at(
    address: str,
    retries: int = 0,
    key: str = KEY,
    timeout: float = 10.0,
    kind: Kind = "responses",
) -> Upstream:
    return Upstream(
        "custom",
        kind,
        128_000,
        address=address,
        key=key,
        timeout=timeout,
        max_retries=retries,
    )


def client(
    base_url: str, retries: int = 0, key: str = KEY, *, kind: Kind = "responses", **more: Any
) -> OpenAIClient:
    """Return a client that does not pause between retries."""
    upstream = upstream_at(base_url, retries, key, kind=kind)
    return OpenAIClient(upstream, retry_pause=0.0, **more)


async def read(
    model: ModelClient, body: dict[str, Any] | None = None, *, stream: bool = True
) -> list[list[Event]]:
    return [batch async for batch in model.events(body or request(), stream=stream)]


async def failure(
    model: ModelClient, body: dict[str, Any] | None = None, *, stream: bool = False
) -> ModelError:
    """Return the error of a call, after checking that it shows no key, not even in a traceback."""
    with pytest.raises(ModelError) as caught:
        await read(model, body, stream=stream)
    assert KEY not in f"{caught.value!r} {caught.value.message}"
    assert caught.value.__suppress_context__
    return caught.value


def flat(batches: list[list[Event]]) -> list[Event]:
    return [event for batch in batches for event in batch]


def spoken(batches: list[list[Event]]) -> str:
    return "".join(event["delta"] for event in flat(batches) if event["type"].endswith(".delta"))
