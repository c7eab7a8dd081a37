"""Wire objects for threads."""

from typing import Any, Literal

from pydantic import Field

from app.schemas.common import Items, ListedObject, Metadata, RequestBody, WireObject
from app.schemas.messages import MAX_MESSAGES, MessageCreate
from app.schemas.tools import NewToolResources, ToolResources


class ThreadUpdate(RequestBody):
    """Omitted fields stay unchanged; null resets a field."""

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


class ThreadSummary(WireObject):
    """What models read in place of the thread's older messages."""

    object: Literal["thread.summary"] = "thread.summary"
    thread_id: str
    created_at: int
    text: str


class ThreadDeleted(WireObject):
    id: str
    object: Literal["thread.deleted"] = "thread.deleted"
    deleted: Literal[True] = True


class ListedThread(Thread):
    """A thread in a list; `preview` is the first 120 characters of its first question."""

    preview: str | None


class ThreadsDeleted(WireObject):
    """The response to deleting many threads at once.

    `files` and `vector_stores` count what was attached only to these threads and was deleted too.
    """

    object: Literal["thread.list.deleted"] = "thread.list.deleted"
    deleted: Literal[True] = True
    count: int
    files: int
    vector_stores: int
