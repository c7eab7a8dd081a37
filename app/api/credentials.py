"""Where a request carries its credential: a project's key or a session's token."""

import base64
import binascii

from starlette.requests import Request

# What only browsers send. They repeat a Basic password by themselves, even for other sites' pages.
_OF_BROWSERS = ("origin", "sec-fetch-site")


def credential_of(request: Request) -> str | None:
    """Return the request's credential, None if there is none.

    It is a bearer token, the header `api-key` of Azure's clients, or the password of HTTP Basic
    (`curl -u :$KEY`), which browsers can't use.
    """
    headers = request.headers
    scheme, _, given = headers.get("authorization", "").partition(" ")
    scheme, given = scheme.lower(), given.strip()
    if scheme == "bearer" and given:
        return given
    if key := headers.get("api-key", "").strip():
        return key
    if scheme != "basic" or any(name in headers for name in _OF_BROWSERS):
        return None
    return _password(given)


def _password(given: str) -> str | None:
    try:
        pair = base64.b64decode(given, validate=True).decode()
    except (binascii.Error, UnicodeDecodeError):
        return None
    return pair.partition(":")[2] or None
