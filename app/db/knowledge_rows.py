"""The rows of `knowledge_tables.py`, as dataclasses."""

from dataclasses import dataclass, field
from typing import Any

from app.db import knowledge_tables as tables
from app.db.row_map import RowMap
from app.schemas.vector_stores import FileError, FileStatus, StoredAttributes


@dataclass(frozen=True, slots=True, kw_only=True)
class VectorStoreRow:
    id: str
    created_at: int
    name: str | None
    description: str | None
    expires_after: dict[str, Any] | None
    expires_at: int | None
    last_active_at: int
    metadata: dict[str, str]
    project: str
    of_thread: bool = False
    revision: int = 0
    imported: str | None = None
    attempt: str | None = None

    def has_expired(self, now: int) -> bool:
        return self.expires_at is not None and self.expires_at <= now


@dataclass(frozen=True, slots=True, kw_only=True)
class BatchRow:
    id: str
    vector_store_id: str
    created_at: int
    status: FileStatus = "in_progress"
    attempt: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class StoreFileRow:
    id: str
    vector_store_id: str
    batch_id: str | None
    created_at: int
    status: FileStatus = "in_progress"
    usage_bytes: int = 0
    last_error: FileError | None = None
    attributes: StoredAttributes = field(default_factory=dict)
    chunking_strategy: dict[str, Any]
    worker_id: str | None = None
    held_until: float | None = None
    of_thread: bool = False
    attempts: int = 0
    revision: int = 0
    imported: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ChunkRow:
    vector_store_id: str
    file_id: str
    position: int
    length: int
    embedding: bytes | None
    text: str
    tokens: list[str]


VECTOR_STORES = RowMap(tables.vector_stores, VectorStoreRow)
BATCHES = RowMap(tables.vector_store_batches, BatchRow)
STORE_FILES = RowMap(tables.vector_store_files, StoreFileRow)
CHUNKS = RowMap(tables.chunks, ChunkRow)
