"""The request for the list of models that an upstream offers."""

import asyncio

import aiohttp

from app.core.answer_bounds import read_up_to
from app.core.model_list import NotListed
from app.core.upstream import Upstream
from app.core.upstream_http import upstream_headers
from app.core.upstream_transport import AiohttpTransport

_LONGEST_ANSWER = 4 * 1024 * 1024


async def get_models(upstream: Upstream, seconds: float) -> tuple[int, bytes]:
    """Return the status and the beginning of the answer to `GET /models`. Raises `NotListed`."""
    transport = AiohttpTransport()
    try:
        async with asyncio.timeout(seconds):
            answer = await transport.send(
                "GET",
                f"{upstream.address}/models",
                headers=upstream_headers(upstream),
                content=None,
                seconds=seconds,
            )
            return answer.status, await read_up_to(answer, _LONGEST_ANSWER)
    except (aiohttp.ClientError, OSError) as error:
        raise NotListed(str(error) or type(error).__name__) from None
    finally:
        await transport.close()
