"""A GPT as JSON, into an assistant with its greeting and suggestions.

Two forms are read: `{name, description, instructions, conversation_starters, knowledge_files,
capabilities}`, and ChatGPT's own `gizmo` with its `tools` and `files`.
"""

import json
from collections.abc import Iterator
from pathlib import Path, PurePosixPath
from typing import Annotated, Any

import typer

from app.terminal.client import Object
from app.terminal.language import Said, both
from app.terminal.rescue.dates import reader_of_times
from app.terminal.rescue.json_files import (
    UNREADABLE,
    Folder,
    NotJson,
    TooLarge,
    values_in,
)
from app.terminal.rescue.openai_objects import SourceArgument
from app.terminal.rescue.reader import Content, Found, LeftOut, Reader, as_metadata, made_id

# Of metadata's values.
_LONGEST = 512
_CODE = ("code_interpreter", "python", "codeinterpreter", "code_interpreter_tool", "data_analysis")
_time = reader_of_times()


def _read(
    source: SourceArgument,
    model: Annotated[
        str,
        typer.Option(
            "--model",
            show_default=False,
            help=both(
                "The model that is to answer; default: gpt-5.4-mini.",
                "답변할 모델. 기본값은 gpt-5.4-mini입니다.",
            ),
        ),
    ] = "gpt-5.4-mini",
) -> Iterator[Found]:
    folder = Folder(source)
    for name in folder.names():
        if not name.lower().endswith((".json", ".jsonl", ".ndjson")):
            continue
        for value in values_in(folder, name):
            if isinstance(value, NotJson | TooLarge) or not isinstance(value, dict):
                yield LeftOut(UNREADABLE, name)
            else:
                yield from _Gpt(value, folder, model).read()


