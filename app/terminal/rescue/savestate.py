"""A folder of savestate's adapter for OpenAI's assistants, as `savestate` unpacks a snapshot.

`identity/config.json` describes the assistant, with its files in Base64; `conversations/` has the
threads whose ids savestate knew.
"""

import base64
import binascii
from collections.abc import Iterator
from pathlib import PurePosixPath
from typing import Any

from app.terminal.client import Object
from app.terminal.language import Said, both
from app.terminal.rescue.dates import reader_of_times
from app.terminal.rescue.json_files import UNREADABLE, Folder, values_in
from app.terminal.rescue.objects import cleaned
from app.terminal.rescue.openai_objects import SourceArgument
from app.terminal.rescue.reader import (
    Content,
    Found,
    LeftOut,
    Reader,
    as_metadata,
    made_id,
    message,
    thread,
)

_time = reader_of_times()


def _read(source: SourceArgument) -> Iterator[Found]:
    folder = Folder(source)
    names = folder.names()
    for name in names:
        if PurePosixPath(name).match("identity/config.json"):
            yield from _assistant(folder, name)
    for name in names:
        path = PurePosixPath(name)
        if path.suffix == ".json" and "conversations" in path.parts and path.stem != "index":
            for value in values_in(folder, name):
                if isinstance(value, dict) and isinstance(value.get("messages"), list):
                    yield from _conversation(value)
                else:
                    yield LeftOut(UNREADABLE, name)


def _assistant(folder: Folder, name: str) -> Iterator[Found]:
    config = next(values_in(folder, name), None)
    if not isinstance(config, dict):
        yield LeftOut(UNREADABLE, name)
        return
    created = _time(config.get("created_at")) or 0
    known = _knowledge(folder, name)
    contents = config.get("_file_contents")
    for file_id, packed in (contents if isinstance(contents, dict) else {}).items():
        yield from _file(str(file_id), packed, known.get(str(file_id)), created)
    for store in config.get("vector_stores") or []:
        if isinstance(store, dict):
            yield from _store(store, created)
    assistant = {
        **config,
        "id": config.get("assistant_id"),
        "created_at": created,
        "instructions": _personality(folder, name),
        "tools": config.get("tools_raw"),
    }
    yield from cleaned(assistant, "assistant")


def _knowledge(folder: Folder, config: str) -> dict[str, str]:
    """Return the files' names by their ids."""
    found: dict[str, str] = {}
    root = PurePosixPath(config).parent.parent
    for name in folder.names():
        path = PurePosixPath(name)
        if path.is_relative_to(root / "memory") and path.suffix == ".json":
            for value in values_in(folder, name):
                for one in value if isinstance(value, list) else [value]:
                    given = one.get("id") if isinstance(one, dict) else None
                    if isinstance(given, str) and given.startswith("openai-file:"):
                        found[given.removeprefix("openai-file:")] = str(one.get("filename"))
    return found


def _personality(folder: Folder, config: str) -> str | None:
    name = str(PurePosixPath(config).with_name("personality.md"))
    if name not in folder.names():
        return None
    return b"".join(folder.pieces(name)).decode("utf-8", "replace")


def _file(file_id: str, packed: Any, name: str | None, created: int) -> Iterator[Found]:
    try:
        content = base64.b64decode(packed, validate=True)
    except (TypeError, ValueError, binascii.Error):
        yield LeftOut(UNREADABLE, file_id)
        return
    yield {
        "id": file_id,
        "object": "file",
        "created_at": created,
        "filename": name or file_id,
        "purpose": "assistants",
        "bytes": len(content),
    }
    yield Content(file_id, lambda: [content])


def _store(store: Object, created: int) -> Iterator[Found]:
    one = {**store, "created_at": created}
    yield from cleaned(one, "vector_store")
    for file_id in store.get("file_ids") or []:
        yield {
            "id": file_id,
            "object": "vector_store.file",
            "created_at": created,
            "vector_store_id": store.get("id"),
        }


def _conversation(value: Object) -> Iterator[Found]:
    thread_id = str(value.get("id"))
    yield thread(
        thread_id,
        _time(value.get("createdAt")) or 0,
        as_metadata([("title", value.get("title"))]),
    )
    for place, one in enumerate(value["messages"]):
        role = one.get("role") if isinstance(one, dict) else None
        if role not in ("user", "assistant"):
            yield LeftOut(_OTHER_ROLE, str(role))
            continue
        given = one.get("metadata")
        metadata = dict(given) if isinstance(given, dict) else {}
        run_id = metadata.pop("run_id", None)
        yield message(
            str(one.get("id") or made_id("msg", thread_id, place)),
            thread_id,
            _time(one.get("timestamp")) or 0,
            role,
            str(one.get("content") or ""),
            run_id=run_id if isinstance(run_id, str) else None,
            metadata=as_metadata(metadata.items()),
        )


_OTHER_ROLE = Said("messages of other roles", "역할이 다른 메시지")

READER = Reader(
    "savestate",
    both(
        "A snapshot of savestate's OpenAI Assistants adapter, unpacked.",
        "savestate의 OpenAI Assistants 스냅숏을 푼 폴더.",
    ),
    _read,
    Said(
        "runs and their steps, citations, and threads whose ids savestate did not know",
        "실행과 그 단계, 인용 표시, savestate가 ID를 몰랐던 대화",
    ),
)
