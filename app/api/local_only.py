"""A server without keys answers its own machine alone: what shows that a request is not from it.

A proxy on the same machine connects from 127.0.0.1 for everybody on the internet. So an address
proves nothing by itself: whatever a proxy leaves in a request ends it here.
"""

import re
from collections.abc import Collection

from fastapi import Request

from app.domain.errors import Forbidden
from app.domain.hosts import is_loopback, may_be_rebound

# Headers that proxies, CDNs and tunnels add, and programs on the same machine don't.
_ADDED_BY_PROXIES = re.compile(
    r"forwarded|x-forwarded(-.*)?|x-forward-.*|via|(x-)?real-ip|(x-)?client-ip|true-client-ip"
    r"|x-cluster-client-ip|x-original-(forwarded-for|host|to|uri|url)|x-remote-(addr|ip)"
    r"|x-proxyuser-ip|x-(proxy|nginx|envoy|varnish|arr|azure|appengine|amzn-trace|vercel)-.*"
    r"|x-(host|scheme|varnish|amzn-trace-id)|(cf|cdn|fastly|fly|akamai|incap|x-akamai)-.*"
)


def check_local(request: Request, origins: Collection[str]) -> None:
    """Raise `Forbidden` for what isn't from this machine, or is from a page of another site.

    A page elsewhere could let its own name lead here, or send a form: so its name, which the
    browser sends as `Host` or `Origin`, has to be this machine's or one of `origins`.
    """
    if sign := _sign_of_others(request):
        raise Forbidden(
            f"This server has no API keys, and so answers its own machine alone: this one {sign}. "
            "Set API_KEYS, or ALLOW_OPEN=true to serve everybody who reaches it.",
            code="not_local",
        )
    _check_origin(request, origins)


def check_site(request: Request, origins: Collection[str], hosts: Collection[str]) -> None:
    """Raise `Forbidden` for what a page of another site makes a browser ask of an open server.

    That browser may be inside a network which the page's author can't reach. `hosts` are names
    under which the server may be called; names that nobody else can own need not be among them.
    """
    host = _host_name(request)
    if may_be_rebound(host) and host.lower().rstrip(".") not in hosts:
        raise Forbidden(
            f"This server has no API keys and isn't known by the name '{host}'. "
            "Add the name to ALLOWED_HOSTS, or set API_KEYS.",
            code="host_not_allowed",
        )
    _check_origin(request, origins)


def _check_origin(request: Request, origins: Collection[str]) -> None:
    # Programs send none, and browsers always do when a page of another site asks.
    if "origin" in request.headers and not is_known_origin(request, origins):
        raise foreign_origin()


def is_known_origin(request: Request, origins: Collection[str]) -> bool:
    """Tell whether the page that asks is one of ours, or of the origins that are let in."""
    origin = request.headers.get("origin")
    if origin is None:
        return False
    return is_own_page(request) or origin in origins or "*" in origins


def is_own_page(request: Request) -> bool:
    """Tell whether a page that this server has served asks."""
    # The scheme is left out: behind a proxy that ends TLS, ours is not the page's.
    host = request.headers.get("host")
    return bool(host) and request.headers.get("origin", "").partition("://")[2] == host


def foreign_origin() -> Forbidden:
    return Forbidden(
        "This page's origin is not one of the server's CORS_ORIGINS.", code="origin_not_allowed"
    )


def address_of(request: Request) -> str:
    return request.client.host if request.client else "-"


def _sign_of_others(request: Request) -> str:
    """Say what shows that the request isn't this machine's own; empty if nothing does."""
    if not is_loopback(address_of(request)):
        return "comes from another machine"
    for name in request.headers:
        if _ADDED_BY_PROXIES.fullmatch(name):
            return f"came through a proxy (header {name!r})"
    if _is_nginx_by_default(request):
        return "came through a proxy (HTTP/1.0 with 'Connection: close', as nginx sends it)"
    if not is_loopback(_host_name(request)):
        return "is for another host's name (header 'host')"
    return ""


def _is_nginx_by_default(request: Request) -> bool:
    """Tell whether this is how a bare `proxy_pass` asks, which adds no header that names it."""
    return (
        request.scope.get("http_version") == "1.0"
        and request.headers.get("connection", "").lower() == "close"
    )


def _host_name(request: Request) -> str:
    host = request.headers.get("host", "")
    # An IPv6 address stands in brackets, before the port.
    return host[1:].partition("]")[0] if host.startswith("[") else host.partition(":")[0]
