"""Counts requests: in this process, or in Redis for several processes together."""

import logging
import math
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from limits import RateLimitItem, parse_many
from limits.aio.storage import MemoryStorage, RedisStorage, Storage
from limits.aio.strategies import MovingWindowRateLimiter
from limits.errors import StorageError

from app.core.shared_counts import Counted, FirstProcess, NotCounted

if TYPE_CHECKING:
    from redis.asyncio import ConnectionPool

logger = logging.getLogger(__name__)

Hit = Callable[[RateLimitItem, tuple[str, ...]], Awaitable[Counted]]

# How many seconds to wait after Redis failed; meanwhile this process counts by itself.
_REDIS_PAUSE_SECONDS = 5.0


@dataclass(frozen=True)
class Standing:
    """A caller's quota: `remaining` of `limit` requests; it is full again in `reset` seconds.

    `allowed` is false for a request beyond the limit; after `retry_after` whole seconds another
    may succeed.
    """

    allowed: bool
    limit: int
    remaining: int
    reset: float
    retry_after: int


def is_rate(text: str) -> bool:
    """Return whether this is a rate such as `60/minute`, or several with `;` between them."""
    try:
        items = parse_many(text)
    except ValueError:
        return False
    # A limit of zero would refuse every request, and still say when to retry.
    return bool(items) and all(item.amount for item in items)


class RequestCounter:
    """Counts requests against limits such as `60/minute`, in moving windows."""

    def __init__(self, redis_url: str, first_process: FirstProcess | None = None) -> None:
        """`redis_url`: `redis://…`; empty: this process counts by itself, or, in a group of
        workers, their first process for all of them."""
        self._first_process = None if redis_url else first_process
        self._own = MovingWindowRateLimiter(MemoryStorage())
        self._connections = _connections(redis_url) if redis_url else None
        self._shared = (
            MovingWindowRateLimiter(_redis_storage(self._connections))
            if self._connections
            else None
        )
        self._redis_paused_until = 0.0

    async def count(self, rate: str, *who: str) -> Standing:
        """Count a request of `who`, unless it exceeds the limit."""
        if self._shared is not None and time.monotonic() >= self._redis_paused_until:
            try:
                return await _count(_hit_of(self._shared), rate, who)
            except StorageError as error:
                # Better than to refuse all requests, or to allow all.
                self._redis_paused_until = time.monotonic() + _REDIS_PAUSE_SECONDS
                logger.error("Redis failed, this process counts requests by itself: %s", error)
        if self._first_process is not None:
            try:
                return await _count(self._first_process.hit, rate, who)
            except NotCounted:
                logger.error("the first process did not answer, this one counts by itself")
        return await _count(_hit_of(self._own), rate, who)

    async def close(self) -> None:
        if self._connections is not None:
            await self._connections.aclose()


def _connections(url: str) -> "ConnectionPool":
    # Imported late: it takes a tenth of the startup time, and few servers use Redis.
    from redis.asyncio import ConnectionPool  # noqa: PLC0415

    return ConnectionPool.from_url(url, socket_timeout=1.0, socket_connect_timeout=1.0)


def _redis_storage(connections: Any) -> Storage:
    return RedisStorage(
        # Without an address: the pool has it, and connections outside the pool could not be closed.
        "async+redis://",
        wrap_exceptions=True,
        implementation="redispy",
        key_prefix="threadkeeper",
        connection_pool=connections,
    )


def _hit_of(limiter: MovingWindowRateLimiter) -> Hit:
    async def hit(item: RateLimitItem, who: tuple[str, ...]) -> Counted:
        allowed = await limiter.hit(item, *who)
        stats = await limiter.get_window_stats(item, *who)
        return allowed, stats.reset_time, stats.remaining

    return hit


async def _count(hit: Hit, rate: str, who: tuple[str, ...]) -> Standing:
    """Return the standing for the limit with the fewest requests remaining."""
    tightest: Standing | None = None
    for item in parse_many(rate):
        allowed, reset_time, remaining = await hit(item, who)
        reset = max(0.0, reset_time - time.time())
        retry_after = max(1, math.ceil(reset))
        standing = Standing(allowed, item.amount, remaining, reset, retry_after)
        if tightest is None or standing.remaining < tightest.remaining or not standing.allowed:
            tightest = standing
        if not standing.allowed:
            break
    assert tightest is not None, "a rate names at least one limit"
    return tightest
