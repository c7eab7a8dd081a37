"""Is the model's server there, and does it take our key? Asked without asking a model anything."""

import asyncio
from collections.abc import Mapping
from typing import Any

import aiohttp
import httpx
import httpx2

from app.core.model import Reach
from app.core.upstream_http import OPENAI_URL, http_pool, sdk_client

_FAILURES = (httpx2.HTTPError, httpx.HTTPError, aiohttp.ClientError, OSError, TimeoutError)


async def reach(base_url: str, api_key: str, seconds: float) -> Reach:
    """Ask the server for its models, once and with a connection of its own.

    Empty `base_url`: OpenAI. Empty key: none is needed. `seconds`: how long it may take.
    """
    async with http_pool() as http:
        headers = sdk_client(api_key, base_url, http).auth_headers
        return await ask(http, base_url, headers, seconds)


async def ask(http: Any, base_url: str, headers: Mapping[str, str], seconds: float) -> Reach:
    """Do so with a client that is there already: of httpx or httpx2, which are alike in this."""
    url = f"{(base_url or OPENAI_URL).rstrip('/')}/models"
    try:
        # Only the status counts: the list, which may be long, is left unread.
        async with (
            asyncio.timeout(seconds),
            http.stream("GET", url, headers=headers, timeout=seconds) as response,
        ):
            return _told(response.status_code)
    except _FAILURES:
        return "unreachable"


def _told(status: int) -> Reach:
    if status in (401, 403):
        return "refused"
    # A server that offers no list, or has enough of questions, is there all the same.
    return "ok" if status < 500 else "unreachable"
