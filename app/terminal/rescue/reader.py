"""What a reader of a layout yields, and how it describes itself."""

import hashlib
import string
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from app.terminal.client import Object
from app.terminal.language import Said

_ALPHABET = string.digits + string.ascii_letters
_ID_LENGTH = 24
# The longest value of metadata, and the longest key.
_VALUE, _KEY, _PAIRS = 512, 64, 16


@dataclass(frozen=True)
class Content:
    """The bytes of a file whose object was yielded before; `pieces` may be called again."""

    file_id: str
    pieces: Callable[[], Iterable[bytes]]


@dataclass(frozen=True)
class LeftOut:
    """Something that can't be taken, and why; `example` says which."""

    why: Said
    example: str = ""


@dataclass(frozen=True)
class Done:
    """Everything of `key` was yielded, so it can be skipped if the command is repeated."""

    key: str


Found = Object | Content | LeftOut | Done


@dataclass(frozen=True)
class Reader:
    """A subcommand of `rescue`.

    `read` yields API objects, each after those that it refers to. Its parameters are the
    subcommand's own arguments and options. `limits` says what the source can't give back.
    """

    name: str
    help: str
    read: Callable[..., Iterator[Found]]
    limits: Said


def made_id(prefix: str, *parts: object) -> str:
    """Return an id for an object that has none here: the same for the same parts."""
    text = "\0".join(map(str, parts))
    number = int.from_bytes(hashlib.sha256(text.encode("utf-8", "replace")).digest())
    letters = []
    for _ in range(_ID_LENGTH):
        number, place = divmod(number, len(_ALPHABET))
        letters.append(_ALPHABET[place])
    joint = "-" if prefix == "file" else "_"
    return f"{prefix}{joint}{''.join(letters)}"


def as_metadata(pairs: Iterable[tuple[object, object]]) -> dict[str, str]:
    """Return metadata that the API accepts: texts that are not too long, and not too many."""
    kept: dict[str, str] = {}
    for name, value in pairs:
        if value is None or value == "" or len(kept) == _PAIRS:
            continue
        text = value if isinstance(value, str) else str(value)
        kept[str(name)[:_KEY]] = text[:_VALUE]
    return kept


def thread(thread_id: str, created_at: int, metadata: dict[str, str]) -> Object:
    return {
        "id": thread_id,
        "object": "thread",
        "created_at": created_at,
        "metadata": metadata,
        "tool_resources": {},
    }


def message(
    message_id: str,
    thread_id: str,
    created_at: int,
    role: str,
    content: str | list[dict[str, Any]],
    **values: Any,
) -> Object:
    parts = [text_part(content)] if isinstance(content, str) else content
    return {
        "id": message_id,
        "object": "thread.message",
        "created_at": created_at,
        "thread_id": thread_id,
        "role": role,
        "content": parts,
        "attachments": [],
        "metadata": {},
        "status": "completed",
        "completed_at": created_at,
        **values,
    }


def text_part(text: str, annotations: list[dict[str, Any]] | None = None) -> dict[str, Any]:
    return {"type": "text", "text": {"value": text, "annotations": annotations or []}}
