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
from app.core.logging import current_request_id
from app.core.rate_limits import RequestCounter, Standing
from app.domain.access import Caller
from app.domain.errors import Forbidden, InvalidRequest, LimitReached, Unauthorized
from app.domain.hosts import network_of
from app.domain.turns import work_for
from app.services.access import AccessService

# How often one address may try an unknown key if RATE_LIMIT is not set.
_WRONG_KEYS = "100/minute"

# The operations that a browser's session may call, on its own threads.
SESSION_OPERATIONS = frozenset(
    {
        "retrieve_caller",
        "chat",
        "list_threads",
        "delete_threads",
        "retrieve_thread",
        "delete_thread",
        "list_messages",
        "retrieve_message",
        "update_message",
        "delete_message",
        "give_feedback",
        "list_feedback",
        "list_runs",
        "retrieve_run",
        "follow_run",
        "cancel_run",
        "list_steps",
        "retrieve_step",
        "retrieve_handover",
        "request_handover",
        "cancel_handover",
        # Only the files that a tool made for this session.
        "retrieve_file",
        "retrieve_file_content",
    }
)


@dataclass(frozen=True)
class GuardPolicy:
    """Rates are written as `60/minute`; empty means unlimited. `origins` are the CORS origins.

    `visitor_body_bytes`: the largest body of a session's request.

    `local_only`: no keys are set and only this machine may call. `open_hosts`: no keys are set and
    other machines may call, under these host names; None if keys are set.
    """

    rate: str
    public_rate: str
    visitor_body_bytes: int
    origins: Collection[str]
    local_only: bool
    open_hosts: Collection[str] | None


class Guard:
    def __init__(self, access: AccessService, counter: RequestCounter, policy: GuardPolicy) -> None:
        self._access = access
        self._counter = counter
        self._policy = policy

    def under(self, access: AccessService, policy: GuardPolicy) -> "Guard":
        """Return a guard with another policy that shares this one's request counts."""
        return Guard(access, self._counter, policy)

    async def admit(self, request: Request, operation: str) -> Caller:
        """Return the caller. Raises `Unauthorized`, `Forbidden` and `LimitReached`."""
        self._check_site(request)
        credential = credential_of(request)
        try:
            caller = self._access.identify(credential)
        except Unauthorized:
            # Counted too: otherwise a client could try keys without limit.
            await self._count(request, self._policy.rate or _WRONG_KEYS * bool(credential), "-")
            raise
        # Also for a request that is refused below.
        request.state.caller = caller
        if caller.session is not None:
            await self._count(request, self._policy.public_rate, "public")
            if operation not in SESSION_OPERATIONS:
                raise Forbidden(
                    "A chat session may only chat and read its own threads.",
                    code="session_not_allowed",
                )
            self._check_body(request)
        else:
            await self._count(request, self._policy.rate, caller.key or "-")
        work_for(caller.project)
        return replace(caller, request_id=current_request_id())

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
        if not is_known_origin(request, self._policy.origins):
            raise foreign_origin()
        await self._count(request, self._policy.public_rate, "public")

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
        if self._policy.local_only:
            check_local(request, self._policy.origins)
        elif self._policy.open_hosts is not None:
            check_site(request, self._policy.origins, self._policy.open_hosts)

    async def _count(self, request: Request, rate: str, who: str) -> None:
        if not rate:
            return
        standing = await self._counter.count(rate, who, network_of(address_of(request)))
        headers = _headers(standing)
        request.state.rate_limit = headers
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
