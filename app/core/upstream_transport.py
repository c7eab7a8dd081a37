"""Requests to upstreams, by aiohttp.

The SDK's own client is aiohttp below httpx2. By measurement, the requests, responses and hooks of
httpx2 cost a fourteenth of a whole chat turn, and nothing here needs them.
"""

import asyncio
import ssl
from collections.abc import Mapping
from functools import cache, lru_cache
from typing import Protocol
from urllib.parse import urlsplit
from urllib.request import getproxies, proxy_bypass

import aiohttp
import httpx2

from app.core.wire_api import BrokenAnswer

# What a transport raises while it waits for an answer or reads it, and what readers of an answer
# raise.
CUT = (aiohttp.ClientError, OSError, BrokenAnswer)
# Those of them for which another attempt may succeed: there was no answer, or not all of it.
NO_ANSWER = (aiohttp.ClientConnectionError, aiohttp.ClientPayloadError, TimeoutError)

_CONNECT_SECONDS = 10.0
# Once the time for an answer is over, what has come is read for so many seconds: after a pause of
# this process, such as a container's, timers are due before anything that came meanwhile is read.
_LAST_LOOK_SECONDS = 0.05
# For how many seconds an unused connection is kept. Many servers close them soon after.
_KEEP_SECONDS = 5.0


class Answer(Protocol):
    """An answer whose body is not read yet."""

    status: int

    @property
    def headers(self) -> Mapping[str, str]:
        """The headers, whose names may be looked up in any case."""

    async def read(self) -> bytes:
        """Return what has arrived of the body, decompressed; wait for it if that is nothing.

        Returns nothing at the end. Raises the errors in `CUT`.
        """

    def close(self) -> None:
        """Let the connection be used again; close it if the body was not read to its end."""


class Transport(Protocol):
    """Sends requests to one upstream. A port: tests may intercept what is sent."""

    async def send(
        self,
        method: str,
        url: str,
        *,
        headers: Mapping[str, str],
        content: bytes | None,
        seconds: float,
    ) -> Answer:
        """Return the answer, of any status; redirects are not followed.

        `seconds` may pass until the headers arrive, and then between two reads of the body. Raises
        the errors in `CUT`.
        """

    async def close(self) -> None:
        """Close every connection. The transport can't be used afterwards."""


class AiohttpTransport:
    """A `Transport` with a pool of connections. It may be made on any thread.

    The pool has no limit of its own, since `ModelCalls` limits the calls: at the end of a pool,
    they would wait unnoticed until they time out.
    """

    def __init__(self) -> None:
        self._certificates = _certificates()
        # Made with the first request: it needs the event loop.
        self._session: aiohttp.ClientSession | None = None
        self._proxies: dict[str, str | None] = {}

    async def send(
        self,
        method: str,
        url: str,
        *,
        headers: Mapping[str, str],
        content: bytes | None,
        seconds: float,
    ) -> "AiohttpAnswer":
        if self._session is None:
            self._session = self._opened()
        if url not in self._proxies:
            self._proxies[url] = _proxy_for(url)
        async with asyncio.timeout(None) as limit:
            loop = asyncio.get_running_loop()
            timer = loop.call_later(
                seconds, lambda: limit.reschedule(loop.time() + _LAST_LOOK_SECONDS)
            )
            try:
                response = await self._session.request(
                    method,
                    url,
                    headers=headers,
                    data=content,
                    allow_redirects=False,
                    timeout=_timeout(seconds),
                    proxy=self._proxies[url],
                )
            finally:
                timer.cancel()
        return AiohttpAnswer(response, seconds)

    async def close(self) -> None:
        if self._session is not None:
            await self._session.close()

    def _opened(self) -> aiohttp.ClientSession:
        return aiohttp.ClientSession(
            # 0: no limit.
            connector=aiohttp.TCPConnector(
                limit=0, ssl=self._certificates, keepalive_timeout=_KEEP_SECONDS
            ),
            cookie_jar=aiohttp.DummyCookieJar(),
        )


class AiohttpAnswer:
    """An `Answer`. One timer watches all of its reads: aiohttp's own sets a new one for each."""

    def __init__(self, response: aiohttp.ClientResponse, seconds: float) -> None:
        self._response = response
        self._content = response.content
        self._seconds = seconds
        self._loop = asyncio.get_running_loop()
        self._timer: asyncio.TimerHandle | None = None
        # When the read began that is in progress, if any is.
        self._reading_since: float | None = None
        self.status = response.status

    @property
    def headers(self) -> Mapping[str, str]:
        return self._response.headers

    async def read(self) -> bytes:
        self._reading_since = self._loop.time()
        if self._timer is None:
            self._timer = self._loop.call_later(self._seconds, self._check)
        data = await self._content.readany()
        self._reading_since = None
        return data

    def close(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
        self._response.release()

    def _check(self) -> None:
        began = self._reading_since
        left = self._seconds - (0 if began is None else self._loop.time() - began)
        if left <= 0:
            self._timer = self._loop.call_later(_LAST_LOOK_SECONDS, self._give_up, began)
        else:
            self._timer = self._loop.call_later(left, self._check)

    def _give_up(self, began: float | None) -> None:
        if self._reading_since == began:
            self._content.set_exception(TimeoutError())
        else:
            self._check()


@cache
def _certificates() -> ssl.SSLContext:
    # This machine's trusted certificates. Loading them takes longer than a whole chat turn.
    return httpx2.create_ssl_context()


@lru_cache(maxsize=16)
def _timeout(seconds: float) -> aiohttp.ClientTimeout:
    return aiohttp.ClientTimeout(sock_connect=min(seconds, _CONNECT_SECONDS))


def _proxy_for(url: str) -> str | None:
    """Return the proxy that the environment names for a URL, as `HTTPS_PROXY` and others do."""
    parts = urlsplit(url)
    if proxy_bypass(parts.hostname or ""):
        return None
    proxies = getproxies()
    proxy = proxies.get(parts.scheme) or proxies.get("all")
    return proxy if proxy is None or "://" in proxy else f"http://{proxy}"
