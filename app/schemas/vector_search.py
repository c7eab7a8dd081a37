"""Wire objects for vector store searches and the extracted text of files."""

from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, ConfigDict, Discriminator, Field, Tag, model_validator
from pydantic_core import PydanticCustomError

from app.schemas.common import MAX_TEXT, Items, RequestBody, WireObject
from app.schemas.vector_stores import StoredAttributes, scalar_kind

Comparison = Literal["eq", "ne", "gt", "gte", "lt", "lte", "in", "nin"]
_OF_LISTS = ("in", "nin")

# Limits for filters, since each is compared with every file of a store. OpenAI documents none.
MAX_INNER_FILTERS = 100
MAX_FILTER_DEPTH = 10
MAX_FILTER_VALUES = 1000


def _value_kind(value: Any) -> str:
    return "<list>" if isinstance(value, list) else scalar_kind(value)


ComparedScalar = Annotated[
    Annotated[str, Tag("<text>")]
    | Annotated[int | float, Tag("<number>")]
    | Annotated[bool, Tag("<boolean>")],
    Discriminator(scalar_kind),
]
ComparedValue = Annotated[
    Annotated[str, Tag("<text>")]
    | Annotated[int | float, Tag("<number>")]
    | Annotated[bool, Tag("<boolean>")]
    | Annotated[Items[ComparedScalar], Tag("<list>")],
    Discriminator(_value_kind),
]


class ComparisonFilter(RequestBody):
    """Compares a file's attribute with a value, or with a list of values for `in` and `nin`."""

    model_config = ConfigDict(
        json_schema_extra={
            "if": {"properties": {"type": {"enum": [*_OF_LISTS]}}},
            "then": {"properties": {"value": {"type": "array"}}},
            "else": {"properties": {"value": {"not": {"type": "array"}}}},
        }
    )

    type: Comparison
    key: str
    value: ComparedValue

    @model_validator(mode="after")
    def _value_fits(self) -> "ComparisonFilter":
        if isinstance(self.value, list) != (self.type in _OF_LISTS):
            expected = "an array" if self.type in _OF_LISTS else "no array"
            raise PydanticCustomError(
                "filter_value",
                "a filter of type '{type}' expects {expected} as its value",
                {"type": self.type, "expected": expected},
            )
        return self


class CompoundFilter(RequestBody):
    """Combines filters, which may be compound themselves."""

    type: Literal["and", "or"]
    filters: Items["Filter"]


Filter = Annotated[ComparisonFilter | CompoundFilter, Field(discriminator="type")]


def _not_too_large(value: Any) -> Any:
    """Check the size before validation, which would examine each of 100,000 comparisons."""
    inner_filters = values = 0
    parts = [(value, 1)]
    while parts:
        part, depth = parts.pop()
        if not isinstance(part, dict):
            continue  # validation reports it
        inner, compared = part.get("filters"), part.get("value")
        if isinstance(inner, list):
            inner_filters += len(inner)
            # Checked before they are copied: there may be millions.
            _at_most("inner filters", inner_filters, MAX_INNER_FILTERS)
            _at_most("levels", depth, MAX_FILTER_DEPTH)
            parts += [(one, depth + 1) for one in inner]
        if isinstance(compared, list):
            values += len(compared)
            _at_most("values in lists", values, MAX_FILTER_VALUES)
    return value


def _at_most(what: str, count: int, limit: int) -> None:
    if count > limit:
        raise PydanticCustomError(
            "filter_too_large",
            "a filter has at most {limit} {what}, and this one has {count} or more",
            {"limit": limit, "what": what, "count": count},
        )


BoundedFilter = Annotated[Filter, BeforeValidator(_not_too_large)]

Query = Annotated[str, Field(min_length=1, max_length=MAX_TEXT)]


def _query_kind(value: Any) -> str:
    return "<list>" if isinstance(value, list) else "<text>"


class HybridSearch(RequestBody):
    """The weights of words and meaning; used if the server has an embedding model."""

    embedding_weight: float = Field(ge=0)
    text_weight: float = Field(ge=0)


class SearchRanking(RequestBody):
    ranker: Literal["none", "auto", "default-2024-11-15", "default_2024_08_21"] | None = None
    score_threshold: float | None = Field(default=None, ge=0, le=1)
    hybrid_search: HybridSearch | None = None


class VectorSearch(RequestBody):
    query: Annotated[
        Annotated[Query, Tag("<text>")]
        | Annotated[list[Query], Field(min_length=1, max_length=32), Tag("<list>")],
        Discriminator(_query_kind),
    ]
    filters: BoundedFilter | None = None
    max_num_results: int | None = Field(default=None, ge=1, le=50)
    ranking_options: SearchRanking | None = None
    rewrite_query: bool | None = Field(
        default=None, description="Accepted and ignored: queries are not rewritten."
    )

    def queries(self) -> list[str]:
        return [self.query] if isinstance(self.query, str) else self.query


class TextContent(WireObject):
    type: Literal["text"] = "text"
    text: str


class SearchResult(WireObject):
    file_id: str
    filename: str
    score: float
    attributes: StoredAttributes
    content: list[TextContent]


class SearchResultsPage(WireObject):
    object: Literal["vector_store.search_results.page"] = "vector_store.search_results.page"
    search_query: list[str]
    data: list[SearchResult]
    has_more: bool = False
    next_page: str | None = None


class FileContentPage(WireObject):
    """A file's text in the chunks that are searched; each chunk overlaps the one before."""

    object: Literal["vector_store.file_content.page"] = "vector_store.file_content.page"
    data: list[TextContent]
    has_more: bool = False
    next_page: str | None = None
