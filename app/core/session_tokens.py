"""Signed tokens that let a browser continue its own conversations, and nothing else."""

import time
from dataclasses import dataclass
from functools import cache
from importlib import import_module
from typing import Any

from app.domain.errors import Unauthorized

_ALGORITHM = "HS256"
_AUDIENCE = "threadkeeper/chat"
# For how many seconds after it was issued a token can be exchanged for a new one.
_RENEWABLE_SECONDS = 30 * 24 * 3600


@cache
def jwt_library() -> Any:
    """Import and return PyJWT; with cryptography, it takes 10 MiB, for the first token only."""
    return import_module("jwt")


@dataclass(frozen=True)
class IssuedToken:
    token: str
    expires_at: int


@dataclass(frozen=True)
class Session:
    """A browser's session. `site`: the identity of the site's key that it was begun with.

    `of_user`: a site vouches for its visitor.
    """

    id: str
    site: str | None = None
    of_user: bool = False


class SessionTokens:
    """Issues and reads JSON Web Tokens, signed with a secret that all processes share."""

    def __init__(self, secret: str, *, lifetime_seconds: int) -> None:
        self._secret = secret
        self._lifetime = lifetime_seconds

    def issue(self, session: str, *, of_user: bool = False, site: str | None = None) -> IssuedToken:
        """`of_user`: the session of a visitor whom his site vouches for. `site`: its site's key."""
        moment = int(time.time())
        expires_at = moment + self._lifetime
        claims: dict[str, Any] = {
            "sub": session,
            "aud": _AUDIENCE,
            "iat": moment,
            "exp": expires_at,
        }
        if of_user:
            claims["user"] = True
        if site is not None:
            claims["site"] = site
        token = jwt_library().encode(claims, self._secret, _ALGORITHM)
        return IssuedToken(token, expires_at)

    def is_of_user(self, token: str) -> bool:
        """Return whether this is our token, expired or not, for a user's session."""
        try:
            claims = self._read(token, verify_exp=False)
        except jwt_library().InvalidTokenError:
            claims = {}
        return "user" in claims

    def session_of(self, token: str) -> Session | None:
        """Return the token's session; None if the token is not one of ours.

        Raises `Unauthorized` if the token has expired.
        """
        try:
            claims = self._read(token, verify_exp=True)
        except jwt_library().ExpiredSignatureError:
            raise Unauthorized(
                "This chat session's access has expired; renew it at /chat/sessions.",
                code="session_expired",
            ) from None
        except jwt_library().InvalidTokenError:
            return None
        return Session(str(claims["sub"]), claims.get("site"), of_user="user" in claims)

    def renewable_session(self, token: str, *, site: str | None = None) -> str | None:
        """Return the session that may get a new token; None if it may not.

        The session of a user is not renewable: his site has to vouch for him again. One that was
        begun with a site's key needs that `site` again.
        """
        try:
            claims = self._read(token, verify_exp=False)
        except jwt_library().InvalidTokenError:
            return None
        if "user" in claims or claims.get("site") != site:
            return None
        if int(claims["iat"]) + max(_RENEWABLE_SECONDS, self._lifetime) < time.time():
            return None
        return str(claims["sub"])

    def _read(self, token: str, *, verify_exp: bool) -> dict[str, Any]:
        claims: dict[str, Any] = jwt_library().decode(
            token,
            self._secret,
            [_ALGORITHM],
            audience=_AUDIENCE,
            # `iat` is not verified: the clock of the server that issued it may be ahead of ours.
            options={
                "require": ["sub", "iat", "exp"],
                "verify_exp": verify_exp,
                "verify_iat": False,
            },
        )
        return claims
