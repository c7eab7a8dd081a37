"""Brings the assistants of the settings and of the assistants file up to date at every start.

Unchanged assistants are not written again. If several servers start at once, each decides in a
transaction of its own what is missing, one after the other, and the later ones find nothing to do.
"""

import asyncio
import logging
import time
from collections.abc import Collection, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace

from app.core.assistants_file import KnowledgeFile, WrittenAssistant
from app.db import assistants, files, vector_store_files, written_assistants
from app.db.database import Connection, Database
from app.db.file_rows import FileRow
from app.db.rows import AssistantRow, KeptFile, WrittenAssistantRow
from app.domain.access import DEFAULT_PROJECT, SHARED
from app.domain.clock import now
from app.domain.errors import NotFound, StartError
from app.schemas.assistants import AssistantCreate
from app.schemas.code_interpreter import with_code_files
from app.schemas.file_search import with_stores
from app.services.assistants import configure_assistant, new_assistant
from app.services.knowledge_files import store_knowledge
from app.services.knowledge_stores import fill_store, knowledge_store_id
from app.storage.file_writer import FileWriter

logger = logging.getLogger(__name__)

# How long (in seconds) a start waits until the knowledge is indexed, and how often it checks.
_READ_SECONDS = 10.0
_LOOK_EVERY = 0.02

# What the file's assistants were last created from, by assistant id.
_Records = Mapping[str, WrittenAssistantRow]
# A file: its assistant's id, and its name in the assistants file.
_Key = tuple[str, str]


@dataclass(frozen=True)
class Configured:
    """The configured assistants: the default one, and those of the assistants file."""

    default_id: str
    default: AssistantCreate
    written: Sequence[WrittenAssistant]


@dataclass(frozen=True)
class _Outcome:
    """Either files are `missing` and nothing was written, or everything is up to date."""

    missing: Mapping[_Key, KnowledgeFile]
    default: AssistantRow | None = None


async def configure_assistants(
    database: Database, writer: FileWriter, wanted: Configured
) -> AssistantRow | None:
    """Create or update the configured assistants; return the default one, for `RunPolicy`.

    Knowledge files are only attached here; the ingestor indexes them. Raises `StartError`.
    """
    uploads: dict[_Key, FileRow] = {}
    try:
        while True:
            outcome = await database.transaction(_apply, wanted, uploads)
            if not outcome.missing:
                return outcome.default
            for key, file in outcome.missing.items():
                uploads[key] = await store_knowledge(writer, file)
    finally:
        for upload in uploads.values():
            # This keeps the bytes of uploads that became files.
            await writer.give_up(upload.id)


async def knowledge_is_read(database: Database, wanted: Configured) -> None:
    """Wait, for a limited time, until the knowledge can be searched.

    Files that can't be read are logged with the reason.
    """
    stores = [knowledge_store_id(one.id) for one in wanted.written if one.knowledge]
    deadline = time.monotonic() + _READ_SECONDS
    # Another process may be indexing it, so this has to poll.
    while await database.read(vector_store_files.any_waiting, stores):
        if time.monotonic() > deadline:
            logger.warning("the assistants' knowledge is still being indexed")
            break
        await asyncio.sleep(_LOOK_EVERY)
    owners = {knowledge_store_id(one.id): one.id for one in wanted.written}
    for file in await database.read(written_assistants.files_failed, stores):
        logger.warning(
            "knowledge of %s could not be read: %s: %s",
            owners[file.store_id],
            file.filename,
            file.reason,
        )


def _apply(connection: Connection, wanted: Configured, uploads: Mapping[_Key, FileRow]) -> _Outcome:
    written_assistants.lock(connection)
    records = written_assistants.records(connection)
    _refuse_api_assistants(connection, wanted.written, records)
    _share_knowledge(connection, wanted.written, records)
    old = _outdated(connection, wanted.written, records)
    kept = _kept_files(connection, old, records)
    missing = {
        (assistant.id, file.name): file
        for assistant in old
        for file in assistant.files.values()
        if (assistant.id, file.name) not in {*kept, *uploads}
    }
    if missing:
        return _Outcome(missing)
    ids = [assistant.id for assistant in wanted.written]
    assistants.release_others(connection, [wanted.default_id, *ids])
    for assistant in old:
        _write(connection, assistant, records.get(assistant.id), kept, uploads)
    if wanted.default_id in ids:
        return _Outcome({}, assistants.retrieve(connection, SHARED, wanted.default_id))
    record = records.get(wanted.default_id)
    return _Outcome({}, configure_assistant(connection, wanted.default_id, wanted.default, record))


