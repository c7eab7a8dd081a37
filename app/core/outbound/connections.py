"""Connections to servers of the outside: the part of the client that needs aiohttp."""

import asyncio
import socket
import ssl
from concurrent.futures import ThreadPoolExecutor
from functools import partial

import aiohttp
import httpx2
from aiohttp.abc import AbstractResolver, ResolveResult
from yarl import URL

from app.core.outbound.addresses import AllowedHosts, OutboundRefused, checked_url, is_public
from app.core.outbound.client import OutboundAnswer, OutboundFailed, OutboundRequest
from app.domain.text import storable

# As many as other clients follow at least, and only on the same server.
_MOST_REDIRECTS = 3
_REDIRECTS = frozenset({301, 302, 303, 307, 308})
_READ_AT_ONCE = 64 * 1024
_LOOKUPS_AT_ONCE = 16
_LONGEST_HEADER = 16 * 1024
# Characters of a status line's reason.
_LONGEST_REASON = 200
_NAME = "threadkeeper"


class Connections:
    """Opens a connection for each request, and follows redirects."""

    def __init__(self, allowed: AllowedHosts, certificates: ssl.SSLContext | None) -> None:
        """`certificates` are trusted instead of this machine's."""
        self._allowed = allowed
        self._certificates = certificates or httpx2.create_ssl_context()
        # A name whose server doesn't answer occupies a thread for up to a minute. In the loop's own
        # executor, a few of them would stop the server's other work, and its calls of models.
        self._lookups = ThreadPoolExecutor(_LOOKUPS_AT_ONCE, thread_name_prefix="names")

    async def send(self, request: OutboundRequest, url: URL, most_bytes: int) -> OutboundAnswer:
        """Answer as `OutboundClient.send`, without a limit of time."""
        try:
            return await self._sent(request, url, most_bytes)
        except TimeoutError:
            raise
        except (aiohttp.ClientError, OSError, ValueError) as error:
            # Errors of the libraries may quote headers, which contain secrets.
            raise OutboundFailed(f"{url.raw_host}: {_reason(error)}") from None

    async def _sent(self, request: OutboundRequest, url: URL, most_bytes: int) -> OutboundAnswer:
        addresses = await self._addresses(url)
        connector = aiohttp.TCPConnector(
            resolver=_Pinned(addresses),
            use_dns_cache=False,
            force_close=True,
            ssl=self._certificates,
        )
        async with aiohttp.ClientSession(
            connector=connector,
            auto_decompress=False,
            trust_env=False,
            cookie_jar=aiohttp.DummyCookieJar(),
            max_line_size=_LONGEST_HEADER,
            max_field_size=_LONGEST_HEADER,
        ) as session:
            return await self._followed(session, request, url, most_bytes)

    async def _followed(
        self, session: aiohttp.ClientSession, request: OutboundRequest, url: URL, most_bytes: int
    ) -> OutboundAnswer:
        # Compressed bodies could be far larger than what is read of them.
        headers = {"User-Agent": _NAME, **request.headers, "Accept-Encoding": "identity"}
        for _ in range(_MOST_REDIRECTS + 1):
            async with session.request(
                request.method, url, headers=headers, data=request.body, allow_redirects=False
            ) as response:
                if response.status not in _REDIRECTS or "location" not in response.headers:
                    return await _answer(response, most_bytes)
                url = self._redirected(request, url, response.headers["location"])
        raise OutboundFailed(f"{url.raw_host} redirected too often")

    def _redirected(self, request: OutboundRequest, url: URL, location: str) -> URL:
        """Return where a redirect leads, on the same server. Raises `OutboundRefused`."""
        try:
            target = checked_url(str(url.join(URL(location, encoded=True))), self._allowed)
        except ValueError as error:
            raise OutboundFailed(f"{url.raw_host} redirected to no URL") from error
        if target.origin() != url.origin() or request.method not in ("GET", "HEAD"):
            raise OutboundRefused(
                f"{url.raw_host} redirected a {request.method} to {target.raw_host}; "
                "only a GET is redirected, and only on the same server"
            )
        return target

    async def _addresses(self, url: URL) -> list[ResolveResult]:
        """Return the addresses of the URL's host. Raises `OutboundRefused`."""
        host, port = url.raw_host or "", url.port or 443
        look_up = partial(
            socket.getaddrinfo, host, port, type=socket.SOCK_STREAM, proto=socket.IPPROTO_TCP
        )
        try:
            found = await asyncio.get_running_loop().run_in_executor(self._lookups, look_up)
        except (socket.gaierror, UnicodeError) as error:
            raise OutboundFailed(f"the host {host} is unknown") from error
        places = list(dict.fromkeys((entry[0], str(entry[4][0])) for entry in found))
        if url not in self._allowed and not all(is_public(address) for _, address in places):
            raise OutboundRefused(
                f"{host} has an address that is not public; ACTIONS_ALLOW may name this host"
            )
        return [
            ResolveResult(
                hostname=host,
                host=address,
                port=port,
                family=family,
                proto=socket.IPPROTO_TCP,
                flags=socket.AI_NUMERICHOST,
            )
            for family, address in places
        ]


class _Pinned(AbstractResolver):
    """Returns the addresses that were checked, whatever the name leads to by now."""

    def __init__(self, addresses: list[ResolveResult]) -> None:
        self._addresses = addresses

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET
    ) -> list[ResolveResult]:
        return self._addresses

    async def close(self) -> None:
        """Close nothing."""


async def _answer(response: aiohttp.ClientResponse, most_bytes: int) -> OutboundAnswer:
    if response.headers.get("content-encoding", "identity").lower() not in ("", "identity"):
        raise OutboundFailed(f"{response.url.raw_host} compressed its answer without being asked")
    body = bytearray()
    async for chunk in response.content.iter_chunked(_READ_AT_ONCE):
        body += chunk
        if len(body) > most_bytes:
            break
    return OutboundAnswer(
        response.status,
        storable(response.reason or "")[:_LONGEST_REASON],
        storable(response.content_type) if "content-type" in response.headers else "",
        storable(response.charset or ""),
        bytes(body[:most_bytes]),
        cut=len(body) > most_bytes,
    )


def _reason(error: Exception) -> str:
    match error:
        case aiohttp.ClientConnectorCertificateError() | aiohttp.ClientConnectorSSLError():
            return "no trusted TLS connection"
        case aiohttp.ClientConnectorError() | OSError():
            return "no connection"
        case aiohttp.ServerDisconnectedError() | aiohttp.ClientPayloadError():
            return "the connection was lost"
    return "its answer is not valid HTTP"
