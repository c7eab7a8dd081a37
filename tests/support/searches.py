"""An assistant that searches files, and its answers with citations."""

from dataclasses import dataclass
from typing import Any

import httpx
import openai

from tests.support.function_calls import call
from tests.support.stores import filled
from tests.support.stream_reader import StreamEvent

SEARCH: Any = {"type": "file_search"}
CONTENT: Any = "step_details.tool_calls[*].file_search.results[*].content"
REFUND = "구독을 해지하면 남은 기간의 요금을 환불해 드립니다. 환불은 사흘 안에 처리됩니다."
SCHEDULE = "A playlist is shown by its schedule. Schedules repeat daily or weekly."
SCREENS = "Screens show the playlist of their group."


@dataclass(frozen=True)
class Library:
    """A store of three texts, the ids of its files by name, and an assistant that searches it."""

    store_id: str
    assistant_id: str
    files: dict[str, str]


def library(client: openai.OpenAI) -> Library:
    store_id = client.vector_stores.create().id
    files = filled(client, store_id, refund=REFUND, schedule=SCHEDULE, screens=SCREENS)
    assistant = client.beta.assistants.create(
        model="m", instructions="Cite.", tools=[SEARCH], **stores(store_id)
    )
    return Library(store_id, assistant.id, files)


def stores(*store_ids: str) -> dict[str, Any]:
    """Return the tool resources with which an assistant or a thread searches these stores."""
    return {"tool_resources": {"file_search": {"vector_store_ids": [*store_ids]}}}


def search(query: str, call_id: str = "call_1") -> tuple[str, str, str]:
    """Return the model's call of `file_search`, as an argument for `Reply`."""
    return call("file_search", call_id, query=query)


def asking(question: str = "What do the files say?", **message: Any) -> dict[str, Any]:
    """Return the thread for a new run."""
    return {"messages": [{"role": "user", "content": question, **message}]}


def cited(part: dict[str, Any]) -> list[tuple[str, str]]:
    """Return a text part's citations, marker and file, after checking every offset."""
    text = part["text"]
    for one in text["annotations"]:
        assert text["value"][one["start_index"] : one["end_index"]] == one["text"]
    return [(one["text"], one["file_citation"]["file_id"]) for one in text["annotations"]]


def answer(http: httpx.Client, thread_id: str) -> dict[str, Any]:
    """Return the only part of a thread's last message."""
    (message,) = http.get(f"/threads/{thread_id}/messages", params={"limit": 1}).json()["data"]
    assert message["role"] == "assistant"
    (part,) = message["content"]
    return dict(part)


def heard(events: list[StreamEvent]) -> dict[str, Any]:
    """Return the text part that a client would assemble from the deltas.

    No delta may contain a citation that is not complete yet.
    """
    whole: dict[str, Any] = {"type": "text", "text": {"value": "", "annotations": []}}
    for event in events:
        if event.name == "thread.message.delta":
            (part,) = event.data["delta"]["content"]
            whole["text"]["value"] += part["text"]["value"]
            for one in part["text"].get("annotations", []):
                assert one["index"] == len(whole["text"]["annotations"])
                whole["text"]["annotations"].append({**one})
                del whole["text"]["annotations"][-1]["index"]
            cited(whole)
    return whole


def results(http: httpx.Client, path: str, **params: Any) -> list[list[dict[str, Any]]]:
    """Return the results of each search of the run at `path`, from its steps."""
    steps = http.get(f"{path}/steps", params={"order": "asc", **params}).json()["data"]
    calls = [one for step in steps for one in step["step_details"].get("tool_calls", [])]
    return [one["file_search"]["results"] for one in calls if one["type"] == "file_search"]
