"""Which addresses of other servers may be called: public ones, and hosts that are named."""

from collections.abc import Iterable
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network

from yarl import URL

_LONGEST_URL = 8192
# IPv6 addresses that a gateway translates to the IPv4 address in their last 32 bits (RFC 6052).
_NAT64 = ip_network("64:ff9b::/96")


class OutboundRefused(Exception):
    """The address must not be called; the message says why."""


@dataclass(frozen=True)
class AllowedHosts:
    """Hosts that may be called by http and at any address: `host`, or `host:port`."""

    names: frozenset[str] = frozenset()

    @classmethod
    def of(cls, names: Iterable[str]) -> "AllowedHosts":
        return cls(frozenset(_plain(name) for name in names))

    def __contains__(self, url: URL) -> bool:
        host = _plain(url.raw_host or "")
        bracketed = f"[{host}]" if ":" in host else host
        return not self.names.isdisjoint({host, bracketed, f"{bracketed}:{url.port}"})


def _plain(host: str) -> str:
    return host.strip().lower().rstrip(".")


def checked_url(text: str, allowed: AllowedHosts) -> URL:
    """Return the URL, which is escaped already. Raises `OutboundRefused`.

    Only its form is checked here: the addresses of its host follow when it is called.
    """
    if len(text) > _LONGEST_URL:
        raise OutboundRefused(f"the URL is longer than {_LONGEST_URL} characters")
    try:
        url = URL(text, encoded=True)
        host, port = url.raw_host, url.port
    except ValueError as error:
        raise OutboundRefused("this is not a URL") from error
    if url.scheme not in ("http", "https") or not host or port in (None, 0):
        raise OutboundRefused("this is not an https:// URL with a host")
    if any(character <= " " or character == "\x7f" for character in text) or not host.isascii():
        raise OutboundRefused("this is not a URL")
    if url.raw_user is not None or url.raw_password is not None:
        raise OutboundRefused("the URL must not contain a user name or password")
    if url.scheme == "http" and url not in allowed:
        raise OutboundRefused(f"only https:// is called, unless ACTIONS_ALLOW names {host}")
    return url


def is_public(address: str) -> bool:
    """Return whether an IP address belongs to the public internet.

    Addresses that lead to an IPv4 address count as that one, or not as public.
    """
    try:
        found = ip_address(address.partition("%")[0])
    except ValueError:
        return False
    if isinstance(found, IPv6Address):
        return _is_public_v6(found)
    return _is_public_v4(found)


def _is_public_v4(address: IPv4Address) -> bool:
    return address.is_global and not (address.is_multicast or address.is_reserved)


def _is_public_v6(address: IPv6Address) -> bool:
    if address.ipv4_mapped is not None:
        return _is_public_v4(address.ipv4_mapped)
    if address in _NAT64:
        return _is_public_v4(IPv4Address(int(address) & 0xFFFF_FFFF))
    if address.sixtofour is not None or address.teredo is not None:
        return False
    special = address.is_multicast or address.is_reserved or address.is_site_local
    return address.is_global and not special
