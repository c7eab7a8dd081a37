"""Puts images and documents that are stored here into the request to the upstream."""

import logging
import mimetypes
from base64 import b64encode
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from app.core.object_store import ObjectStore, StorageError, file_key
from app.core.request_json import DataUrl
from app.db import files
from app.db.database import Database
from app.db.file_rows import FileRow
from app.domain.errors import ModelError, NotFound
from app.schemas.messages import Said, text_part

logger = logging.getLogger(__name__)

# OpenAI rejects larger images. An image is read into memory whole.
_MAX_BYTES = 20 * 1024 * 1024
# The limits of one request; an image is counted as often as it is sent. While the request is
# built, memory contains several copies of each. OpenAI accepts requests of up to 50 MB.
MAX_REQUEST_IMAGES = 100
MAX_REQUEST_IMAGE_BYTES = 32 * 1024 * 1024


_IMAGES = ("image_file", "image_url")
_TOO_MUCH = (
    f"The message has too many images or they are too large. A request may contain at most "
    f"{MAX_REQUEST_IMAGES} images with {MAX_REQUEST_IMAGE_BYTES} bytes in total, and an image "
    "that is used twice counts twice. Send fewer or smaller images."
)
NOT_HERE = "(An image cannot be shown here: its file was deleted, is unknown or is too large.)"
LEFT_OUT = "(An image was left out here because the request would be too large.)"
_FILE_PARTS = ("input_image", "input_file")


@dataclass
class _Request:
    """What a request contains so far. A value in `files` is None if the file can't be sent."""

    images: int = 0
    bytes: int = 0
    full: bool = False
    files: dict[str, FileRow | None] = field(default_factory=dict)
    urls: dict[str, DataUrl] = field(default_factory=dict)


@dataclass(frozen=True)
class Sendable:
    """What a request contains; `urls` are the images of messages, as data URLs by file id."""

    messages: list[Said]
    items: list[dict[str, Any]]
    urls: dict[str, DataUrl]


class Images:
    """Reads the images and documents that messages and tool outputs name by file id."""

    def __init__(self, database: Database, store: ObjectStore) -> None:
        self._database = database
        self._store = store

    async def of(
        self, project: str, messages: Sequence[Said], items: Sequence[dict[str, Any]]
    ) -> Sendable:
        """Return the messages and the run's items as they are sent. Each file is read once.

        An image that the project doesn't have on this server is left out: its id might belong to
        a file in the upstream's account. If the images are too many or too large, those of older
        messages are left out, and those of tool outputs before the newest message's. Raises
        `ModelError` if those of the newest message alone are too many or too large.
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
            images = _images_in(message)
            if not images:
                kept.append(message)
                continue
            if not request.full and await self._take(request, project, images):
                kept.append(_with_notes(message, request.urls))
                continue
            if message is messages[-1]:
                raise ModelError("invalid_prompt", _TOO_MUCH)
            logger.warning("images of older messages were left out of a request")
            request.full = True
            kept.append(_without_images(message))
        return kept[::-1]

    async def _item(self, request: _Request, project: str, item: dict[str, Any]) -> dict[str, Any]:
        """Return an item with the bytes of the files that a tool output names."""
        output = item.get("output")
        if item["type"] != "function_call_output" or not isinstance(output, list):
            return item
        return {
            **item,
            "output": [await self._output_part(request, project, one) for one in output],
        }

    async def _output_part(
        self, request: _Request, project: str, part: dict[str, Any]
    ) -> dict[str, Any]:
        if part["type"] not in _FILE_PARTS:
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

    async def _take(self, request: _Request, project: str, parts: list[dict[str, Any]]) -> bool:
        """Add a message's images to the request; return False, and add none, if they don't fit."""
        sizes = [await self._size(request, project, part) for part in parts]
        images, size = request.images + len(sizes), request.bytes + sum(sizes)
        if images > MAX_REQUEST_IMAGES or size > MAX_REQUEST_IMAGE_BYTES:
            return False
        request.images, request.bytes = images, size
        for part in parts:
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
            logger.warning("image %s is too large for the model", file_id)
            return None
        return file

    async def _read(self, request: _Request, file_id: str) -> None:
        file = request.files[file_id]
        if file is None or file_id in request.urls:
            return
        try:
            content = await self._store.read_whole(file_key(file_id))
        except StorageError:
            logger.exception("image %s could not be read", file_id)
            return
        kind = mimetypes.guess_type(file.filename)[0] or "image/png"
        request.urls[file_id] = DataUrl(f"data:{kind};base64,{b64encode(content).decode()}")


def _images_in(message: Said) -> list[dict[str, Any]]:
    # Images in an assistant's message are not sent back to the model.
    if message.role == "assistant":
        return []
    return [part for part in message.content if part["type"] in _IMAGES]


def _with_notes(message: Said, urls: Mapping[str, str]) -> Said:
    """Return the message with a note in place of each image that isn't in `urls`."""
    content = [
        text_part(NOT_HERE)
        if part["type"] == "image_file" and part["image_file"]["file_id"] not in urls
        else part
        for part in message.content
    ]
    return message._replace(content=content)


def _without_images(message: Said) -> Said:
    content = [text_part(LEFT_OUT) if part["type"] in _IMAGES else part for part in message.content]
    return message._replace(content=content)
