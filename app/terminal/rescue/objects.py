"""Objects of the Assistants API as other servers and scripts wrote them, made fit for an import."""

from collections.abc import Callable, Iterator
from typing import Any

from app.terminal.client import Object
from app.terminal.language import Said
from app.terminal.rescue.dates import reader_of_times
from app.terminal.rescue.reader import LeftOut, text_part

# In the order in which they refer to each other.
KINDS = (
    *("file", "vector_store", "vector_store.file", "assistant"),
    *("thread", "thread.run", "thread.message", "thread.run.step"),
)
_PREFIXES = {
    "asst_": "assistant",
    "thread_": "thread",
    "msg_": "thread.message",
    "run_": "thread.run",
    "step_": "thread.run.step",
    "vs_": "vector_store",
}
_TIMES = (
    *("created_at", "started_at", "expires_at", "cancelled_at", "failed_at", "completed_at"),
    *("incomplete_at", "expired_at", "last_active_at"),
)
_TOOLS = ("code_interpreter", "file_search", "function")
_ANNOTATIONS = ("file_citation", "file_path")
_read_time = reader_of_times()

Faults = list[LeftOut]


def kind_of(one: Object) -> str | None:
    """Return the kind of an object, None if it is none that can be taken."""
    given = one.get("object")
    if given in KINDS:
        return str(given)
    if given is not None and not isinstance(given, str):
        return None
    if given in (None, "message", "run", "run.step", "file.object"):
        return _guessed(one)
    return None


def _guessed(one: Object) -> str | None:
    found_id = one.get("id")
    if not isinstance(found_id, str):
        return None
    for prefix, kind in _PREFIXES.items():
        if found_id.startswith(prefix) and _fits(one, kind):
            return kind
    return "file" if found_id.startswith("file") and "filename" in one else None


def _fits(one: Object, kind: str) -> bool:
    """Return whether an object without its kind has what only this kind has."""
    needed = {
        "assistant": ("model",),
        "thread.message": ("role", "content"),
        "thread.run": ("status", "assistant_id"),
        "thread.run.step": ("step_details",),
    }
    return all(name in one for name in needed.get(kind, ("created_at",)))


def cleaned(one: Object, kind: str) -> Iterator[Object | LeftOut]:
    """Yield the object as an import takes it, after what had to be left out of it."""
    faults: Faults = []
    copy = {name: value for name, value in one.items() if value is not None}
    copy["object"] = kind
    for name in _TIMES:
        if name in copy:
            copy[name] = _read_time(copy[name])
    copy["metadata"] = _metadata(copy.get("metadata"))
    clean = _CLEANERS.get(kind)
    keeps = clean(copy, faults) if clean is not None else True
    yield from faults
    if keeps:
        yield copy


def _metadata(given: Any) -> dict[str, str]:
    pairs = given.items() if isinstance(given, dict) else ()
    return {
        str(name)[:64]: (value if isinstance(value, str) else str(value))[:512]
        for name, value in [*pairs][:16]
        if value is not None
    }


def _clean_assistant(one: Object, faults: Faults) -> bool:
    _clean_tools(one, faults)
    return True


def _clean_run(one: Object, faults: Faults) -> bool:
    _clean_tools(one, faults)
    _clean_usage(one)
    return True


def _clean_step(one: Object, _faults: Faults) -> bool:
    _clean_usage(one)
    return True


def _clean_tools(one: Object, faults: Faults) -> None:
    tools = one.get("tools")
    kept = []
    for tool in tools if isinstance(tools, list) else []:
        kind = tool.get("type") if isinstance(tool, dict) else None
        if kind in _TOOLS:
            kept.append(_without_nulls(tool))
        else:
            faults.append(LeftOut(_UNKNOWN_TOOL, str(kind)))
    one["tools"] = kept


def _without_nulls(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _without_nulls(inner) for name, inner in value.items() if inner is not None}
    return value


def _clean_usage(one: Object) -> None:
    usage = one.get("usage")
    if isinstance(usage, dict):
        one["usage"] = {name: value for name, value in usage.items() if value is not None}


