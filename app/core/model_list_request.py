"""The request for the list of models that an upstream offers."""

import asyncio
from typing import Any

import aiohttp
import httpx
import httpx2

from app.core.answer_bounds import read_up_to
from app.core.model_list import NotListed
from app.core.upstream import Upstream
from app.core.upstream_http import http_pool, library_of, sdk_client, upstream_headers

_LONGEST_ANSWER = 4 * 1024 * 1024


async def get_models(upstream: Upstream, seconds: float) -> tuple[int, bytes]:
    """Return the status and the beginning of the answer to `GET /models`. Raises `NotListed`."""
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
            return response.status_code, await read_up_to(response, _LONGEST_ANSWER)
    except (httpx2.HTTPError, httpx.HTTPError, aiohttp.ClientError, OSError) as error:
        raise NotListed(str(error) or type(error).__name__) from None