def _refuse_api_assistants(
    connection: Connection, written: Sequence[WrittenAssistant], records: Collection[str]
) -> None:
    """Raises `StartError` for assistants of the API: the file must not overwrite a user's."""
    lines = [
        f"{one.place}: the assistant {one.id} was created or changed over the API; "
        "delete it there first, or give this one another id"
        for one in written
        if assistants.project_of(connection, one.id) not in (None, SHARED) and one.id not in records
    ]
    if lines:
        raise StartError("\n".join(lines))


def _share_knowledge(
    connection: Connection,
    written: Sequence[WrittenAssistant],
    records: _Records,
) -> None:
    """Share the knowledge of the file's assistants with all projects; other assistants' knowledge
    goes to the default project."""
    configured = {one.id for one in written}
    for assistant_id, record in records.items():
        written_assistants.give_knowledge(
            connection,
            SHARED if assistant_id in configured else DEFAULT_PROJECT,
            [kept.file_id for kept in record.knowledge.values()],
            [knowledge_store_id(assistant_id)],
        )


def _outdated(
    connection: Connection,
    written: Sequence[WrittenAssistant],
    records: _Records,
) -> list[WrittenAssistant]:
    """Return the assistants that don't match the file, knowledge included."""
    stores = [knowledge_store_id(one.id) for one in written if one.knowledge]
    searched = written_assistants.files_searched(connection, stores)
    recorded = [kept for record in records.values() for kept in record.knowledge.values()]
    there = written_assistants.files_there(connection, [kept.file_id for kept in recorded])

    def is_usable(kept: KeptFile, store_id: str) -> bool:
        return (store_id, kept.file_id) in searched if kept.searched else kept.file_id in there

    def is_current(one: WrittenAssistant) -> bool:
        record, store_id = records.get(one.id), knowledge_store_id(one.id)
        return (
            record is not None
            and record.content_hash == one.content_hash
            and all(is_usable(kept, store_id) for kept in record.knowledge.values())
            and assistants.project_of(connection, one.id) == SHARED
        )

    return [one for one in written if not is_current(one)]


def _kept_files(
    connection: Connection,
    old: Sequence[WrittenAssistant],
    records: _Records,
) -> dict[_Key, str]:
    """Return the ids of the files that are already stored with the same bytes."""
    kept = {
        (one.id, file.name): before.file_id
        for one in old
        if (record := records.get(one.id)) is not None
        for file in one.files.values()
        if (before := record.knowledge.get(file.name)) and before.digest == file.digest
    }
    there = written_assistants.files_there(connection, [*kept.values()])
    return {key: file_id for key, file_id in kept.items() if file_id in there}


def _write(
    connection: Connection,
    written: WrittenAssistant,
    record: WrittenAssistantRow | None,
    kept: Mapping[_Key, str],
    uploads: Mapping[_Key, FileRow],
) -> None:
    stored: dict[str, KeptFile] = {}
    searched = {file.name for file in written.knowledge}
    for name, file in written.files.items():
        key = (written.id, name)
        if key not in kept and files.create(connection, uploads[key]) is None:
            raise StartError(f"{written.place}: storing {name} took too long")
        file_id = kept.get(key) or uploads[key].id
        stored[name] = KeptFile(file.digest, file_id, name in searched)
    _remove_others(connection, record, stored)
    stores = fill_store(connection, written, record, stored)
    made = replace(new_assistant(SHARED, written.body), id=written.id)
    resources = with_stores(made.tool_resources, stores) if stores else made.tool_resources
    if written.data:
        file_ids = [stored[file.name].file_id for file in written.data]
        resources = with_code_files(resources, file_ids)
    made = replace(made, tool_resources=resources)
    project = assistants.project_of(connection, written.id)
    if project is None:
        assistants.create(connection, made)
    else:
        assistants.rewrite(connection, project, made)
    record = WrittenAssistantRow(written.id, written.content_hash, stored)
    written_assistants.keep(connection, record)


def _remove_others(
    connection: Connection, record: WrittenAssistantRow | None, stored: Mapping[str, KeptFile]
) -> None:
    """Remove the files that the assistant had before and has no more."""
    wanted = {file.file_id for file in stored.values()}
    for before in record.knowledge.values() if record else ():
        if before.file_id not in wanted:
            with suppress(NotFound):
                files.remove(connection, SHARED, before.file_id, now())