def _clean_message(one: Object, faults: Faults) -> bool:
    if one.get("role") not in ("user", "assistant"):
        faults.append(LeftOut(_OTHER_ROLE, str(one.get("role"))))
        return False
    content = one.get("content")
    if isinstance(content, str):
        content = [text_part(content)]
    parts = content if isinstance(content, list) else []
    one["content"] = [part for given in parts if (part := _part(given, faults)) is not None]
    if urls := _cited_urls(parts):
        # The protocol has no citations of pages.
        one["metadata"] = {**one["metadata"], "cited_urls": " ".join(urls)[:512]}
    attachments = one.get("attachments")
    if not isinstance(attachments, list):
        # Version 1 of the API.
        file_ids = one.get("file_ids")
        attachments = [{"file_id": each} for each in file_ids or [] if isinstance(each, str)]
    one["attachments"] = [_attachment(each) for each in attachments if isinstance(each, dict)]
    return True


def _part(part: Any, faults: Faults) -> Object | None:
    if isinstance(part, str):
        return text_part(part)
    kind = part.get("type") if isinstance(part, dict) else None
    if kind in ("image_file", "image_url", "refusal"):
        kept: Object = _without_nulls(part)
        return kept
    if kind in ("text", "input_text", "output_text"):
        text = part.get("text")
        if isinstance(text, dict):
            value, annotations = text.get("value"), text.get("annotations")
        else:
            value, annotations = text, part.get("annotations")
        kept_ones = [one for given in annotations or [] if (one := _annotation(given, faults))]
        return text_part(str(value or ""), kept_ones)
    faults.append(LeftOut(_UNKNOWN_PART, str(kind)))
    return None


def _annotation(one: Any, faults: Faults) -> Object | None:
    kind = one.get("type") if isinstance(one, dict) else None
    if kind in _ANNOTATIONS and isinstance(one.get(kind), dict):
        kept: Object = _without_nulls(one)
        return kept
    why = _PAGE_CITATION if kind == "url_citation" else _UNKNOWN_ANNOTATION
    faults.append(LeftOut(why, str(kind)))
    return None


def _cited_urls(parts: list[Any]) -> list[str]:
    """Return the addresses of pages that Azure's agents cite."""
    found: list[str] = []
    for part in parts:
        text = part.get("text") if isinstance(part, dict) else None
        annotations = text.get("annotations") if isinstance(text, dict) else None
        for one in annotations if isinstance(annotations, list) else []:
            cited = one.get("url_citation") if isinstance(one, dict) else None
            url = cited.get("url") if isinstance(cited, dict) else None
            if isinstance(url, str) and url not in found:
                found.append(url)
    return found


def _attachment(one: Object) -> Object:
    tools = one.get("tools")
    kept = [
        {"type": tool["type"]}
        for tool in (tools if isinstance(tools, list) else [])
        if isinstance(tool, dict) and tool.get("type") in ("code_interpreter", "file_search")
    ]
    return {"file_id": one.get("file_id"), "tools": kept}


def _clean_file(one: Object, _faults: Faults) -> bool:
    one.setdefault("filename", one.get("id"))
    one.setdefault("purpose", "assistants")
    one.setdefault("bytes", 0)
    return True


_CLEANERS: dict[str, Callable[[Object, Faults], bool]] = {
    "assistant": _clean_assistant,
    "thread.run": _clean_run,
    "thread.run.step": _clean_step,
    "thread.message": _clean_message,
    "file": _clean_file,
}

_UNKNOWN_TOOL = Said("tools that this server does not have", "이 서버에 없는 도구")
_OTHER_ROLE = Said("messages of other roles", "역할이 다른 메시지")
_UNKNOWN_PART = Said("parts of messages of an unknown kind", "알 수 없는 종류의 메시지 조각")
_UNKNOWN_ANNOTATION = Said("annotations of an unknown kind", "알 수 없는 종류의 주석")
_PAGE_CITATION = Said(
    "citations of web pages, whose addresses are in the messages' metadata (cited_urls)",
    "웹 페이지 인용 표시. 주소는 메시지의 메타데이터(cited_urls)에 있습니다",
)
