"""Threads on the wire."""

from typing import Any, Literal

from pydantic import Field

from app.schemas.common import Items, ListedObject, Metadata, RequestBody, WireObject
from app.schemas.messages import MAX_MESSAGES, MessageCreate
from app.schemas.tools import NewToolResources, ToolResources


class ThreadUpdate(RequestBody):
    """What is left out stays; null resets it."""

    metadata: Metadata | None = None
    tool_resources: ToolResources | None = None


class ThreadCreate(ThreadUpdate):
    messages: Items[MessageCreate] | None = Field(default=None, max_length=MAX_MESSAGES)
    tool_resources: NewToolResources | None = None


class Thread(ListedObject):
    object: Literal["thread"] = "thread"
    created_at: int
    metadata: dict[str, str]
    tool_resources: dict[str, Any]


class ThreadDeleted(WireObject):
    id: str
    object: Literal["thread.deleted"] = "thread.deleted"
    deleted: Literal[True] = True


class ListedThread(Thread):
    """A thread in a list; `preview` is how its first question begins, in up to 120 characters."""

    preview: str | None


class ThreadsDeleted(WireObject):
    """The answer to deleting many threads at once.

    `files` and `vector_stores` are what was attached to these threads alone, and went with them.
    """

    object: Literal["thread.list.deleted"] = "thread.list.deleted"
    deleted: Literal[True] = True
    count: int
    files: int
    vector_stores: int
