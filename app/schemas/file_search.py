"""Wire objects for the tool `file_search`: its options and the vector stores that it searches."""

from collections.abc import Iterable, Mapping
from typing import Any, Literal

from pydantic import ConfigDict, Field, model_validator
from pydantic_core import PydanticCustomError

from app.schemas.common import JsonObject, RequestBody
from app.schemas.vector_stores import NewVectorStore

FILE_SEARCH: Literal["file_search"] = "file_search"
# The only value of `include[]`: adds the text that was found to the results.
CONTENT = "step_details.tool_calls[*].file_search.results[*].content"


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

    def normalized(self) -> dict[str, Any]:
        """Return the tool as OpenAI echoes it, with defaults filled in."""
        answer = self.given()
        options = answer.setdefault("file_search", {})
        given = options.get("ranking_options", {})
        options["ranking_options"] = {
            "ranker": given.get("ranker", "default_2024_08_21"),
            "score_threshold": given.get("score_threshold", 0.0),
            "hybrid_search": given.get("hybrid_search"),
        }
        return answer


class FileSearchResources(RequestBody):
    vector_store_ids: list[str] | None = Field(default=None, max_length=1)


class NewFileSearchResources(FileSearchResources):
    """The resources of a new assistant or thread, which may create its vector store too."""

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


class FileSearchChoice(RequestBody):
    type: Literal["file_search"]


def stores_in(resources: Mapping[str, Any]) -> list[str]:
    """Return the ids of the vector stores in tool resources."""
    ids: list[str] = (resources.get(FILE_SEARCH) or {}).get("vector_store_ids") or []
    return ids


def with_stores(resources: Mapping[str, Any], store_ids: list[str]) -> dict[str, Any]:
    """Return tool resources with these vector stores for `file_search`."""
    return {**resources, FILE_SEARCH: {"vector_store_ids": store_ids}}


def searches(types: Iterable[str]) -> bool:
    """Return whether `file_search` is one of these tool types."""
    return FILE_SEARCH in types
