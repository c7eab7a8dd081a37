"""Pictures and documents that are kept here, for a model that is elsewhere: sent in the request."""

import logging
import mimetypes
from base64 import b64encode
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from app.core.object_store import ObjectStore, StorageError, file_key
from app.db import files
from app.db.database import Database
from app.db.file_rows import FileRow
from app.domain.errors import ModelError, NotFound
from app.schemas.messages import Said, text_part

logger = logging.getLogger(__name__)

# OpenAI takes no larger picture; it is read whole.
_MAX_BYTES = 20 * 1024 * 1024
# What one request may hold, each picture counted as often as it is sent: in memory it is there
# several times over while the request is made. OpenAI takes 50 MB of everything.
MAX_REQUEST_IMAGES = 100
MAX_REQUEST_IMAGE_BYTES = 32 * 1024 * 1024


_PICTURES = ("image_file", "image_url")
_TOO_MUCH = (
    f"The message's pictures are too many or too large: a request may hold {MAX_REQUEST_IMAGES} "
    f"pictures and {MAX_REQUEST_IMAGE_BYTES} bytes of them, each counted as often as it is named. "
    "Send fewer or smaller ones."
)
NOT_HERE = "(A picture that was here can't be shown: the file is deleted, unknown or too large.)"
LEFT_OUT = "(A picture that was here is left out: the request would hold too much.)"
_ANSWERED = ("input_image", "input_file")


@dataclass
class _Request:
    """What a request holds so far. `files` are None if they can't be sent."""

    images: int = 0
    bytes: int = 0
    full: bool = False
    files: dict[str, FileRow | None] = field(default_factory=dict)
    urls: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Sendable:
    """What a request may hold; `urls` are the pictures of messages, as data URLs by file id."""

    messages: list[Said]
    items: list[dict[str, Any]]
    urls: dict[str, str]


class Images:
    """Reads the pictures and documents that messages and tools' answers name by a file's id."""

    def __init__(self, database: Database, store: ObjectStore) -> None:
        self._database = database
        self._store = store

    async def of(
        self, project: str, messages: Sequence[Said], items: Sequence[dict[str, Any]]
    ) -> Sendable:
        """Return the messages and the run's items as they are sent, each file read once.

        A picture that the project doesn't have here is left out: its id might be one that the
        upstream's account has. If there are too many pictures, or too large ones, those of older
        messages are left out, and those of tools' answers before the newest message's; raises
        `ModelError` if those of the newest message alone are too much.
        """
        request = _Request()
        kept = await self._messages(request, project, messages)
        sent = [await self._item(request, project, item) for item in items]
        return Sendable(kept, sent, request.urls)

    async def _messages(
        self, request: _Request, project: str, messages: Sequence[Said]
    ) -> list[Said]:
        kept: list[Said] = []
        for message in reversed(messages):
            pictures = _shown_in(message)
            if not pictures:
                kept.append(message)
                continue
            if not request.full and await self._take(request, project, pictures):
                kept.append(_with_notes(message, request.urls))
                continue
            if message is messages[-1]:
                raise ModelError("invalid_prompt", _TOO_MUCH)
            logger.warning("pictures of older messages are left out of a request")
            request.full = True
            kept.append(_without_pictures(message))
        return kept[::-1]

    async def _item(self, request: _Request, project: str, item: dict[str, Any]) -> dict[str, Any]:
        """Return an item with the bytes of the files that a tool's answer names."""
        output = item.get("output")
        if item["type"] != "function_call_output" or not isinstance(output, list):
            return item
        return {**item, "output": [await self._answered(request, project, one) for one in output]}

    async def _answered(
        self, request: _Request, project: str, part: dict[str, Any]
    ) -> dict[str, Any]:
        if part["type"] not in _ANSWERED:
            return part
        file_id = part["file_id"]
        named = {"type": "image_file", "image_file": {"file_id": file_id}}
        if not await self._take(request, project, [named]):
            return {"type": "input_text", "text": LEFT_OUT}
        file, url = request.files[file_id], request.urls.get(file_id)
        if file is None or url is None:
            return {"type": "input_text", "text": NOT_HERE}
        if part["type"] == "input_image":
            return {"type": "input_image", "detail": "auto", "image_url": url}
        return {"type": "input_file", "filename": file.filename, "file_data": url}

    async def _take(self, request: _Request, project: str, pictures: list[dict[str, Any]]) -> bool:
        """Add a message's pictures to the request; False: they don't fit, and none is added."""
        sizes = [await self._size(request, project, part) for part in pictures]
        images, size = request.images + len(sizes), request.bytes + sum(sizes)
        if images > MAX_REQUEST_IMAGES or size > MAX_REQUEST_IMAGE_BYTES:
            return False
        request.images, request.bytes = images, size
        for part in pictures:
            if part["type"] == "image_file":
                await self._read(request, part["image_file"]["file_id"])
        return True

    async def _size(self, request: _Request, project: str, part: dict[str, Any]) -> int:
        if part["type"] == "image_url":
            return len(part["image_url"]["url"])
        file_id = part["image_file"]["file_id"]
        if file_id not in request.files:
            request.files[file_id] = await self._find(project, file_id)
        file = request.files[file_id]
        return 0 if file is None else file.bytes

    async def _find(self, project: str, file_id: str) -> FileRow | None:
        try:
            file: FileRow = await self._database.read(files.retrieve, project, file_id)
        except NotFound:
            return None
        if file.bytes > _MAX_BYTES:
            logger.warning("picture %s is too large for the model", file_id)
            return None
        return file

    async def _read(self, request: _Request, file_id: str) -> None:
        file = request.files[file_id]
        if file is None or file_id in request.urls:
            return
        try:
            content = await self._store.read_whole(file_key(file_id))
        except StorageError:
            logger.exception("picture %s could not be read", file_id)
            return
        kind = mimetypes.guess_type(file.filename)[0] or "image/png"
        request.urls[file_id] = f"data:{kind};base64,{b64encode(content).decode()}"


def _shown_in(message: Said) -> list[dict[str, Any]]:
    # What an assistant showed is not sent again.
    if message.role == "assistant":
        return []
    return [part for part in message.content if part["type"] in _PICTURES]


def _with_notes(message: Said, urls: Mapping[str, str]) -> Said:
    """Return the message with a note in place of each picture that isn't among `urls`."""
    content = [
        text_part(NOT_HERE)
        if part["type"] == "image_file" and part["image_file"]["file_id"] not in urls
        else part
        for part in message.content
    ]
    return message._replace(content=content)


def _without_pictures(message: Said) -> Said:
    content = [
        text_part(LEFT_OUT) if part["type"] in _PICTURES else part for part in message.content
    ]
    return message._replace(content=content)
