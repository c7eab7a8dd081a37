"""Wire objects for vector stores, their files and file batches."""

from collections.abc import Iterable
from typing import Annotated, Any, Literal

from pydantic import (
    ConfigDict,
    Discriminator,
    Field,
    StringConstraints,
    Tag,
    ValidationInfo,
    field_validator,
)
from pydantic_core import PydanticCustomError

from app.schemas.common import (
    MAX_PAIRS,
    FewPairs,
    ListedObject,
    Metadata,
    MetadataKey,
    RequestBody,
    WireObject,
)

VectorStoreStatus = Literal["expired", "in_progress", "completed"]
FileStatus = Literal["in_progress", "completed", "failed", "cancelled"]
FileErrorCode = Literal["server_error", "unsupported_file", "invalid_file"]

MAX_BATCH = 2000
MAX_STORE_FILES = 10_000


def scalar_kind(value: Any) -> str:
    """Distinguish the kinds of plain values; the tags are dropped from an error's `param`."""
    if isinstance(value, bool):
        return "<boolean>"
    return "<number>" if isinstance(value, int | float) else "<text>"


AttributeValue = Annotated[
    Annotated[str, StringConstraints(max_length=512), Tag("<text>")]
    | Annotated[int | float, Tag("<number>")]
    | Annotated[bool, Tag("<boolean>")],
    Discriminator(scalar_kind),
]
Attributes = Annotated[
    dict[MetadataKey, AttributeValue],
    Field(
        max_length=MAX_PAIRS,
        description="Up to 16 values of your own, which searches can filter by.",
    ),
    FewPairs,
]
# As stored and sent; each value keeps its own type, so that 5 does not become 5.0.
StoredAttributes = dict[str, str | bool | int | float]


# How files are split into chunks


class StaticChunking(RequestBody):
    max_chunk_size_tokens: int = Field(ge=100, le=4096)
    chunk_overlap_tokens: int = Field(ge=0)

    @field_validator("chunk_overlap_tokens")
    @classmethod
    def _at_most_half(cls, overlap: int, info: ValidationInfo) -> int:
        size = info.data.get("max_chunk_size_tokens")
        if size is not None and overlap > size // 2:
            raise PydanticCustomError(
                "overlap", "the overlap may be at most half of 'max_chunk_size_tokens'"
            )
        return overlap


class AutoStrategy(RequestBody):
    type: Literal["auto"]


class StaticStrategy(RequestBody):
    type: Literal["static"]
    static: StaticChunking


ChunkingStrategy = Annotated[AutoStrategy | StaticStrategy, Field(discriminator="type")]

_DEFAULT_CHUNKING = {"max_chunk_size_tokens": 800, "chunk_overlap_tokens": 400}


def stored_strategy(strategy: ChunkingStrategy | None) -> dict[str, Any]:
    """Return a chunking strategy as it is stored and sent: always with numbers."""
    if isinstance(strategy, StaticStrategy):
        return strategy.given()
    return {"type": "static", "static": dict(_DEFAULT_CHUNKING)}


# Vector stores


class ExpiresAfter(RequestBody):
    anchor: Literal["last_active_at"]
    days: int = Field(ge=1, le=365)


class NewVectorStore(RequestBody):
    """A vector store that is created along with an assistant or a thread."""

    file_ids: list[str] | None = Field(default=None, max_length=MAX_STORE_FILES)
    chunking_strategy: ChunkingStrategy | None = None
    metadata: Metadata | None = None


class VectorStoreCreate(NewVectorStore):
    file_ids: list[str] | None = Field(default=None, max_length=500)
    name: str | None = Field(default=None, max_length=256)
    description: str | None = Field(default=None, max_length=512)
    expires_after: ExpiresAfter | None = None


class VectorStoreUpdate(RequestBody):
    """Omitted fields stay unchanged; null clears a field."""

    name: str | None = Field(default=None, max_length=256)
    expires_after: ExpiresAfter | None = None
    metadata: Metadata | None = None


