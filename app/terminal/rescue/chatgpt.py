"""ChatGPT's data export: `conversations.json`, the newer `conversations-000.json` …, or the ZIP.

A conversation is a tree of messages, of which `current_node` is the end of the branch that was
shown last. Of that branch, what ChatGPT itself shows is taken.
"""

import re
from collections.abc import Iterator
from pathlib import PurePosixPath
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
    Content,
    Found,
    LeftOut,
    Reader,
    as_metadata,
    made_id,
    message,
    text_part,
    thread,
)

_CONVERSATIONS = re.compile(r"conversations(-\d+)?\.json")
# What ChatGPT puts around its references: private characters that nothing else shows.
_REFERENCES = re.compile("\ue200[^\ue201]*\ue201|[\ue200-\ue2ff]")
_ASSET = re.compile(r"^(?:file-service|sediment)://(file[-_][A-Za-z0-9]+)")
_IMAGES = (".png", ".jpg", ".jpeg", ".gif", ".webp")
# Kinds of content that are no part of the conversation that was shown.
_HIDDEN = (
    *("thoughts", "reasoning_recap", "user_editable_context", "model_editable_context"),
    *("system_error", "tether_browsing_display", "app_pairing_content"),
)
_MOST_NODES = 100_000
_time = reader_of_times()


class _Unusable(ValueError):
    """A conversation that does not have the form of one."""


def _read(source: SourceArgument) -> Iterator[Found]:
    folder = Folder(source)
    names = folder.names()
    images = _images(names)
    wanted = [name for name in names if _CONVERSATIONS.fullmatch(PurePosixPath(name).name)]
    # A single file may have any name.
    for name in sorted(wanted) or names[:1]:
        for value in values_in(folder, name):
            if isinstance(value, NotJson):
                yield LeftOut(UNREADABLE, value.reason)
            elif isinstance(value, TooLarge):
                yield LeftOut(TOO_LARGE, f"{name}: {value.place}")
            else:
                yield from _conversation(value, folder, images)


def _images(names: list[str]) -> dict[str, str]:
    """Return the names of the images in the export, by the ids that messages call them by."""
    found = {}
    for name in names:
        base = PurePosixPath(name).name
        if base.lower().endswith(_IMAGES) and (match := re.match(r"file[-_][A-Za-z0-9]+", base)):
            found[match[0]] = name
    return found


def _conversation(value: Any, folder: Folder, images: dict[str, str]) -> Iterator[Found]:
    """Yield a conversation's thread and messages; a bad one is left out, and stops nothing."""
    try:
        found = [*_Conversation(value, folder, images).read()]
    except (_Unusable, AttributeError, KeyError, TypeError, ValueError):
        named = value.get("title") or value.get("id") if isinstance(value, dict) else None
        yield LeftOut(_BAD, str(named or ""))
        return
    yield from found


