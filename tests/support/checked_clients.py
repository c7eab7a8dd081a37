"""Clients that compare every answer with OpenAI's schemas and the types of its own SDK."""

import re
import ssl
from typing import Any, cast

import httpx
import httpx2
import openai
import pytest
from openai.types import (
    FileDeleted,
    FileObject,
    Model,
    VectorStore,
    VectorStoreDeleted,
    VectorStoreSearchResponse,
    beta,
    vector_stores,
)
from openai.types.beta import threads
from openai.types.beta.threads import runs
from pydantic import BaseModel, ValidationError

from tests.support.openai_spec import ASSISTANTS, answer_schema, are_present, faults

VERSION = "/api/v1"
# Most servers here use plain HTTP, and loading the machine's certificates is slow.
_NO_CERTIFICATES = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
# Only ours: OpenAI has no schema for them.
_OWN_PATH = re.compile(r"/assistants/[^/]+/(?:draft|versions(?:/[^/]+)?)")
_ANSWERS_ASSISTANT = re.compile(r"/publish$|/versions/[^/]+/restore$")
_OWN = (
    "/access",
    "/actions",
    "/admin",
    "/chat",
    "/conversations",
    "/functions",
    "/health",
    "/insights",
    "/import",
    "/me",
    "/notification",
    "/ready",
    "/usage",
    "/user_token_secrets",
    "/visitors",
)
_OWN_OBJECTS = ("thread.summary", "thread.handover", "thread.visitor")
_SDK_TYPES: dict[str, type[BaseModel]] = {
    "model": Model,
    "assistant": beta.Assistant,
    "assistant.deleted": beta.AssistantDeleted,
    "thread": beta.Thread,
    "thread.deleted": beta.ThreadDeleted,
    "thread.message": threads.Message,
    "thread.message.deleted": threads.MessageDeleted,
    "thread.run": threads.Run,
    "thread.run.step": runs.RunStep,
    "file": FileObject,
    "file.deleted": FileDeleted,
    "vector_store": VectorStore,
    "vector_store.deleted": VectorStoreDeleted,
    "vector_store.file": vector_stores.VectorStoreFile,
    "vector_store.file.deleted": vector_stores.VectorStoreFileDeleted,
    "vector_store.files_batch": vector_stores.VectorStoreFileBatch,
}
_NOT_JSON = ("application/octet-stream", "application/x-ndjson")
# Lists whose items don't contain their type.
_SDK_ITEMS: dict[str, type[BaseModel]] = {
    "vector_store.search_results.page": VectorStoreSearchResponse,
    "vector_store.file_content.page": vector_stores.FileContentResponse,
}


def checked_http(base_url: str, **options: Any) -> httpx.Client:
    """Return a client that checks every answer; `base_url` ends before the version."""
    return httpx.Client(
        base_url=f"{base_url}{VERSION}",
        event_hooks={"response": [_check]},
        timeout=30,
        **{"verify": _NO_CERTIFICATES, **options},
    )


def checked_sdk(base_url: str, key: str = "sk-of-a-test") -> openai.OpenAI:
    """Return OpenAI's own client over such a client. It never retries."""
    return openai.OpenAI(
        api_key=key,
        base_url=f"{base_url}{VERSION}",
        max_retries=0,
        # The SDK takes clients of the older httpx as well; its annotation does not say so.
        http_client=cast(httpx2.Client, checked_http(base_url)),
    )


def _check(response: httpx.Response) -> None:
    request = response.request
    path = request.url.path.removeprefix(VERSION)
    streams = response.headers.get("content-type", "").startswith("text/event-stream")
    if request.method == "OPTIONS" or path == request.url.path or streams:
        return
    response.read()
    found = _faults(response, request.method, path)
    if found:
        # Not an ordinary exception, which the SDK would treat as a broken connection.
        pytest.fail(
            f"{request.method} {path} answered {response.status_code} {response.text[:1000]}\n"
            + "\n".join(found)
        )


def _faults(response: httpx.Response, method: str, path: str) -> list[str]:
    if not response.headers.get("x-request-id", "").startswith("req_"):
        return ["no x-request-id"]
    if response.headers.get("content-type") in _NOT_JSON:
        return []
    body = response.json()
    if not response.is_success:
        return [] if path in ("/health", "/ready") else _error_faults(response, body)
    if path.startswith(_OWN) or body.get("object") in _OWN_OBJECTS:
        return []
    own = "/answers" in path or path.endswith(("/feedback", "/handovers", "/reply"))
    if own or _OWN_PATH.fullmatch(path):
        return []
    if path == "/threads" and method != "POST":
        return []
    # OpenAI's servers have always answered differently from its document and the SDK's type.
    if body["object"] == "vector_store.file_batch":
        body = {**body, "object": "vector_store.files_batch"}
    found = sdk_faults(body)
    # The available schemas are only those of the Assistants API.
    if path.startswith("/models"):
        return found
    path = _ANSWERS_ASSISTANT.sub("", path)
    if are_present() and (name := answer_schema(method, path)):
        found += faults(ASSISTANTS, name, body)
    return found


def _error_faults(response: httpx.Response, body: Any) -> list[str]:
    found = ["an error of the server"] if response.status_code == 500 else []
    if set(body) != {"error"} or set(body["error"]) != {"message", "type", "param", "code"}:
        return [*found, "not an error with all four of its keys"]
    if not body["error"]["message"]:
        found.append("no message")
    return found + (faults(ASSISTANTS, "ErrorResponse", body) if are_present() else [])


def sdk_faults(body: dict[str, Any]) -> list[str]:
    """Return how an object, or each item of a list, differs from the SDK's type.

    The SDK itself builds its objects without validation.
    """
    if body["object"] == "list":
        return [fault for item in body["data"] for fault in sdk_faults(item)]
    if item_type := _SDK_ITEMS.get(body["object"]):
        return [fault for item in body["data"] for fault in _type_faults(item_type, item)]
    # A run's instructions and a store's name may be null; the SDK does not say so.
    body = {**body, "instructions": body.get("instructions") or ""}
    if body["object"] == "vector_store":
        body["name"] = body["name"] or ""
    # A deleted file's `object` is still `file`, unlike that of all other types.
    kind = "file.deleted" if body["object"] == "file" and "deleted" in body else body["object"]
    return _type_faults(_SDK_TYPES[kind], body)


def _type_faults(sdk_type: type[BaseModel], body: dict[str, Any]) -> list[str]:
    try:
        sdk_type.model_validate(body, strict=True)
    except ValidationError as error:
        return [f"the SDK's type: {error}"]
    return []
