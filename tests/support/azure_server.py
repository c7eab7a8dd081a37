"""A server of the shapes that Azure's classic agents were recorded with (api-version v1).

Stricter than the real one: it demands the version and a credential on every request, answers each
page once with 429, and lists oldest first only if asked.
"""

import json
import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

PROJECT = "/api/projects/signs"
TOKEN = "entra-token"
_TIME = 1_750_000_000


def _message(number: int, role: str, text: str, **values: Any) -> dict[str, Any]:
    return {
        "id": f"msg_{number}",
        "object": "thread.message",
        "created_at": _TIME + number,
        "assistant_id": "asst_az" if role == "assistant" else None,
        "thread_id": "thread_az",
        "run_id": "run_az" if role == "assistant" else None,
        "role": role,
        "content": [{"type": "text", "text": {"value": text, "annotations": []}}],
        "attachments": [],
        "metadata": {},
        **values,
    }


_CITED: dict[str, Any] = {
    "type": "url_citation",
    "text": "【3:0†source】",
    "start_index": 2,
    "end_index": 14,
    "url_citation": {"url": "https://example.com", "title": "Example"},
}
LISTS: dict[str, list[dict[str, Any]]] = {
    "/files": [
        {
            "id": "assistant-F1",
            "object": "file",
            "bytes": 5,
            "created_at": _TIME,
            "filename": "hours.txt",
            "purpose": "assistants",
            "status": "processed",
            "status_details": None,
        },
        {
            "id": "assistant-F2",
            "object": "file",
            "bytes": 9999,
            "created_at": _TIME,
            "filename": "secret.pdf",
            "purpose": "assistants",
        },
    ],
    "/vector_stores": [
        {
            "id": "vs_az",
            "object": "vector_store",
            "created_at": _TIME,
            "name": "docs",
            "usage_bytes": 10,
            "file_counts": {
                "in_progress": 0,
                "completed": 2,
                "failed": 0,
                "cancelled": 0,
                "total": 2,
            },
            "status": "completed",
            "expires_after": None,
            "expires_at": None,
            "last_active_at": _TIME,
            "metadata": {},
        }
    ],
    "/vector_stores/vs_az/files": [
        {
            "id": file_id,
            "object": "vector_store.file",
            "usage_bytes": 5,
            "created_at": _TIME,
            "vector_store_id": "vs_az",
            "status": "completed",
            "last_error": None,
            "chunking_strategy": {"type": "other"},
        }
        for file_id in ("assistant-F1", "assistant-F2")
    ],
    "/assistants": [
        {
            "id": "asst_az",
            "object": "assistant",
            "created_at": _TIME,
            "name": "Signs",
            "description": None,
            "model": "gpt-4o",
            "instructions": "Write signs.",
            "tools": [
                {"type": "file_search", "file_search": {"ranking_options": None}},
                {"type": "bing_grounding", "bing_grounding": {"search_configurations": []}},
            ],
            "top_p": 1.0,
            "temperature": 1.0,
            "tool_resources": {"file_search": {"vector_store_ids": ["vs_az"]}},
            "metadata": {},
            "response_format": "auto",
        }
    ],
    "/threads": [
        {
            "id": "thread_az",
            "object": "thread",
            "created_at": _TIME,
            "metadata": {"user": "minji"},
            "tool_resources": {},
        },
        {
            "id": "thread_empty",
            "object": "thread",
            "created_at": _TIME,
            "metadata": {},
            "tool_resources": {},
        },
    ],
    "/threads/thread_az/messages": [
        _message(1, "user", "Open?"),
        _message(
            2,
            "assistant",
            "8【3:0†source】",
            content=[
                {"type": "text", "text": {"value": "8【3:0†source】", "annotations": [_CITED]}}
            ],
        ),
        _message(3, "user", "Thanks"),
    ],
    "/threads/thread_az/runs": [
        {
            "id": "run_az",
            "object": "thread.run",
            "created_at": _TIME + 1,
            "assistant_id": "asst_az",
            "thread_id": "thread_az",
            "status": "completed",
            "started_at": _TIME + 1,
            "expires_at": None,
            "cancelled_at": None,
            "failed_at": None,
            "completed_at": _TIME + 2,
            "required_action": None,
            "last_error": None,
            "model": "gpt-4o",
            "instructions": "Write signs.",
            "tools": [{"type": "bing_grounding", "bing_grounding": {}}],
            "tool_resources": {},
            "metadata": {},
            "temperature": 1.0,
            "top_p": 1.0,
            "max_completion_tokens": None,
            "max_prompt_tokens": None,
            "truncation_strategy": {"type": "auto", "last_messages": None},
            "incomplete_details": None,
            "usage": {
                "prompt_tokens": 12,
                "completion_tokens": 3,
                "total_tokens": 15,
                "prompt_token_details": None,
            },
            "response_format": "auto",
            "tool_choice": "auto",
            "parallel_tool_calls": True,
        }
    ],
    "/threads/thread_az/runs/run_az/steps": [
        {
            "id": "step_az",
            "object": "thread.run.step",
            "created_at": _TIME + 1,
            "run_id": "run_az",
            "assistant_id": "asst_az",
            "thread_id": "thread_az",
            "type": "tool_calls",
            "status": "completed",
            "cancelled_at": None,
            "completed_at": _TIME + 2,
            "expires_at": None,
            "failed_at": None,
            "last_error": None,
            "step_details": {
                "type": "tool_calls",
                "tool_calls": [
                    {
                        "id": "call_az",
                        "type": "bing_grounding",
                        "bing_grounding": {"requesturl": "https://api.bing.example/search?q=x"},
                    }
                ],
            },
            "usage": {"prompt_tokens": 12, "completion_tokens": 3, "total_tokens": 15},
        }
    ],
    "/threads/thread_empty/messages": [],
    "/threads/thread_empty/runs": [],
}
_TEXTS = {"assistant-F1": b"8 a.m", "assistant-F2": None}


