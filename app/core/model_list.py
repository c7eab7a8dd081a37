"""The list of models that an upstream offers, with the dates at which OpenAI shuts them down."""

import asyncio
import json
from dataclasses import dataclass
from datetime import date
from typing import Any

import aiohttp
import httpx
import httpx2

from app.core.answer_bounds import read_up_to
from app.core.upstream import Upstream
from app.core.upstream_http import http_pool, library_of, sdk_client, upstream_headers

_LONGEST_ANSWER = 4 * 1024 * 1024
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
    try:
        async with asyncio.timeout(seconds), http_pool() as http:
            library: Any = library_of(http)
            request = library.Request(
                "GET",
                f"{upstream.address}/models",
                headers=upstream_headers(sdk_client(upstream, http)),
                extensions={"timeout": library.Timeout(seconds).as_dict()},
            )
            response = await http.send(request, stream=True)
            content = await read_up_to(response, _LONGEST_ANSWER)
    except (httpx2.HTTPError, httpx.HTTPError, aiohttp.ClientError, OSError) as error:
        raise NotListed(str(error) or type(error).__name__) from None
    if response.status_code != 200:
        raise NotListed(f"HTTP {response.status_code}")
    return _models(content)


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
