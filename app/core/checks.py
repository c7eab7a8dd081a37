"""Checks of the services that the server depends on: the store, Redis."""

import asyncio
import secrets
from collections.abc import AsyncIterator

from redis import asyncio as redis
from redis.exceptions import RedisError

from app.core.object_store import ObjectStore, StorageError

# Seconds that each check may take. The store's client retries a few times itself.
_STORE_SECONDS = 30.0
_REDIS_SECONDS = 5.0

_PROBE = b"probe"


class Unreachable(Exception):
    """The service does not answer, or not as expected; the message contains no secret."""


async def probe_store(url: str) -> None:
    """Put, read and delete a few bytes. Raises `StorageError`."""
    key = f"probe-{secrets.token_hex(8)}"
    try:
        async with asyncio.timeout(_STORE_SECONDS):
            store = ObjectStore(url)
            await store.put(key, _once(_PROBE))
            try:
                found = await store.read_whole(key)
            finally:
                await store.delete(key)
    except TimeoutError as error:
        raise StorageError(f"no answer within {_STORE_SECONDS:g} seconds") from error
    if found != _PROBE:
        raise StorageError("the store returned different bytes than were stored")


async def ping_redis(url: str) -> None:
    """Check that Redis answers. Raises `Unreachable`."""
    try:
        client = redis.Redis.from_url(
            url, socket_connect_timeout=_REDIS_SECONDS, socket_timeout=_REDIS_SECONDS
        )
        async with client:
            await client.ping()
    except (RedisError, OSError, ValueError) as error:
        raise Unreachable(str(error) or type(error).__name__) from error


async def _once(content: bytes) -> AsyncIterator[bytes]:
    yield content