class AzureServer:
    """`requests` are the paths that were asked for, and `busy` those that were refused once."""

    def __init__(self) -> None:
        self.endpoint = ""
        self.requests: list[str] = []
        self.busy: set[str] = set()

    def answer(self, target: str, headers: Any) -> tuple[int, Any]:
        parts = urlsplit(target)
        query = {name: values[-1] for name, values in parse_qs(parts.query).items()}
        path = parts.path.removeprefix(PROJECT)
        if path == parts.path or query.get("api-version") != "v1":
            return 404, {"error": {"code": "404", "message": "Resource not found"}}
        if headers["authorization"] != f"Bearer {TOKEN}":
            return 401, {"error": {"code": "401", "message": "Unauthorized"}}
        self.requests.append(path)
        if target not in self.busy:
            self.busy.add(target)
            return 429, {"error": {"code": "429", "message": "Too many requests"}}
        return self._found(path, query)

    def _found(self, path: str, query: dict[str, str]) -> tuple[int, Any]:
        if path in LISTS:
            return 200, _page(LISTS[path], query)
        for one in LISTS["/threads"]:
            if path == f"/threads/{one['id']}":
                return 200, one
        if match := re.fullmatch(r"/files/([^/]+)/content", path):
            content = _TEXTS.get(match[1])
            if content is None:
                message = "Not allowed to download files of purpose: assistants"
                return 400, {"error": {"code": None, "message": message}}
            return 200, content
        if re.fullmatch(r"/vector_stores/vs_az/files/assistant-F2/content", path):
            text = [{"type": "text", "text": "Page 1"}, {"type": "text", "text": "Page 2"}]
            return 200, {"object": "vector_store.file_content.page", "data": text}
        return 404, {"error": {"code": "404", "message": "Not found"}}


def _page(items: list[dict[str, Any]], query: dict[str, str]) -> dict[str, Any]:
    # Two at a time, so that pages are needed.
    limit = min(int(query.get("limit", "20")), 2)
    ordered = items if query.get("order") == "asc" else items[::-1]
    start = 0
    if "after" in query:
        start = [one["id"] for one in ordered].index(query["after"]) + 1
    data = ordered[start : start + limit]
    return {
        "object": "list",
        "data": data,
        "first_id": data[0]["id"] if data else None,
        "last_id": data[-1]["id"] if data else None,
        "has_more": start + limit < len(ordered),
    }


@contextmanager
def azure_server() -> Iterator[AzureServer]:
    azure = AzureServer()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            status, body = azure.answer(self.path, self.headers)
            content = body if isinstance(body, bytes) else json.dumps(body).encode()
            self.send_response(status)
            self.send_header("content-length", str(len(content)))
            self.send_header("content-type", "application/json")
            if status == 429:
                self.send_header("retry-after", "0")
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, *_: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    azure.endpoint = f"http://127.0.0.1:{server.server_port}{PROJECT}"
    try:
        yield azure
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
