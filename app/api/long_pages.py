"""Lists with much text, turned into JSON piece by piece, so that other requests have their turn."""

import asyncio
import json
from collections.abc import AsyncIterator, Mapping, Sequence
from typing import TypeVar

from fastapi.responses import StreamingResponse

from app.schemas.common import ListedObject, ListPage

# Up to this many characters take about a millisecond.
LONG = 256 * 1024

T = TypeVar("T", bound=ListedObject)


async def in_pieces(page: ListPage[T]) -> StreamingResponse:
    """Return what the framework would send for the page."""
    head = {"object": page.object, "data": []}
    tail = {"first_id": page.first_id, "last_id": page.last_id, "has_more": page.has_more}
    pieces = [_compact(head)[:-2]]
    for place, item in enumerate(page.data):
        pieces.append((b"," if place else b"") + item.model_dump_json(by_alias=True).encode())
        await asyncio.sleep(0)
    pieces.append(b"]," + _compact(tail)[1:])
    length = sum(map(len, pieces))
    return StreamingResponse(
        _each(pieces),
        headers={"content-length": str(length)},
        media_type="application/json",
    )


async def _each(pieces: Sequence[bytes]) -> AsyncIterator[bytes]:
    for piece in pieces:
        yield piece


def _compact(value: Mapping[str, object]) -> bytes:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode()
