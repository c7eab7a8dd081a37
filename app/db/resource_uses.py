"""Which files and vector stores threads and assistants use, and which are deleted with threads.

A row is written in the transaction that writes the use, which locks the file or store until it
ends. Deleting threads locks what they used before looking for other uses: a use that is written
at the same time either keeps the file or store, or does not find it any more.

A thread's rows last as long as the thread: an attachment belongs to it even after its message was
deleted.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import (
    BindParameter,
    Connection,
    Insert,
    Table,
    bindparam,
    delete,
    exists,
    insert,
    literal_column,
    or_,
    select,
    union,
    update,
)

from app.db.file_tables import files
from app.db.knowledge_tables import vector_store_files as store_files
from app.db.knowledge_tables import vector_stores
from app.db.tables import assistants, resource_uses, threads
from app.domain.access import REMOVED, SHARED
from app.schemas.code_interpreter import code_files_in
from app.schemas.file_search import stores_in

# Far below the number of parameters that either database allows in one statement.
_AT_ONCE = 1000

_user: BindParameter[str] = bindparam("used_by")


def _note(resources: Table, users: Table) -> Insert:
    """Return the statement that records uses of resources in the user's own project."""
    known = exists().where(
        users.c.id == _user,
        or_(users.c.project == resources.c.project, users.c.project == SHARED),
    )
    noted = exists().where(
        resource_uses.c.used_by == _user, resource_uses.c.resource_id == resources.c.id
    )
    used = (
        select(_user, resources.c.id)
        .where(
            resources.c.id.in_(bindparam("keys", expanding=True)),
            resources.c.project != REMOVED,
            known,
            ~noted,
        )
        .order_by(resources.c.id)
        .with_for_update(read=True, key_share=True, of=resources)
    )
    return insert(resource_uses).from_select(["used_by", "resource_id"], used)


_NOTE = {
    users: [_note(resources, users) for resources in (vector_stores, files)]
    for users in (threads, assistants)
}
_FORGET = delete(resource_uses).where(
    resource_uses.c.used_by.in_(bindparam("keys", expanding=True))
)

_going: BindParameter[Any] = bindparam("going", expanding=True)
_used_there = select(resource_uses.c.resource_id).where(resource_uses.c.used_by.in_(_going))


def _used_elsewhere(resources: Table) -> Any:
    return exists().where(
        resource_uses.c.resource_id == resources.c.id, resource_uses.c.used_by.not_in(_going)
    )


_of_threads = (
    vector_stores.c.of_thread,
    vector_stores.c.project.not_in((REMOVED, SHARED)),
    vector_stores.c.id.in_(_used_there),
)
_HOLD_STORES = (
    select(vector_stores.c.id).where(*_of_threads).order_by(vector_stores.c.id).with_for_update()
)
_TAKE_STORES = (
    update(vector_stores)
    .where(*_of_threads, ~_used_elsewhere(vector_stores))
    .values(project=REMOVED)
    .returning(vector_stores.c.id)
)
_in_taken = store_files.c.vector_store_id.in_(bindparam("stores", expanding=True))
_STOP_READING = (
    update(store_files)
    .where(_in_taken, store_files.c.status == "in_progress")
    .values(status="cancelled", worker_id=None, held_until=None)
)
_attached_there = (
    files.c.project.not_in((REMOVED, SHARED)),
    files.c.id.in_(union(_used_there, select(store_files.c.id).where(_in_taken))),
)
# A file that is in a user's store only as a message's attachment does not count as the store's.
_in_a_store = exists(
    select(literal_column("1"))
    .select_from(store_files)
    .join(vector_stores, vector_stores.c.id == store_files.c.vector_store_id)
    .where(
        store_files.c.id == files.c.id,
        vector_stores.c.project != REMOVED,
        or_(vector_stores.c.of_thread, ~store_files.c.of_thread),
    )
    .correlate(files)
)
_HOLD_FILES = select(files.c.id).where(*_attached_there).order_by(files.c.id).with_for_update()
_TAKE_FILES = (
    update(files)
    .where(*_attached_there, ~_used_elsewhere(files), ~_in_a_store)
    .values(project=REMOVED)
    .returning(files.c.id)
)
# From now on no search finds them, and no process reads them.
_SILENCE = (
    update(store_files)
    .where(store_files.c.id.in_(bindparam("files", expanding=True)))
    .values(status="cancelled", usage_bytes=0, worker_id=None, held_until=None)
)


@dataclass(frozen=True)
class Taken:
    """How many files and vector stores were deleted together with threads."""

    files: int = 0
    stores: int = 0


def note_thread(connection: Connection, thread_id: str, resource_ids: Collection[str]) -> None:
    """Record that the thread uses these files and stores; unknown ones are ignored."""
    _note_use(connection, threads, thread_id, resource_ids)


def note_assistant(connection: Connection, assistant_id: str, resources: dict[str, Any]) -> None:
    """Replace the record of what the assistant uses."""
    forget(connection, [assistant_id])
    _note_use(connection, assistants, assistant_id, ids_of(resources))


def forget(connection: Connection, users: Sequence[str]) -> None:
    connection.execute(_FORGET, {"keys": list(users)})


def take_along(connection: Connection, thread_ids: Sequence[str]) -> Taken:
    """Move what only these threads use to the project `REMOVED`: no reader finds it any more.

    These are the files that were attached there, and the vector stores that the server created for
    them. The caller locks the threads, and deletes them in the same transaction; rows and bytes in
    `REMOVED` are deleted later, piece by piece.
    """
    if not thread_ids:
        return Taken()
    going = {"going": list(thread_ids)}
    # Locked first: the next statement then sees the uses that were written before the lock.
    connection.execute(_HOLD_STORES, going).all()
    stores = list(connection.execute(_TAKE_STORES, going).scalars())
    scope = {**going, "stores": stores}
    if stores:
        connection.execute(_STOP_READING, {"stores": stores})
    connection.execute(_HOLD_FILES, scope).all()
    taken = list(connection.execute(_TAKE_FILES, scope).scalars())
    for start in range(0, len(taken), _AT_ONCE):
        connection.execute(_SILENCE, {"files": taken[start : start + _AT_ONCE]})
    forget(connection, thread_ids)
    return Taken(len(taken), len(stores))


def ids_of(resources: dict[str, Any]) -> set[str]:
    """Return the ids of the files and stores in tool resources."""
    return {*stores_in(resources), *code_files_in(resources)}


def files_of(attachments: Sequence[Any], content: Sequence[Any]) -> set[str]:
    """Return the ids of the files that a message attaches, shows or got from a run.

    Files that it only cites don't belong to it.
    """
    found = {attachment.get("file_id") for attachment in attachments}
    for part in content:
        if part["type"] == "image_file":
            found.add(part["image_file"]["file_id"])
        elif part["type"] == "text":
            annotations = part["text"].get("annotations") or []
            found.update(
                annotation["file_path"]["file_id"]
                for annotation in annotations
                if annotation.get("type") == "file_path"
            )
    return {file_id for file_id in found if file_id}


def _note_use(
    connection: Connection, users: Table, user: str, resource_ids: Collection[str]
) -> None:
    if resource_ids:
        for statement in _NOTE[users]:
            connection.execute(statement, {"used_by": user, "keys": sorted(resource_ids)})
