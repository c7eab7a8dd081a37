"""A run with events written by a test, for what no tool of the server does yet."""

import json
from typing import Any, Self

from playwright.sync_api import Page

# The test provides the page's stream of run events; all other calls go to the server.
_STREAM = """
  const send = window.fetch;
  window.fetch = async (...request) => {
    const found = /threads\\/(\\w+)\\/runs\\/(\\w+)\\/events/.exec(String(request[0]));
    if (!found) return send(...request);
    const body = new ReadableStream({ start(controller) { window.scripted = {
      threadId: found[1], runId: found[2],
      write: (text) => controller.enqueue(new TextEncoder().encode(text)),
    }; } });
    document.documentElement.dataset.scripted = "";
    return new Response(body);
  };
"""
_TOOL_STEP = "step_1"
_MESSAGE = "msg_1"


class ScriptedRun:
    """Create it with `on` before the page is opened; then ask something, and send the events."""

    def __init__(self, page: Page) -> None:
        self._page = page
        self._ids = {"thread": "", "run": ""}
        self._count = 0

    @classmethod
    def on(cls, page: Page) -> Self:
        page.add_init_script(_STREAM)
        return cls(page)

    def begin(self) -> Self:
        """Wait until the page listens."""
        self._page.locator("html[data-scripted]").wait_for()
        ids = self._page.evaluate("[window.scripted.threadId, window.scripted.runId]")
        self._ids = dict(zip(("thread", "run"), ids, strict=True))
        return self._run("in_progress")

    def open_step(self) -> Self:
        return self._tell("thread.run.step.created", self._step("in_progress", []))

    def call_delta(self, *calls: dict[str, Any]) -> Self:
        details = {"type": "tool_calls", "tool_calls": list(calls)}
        data = {"id": _TOOL_STEP, "delta": {"step_details": details}}
        return self._tell("thread.run.step.delta", data)

    def end_step(self, *calls: dict[str, Any], status: str = "completed") -> Self:
        return self._tell(f"thread.run.step.{status}", self._step(status, list(calls)))

    def message(self, *parts: dict[str, Any]) -> Self:
        return self._tell("thread.message.completed", _message("completed", list(parts)))

    def open_message(self) -> Self:
        return self._tell("thread.message.created", _message("in_progress", []))

    def message_delta(self, *parts: dict[str, Any]) -> Self:
        data = {"id": _MESSAGE, "delta": {"content": list(parts)}}
        return self._tell("thread.message.delta", data)

    def end(self) -> None:
        self._run("completed")._tell("done", "[DONE]")

    def _run(self, status: str) -> Self:
        names = {"id": self._ids["run"], "thread_id": self._ids["thread"], "assistant_id": "asst_1"}
        data = {**names, "object": "thread.run", "status": status, "tools": []}
        return self._tell(f"thread.run.{status}", data)

    def _step(self, status: str, calls: list[dict[str, Any]]) -> dict[str, Any]:
        details = {"type": "tool_calls", "tool_calls": calls}
        kind = {"id": _TOOL_STEP, "object": "thread.run.step", "type": "tool_calls"}
        return {**kind, "status": status, "step_details": details}

    def _tell(self, name: str, data: Any) -> Self:
        self._count += 1
        text = data if isinstance(data, str) else json.dumps(data, ensure_ascii=False)
        event = f"id: {self._count}\nevent: {name}\ndata: {text}\n\n"
        self._page.evaluate("(text) => window.scripted.write(text)", event)
        return self


def _message(status: str, parts: list[dict[str, Any]]) -> dict[str, Any]:
    kind = {"id": _MESSAGE, "object": "thread.message", "role": "assistant"}
    return {**kind, "status": status, "content": parts, "created_at": 1_700_000_000}


def text_part(value: str, *annotations: dict[str, Any]) -> dict[str, Any]:
    return {"type": "text", "text": {"value": value, "annotations": list(annotations)}}


def file_path(text: str, path: str, file_id: str) -> dict[str, Any]:
    """Return the annotation for a path in the text."""
    at = text.index(path)
    place = {"start_index": at, "end_index": at + len(path)}
    return {"type": "file_path", "text": path, **place, "file_path": {"file_id": file_id}}