class FileCounts(WireObject):
    in_progress: int = 0
    completed: int = 0
    failed: int = 0
    cancelled: int = 0
    total: int = 0

    @classmethod
    def of(cls, counted: Iterable[tuple[str, int]]) -> "FileCounts":
        by_status = dict(counted)
        return cls(**by_status, total=sum(by_status.values()))


class VectorStore(ListedObject):
    object: Literal["vector_store"] = "vector_store"
    created_at: int
    name: str | None
    description: str | None
    usage_bytes: int = 0
    file_counts: FileCounts = FileCounts()
    status: VectorStoreStatus = "completed"
    expires_after: dict[str, Any] | None
    expires_at: int | None
    last_active_at: int
    metadata: dict[str, str]


class VectorStoreDeleted(WireObject):
    id: str
    object: Literal["vector_store.deleted"] = "vector_store.deleted"
    deleted: Literal[True] = True


# Files of vector stores


class VectorStoreFileCreate(RequestBody):
    file_id: str = Field(min_length=1)
    attributes: Attributes | None = None
    chunking_strategy: ChunkingStrategy | None = None


class AttributesUpdate(RequestBody):
    """The body that changes a file's attributes: a value replaces them, null empties them."""

    attributes: Attributes | None


class FileError(WireObject):
    code: FileErrorCode
    message: str


class VectorStoreFile(ListedObject):
    """A file in a vector store; its id is the file's id."""

    object: Literal["vector_store.file"] = "vector_store.file"
    usage_bytes: int
    created_at: int
    vector_store_id: str
    status: FileStatus
    last_error: FileError | None
    chunking_strategy: dict[str, Any]
    attributes: StoredAttributes


class VectorStoreFileDeleted(WireObject):
    id: str
    object: Literal["vector_store.file.deleted"] = "vector_store.file.deleted"
    deleted: Literal[True] = True


# File batches


class FileBatchCreate(RequestBody):
    """Either `file_ids`, which share attributes and chunking, or `files`, each with its own."""

    model_config = ConfigDict(
        json_schema_extra={
            "oneOf": [
                {"properties": {name: {"type": "array"}}, "required": [name]}
                for name in ("file_ids", "files")
            ]
        }
    )

    file_ids: list[str] | None = Field(default=None, min_length=1, max_length=MAX_BATCH)
    files: list[VectorStoreFileCreate] | None = Field(
        default=None, min_length=1, max_length=MAX_BATCH, validate_default=True
    )
    attributes: Attributes | None = None
    chunking_strategy: ChunkingStrategy | None = None

    @field_validator("files")
    @classmethod
    def _one_of_both(
        cls, files: list[VectorStoreFileCreate] | None, info: ValidationInfo
    ) -> list[VectorStoreFileCreate] | None:
        if "file_ids" not in info.data:
            return files  # `file_ids` is invalid, and that error comes first
        if (file_ids := info.data["file_ids"]) is None and files is None:
            raise PydanticCustomError("missing_field", "", {"param": "file_ids"})
        if file_ids is not None and files is not None:
            raise PydanticCustomError(
                "both_given", "only one of 'file_ids' and 'files' can be given"
            )
        return files

    def each(self) -> list[VectorStoreFileCreate]:
        """Return the files, each with its attributes and chunking strategy."""
        if self.files is not None:
            return self.files
        return [
            VectorStoreFileCreate(
                file_id=file_id,
                attributes=self.attributes,
                chunking_strategy=self.chunking_strategy,
            )
            for file_id in self.file_ids or []
        ]


class FileBatch(ListedObject):
    # OpenAI's API document says `vector_store.files_batch`; its servers send this.
    object: Literal["vector_store.file_batch"] = "vector_store.file_batch"
    created_at: int
    status: FileStatus
    vector_store_id: str
    file_counts: FileCounts