class _Conversation:
    def __init__(self, value: Any, folder: Folder, images: dict[str, str]) -> None:
        if not isinstance(value, dict) or not isinstance(value.get("mapping"), dict):
            raise _Unusable
        self._value = value
        self._folder = folder
        self._images = images
        own_id = value.get("conversation_id") or value.get("id")
        self._id = str(own_id or f"{value.get('title')}{value.get('create_time')}")
        self._thread_id = made_id("thread", "chatgpt", self._id)
        self._newest = _time(value.get("create_time")) or 0

    def read(self) -> Iterator[Found]:
        value = self._value
        said = [one for node in self._branch() for one in self._message(node)]
        if not any(isinstance(one, dict) and one.get("object") == "thread.message" for one in said):
            yield from (one for one in said if isinstance(one, LeftOut))
            yield LeftOut(_EMPTY, str(value.get("title") or self._id))
            return
        pairs = [
            ("title", value.get("title")),
            ("chatgpt_id", self._id),
            ("model", value.get("default_model_slug")),
            ("gpt_id", value.get("gizmo_id")),
        ]
        created = _time(value.get("create_time")) or 0
        # Files come before the messages that show them.
        yield from (one for one in said if _is_file(one))
        yield thread(self._thread_id, created, as_metadata(pairs))
        yield from (one for one in said if not _is_file(one))

    def _branch(self) -> list[Object]:
        """Return the messages of the branch that was shown last, oldest first."""
        mapping = self._value["mapping"]
        node_id: Any = self._value.get("current_node")
        if node_id not in mapping:
            node_id = _last_leaf(mapping)
        found: list[Object] = []
        seen: set[str] = set()
        while node_id in mapping and node_id not in seen and len(seen) < _MOST_NODES:
            seen.add(node_id)
            node = mapping[node_id]
            if isinstance(node.get("message"), dict):
                found.append({"id": node_id, **node["message"]})
            node_id = node.get("parent")
        return found[::-1]

    def _message(self, one: Object) -> Iterator[Found]:
        author = one.get("author") or {}
        role, content = author.get("role"), one.get("content") or {}
        metadata = one.get("metadata") or {}
        if role not in ("user", "assistant"):
            if role == "tool":
                yield LeftOut(_TOOL)
            return
        kind = content.get("content_type")
        hidden = metadata.get("is_visually_hidden_from_conversation") or one.get("weight") == 0
        if hidden or kind in _HIDDEN:
            return
        if one.get("recipient") not in (None, "all"):
            yield LeftOut(_TOOL)
            return
        parts: list[Object] = []
        for made in self._parts(content):
            if isinstance(made, dict) and "object" not in made:
                parts.append(made)
            else:
                yield made
        if parts:
            # A message without a time is as old as the one before it.
            self._newest = _time(one.get("create_time")) or self._newest
            yield message(
                made_id("msg", self._thread_id, one.get("id")),
                self._thread_id,
                self._newest,
                role,
                parts,
                metadata=as_metadata([("model", metadata.get("model_slug"))]),
            )

    def _parts(self, content: Object) -> Iterator[Found]:
        kind = content.get("content_type")
        given = content.get("parts")
        if kind == "code":
            yield text_part(f"```\n{content.get('text') or ''}\n```")
            return
        if not isinstance(given, list):
            given = [content["text"]] if isinstance(content.get("text"), str) else []
            if not given:
                yield LeftOut(_OTHER, str(kind))
        for part in given:
            if isinstance(part, str):
                if text := _REFERENCES.sub("", part).strip():
                    yield text_part(text)
            elif isinstance(part, dict):
                yield from self._part(part)

    def _part(self, part: Object) -> Iterator[Found]:
        if isinstance(part.get("text"), str) and part["text"].strip():
            # What was said in a voice conversation.
            yield text_part(part["text"])
            return
        match = _ASSET.match(str(part.get("asset_pointer") or ""))
        name = self._images.get(match[1]) if match else None
        if match is None or name is None:
            yield LeftOut(_NO_IMAGE if match else _OTHER, str(part.get("content_type")))
            return
        file_id = made_id("file", "chatgpt", match[1])
        yield {
            "id": file_id,
            "object": "file",
            "created_at": self._newest,
            "filename": PurePosixPath(name).name,
            "purpose": "vision",
            "bytes": self._folder.size(name),
        }
        folder = self._folder
        yield Content(file_id, lambda: folder.pieces(name))
        yield {"type": "image_file", "image_file": {"file_id": file_id, "detail": "auto"}}


def _is_file(one: Found) -> bool:
    return isinstance(one, Content) or (isinstance(one, dict) and one.get("object") == "file")


def _last_leaf(mapping: Object) -> str | None:
    """Return the newest node without children, if `current_node` is missing."""
    leaves = [
        (_time((node.get("message") or {}).get("create_time")) or 0, node_id)
        for node_id, node in mapping.items()
        if not node.get("children")
    ]
    return max(leaves)[1] if leaves else None


_BAD = Said("conversations in an unknown form", "형식을 알 수 없는 대화")
_EMPTY = Said("conversations in which nothing was said", "주고받은 말이 없는 대화")
_TOOL = Said("calls and results of ChatGPT's tools", "ChatGPT 도구의 호출과 결과")
_NO_IMAGE = Said("images and files that the export lacks", "내보내기 파일에 없는 이미지와 파일")
_OTHER = Said("parts of messages of another kind", "다른 종류의 메시지 조각")

READER = Reader(
    "chatgpt",
    both(
        "ChatGPT's data export (the ZIP or its JSON files).",
        "ChatGPT 데이터 내보내기(ZIP 또는 JSON).",
    ),
    _read,
    Said(
        "branches other than the last one, reasoning, memories, and the GPTs themselves",
        "마지막이 아닌 갈래, 추론 과정, 메모리, GPT 자체",
    ),
)