class _Gpt:
    def __init__(self, value: Object, folder: Folder, model: str) -> None:
        self._outer, self._gizmo = _unwrapped(value)
        display = self._gizmo.get("display")
        self._display: Object = display if isinstance(display, dict) else {}
        self._folder = folder
        self._model = model
        own_id = self._gizmo.get("id") or self._gizmo.get("short_url")
        self._key = str(own_id or self._text("name") or json.dumps(value, sort_keys=True))
        written = folder.path.stat().st_mtime
        self._created = _time(self._gizmo.get("created_at")) or int(written)

    def read(self) -> Iterator[Found]:
        if not self._text("name") and not self._text("instructions"):
            yield LeftOut(_NO_GPT, self._key[:40])
            return
        file_ids: list[str] = []
        for one in self._knowledge():
            if isinstance(one, dict):
                file_ids.append(one["id"])
            yield one
        tools, kinds = self._tools()
        yield from (LeftOut(_CAPABILITY, kind) for kind in kinds)
        resources: Object = {}
        if file_ids:
            store_id = made_id("vs", "gpt", self._key)
            yield from self._store(store_id, file_ids)
            tools = [{"type": "file_search"}, *tools]
            resources = {"file_search": {"vector_store_ids": [store_id]}}
        if self._gizmo.get("custom_actions") or self._gizmo.get("actions"):
            yield LeftOut(_ACTIONS, self._text("name"))
        yield {
            "id": made_id("asst", "gpt", self._key),
            "object": "assistant",
            "created_at": self._created,
            "name": self._text("name")[:256] or None,
            "description": self._text("description")[:_LONGEST] or None,
            "model": self._model,
            "instructions": self._text("instructions") or None,
            "tools": tools,
            "tool_resources": resources,
            "metadata": as_metadata(self._start_screen()),
        }

    def _text(self, name: str) -> str:
        for place in (self._gizmo, self._display):
            if isinstance(place.get(name), str):
                return str(place[name]).strip()
        return ""

    def _start_screen(self) -> Iterator[tuple[str, object]]:
        """Yield the greeting and suggestions, as the chat page reads them."""
        yield "greeting", self._text("welcome_message") or self._text("greeting")
        starters = self._gizmo.get("conversation_starters") or self._display.get("prompt_starters")
        kept: list[str] = []
        for one in starters if isinstance(starters, list) else []:
            text = one if isinstance(one, str) else str((one or {}).get("title") or "")
            longer = json.dumps([*kept, text.strip()], ensure_ascii=False)
            if text.strip() and len(longer) <= _LONGEST:
                kept.append(text.strip())
        if kept:
            yield "suggestions", json.dumps(kept, ensure_ascii=False)
        yield "gpt_id", self._gizmo.get("id")

    def _tools(self) -> tuple[list[Object], list[str]]:
        """Return the tools that there are here, and the names of those that there aren't."""
        named = self._outer.get("tools") or self._gizmo.get("tools") or []
        given = self._gizmo.get("capabilities")
        if isinstance(given, dict):
            wanted = [name for name, on in given.items() if on]
        else:
            wanted = [str(one) for one in given] if isinstance(given, list) else []
        wanted += [str(one.get("type")) for one in named if isinstance(one, dict)]
        plain = [(name, name.lower().replace(" ", "_").replace("-", "_")) for name in wanted]
        code: list[Object] = [{"type": "code_interpreter"}]
        has_code = any(name in _CODE for _, name in plain)
        return (code if has_code else []), [name for name, one in plain if one not in _CODE]

    # Knowledge

    def _knowledge(self) -> Iterator[Found]:
        given = self._gizmo.get("knowledge_files") or self._outer.get("files") or []
        for one in given if isinstance(given, list) else []:
            name = one if isinstance(one, str) else (one or {}).get("name") or ""
            inline = one.get("content") if isinstance(one, dict) else None
            yield from self._file(str(name), inline)

    def _file(self, name: str, inline: Any) -> Iterator[Found]:
        base = PurePosixPath(name.replace("\\", "/")).name
        beside = next((one for one in self._folder.names() if Path(one).name == base), None)
        file_id = made_id("file", "gpt", self._key, base)
        if base and beside is not None:
            size = self._folder.size(beside)
            content = Content(file_id, lambda: self._folder.pieces(beside))
        elif base and isinstance(inline, str) and inline:
            packed = inline.encode()
            size, content = len(packed), Content(file_id, lambda: [packed])
        else:
            yield LeftOut(_NO_FILE, base)
            return
        yield {
            "id": file_id,
            "object": "file",
            "created_at": self._created,
            "filename": base,
            "purpose": "assistants",
            "bytes": size,
        }
        yield content

    def _store(self, store_id: str, file_ids: list[str]) -> Iterator[Object]:
        yield {
            "id": store_id,
            "object": "vector_store",
            "created_at": self._created,
            "name": self._text("name")[:256] or None,
        }
        for file_id in file_ids:
            yield {
                "id": file_id,
                "object": "vector_store.file",
                "created_at": self._created,
                "vector_store_id": store_id,
            }


def _unwrapped(value: Object) -> tuple[Object, Object]:
    """Return the object that has `tools` and `files`, and the one that describes the GPT."""
    outer = inner = value
    while isinstance(inner.get("gizmo"), dict):
        outer, inner = inner, inner["gizmo"]
    return outer, inner


_NO_GPT = Said("objects that describe no GPT", "GPT를 설명하지 않는 객체")
_CAPABILITY = Said("capabilities that this server does not have", "이 서버에 없는 기능")
_ACTIONS = Said("actions, which you can write as functions", "액션(함수로 만들 수 있습니다)")
_NO_FILE = Said(
    "knowledge files that are not next to the JSON file", "JSON 파일 옆에 없는 지식 파일"
)

READER = Reader(
    "gpt",
    both("A GPT as JSON, into an assistant.", "JSON으로 된 GPT를 어시스턴트로 만듭니다."),
    _read,
    Said(
        "the profile picture, actions, and conversations with the GPT",
        "프로필 사진, 액션, 그 GPT와 나눈 대화",
    ),
)
