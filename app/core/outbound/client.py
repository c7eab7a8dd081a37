"""One request to a server of the outside, at an address that was checked and is then kept to."""

import asyncio
import ssl
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from yarl import URL

from app.core.charsets import codec_of
from app.core.later import Later
from app.core.outbound.addresses import AllowedHosts, checked_url

if TYPE_CHECKING:
    from app.core.outbound.connections import Connections


class OutboundFailed(Exception):
    """The server gave no answer that can be used; the message says why."""


@dataclass(frozen=True)
class OutboundRequest:
    """`url` is escaped; `seconds` is how long everything may take."""

    method: str
    url: str
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes | None = None
    seconds: float = 45.0


@dataclass(frozen=True)
class OutboundAnswer:
    """`media_type` is empty if the server names none. `cut`: the body was longer.

    All texts can be stored, and `reason` is short.
    """

    status: int
    reason: str
    media_type: str
    charset: str
    body: bytes
    cut: bool

    @property
    def text(self) -> str:
        return self.body.decode(codec_of(self.charset) or "utf-8", errors="replace")


class OutboundClient:
    """Calls other servers, and never one's own network.

    The host's addresses are resolved once; all of them must be public, and the connection goes to
    one of them. TLS still checks the certificate for the host's name. Proxies in the environment
    are not used: they would resolve the name again. Each request has its own connection.
    """

    def __init__(
        self, allowed: AllowedHosts, *, certificates: ssl.SSLContext | None = None
    ) -> None:
        """`certificates` are trusted instead of this machine's."""
        self._allowed = allowed

        def make() -> "Connections":
            from app.core.outbound.connections import Connections  # noqa: PLC0415

            return Connections(allowed, certificates)

        self._connections = Later(make)

    def check(self, url: str) -> URL:
        """Return the URL if its form allows to call it. Raises `OutboundRefused`."""
        return checked_url(url, self._allowed)

    async def send(self, request: OutboundRequest, *, most_bytes: int) -> OutboundAnswer:
        """Return the answer with at most so many bytes of its body.

        Raises `OutboundRefused` and `OutboundFailed`.
        """
        url = self.check(request.url)
        connections = await self._connections.get()
        try:
            async with asyncio.timeout(request.seconds):
                return await connections.send(request, url, most_bytes)
        except TimeoutError as error:
            raise OutboundFailed(
                f"{url.raw_host} did not answer within {request.seconds:g} seconds"
            ) from error
