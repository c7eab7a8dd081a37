"""Refuses requests from other machines and other sites when the server has no API keys.

A reverse proxy on the same machine connects from 127.0.0.1 on behalf of everybody on the internet.
A loopback address alone therefore proves nothing: any trace of a proxy refuses the request too.
"""

import re
from collections.abc import Collection

from fastapi import Request

from app.domain.errors import Forbidden
from app.domain.hosts import is_loopback, may_be_rebound

# Headers that proxies, CDNs and tunnels add, and local programs don't.
_ADDED_BY_PROXIES = re.compile(
    r"forwarded|x-forwarded(-.*)?|x-forward-.*|via|(x-)?real-ip|(x-)?client-ip|true-client-ip"
    r"|x-cluster-client-ip|x-original-(forwarded-for|host|to|uri|url)|x-remote-(addr|ip)"
    r"|x-proxyuser-ip|x-(proxy|nginx|envoy|varnish|arr|azure|appengine|amzn-trace|vercel)-.*"
    r"|x-(host|scheme|varnish|amzn-trace-id)|(cf|cdn|fastly|fly|akamai|incap|x-akamai)-.*"
)


def check_local(request: Request, origins: Collection[str]) -> None:
    """Raise `Forbidden` for a request from another machine, or from a page of another site.

    Another site's page could point its own host name at this machine (DNS rebinding) or submit a
    form. So the name that the browser sends as `Host` or `Origin` must be this machine's or one of
    `origins`.
    """
    if sign := _sign_of_others(request):
        raise Forbidden(
            "This server has no API keys, so it only answers requests from its own machine. "
            f"This request {sign}. Set API_KEYS, or ALLOW_OPEN=true to serve anyone who can "
            "reach the server.",
            code="not_local",
        )
    _check_origin(request, origins)


def check_site(request: Request, origins: Collection[str], hosts: Collection[str]) -> None:
    """Raise `Forbidden` for a request that another site's page makes a browser send.

    That browser may be inside a network that the page's author can't reach. `hosts` are the names
    under which the server may be called; names that nobody else can own need not be listed.
    """
    host = _host_name(request)
    if may_be_rebound(host) and host.lower().rstrip(".") not in hosts:
        raise Forbidden(
            f"This server has no API keys and does not accept the host name '{host}'. "
            "Add it to ALLOWED_HOSTS, or set API_KEYS.",
            code="host_not_allowed",
        )
    _check_origin(request, origins)


def _check_origin(request: Request, origins: Collection[str]) -> None:
    # Browsers always send it with a cross-origin request; other programs don't.
    if "origin" in request.headers and not is_known_origin(request, origins):
        raise foreign_origin()


def is_known_origin(request: Request, origins: Collection[str]) -> bool:
    """Return whether the request is from one of the server's own pages or an allowed origin."""
    origin = request.headers.get("origin")
    if origin is None:
        return False
    return is_own_page(request) or origin in origins or "*" in origins


def is_own_page(request: Request) -> bool:
    """Return whether the request is from a page that this server has served."""
    # Without the scheme: behind a proxy that terminates TLS, it differs from the page's.
    host = request.headers.get("host")
    return bool(host) and request.headers.get("origin", "").partition("://")[2] == host


def foreign_origin() -> Forbidden:
    return Forbidden(
        "This page's origin is not one of the server's CORS_ORIGINS.", code="origin_not_allowed"
    )


def address_of(request: Request) -> str:
    return request.client.host if request.client else "-"


def _sign_of_others(request: Request) -> str:
    """Return the sign that the request is not from this machine; empty if there is none."""
    if not is_loopback(address_of(request)):
        return "comes from another machine"
    for name in request.headers:
        if _ADDED_BY_PROXIES.fullmatch(name):
            return f"came through a proxy (header {name!r})"
    if _is_nginx_by_default(request):
        return "came through a proxy (HTTP/1.0 with 'Connection: close', as nginx sends it)"
    if not is_loopback(_host_name(request)):
        return "is for another host name (header 'host')"
    return ""


def _is_nginx_by_default(request: Request) -> bool:
    """Return whether the request looks like nginx's bare `proxy_pass`, which adds no header."""
    return (
        request.scope.get("http_version") == "1.0"
        and request.headers.get("connection", "").lower() == "close"
    )


def _host_name(request: Request) -> str:
    host = request.headers.get("host", "")
    # An IPv6 address is in brackets, before the port.
    return host[1:].partition("]")[0] if host.startswith("[") else host.partition(":")[0]
