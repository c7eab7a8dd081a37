"""Conversations and their items, as OpenAI's Conversations API returns them."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from app.terminal.client import Object
from app.terminal.language import Said, both
from app.terminal.rescue.dates import reader_of_times
from app.terminal.rescue.json_files import (
    TOO_LARGE,
    UNREADABLE,
    Folder,
    NotJson,
    TooLarge,
    values_in,
)
from app.terminal.rescue.openai_objects import SourceArgument
from app.terminal.rescue.reader import (
    Found,
    LeftOut,
    Reader,
    as_metadata,
    made_id,
    message,
    text_part,
    thread,
)

_time = reader_of_times()


class _Conversation:
    """A conversation that is being read; its items have no times of their own."""

    def __init__(self, conversation_id: str, created: int, metadata: Any) -> None:
        self.id = conversation_id
        self.created = created
        self.metadata = metadata if isinstance(metadata, dict) else {}
        # An id of the Conversations API says more than one of ours.
        self.thread_id = (
            conversation_id
            if conversation_id.startswith("thread_")
            else made_id("thread", "conversation", conversation_id)
        )
        self.items = 0

    def thread(self) -> Object:
        pairs = [("conversation_id", self.id), *self.metadata.items()]
        return thread(self.thread_id, self.created, as_metadata(pairs))


def _read(source: SourceArgument) -> Iterator[Found]:
    folder = Folder(source)
    for name in folder.names():
        if name.lower().endswith((".json", ".jsonl", ".ndjson")):
            yield from _Reading(folder, name).read()


class _Reading:
    def __init__(self, folder: Folder, name: str) -> None:
        self._folder = folder
        self._name = name
        path = folder.path / name if folder.path.is_dir() else folder.path
        self._written = int(path.stat().st_mtime)
        self._current: _Conversation | None = None

    def read(self) -> Iterator[Found]:
        for value in values_in(self._folder, self._name):
            if isinstance(value, NotJson):
                yield LeftOut(UNREADABLE, value.reason)
            elif isinstance(value, TooLarge):
                yield LeftOut(TOO_LARGE, self._name)
            elif isinstance(value, dict):
                yield from self._value(value)

    def _value(self, value: Object) -> Iterator[Found]:
        inner = value.get("conversation")
        if value.get("object") == "conversation":
            yield from self._begin(value)
        elif isinstance(inner, dict):
            yield from self._begin(inner)
        elif isinstance(named := inner or value.get("conversation_id"), str) and (
            self._current is None or self._current.id != named
        ):
            yield from self._begin({"id": named})
        page, items = value, value.get("items", value.get("data"))
        if isinstance(items, dict):
            page, items = items, items.get("data")
        if isinstance(items, list):
            # A page lists the newest first, unless the request said otherwise.
            for item in reversed(items) if _is_newest_first(page) else items:
                yield from self._item(item)
        elif "type" in value:
            yield from self._item(value)

    def _begin(self, value: Object) -> Iterator[Found]:
        created = _time(value.get("created_at")) or self._written
        name = str(value.get("id") or Path(self._name).stem)
        self._current = _Conversation(name, created, value.get("metadata"))
        yield self._current.thread()

    def _item(self, item: Any) -> Iterator[Found]:
        kind = item.get("type") if isinstance(item, dict) else None
        if kind != "message":
            yield LeftOut(_OTHER_ITEM, str(kind))
            return
        if item.get("role") not in ("user", "assistant"):
            yield LeftOut(_OTHER_ROLE, str(item.get("role")))
            return
        if self._current is None:
            yield from self._begin({})
        assert self._current is not None
        current = self._current
        place, current.items = current.items, current.items + 1
        parts: list[Object] = []
        for part in item.get("content") or []:
            made = _part(part)
            if isinstance(made, LeftOut):
                yield made
            else:
                parts.append(made)
        if isinstance(item.get("content"), str):
            parts = [text_part(item["content"])]
        yield message(
            made_id("msg", current.thread_id, item.get("id") or place),
            current.thread_id,
            _time(item.get("created_at")) or current.created,
            item["role"],
            parts,
            metadata=as_metadata([("item_id", item.get("id"))]),
        )


def _is_newest_first(page: Object) -> bool:
    return page.get("object") == "list" and page.get("order") != "asc"


def _part(part: Any) -> Object | LeftOut:
    kind = part.get("type") if isinstance(part, dict) else None
    match kind:
        case "input_text" | "output_text" | "text" | "summary_text":
            return text_part(str(part.get("text") or ""))
        case "refusal":
            return {"type": "refusal", "refusal": str(part.get("refusal") or "")}
        case "input_image" if part.get("image_url"):
            url = {"url": part["image_url"], "detail": part.get("detail") or "auto"}
            return {"type": "image_url", "image_url": url}
        case "input_image" if part.get("file_id"):
            file = {"file_id": part["file_id"], "detail": part.get("detail") or "auto"}
            return {"type": "image_file", "image_file": file}
    return LeftOut(_OTHER_PART, str(kind))


_OTHER_ITEM = Said("items that are no messages", "메시지가 아닌 항목")
_OTHER_ROLE = Said("messages of other roles", "역할이 다른 메시지")
_OTHER_PART = Said("parts of messages of an unknown kind", "알 수 없는 종류의 메시지 조각")

READER = Reader(
    "conversations",
    both(
        "Conversations with their items, saved from the Conversations API.",
        "Conversations API에서 저장한 대화와 항목.",
    ),
    _read,
    Said(
        "the times of items, which that API does not have; tool calls; citations",
        "항목의 시각(그 API에 없습니다), 도구 호출, 인용 표시",
    ),
)
