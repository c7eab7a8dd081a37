"""The list of models that an upstream offers, with the dates at which OpenAI shuts them down."""

import asyncio
import json
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import date
from typing import Any

from app.core.upstream import Upstream

_SHUTDOWN = "shutdown_date"


class NotListed(Exception):
    """The list can't be read; the message contains no secret."""


@dataclass(frozen=True)
class ListedModel:
    """A model of the list.

    `dated`: whether the list says when it is shut down; `shutdown` is None if it is not.
    """

    id: str
    dated: bool = False
    shutdown: date | None = None


async def list_models(upstream: Upstream, seconds: float) -> list[ListedModel]:
    """Read `GET /models` within `seconds`, with a connection of its own. Raises `NotListed`."""
    get = await asyncio.to_thread(_get)
    status, content = await get(upstream, seconds)
    if status != 200:
        raise NotListed(f"HTTP {status}")
    return _models(content)


def _get() -> Callable[[Upstream, float], Awaitable[tuple[int, bytes]]]:
    # Here and on a thread: `core/later.py` says why.
    from app.core.model_list_request import get_models  # noqa: PLC0415

    return get_models


def _models(content: bytes) -> list[ListedModel]:
    try:
        body = json.loads(content)
    except (ValueError, RecursionError):
        raise NotListed("the answer is not JSON") from None
    listed = body.get("data") if isinstance(body, dict) else None
    if not isinstance(listed, list):
        raise NotListed("the answer is not a list of models")
    return [
        _model(item)
        for item in listed
        if isinstance(item, dict) and isinstance(item.get("id"), str)
    ]


def _model(item: dict[str, Any]) -> ListedModel:
    shown = item.get(_SHUTDOWN)
    if shown is None:
        return ListedModel(item["id"], dated=_SHUTDOWN in item)
    try:
        return ListedModel(item["id"], dated=True, shutdown=date.fromisoformat(str(shown)))
    except ValueError:
        return ListedModel(item["id"])
