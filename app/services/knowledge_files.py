"""Stores the files that the assistants file names."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

from app.core.assistants_file import KnowledgeFile
from app.core.object_store import StorageError
from app.db.file_rows import FileRow
from app.domain.access import SHARED
from app.domain.errors import StartError
from app.storage.file_writer import FileWriter

_PIECE_BYTES = 1024 * 1024


async def store_knowledge(writer: FileWriter, source: KnowledgeFile) -> FileRow:
    """Store a file's bytes; return the row of the new file, which is not inserted yet.

    Raises `StartError` if the bytes can't be stored or have changed meanwhile.
    """
    try:
        stored = await writer.put(_pieces(source.path))
    except (OSError, StorageError) as error:
        raise StartError(f"ASSISTANTS_FILE: {source.name} can't be stored: {error}") from error
    if stored.size != source.size:
        await writer.give_up(stored.file_id)
        raise StartError(f"ASSISTANTS_FILE: {source.name} changed while it was being stored")
    return FileRow(
        id=stored.file_id,
        purpose="assistants",
        filename=source.path.name,
        bytes=stored.size,
        created_at=stored.created_at,
        expires_at=None,
        project=SHARED,
    )


async def _pieces(path: Path) -> AsyncIterator[bytes]:
    with await asyncio.to_thread(path.open, "rb") as file:
        while piece := await asyncio.to_thread(file.read, _PIECE_BYTES):
            yield piece
