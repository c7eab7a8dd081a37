"""Files attached to messages: adds them to the thread's, to be searched or read by code."""

from collections.abc import Sequence

from app.db import threads, vector_store_files, vector_stores
from app.db.database import Connection
from app.db.vector_store_files import NewFile
from app.domain.access import Caller
from app.domain.clock import now
from app.schemas.code_interpreter import CODE_INTERPRETER
from app.schemas.file_search import FILE_SEARCH, stores_in, with_stores
from app.schemas.messages import MessageCreate
from app.schemas.vector_stores import NewVectorStore, stored_strategy
from app.services.code_files import with_more_code_files
from app.services.vector_stores import OF_THREAD, create_store


def attach_files(
    connection: Connection, caller: Caller, thread_id: str, messages: Sequence[MessageCreate]
) -> bool:
    """Add the messages' files to the thread: for `file_search` to its vector store, for
    `code_interpreter` to the files of its `tool_resources`.

    Returns whether there are such files. Raises `NotFound` for an unknown file, and
    `InvalidRequest` for too many.
    """
    for_code = _files_for(messages, CODE_INTERPRETER)
    if for_code:
        resources = threads.retrieve(connection, caller, thread_id).tool_resources
        kept = with_more_code_files(connection, caller, resources, for_code)
        threads.modify(connection, caller, thread_id, {"tool_resources": kept})
    to_search = _files_for(messages, FILE_SEARCH)
    if to_search:
        _add_to_store(connection, caller, thread_id, to_search)
    return bool(for_code or to_search)


def _add_to_store(
    connection: Connection, caller: Caller, thread_id: str, file_ids: list[str]
) -> None:
    """Add files to the thread's vector store; if it has no usable one, one is created."""
    resources = threads.retrieve(connection, caller, thread_id).tool_resources
    moment = now()
    named = stores_in(resources)
    # A store that was deleted or has expired is replaced by a new one.
    usable = [*vector_stores.last_uses(connection, (caller.project,), named, moment)]
    if usable:
        vector_stores.use(connection, caller.project, usable[0], moment)
        new = [
            NewFile(file_id, None, stored_strategy(None), of_thread=True) for file_id in file_ids
        ]
        vector_store_files.attach(connection, caller.project, usable[0], new, moment)
    else:
        store = create_store(
            connection, caller.project, NewVectorStore(file_ids=file_ids), OF_THREAD
        )
        kept = with_stores(resources, [store.id])
        threads.modify(connection, caller, thread_id, {"tool_resources": kept})


def _files_for(messages: Sequence[MessageCreate], tool_type: str) -> list[str]:
    return [
        attachment.file_id
        for message in messages
        for attachment in message.attachments or []
        if any(tool.type == tool_type for tool in attachment.tools or [])
    ]
