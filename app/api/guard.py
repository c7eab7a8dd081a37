"""Access control: identifies the caller of every guarded request, and enforces the rate limits."""

import math
from collections.abc import Collection
from dataclasses import dataclass, replace

from fastapi import Request

from app.api.credentials import credential_of
from app.api.local_only import (
    address_of,
    check_local,
    check_site,
    foreign_origin,
    is_known_origin,
    is_own_page,
)
from app.api.packed import TOO_LARGE
from app.api.scopes import check_admin_operation, check_origin, check_scope, not_the_admin
from app.core.logging import current_request_id
from app.core.rate_limits import RequestCounter, Standing
from app.domain.access import Caller, KeyLimits
from app.domain.errors import Forbidden, InvalidRequest, LimitReached, Unauthorized
from app.domain.hosts import network_of
from app.domain.turns import work_for
from app.services.access import AccessService

# How often one address may try an unknown key if RATE_LIMIT is not set.
_WRONG_KEYS = "100/minute"


@dataclass(frozen=True)
class GuardPolicy:
    """Rates are written as `60/minute`; empty means unlimited. `origins` are the CORS origins.

    `visitor_body_bytes`: the largest body of a session's request.

    As long as there are no keys: `local_only` lets only this machine call; otherwise other machines
    may call, under the host names `open_hosts`.
    """

    rate: str
    public_rate: str
    visitor_body_bytes: int
    origins: Collection[str]
    local_only: bool
    open_hosts: Collection[str]


class Guard:
    def __init__(self, access: AccessService, counter: RequestCounter, policy: GuardPolicy) -> None:
        self._access = access
        self._counter = counter
        self._policy = policy

    def under(self, access: AccessService, policy: GuardPolicy) -> "Guard":
        """Return a guard with another policy that shares this one's request counts."""
        return Guard(access, self._counter, policy)

    async def admit(
        self, request: Request, operation: str, *, administrative: bool = False
    ) -> Caller:
        """Return the caller. Raises `Unauthorized`, `Forbidden` and `LimitReached`.

        `administrative`: only the holder of `ADMIN_KEY` may call the operation.
        """
        self._check_site(request)
        credential = credential_of(request)
        try:
            caller = await self._access.identify(credential)
        except Unauthorized:
            # Counted too: otherwise a client could try keys without limit.
            await self._count(request, self._policy.rate or _WRONG_KEYS * bool(credential), "-")
            raise
        # Also for a request that is refused below.
        request.state.caller = caller
        if caller.is_public:
            await self._count(request, self._policy.public_rate, "public")
        if not caller.is_visitor:
            await self._count(request, self._policy.rate, caller.key or "-")
        if caller.limits is not None:
            check_origin(request, caller.limits)
            await self._count_key(request, caller.limits)
        self._check_operation(caller, request.method, operation, administrative=administrative)
        if caller.is_public:
            self._check_body(request)
        work_for(caller.project)
        return replace(caller, request_id=current_request_id())

    async def admit_site(self, request: Request, key: str) -> Caller:
        """Return the caller whose key a page has, to start a session.

        Raises `Unauthorized`, `Forbidden` and `LimitReached`.
        """
        try:
            caller = await self._access.site_of(key)
        except Unauthorized:
            await self._count(request, self._policy.rate or _WRONG_KEYS, "-")
            raise
        assert caller.limits is not None
        await self._count(request, self._policy.public_rate, "public")
        check_origin(request, caller.limits)
        await self._count_key(request, caller.limits)
        work_for(caller.project)
        return caller

    async def admit_visitor(self, request: Request) -> None:
        """Check that a page may start a session. Raises `Forbidden` and `LimitReached`."""
        # A session from a refused site would be useless: all its calls would be refused too.
        self._check_site(request)
        own = self._access.lets_own_pages_chat and is_own_page(request)
        if not (own or self._access.has_public_chat):
            raise Forbidden(
                "This server has no public chat. Set PUBLIC_CHAT=true to let pages chat without a "
                "key, and name their origins in CORS_ORIGINS.",
                code="public_chat_is_off",
            )
        if not is_known_origin(request, self._origins):
            raise foreign_origin()
        await self._count(request, self._policy.public_rate, "public")

    def _check_operation(
        self, caller: Caller, method: str, operation: str, *, administrative: bool
    ) -> None:
        check_scope(caller, method, operation)
        if caller.kind == "admin":
            check_admin_operation(operation, administrative=administrative)
        elif administrative:
            raise not_the_admin(has_admin=self._access.has_admin)

    def _check_body(self, request: Request) -> None:
        """Refuse a large body before reading any of it: anybody may start a session."""
        if "transfer-encoding" in request.headers:
            raise InvalidRequest(
                "The request's body needs a 'Content-Length'.",
                code="content_length_required",
                status=411,
            )
        length = request.headers.get("content-length", "0")
        if length.isdecimal() and int(length) > self._policy.visitor_body_bytes:
            raise TOO_LARGE

    def _check_site(self, request: Request) -> None:
        if not self._access.is_open:
            return
        if self._policy.local_only:
            check_local(request, self._origins)
        else:
            check_site(request, self._origins, self._policy.open_hosts)

    @property
    def _origins(self) -> Collection[str]:
        """The origins of the settings, and those that were added since."""
        added = self._access.added_origins
        return added.union(self._policy.origins) if added else self._policy.origins

    async def _count(self, request: Request, rate: str, who: str) -> None:
        if rate:
            self._admit_by(
                request, rate, await self._counter.count(rate, who, network_of(address_of(request)))
            )

    async def _count_key(self, request: Request, limits: KeyLimits) -> None:
        """Count a request of the key, from whatever address."""
        if limits.rate:
            standing = await self._counter.count(limits.rate, "key", limits.identity)
            self._admit_by(request, limits.rate, standing)

    @staticmethod
    def _admit_by(request: Request, rate: str, standing: Standing) -> None:
        before: Standing | None = getattr(request.state, "standing", None)
        if before is None or not standing.allowed or standing.remaining < before.remaining:
            request.state.standing = standing
            request.state.rate_limit = _headers(standing)
        if not standing.allowed:
            seconds = standing.retry_after
            raise LimitReached(
                f"Rate limit reached: {rate}. Please try again in {seconds}s.",
                code="rate_limit_exceeded",
                headers={"retry-after": str(seconds)},
            )


def _headers(standing: Standing) -> dict[str, str]:
    """Return the caller's rate limit status as OpenAI's response headers."""
    return {
        "x-ratelimit-limit-requests": str(standing.limit),
        "x-ratelimit-remaining-requests": str(standing.remaining),
        "x-ratelimit-reset-requests": f"{math.ceil(standing.reset)}s",
    }
