"""Wire objects for tools, tool resources and options; assistants, threads and runs share them."""

from typing import Annotated, Any, Literal

from pydantic import ConfigDict, Discriminator, Field, StringConstraints, Tag, model_validator
from pydantic_core import PydanticCustomError

from app.schemas.code_interpreter import (
    CODE_INTERPRETER,
    CodeInterpreterChoice,
    CodeInterpreterResources,
    CodeInterpreterTool,
)
from app.schemas.common import MAX_COUNT, JsonObject, RequestBody
from app.schemas.file_search import (
    FILE_SEARCH,
    FileSearchChoice,
    FileSearchResources,
    FileSearchTool,
    NewFileSearchResources,
)
from app.schemas.vector_stores import NewVectorStore

FunctionName = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_-]{1,64}$")]


class FunctionDefinition(RequestBody):
    name: FunctionName
    description: str | None = None
    parameters: JsonObject | None = None
    strict: bool | None = None


class FunctionTool(RequestBody):
    type: Literal["function"]
    function: FunctionDefinition


# The tools that are identified by their type; all others are functions.
BUILT_IN = (FILE_SEARCH, CODE_INTERPRETER)

Tool = Annotated[CodeInterpreterTool | FileSearchTool | FunctionTool, Field(discriminator="type")]


def normalized(tools: list[Tool] | None) -> list[dict[str, Any]]:
    """Return the tools as OpenAI echoes them, with defaults filled in."""
    return [_normalized(tool) for tool in tools or []]


def _normalized(tool: Tool) -> dict[str, Any]:
    if isinstance(tool, FileSearchTool):
        return tool.normalized()
    answer = tool.given()
    if isinstance(tool, FunctionTool):
        answer["function"].setdefault("parameters", {"type": "object", "properties": {}})
        answer["function"].setdefault("strict", False)
    return answer


class ToolResources(RequestBody):
    """The files and vector stores that tools may use; their ids are stored as given."""

    code_interpreter: CodeInterpreterResources | None = None
    file_search: FileSearchResources | None = None


class NewToolResources(ToolResources):
    file_search: NewFileSearchResources | None = None

    def taken_apart(self) -> tuple[dict[str, Any], list[NewVectorStore]]:
        """Return the resources without new vector stores, and the vector stores to create."""
        given = self.given()
        if self.file_search is None:
            return given, []
        given[FILE_SEARCH].pop("vector_stores", None)
        return given, self.file_search.vector_stores or []


class NamedFunction(RequestBody):
    name: FunctionName


class FunctionChoice(RequestBody):
    type: Literal["function"]
    function: NamedFunction


ToolMode = Literal["none", "auto", "required"]
NamedChoice = Annotated[
    FunctionChoice | FileSearchChoice | CodeInterpreterChoice, Field(discriminator="type")
]


class JsonSchemaDefinition(RequestBody):
    name: FunctionName
    description: str | None = None
    schema_: JsonObject | None = Field(default=None, alias="schema")
    strict: bool | None = None


class TextFormat(RequestBody):
    type: Literal["text"]


class JsonObjectFormat(RequestBody):
    type: Literal["json_object"]


class JsonSchemaFormat(RequestBody):
    type: Literal["json_schema"]
    json_schema: JsonSchemaDefinition


NamedFormat = Annotated[
    TextFormat | JsonObjectFormat | JsonSchemaFormat, Field(discriminator="type")
]


def word_or_object(value: Any) -> str:
    """Distinguish the two forms of a union; the tags are dropped from an error's `param`."""
    return "<word>" if isinstance(value, str) else "<object>"


ToolChoice = Annotated[
    Annotated[ToolMode, Tag("<word>")] | Annotated[NamedChoice, Tag("<object>")],
    Discriminator(word_or_object),
]
ResponseFormat = Annotated[
    Annotated[Literal["auto"], Tag("<word>")] | Annotated[NamedFormat, Tag("<object>")],
    Discriminator(word_or_object),
]


class TruncationStrategy(RequestBody):
    """How much of the thread is sent to the model."""

    model_config = ConfigDict(
        json_schema_extra={
            "anyOf": [
                {"properties": {"type": {"const": "auto"}}},
                {
                    "properties": {"last_messages": {"type": "integer"}},
                    "required": ["last_messages"],
                },
            ]
        }
    )

    type: Literal["auto", "last_messages"]
    last_messages: int | None = Field(default=None, ge=1, le=MAX_COUNT)

    @model_validator(mode="after")
    def _count_is_given(self) -> "TruncationStrategy":
        if self.type == "last_messages" and self.last_messages is None:
            raise PydanticCustomError(
                "missing_field", "", {"param": "truncation_strategy.last_messages"}
            )
        return self


def as_json(value: str | RequestBody | None) -> Any:
    """Return a choice or format as it is stored and sent."""
    return value.given() if isinstance(value, RequestBody) else value
