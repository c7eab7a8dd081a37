"""The vector stores with the knowledge of the assistants file's assistants."""

import hashlib
from collections.abc import Mapping
from contextlib import suppress
from typing import Any

from app.core.assistants_file import WrittenAssistant
from app.db import vector_store_files, vector_stores
from app.db.database import Connection
from app.db.knowledge_rows import VectorStoreRow
from app.db.rows import KeptFile, WrittenAssistantRow
from app.db.vector_store_files import NewFile
from app.domain.access import DEFAULT_PROJECT, SHARED
from app.domain.clock import now
from app.domain.errors import NotFound
from app.domain.ids import PREFIXES


def knowledge_store_id(assistant_id: str) -> str:
    """Return the id of the vector store with the knowledge of one of the file's assistants."""
    return f"{PREFIXES['vector_store']}_{hashlib.sha256(assistant_id.encode()).hexdigest()[:32]}"


def fill_store(
    connection: Connection,
    written: WrittenAssistant,
    record: WrittenAssistantRow | None,
    stored: Mapping[str, KeptFile],
) -> list[str]:
    """Put the assistant's knowledge into its vector store; return the store's id, if any."""
    store_id, moment = knowledge_store_id(written.id), now()
    wanted, before = _searched(stored), _searched(record.knowledge if record else {})
    if not before or not wanted:
        # A store that an earlier assistant of this id left is not this one's knowledge.
        for project in (SHARED, DEFAULT_PROJECT):
            with suppress(NotFound):
                vector_stores.remove(connection, project, store_id)
    if not wanted:
        return []
    _locked_store(connection, store_id, written, moment)
    for file_id in before - wanted:
        # Files that are data only from now on: others were removed before.
        with suppress(NotFound):
            vector_store_files.remove(connection, store_id, file_id)
    new = [NewFile(file_id, None, written.chunking) for file_id in sorted(wanted)]
    vector_store_files.attach(connection, SHARED, store_id, new, moment)
    return [store_id]


def _searched(stored: Mapping[str, KeptFile]) -> set[str]:
    return {file.file_id for file in stored.values() if file.searched}


def _locked_store(
    connection: Connection, store_id: str, written: WrittenAssistant, moment: int
) -> None:
    """Create the store or remove its expiry, and lock it until the transaction ends."""
    name = written.body.name or written.id
    values: dict[str, Any] = {
        "name": name,
        "expires_after": None,
        "expires_at": None,
        "last_active_at": moment,
    }
    try:
        vector_stores.modify(connection, SHARED, store_id, values)
    except NotFound:
        store = VectorStoreRow(
            id=store_id,
            created_at=moment,
            description=None,
            metadata={},
            project=SHARED,
            **values,
        )
        vector_stores.create(connection, store)
