"""Looks at what the server leans on, before it does: the store, the models, Redis."""

import asyncio
import json
import secrets
from collections.abc import AsyncIterator

import httpx
from redis import asyncio as redis
from redis.exceptions import RedisError

from app.core.object_store import ObjectStore, StorageError
from app.core.upstream_http import OPENAI_URL

# Seconds that each look may take. A store tries a few times itself.
_STORE_SECONDS = 30.0
_UPSTREAM_SECONDS = 15.0
_REDIS_SECONDS = 5.0

_PROBE = b"probe"


class Unreachable(Exception):
    """Nothing answers there, or not as it should; the message holds no secret."""


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
        raise StorageError("other bytes came back than were stored")


async def offered_models(base_url: str, api_key: str) -> frozenset[str] | None:
    """Return the models that the server lists; None where it has no such list.

    Empty `base_url`: OpenAI. Raises `Unreachable`, which says more than a status could.
    """
    headers = {"authorization": f"Bearer {api_key}"} if api_key else {}
    url = f"{(base_url or OPENAI_URL).rstrip('/')}/models"
    try:
        async with httpx.AsyncClient(timeout=_UPSTREAM_SECONDS) as client:
            response = await client.get(url, headers=headers)
    except (httpx.HTTPError, httpx.InvalidURL) as error:
        raise Unreachable(str(error) or type(error).__name__) from error
    if response.status_code >= 500:
        raise Unreachable(f"HTTP {response.status_code}")
    return _models(response)


async def ping_redis(url: str) -> None:
    """Ask Redis whether it is there. Raises `Unreachable`."""
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


def _models(response: httpx.Response) -> frozenset[str] | None:
    try:
        listed = json.loads(response.content)["data"] if response.is_success else None
        return frozenset(str(model["id"]) for model in listed) if listed else None
    except (ValueError, KeyError, TypeError):
        return None
