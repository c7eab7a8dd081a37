"""Files attached to messages: adds them to a vector store of the thread, to be searched."""

from collections.abc import Sequence

from app.db import threads, vector_store_files, vector_stores
from app.db.database import Connection
from app.db.vector_store_files import NewFile
from app.domain.access import Caller
from app.domain.clock import now
from app.schemas.file_search import searches, stores_in, with_stores
from app.schemas.messages import MessageCreate
from app.schemas.vector_stores import NewVectorStore, stored_strategy
from app.services.vector_stores import OF_THREAD, create_store


def attach_files(
    connection: Connection, caller: Caller, thread_id: str, messages: Sequence[MessageCreate]
) -> bool:
    """Add the messages' files for `file_search` to the thread's vector store.

    If the thread has no usable store, one is created. Returns whether there are such files. Raises
    `NotFound` for an unknown file.
    """
    file_ids = [file_id for message in messages for file_id in _to_search(message)]
    if not file_ids:
        return False
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
    return True


def _to_search(message: MessageCreate) -> list[str]:
    return [
        attachment.file_id
        for attachment in message.attachments or []
        if searches(tool.type for tool in attachment.tools or [])
    ]
