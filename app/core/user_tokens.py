"""Tokens by which a site states who its visitor is: JSON Web Tokens that its backend signs."""

import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from app.core.session_tokens import jwt_library
from app.domain.errors import InvalidRequest, Unauthorized

_ALGORITHM = "HS256"
# How far ahead `exp` may be, and how far the clocks of the two servers may differ, in seconds.
LONGEST_LIFETIME = 24 * 3600
_LEEWAY = 60


class _Claims(BaseModel):
    model_config = ConfigDict(extra="ignore", strict=True, hide_input_in_errors=True)

    sub: str = Field(min_length=1, max_length=256)
    exp: int | float
    name: str | None = Field(default=None, max_length=256)
    email: str | None = Field(default=None, max_length=320)


@dataclass(frozen=True)
class User:
    """A visitor as his site names him; `subject` is unique within the project."""

    subject: str
    name: str | None
    email: str | None


def read_user_token(token: str, secrets: Sequence[str]) -> User:
    """Return whom the token is about. It must be signed with one of the secrets.

    Raises `InvalidRequest` if there is none, and `Unauthorized` for a token that is not valid
    (code `user_token_invalid`) or no longer valid (`user_token_expired`).
    """
    if not secrets:
        raise InvalidRequest(
            "No user tokens are accepted here: there is no secret for them. Make one in the "
            "console ('Put it on your site') or with POST /user_token_secrets, or set "
            "USER_TOKEN_SECRET for PUBLIC_PROJECT.",
            param="user",
            code="user_tokens_are_off",
        )
    claims = _checked(_decoded(token, secrets))
    if claims.exp > time.time() + LONGEST_LIFETIME + _LEEWAY:
        raise _invalid("its 'exp' is more than 24 hours ahead")
    return User(claims.sub, _kept(claims.name), _kept(claims.email))


def _decoded(token: str, secrets: Sequence[str]) -> dict[str, Any]:
    for secret in secrets:
        claims = _signed_with(secret, token)
        if claims is not None:
            return claims
    raise _invalid("its signature fits no secret of this chat's project")


def _signed_with(secret: str, token: str) -> dict[str, Any] | None:
    """Return the token's claims; None if it was signed with another secret."""
    jwt = jwt_library()
    try:
        claims: dict[str, Any] = jwt.decode(
            token,
            secret,
            # The only one: a token's own header must not choose how it is verified.
            [_ALGORITHM],
            leeway=_LEEWAY,
            # It may name an audience and an issuer for other readers.
            options={"require": ["sub", "exp"], "verify_aud": False, "verify_iss": False},
        )
    except jwt.ExpiredSignatureError:
        raise Unauthorized(
            "The user token has expired. Get a new one from the site's backend.",
            param="user",
            code="user_token_expired",
        ) from None
    except jwt.InvalidSignatureError:
        return None
    except jwt.InvalidAlgorithmError:
        raise _invalid("it is not signed with HS256") from None
    except jwt.MissingRequiredClaimError as error:
        raise _invalid(f"it lacks '{error.claim}'") from None
    except jwt.ImmatureSignatureError:
        raise _invalid("it is not valid yet") from None
    except jwt.InvalidTokenError:
        raise _invalid("it is not a JSON Web Token") from None
    return claims


def _checked(claims: dict[str, Any]) -> _Claims:
    try:
        read = _Claims.model_validate(claims)
    except ValidationError as error:
        raise _invalid(f"its '{error.errors()[0]['loc'][0]}' is invalid") from None
    if not read.sub.strip() or "\0" in f"{read.sub}{read.name}{read.email}":
        raise _invalid("its 'sub' is blank, or a text contains a null character")
    return read


def _kept(text: str | None) -> str | None:
    """Return a name or address on one line; None if nothing is left."""
    return " ".join((text or "").split()) or None


def _invalid(why: str) -> Unauthorized:
    return Unauthorized(
        f"The user token was refused: {why}.", param="user", code="user_token_invalid"
    )
