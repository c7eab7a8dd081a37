"""Checks of host names, IP addresses and URLs, without any network access."""

import re
from functools import lru_cache
from ipaddress import ip_address, ip_network
from urllib.parse import urlsplit

# The host as browsers write it: names of other scripts in Punycode.
_ORIGIN = re.compile(r"[a-z][a-z0-9+.-]*://([a-z0-9._-]+|\[[0-9a-f:.]+\])(:\d+)?")
_DEFAULT_PORTS = {"http": 80, "https": 443}
_NEVER_PUBLIC = (".local", ".localhost", ".internal", ".home.arpa", ".test")


@lru_cache(maxsize=1024)
def is_loopback(host: str) -> bool:
    """Return whether a host name or IP address is a loopback one."""
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host.lower() == "localhost"


@lru_cache(maxsize=4096)
def network_of(host: str) -> str:
    """Return what identifies a client: an IPv4 address, or the /64 network of an IPv6 address.

    An IPv6 connection has at least a /64, so a single client can use 2^64 addresses.
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
    """Return whether a stranger could own this name in the DNS and point it at any address.

    Nobody can for IP addresses, names without a dot, and names that the public DNS never resolves
    (RFC 6761, RFC 6762, RFC 8375 and ICANN's `.internal`).
    """
    name = host.lower().rstrip(".")
    try:
        ip_address(name)
    except ValueError:
        return "." in name and not name.endswith(_NEVER_PUBLIC)
    return False


def reachable(host: str) -> str:
    """Return the host for URLs that reach, from this machine, a server listening on `host`.

    The unspecified address (0.0.0.0 or ::) becomes the loopback address.
    """
    try:
        address = ip_address(host.strip("[]"))
    except ValueError:
        return host
    if address.is_unspecified:
        return "127.0.0.1" if address.version == 4 else "[::1]"
    return f"[{address}]" if address.version == 6 else str(address)


def is_http_url(url: str) -> bool:
    """Return whether a string is an http:// or https:// URL with a host."""
    try:
        parts = urlsplit(url)
        return parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:
        return False


def normal_origin(text: str) -> str | None:
    """Return a page's origin as browsers send it, None if it is none.

    Not in it: a path, a default port and capital letters.
    """
    try:
        parts = urlsplit(text)
        port = parts.port
    except ValueError:
        return None
    host, rest = parts.hostname, (parts.path.rstrip("/"), parts.query, parts.fragment)
    plain = f"{parts.scheme}://{parts.netloc}".lower()
    if not host or any(rest) or "@" in parts.netloc or not _ORIGIN.fullmatch(plain):
        return None
    name = f"[{host}]" if ":" in host else host
    shown = "" if port in (None, _DEFAULT_PORTS.get(parts.scheme)) else f":{port}"
    return f"{parts.scheme}://{name}{shown}"
