"""Requests that are sent again, as the SDKs do it."""

from typing import Any
from uuid import uuid4

import httpx

from tests.support.waiting import wait_until


def counted(repeats: int) -> dict[str, str]:
    """Return the header of a request that was sent so many times before."""
    return {"x-stainless-retry-count": str(repeats)}


def keyed(key: str) -> dict[str, str]:
    return {"idempotency-key": key}


def made(http: httpx.Client, path: str, body: Any, headers: dict[str, str]) -> Any:
    """Return the answer to a request, which must be a success."""
    response = http.post(path, json=body, headers=headers)
    assert response.status_code == 200, response.text
    return response.json()


def wait_until_repeats_are_known(http: httpx.Client) -> None:
    """Wait until a server is sure of them all: just after its start it can't be."""

    def is_known() -> bool:
        body = {"name": uuid4().hex}
        ids = {made(http, "/vector_stores", body, counted(number))["id"] for number in (0, 1)}
        for store_id in ids:
            http.delete(f"/vector_stores/{store_id}")
        return len(ids) == 1

    wait_until(is_known)
