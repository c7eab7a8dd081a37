"""Wire objects for assistants."""

from typing import Any, Literal

from pydantic import Field

from app.schemas.common import (
    Instructions,
    ListedObject,
    Metadata,
    ReasoningEffort,
    RequestBody,
    Temperature,
    TopP,
    WireObject,
)
from app.schemas.tools import NewToolResources, ResponseFormat, Tool, ToolResources


class AssistantFields(RequestBody):
    """The fields of an assistant that a client may set, all optional."""

    name: str | None = Field(default=None, max_length=256)
    description: str | None = Field(default=None, max_length=512)
    instructions: Instructions | None = None
    tools: list[Tool] | None = Field(default=None, max_length=128)
    tool_resources: ToolResources | None = None
    metadata: Metadata | None = None
    temperature: Temperature | None = None
    top_p: TopP | None = None
    reasoning_effort: ReasoningEffort | None = None
    response_format: ResponseFormat | None = None


class AssistantCreate(AssistantFields):
    model: str = Field(min_length=1, max_length=256)
    tool_resources: NewToolResources | None = None


class AssistantUpdate(AssistantFields):
    """Omitted fields stay unchanged; null clears a text and resets other fields to defaults."""

    model: str | None = Field(default=None, min_length=1, max_length=256)


class Assistant(ListedObject):
    object: Literal["assistant"] = "assistant"
    created_at: int
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


class AssistantDeleted(WireObject):
    id: str
    object: Literal["assistant.deleted"] = "assistant.deleted"
    deleted: Literal[True] = True
