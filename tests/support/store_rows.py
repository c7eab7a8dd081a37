"""Rows of vector stores and their files, for tests of chunks."""

from sqlalchemy import Connection, insert

from app.db.file_tables import files
from app.db.knowledge_tables import vector_store_files, vector_stores

_STORE = {"created_at": 1, "last_active_at": 1, "metadata": {}}
_FILE = {
    "created_at": 1,
    "filename": "a.txt",
    "purpose": "assistants",
    "bytes": 1,
    "status": "processed",
}
_IN_STORE = {
    "created_at": 1,
    "status": "completed",
    "usage_bytes": 1,
    "attributes": {},
    "chunking_strategy": {},
    "attempts": 0,
}


def insert_stores(connection: Connection, stores: list[str], file_ids: list[str]) -> None:
    """Insert the files, and the stores, each with all of the files."""
    for file_id in file_ids:
        connection.execute(insert(files), {"id": file_id, **_FILE})
    for store in stores:
        connection.execute(insert(vector_stores), {"id": store, **_STORE})
        for file_id in file_ids:
            row = {"id": file_id, "vector_store_id": store, **_IN_STORE}
            connection.execute(insert(vector_store_files), row)
