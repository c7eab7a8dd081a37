"""A request's body as JSON, with what it holds of images and documents put in afterwards.

To look through tens of megabytes for characters to escape would take the process a third of a
second, in which it does nothing else.
"""

import json
import secrets
from typing import Any

from app.domain.errors import ModelError

# The lists of a request: of the Responses API, and of Chat Completions.
_ITEMS = ("input", "messages")
_LISTS = ("content", "output")
# A part's fields with a file, or with an object that contains one.
_FIELDS = ("image_url", "file_data", "file")
_INNER_FIELDS = ("url", "file_data")


class DataUrl(str):
    """A file in a request. It consists of characters that JSON doesn't escape."""

    __slots__ = ()


def request_json(request: dict[str, Any]) -> bytes:
    """Raises `ModelError` for what can't be written as JSON."""
    urls: list[DataUrl] = []
    # Nobody can have written it into the rest of the request.
    mark = secrets.token_hex(16)
    for name in _ITEMS:
        if isinstance(items := request.get(name), list):
            request = {**request, name: [_without_urls(item, mark, urls) for item in items]}
    try:
        text = json.dumps(request, ensure_ascii=False, allow_nan=False).encode()
    except (TypeError, ValueError):  # NaN, half a surrogate pair
        raise ModelError("invalid_prompt", "The request can't be written as JSON.") from None
    if not urls:
        return text
    first, *rest = text.split(mark.encode())
    pieces = [first]
    for url, piece in zip(urls, rest, strict=True):
        pieces += [url.encode(), piece]
    return b"".join(pieces)


def _without_urls(item: dict[str, Any], mark: str, urls: list[DataUrl]) -> dict[str, Any]:
    """Return the item with `mark` for each file in it, which is added to `urls`."""
    for name in _LISTS:
        if isinstance(parts := item.get(name), list):
            item = {**item, name: [_part_without_url(part, mark, urls) for part in parts]}
    return item


def _part_without_url(part: Any, mark: str, urls: list[DataUrl]) -> Any:
    if not isinstance(part, dict):
        return part
    for name in _FIELDS:
        if isinstance(inner := part.get(name), dict):
            part = {**part, name: _marked(inner, _INNER_FIELDS, mark, urls)}
    return _marked(part, _FIELDS, mark, urls)


def _marked(
    part: dict[str, Any], names: tuple[str, ...], mark: str, urls: list[DataUrl]
) -> dict[str, Any]:
    for name in names:
        if isinstance(url := part.get(name), DataUrl):
            urls.append(url)
            part = {**part, name: mark}
    return part
