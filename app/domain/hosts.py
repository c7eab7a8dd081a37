"""Hosts and addresses, by their names alone."""

from functools import lru_cache
from ipaddress import ip_address, ip_network
from urllib.parse import urlsplit

_NEVER_PUBLIC = (".local", ".localhost", ".internal", ".home.arpa", ".test")


@lru_cache(maxsize=1024)
def is_loopback(host: str) -> bool:
    """Tell whether a host's name or IP address is this machine's alone."""
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host.lower() == "localhost"


@lru_cache(maxsize=4096)
def network_of(host: str) -> str:
    """Return whom an IP address stands for: itself, or the /64 network of an IPv6 address.

    One line is given a /64 at least, so that its owner has 2^64 addresses to come from.
    """
    try:
        address = ip_address(host.partition("%")[0])
    except ValueError:
        return host
    if address.version == 4:
        return str(address)
    if address.ipv4_mapped:
        return str(address.ipv4_mapped)
    return str(ip_network((address, 64), strict=False))


@lru_cache(maxsize=1024)
def may_be_rebound(host: str) -> bool:
    """Tell whether a stranger may own this name in the DNS and let it lead anywhere.

    Not so for addresses, for names without a dot, and for those that the DNS never resolves
    (RFC 6761, RFC 6762, RFC 8375 and ICANN's `.internal`).
    """
    name = host.lower().rstrip(".")
    try:
        ip_address(name)
    except ValueError:
        return "." in name and not name.endswith(_NEVER_PUBLIC)
    return False


def reachable(host: str) -> str:
    """Return a host that a server listens on as an address on this machine writes it.

    One that stands for all of the machine's addresses becomes loopback.
    """
    try:
        address = ip_address(host.strip("[]"))
    except ValueError:
        return host
    if address.is_unspecified:
        return "127.0.0.1" if address.version == 4 else "[::1]"
    return f"[{address}]" if address.version == 6 else str(address)


def is_http_url(url: str) -> bool:
    """Tell whether it is an http:// or https:// URL of some host."""
    try:
        parts = urlsplit(url)
        return parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:
        return False
