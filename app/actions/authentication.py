"""Authenticates requests: API keys, and OAuth's client credentials."""

import base64
import json
import time
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote, urlencode

from app.actions.requests import Request
from app.core.outbound.client import (
    OutboundClient,
    OutboundFailed,
    OutboundRequest,
)

_TOKEN_SECONDS = 20.0
_LONGEST_TOKEN_ANSWER = 64 * 1024
# How long before its end a token is no longer used, and how long one is used that names no end.
_LEEWAY = 30.0
_USUAL_LIFETIME = 300.0
_MOST_TOKENS = 1000


@dataclass(frozen=True)
class _Token:
    value: str
    until: float


class Authenticator:
    """Adds the secrets of actions to their requests, and keeps OAuth tokens in memory."""

    def __init__(self, client: OutboundClient) -> None:
        self._client = client
        self._tokens: dict[tuple[str, str], _Token] = {}

    async def authenticate(self, request: Request, auth: dict[str, str], secret: str) -> None:
        """Raises `OutboundFailed` and `OutboundRefused` if no token can be fetched."""
        match auth["type"], auth.get("in"):
            case "api_key", "bearer":
                request.headers["Authorization"] = f"Bearer {secret}"
            case "api_key", "basic":
                request.headers["Authorization"] = _basic(secret)
            case "api_key", "header":
                name = auth["name"].lower()
                for other in [one for one in request.headers if one.lower() == name]:
                    del request.headers[other]
                request.headers[auth["name"]] = secret
            case "api_key", "query":
                request.query.append(f"{quote(auth['name'], safe='')}={quote(secret, safe='')}")
            case "oauth", _:
                token = await self._token(auth, secret)
                request.headers["Authorization"] = f"Bearer {token}"

    def forget(self, auth: dict[str, str], secret: str) -> bool:
        """Forget a token that was refused; return whether there was one."""
        return self._tokens.pop(_key(auth, secret), None) is not None

    async def _token(self, auth: dict[str, str], secret: str) -> str:
        key = _key(auth, secret)
        known = self._tokens.get(key)
        if known is not None and known.until > time.monotonic():
            return known.value
        token = await self._fetched(auth, secret)
        if len(self._tokens) >= _MOST_TOKENS:
            self._tokens.clear()
        self._tokens[key] = token
        return token.value

    async def _fetched(self, auth: dict[str, str], secret: str) -> _Token:
        """Fetch a token (RFC 6749, section 4.4)."""
        form = {"grant_type": "client_credentials"}
        if scope := auth.get("scope"):
            form["scope"] = scope
        headers = {
            "Content-Type": "application/x-www-form-urlencoded",
            "Accept": "application/json",
        }
        if auth.get("exchange") == "basic":
            pair = f"{quote(auth['client_id'], safe='')}:{quote(secret, safe='')}"
            headers["Authorization"] = _basic(pair)
        else:
            form |= {"client_id": auth["client_id"], "client_secret": secret}
        body = urlencode(form).encode()
        answer = await self._client.send(
            OutboundRequest("POST", auth["token_url"], headers, body, _TOKEN_SECONDS),
            most_bytes=_LONGEST_TOKEN_ANSWER,
        )
        if answer.status != 200:
            raise OutboundFailed(f"no token: the token URL answered with HTTP {answer.status}")
        return _token_in(answer.text)


def _token_in(text: str) -> _Token:
    try:
        found: Any = json.loads(text)
        value, seconds = found["access_token"], float(found.get("expires_in") or _USUAL_LIFETIME)
        usable = isinstance(value, str) and value.isascii() and value.isprintable() and value != ""
    except (ValueError, TypeError, KeyError, AttributeError, OverflowError, RecursionError):
        usable = False
    if not usable:
        raise OutboundFailed("no token: the token URL's answer has no access_token")
    return _Token(value, time.monotonic() + seconds - _LEEWAY)


def _key(auth: dict[str, str], secret: str) -> tuple[str, str]:
    return json.dumps(auth, sort_keys=True), secret


def _basic(pair: str) -> str:
    return f"Basic {base64.b64encode(pair.encode()).decode()}"
