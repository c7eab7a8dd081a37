"""Adds files to a vector store, with a progress bar for their processing."""

import time

import typer
from rich.progress import BarColumn, MofNCompleteColumn, Progress, SpinnerColumn, TextColumn

from app.schemas.file_search import FILE_SEARCH, searches, stores_in, with_stores
from app.terminal.client import Object, path_of
from app.terminal.command import Terminal
from app.terminal.failures import Failure, Refused
from app.terminal.language import Said

_POLL_SECONDS = 0.25
_MOST_FAILURES = 2000


def store_of(terminal: Terminal, store: str | None, assistant: str | None) -> str | None:
    """Return the vector store to add files to; None if neither option is given.

    An assistant without a vector store gets one, and the tool to search it. Raises `Failure`.
    """
    if store and assistant:
        raise Failure(_ONE_OF_BOTH, status=2)
    if store:
        terminal.client.get(path_of("vector_stores", store))
        return store
    if assistant is None:
        return None
    found = terminal.client.get(path_of("assistants", assistant))
    resources = found.get("tool_resources") or {}
    known = stores_in(resources)
    return str(known[0]) if known else _give_store(terminal, found, resources)


def _give_store(terminal: Terminal, assistant: Object, resources: Object) -> str:
    name = str(assistant.get("name") or assistant.get("id"))
    store = str(terminal.client.post("/vector_stores", {"name": name})["id"])
    tools = assistant.get("tools") or []
    if not searches(str(tool.get("type")) for tool in tools):
        tools = [*tools, {"type": FILE_SEARCH}]
    changed = {
        "tools": tools,
        "tool_resources": with_stores(resources, [store]),
    }
    try:
        terminal.client.post(path_of("assistants", str(assistant["id"])), changed)
    except Refused:
        # An assistant from the assistants file can't be changed here: delete the unused store.
        terminal.client.delete(path_of("vector_stores", store))
        raise
    terminal.note(_NEW_STORE.filled(store=store, name=name))
    return store


def attach(terminal: Terminal, store: str, files: list[Object]) -> None:
    """Attach files and wait until they are processed; exit with status 1 if one of them failed."""
    ids = [str(one["id"]) for one in files]
    batches = path_of("vector_stores", store, "file_batches")
    batch = terminal.client.post(batches, {"file_ids": ids})
    path = batches + path_of(str(batch["id"]))
    batch = _wait(terminal, path, batch)
    counts = batch.get("file_counts") or {}
    terminal.note(_READ.filled(count=counts.get("completed", 0), store=store))
    if counts.get("completed") != len(ids):
        _report_failures(terminal, path, {str(one["id"]): one for one in files})
        raise typer.Exit(1)


def _wait(terminal: Terminal, path: str, batch: Object) -> Object:
    progress = Progress(
        SpinnerColumn(),
        TextColumn("{task.description}", markup=False),
        BarColumn(bar_width=None),
        MofNCompleteColumn(),
        console=terminal.err,
        disable=not terminal.err.is_terminal,
    )
    with progress:
        task = progress.add_task(terminal.text(_READING), total=_total(batch))
        while batch.get("status") == "in_progress":
            time.sleep(_POLL_SECONDS)
            batch = terminal.client.get(path)
            counts = batch.get("file_counts") or {}
            done = _total(batch) - int(counts.get("in_progress", 0))
            progress.update(task, completed=done)
        progress.update(task, completed=_total(batch))
    return batch


def _total(batch: Object) -> int:
    return int((batch.get("file_counts") or {}).get("total", 0))


def _report_failures(terminal: Terminal, path: str, files: dict[str, Object]) -> None:
    listed = terminal.client.list(f"{path}/files", _MOST_FAILURES)
    for one in listed.items:
        if one.get("status") == "completed":
            continue
        error = one.get("last_error") or {}
        name = files.get(str(one.get("id")), {}).get("filename")
        reason = error.get("message") or one.get("status")
        terminal.fail(Failure(_NOT_READ.filled(name=name, reason=reason)))


_ONE_OF_BOTH = Said(
    "Use either --store or --assistant.", "--store와 --assistant 가운데 하나만 써 주세요."
)
_NEW_STORE = Said(
    "Created a vector store for {name}: {store}", "{name}의 벡터 스토어를 만들었습니다: {store}"
)
_READING = Said("processing", "처리 중")
_READ = Said(
    "{count} file(s) can now be searched in {store}.",
    "이제 {store}에서 파일 {count}개를 검색할 수 있습니다.",
)
_NOT_READ = Said("{name} could not be read: {reason}", "{name} 파일을 읽지 못했습니다: {reason}")
