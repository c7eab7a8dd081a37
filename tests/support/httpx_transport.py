"""Upstreams' answers that RESPX intercepts: a transport by the library that it knows."""

from collections.abc import AsyncIterator, Mapping

import aiohttp
import httpx


class HttpxTransport:
    """A `Transport` of `app.core.upstream_transport`."""

    def __init__(self, client: httpx.AsyncClient) -> None:
        self._client = client

    async def send(
        self,
        method: str,
        url: str,
        *,
        headers: Mapping[str, str],
        content: bytes | None,
        seconds: float,
    ) -> "HttpxAnswer":
        # Created directly, so that none of the client's defaults are merged into it.
        request = httpx.Request(method, url, headers=headers, content=content)
        try:
            return HttpxAnswer(await self._client.send(request, stream=True))
        except httpx.TransportError as error:
            raise aiohttp.ClientConnectionError(str(error)) from error

    async def close(self) -> None:
        await self._client.aclose()


class HttpxAnswer:
    """An `Answer`."""

    def __init__(self, response: httpx.Response) -> None:
        self.status = response.status_code
        self.headers: Mapping[str, str] = response.headers
        self._pieces: AsyncIterator[bytes] = response.aiter_bytes()

    async def read(self) -> bytes:
        try:
            return await anext(self._pieces, b"")
        except httpx.TransportError as error:
            raise aiohttp.ClientPayloadError(str(error)) from error

    def close(self) -> None:
        """Nothing is open: the whole answer was there from the start."""
