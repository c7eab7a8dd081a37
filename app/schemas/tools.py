"""Tools, tool resources and the choices about them, shared by assistants, threads and runs."""

from typing import Annotated, Any, Literal

from pydantic import ConfigDict, Discriminator, Field, StringConstraints, Tag, model_validator
from pydantic_core import PydanticCustomError

from app.schemas.common import MAX_COUNT, JsonObject, RequestBody
from app.schemas.vector_stores import NewVectorStore

FunctionName = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_-]{1,64}$")]


class CodeInterpreterTool(RequestBody):
    type: Literal["code_interpreter"]


class RankingOptions(RequestBody):
    ranker: Literal["auto", "default_2024_08_21"] | None = None
    score_threshold: float = Field(ge=0, le=1)
    hybrid_search: JsonObject | None = None


class FileSearchOptions(RequestBody):
    max_num_results: int | None = Field(default=None, ge=1, le=50)
    ranking_options: RankingOptions | None = None


class FileSearchTool(RequestBody):
    type: Literal["file_search"]
    file_search: FileSearchOptions | None = None


class FunctionDefinition(RequestBody):
    name: FunctionName
    description: str | None = None
    parameters: JsonObject | None = None
    strict: bool | None = None


class FunctionTool(RequestBody):
    type: Literal["function"]
    function: FunctionDefinition


Tool = Annotated[CodeInterpreterTool | FileSearchTool | FunctionTool, Field(discriminator="type")]


def normalized(tools: list[Tool] | None) -> list[dict[str, Any]]:
    """Return the tools as OpenAI echoed them, its defaults filled in."""
    return [_normalized(tool) for tool in tools or []]


def _normalized(tool: Tool) -> dict[str, Any]:
    answer = tool.given()
    if isinstance(tool, FunctionTool):
        answer["function"].setdefault("parameters", {"type": "object", "properties": {}})
        answer["function"].setdefault("strict", False)
    elif isinstance(tool, FileSearchTool):
        options = answer.setdefault("file_search", {})
        given = options.get("ranking_options", {})
        options["ranking_options"] = {
            "ranker": given.get("ranker", "default_2024_08_21"),
            "score_threshold": given.get("score_threshold", 0.0),
            "hybrid_search": given.get("hybrid_search"),
        }
    return answer


class CodeInterpreterResources(RequestBody):
    file_ids: list[str] | None = Field(default=None, max_length=20)


class FileSearchResources(RequestBody):
    vector_store_ids: list[str] | None = Field(default=None, max_length=1)


class ToolResources(RequestBody):
    """The files and vector stores that tools may use; their ids are kept as they are given."""

    code_interpreter: CodeInterpreterResources | None = None
    file_search: FileSearchResources | None = None


class NewFileSearchResources(FileSearchResources):
    """Those of a new assistant or thread: the vector store may be made along with it."""

    model_config = ConfigDict(
        json_schema_extra={
            "not": {
                "required": ["vector_store_ids", "vector_stores"],
                "properties": {
                    "vector_store_ids": {"type": "array", "minItems": 1},
                    "vector_stores": {"type": "array", "minItems": 1},
                },
            }
        }
    )

    vector_stores: list[NewVectorStore] | None = Field(default=None, max_length=1)

    @model_validator(mode="after")
    def _one_of_both(self) -> "NewFileSearchResources":
        if self.vector_store_ids and self.vector_stores:
            raise PydanticCustomError(
                "both_given", "only one of 'vector_store_ids' and 'vector_stores' can be given"
            )
        return self


class NewToolResources(ToolResources):
    file_search: NewFileSearchResources | None = None


class NamedFunction(RequestBody):
    name: FunctionName


class FunctionChoice(RequestBody):
    type: Literal["function"]
    function: NamedFunction


class FileSearchChoice(RequestBody):
    type: Literal["file_search"]


class CodeInterpreterChoice(RequestBody):
    type: Literal["code_interpreter"]


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
    """Tell the two forms of a union apart; the tags are dropped from an error's `param`."""
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
    """How much of the thread the model is shown."""

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
    """Return a choice or format in the form in which it is stored and told."""
    return value.given() if isinstance(value, RequestBody) else value
