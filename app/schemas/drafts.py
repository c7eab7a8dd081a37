"""Wire objects for drafts and versions of assistants."""

from typing import Any, Literal

from pydantic import Field

from app.schemas.assistants import AssistantFields
from app.schemas.common import MAX_COUNT, ListedObject, RequestBody, WireObject

# How an assistant came to say what a version says.
Cause = Literal["created", "updated", "published", "restored"]


class Content(WireObject):
    """What an assistant says: its fields, without those that never change."""

    name: str | None
    description: str | None
    model: str
    instructions: str | None
    tools: list[dict[str, Any]]
    top_p: float | None
    temperature: float | None
    reasoning_effort: str | None
    tool_resources: dict[str, Any]
    metadata: dict[str, str]
    response_format: Any


class DraftWrite(AssistantFields):
    """The whole draft: a field that is left out has its default.

    `revision`: that of the draft which it changes, 0 if there was none. If somebody else has
    changed the draft since, nothing is written. Without it, the draft is overwritten.
    `base_version`: the published version that a new draft was begun from; default: the current one.
    """

    model: str = Field(min_length=1, max_length=256)
    revision: int | None = Field(default=None, ge=0, le=MAX_COUNT)
    base_version: int | None = Field(default=None, ge=1, le=MAX_COUNT)


class Draft(Content):
    """Changes of an assistant that are not published yet.

    Without a draft, `revision` is 0 and the fields are what is published. `base_version`: the
    published version that the draft was begun from; if it is not `published_version`, the assistant
    was changed since. `configured`: the assistant is defined by the settings or the assistants
    file, so it can't have a draft.
    """

    object: Literal["assistant.draft"] = "assistant.draft"
    assistant_id: str
    revision: int
    base_version: int
    published_version: int
    configured: bool
    updated_at: int | None
    updated_by: str | None


class DraftDeleted(WireObject):
    """`deleted` is false if there was no draft."""

    assistant_id: str
    object: Literal["assistant.draft.deleted"] = "assistant.draft.deleted"
    deleted: bool


class Publish(RequestBody):
    """`revision`: that of the draft to publish; without it, the draft as it is.

    `overwrite`: publish even if the assistant was changed after the draft was begun.
    """

    revision: int | None = Field(default=None, ge=1, le=MAX_COUNT)
    overwrite: bool | None = None


class ListedVersion(ListedObject):
    """A version in a list; `created_by` is the id of the key that made it, if it has one."""

    object: Literal["assistant.version"] = "assistant.version"
    assistant_id: str
    number: int
    created_at: int
    created_by: str | None
    cause: Cause
    name: str | None
    model: str


class Version(Content):
    """What an assistant said, or says."""

    id: str
    object: Literal["assistant.version"] = "assistant.version"
    assistant_id: str
    number: int
    created_at: int
    created_by: str | None
    cause: Cause
