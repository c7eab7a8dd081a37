"""The rows of `file_tables.py`, as dataclasses."""

from dataclasses import dataclass

from app.db import file_tables
from app.db.row_map import RowMap
from app.schemas.files import StoredStatus


@dataclass(frozen=True, slots=True, kw_only=True)
class FileRow:
    id: str
    created_at: int
    filename: str
    purpose: str
    bytes: int
    expires_at: int | None
    status: StoredStatus = "processed"
    project: str
    session_id: str | None = None
    lacks_content: bool = False
    imported: str | None = None
    attempt: str | None = None


@dataclass(frozen=True, slots=True)
class FileRemovalRow:
    file_id: str
    due_at: int


FILES = RowMap(file_tables.files, FileRow)
FILE_REMOVALS = RowMap(file_tables.file_removals, FileRemovalRow)
