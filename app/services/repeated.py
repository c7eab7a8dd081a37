"""What a request that was sent before gets: the object that its earlier attempt created."""

from collections.abc import AsyncIterator

from app.db import messages, repeats, runs, threads
from app.db.database import Connection, Database
from app.db.rows import MessageRow, RunRow
from app.domain.access import Caller
from app.domain.clock import now
from app.domain.errors import not_found
from app.domain.run_status import TERMINAL
from app.engine.hub import Frame
from app.schemas.threads import ThreadCreate
from app.wire import run_object


def earlier_thread(connection: Connection, caller: Caller, body: ThreadCreate) -> str | None:
    """Return the thread that an earlier attempt created, unless its client uses it already."""
    found = repeats.earlier(connection, caller, repeats.THREADS, caller.project)
    if found is None or _has_key(caller):
        return found
    unused = repeats.Use(messages=len(body.messages or []), runs=0)
    return found if repeats.use_of(connection, found) == unused else None


def earlier_run(connection: Connection, caller: Caller, thread_id: str) -> RunRow | None:
    """Return the run that an earlier attempt created on the thread."""
    found = repeats.earlier(connection, caller, repeats.RUNS, thread_id)
    return None if found is None else runs.retrieve(connection, thread_id, found)


def earlier_turn(
    connection: Connection, caller: Caller, thread_id: str
) -> RunRow | MessageRow | None:
    """Return what an earlier attempt of a chat on the thread created.

    That is a run, or, if a person answers in place of the assistant, only a message.
    """
    found = repeats.earlier(connection, caller, repeats.RUNS, thread_id)
    if found is None and not _has_key(caller):
        found = repeats.earlier(connection, caller, repeats.MESSAGES, thread_id)
    if found is None:
        return None
    return runs.find(connection, found) or messages.retrieve(connection, thread_id, found)


def earlier_conversation(connection: Connection, caller: Caller) -> RunRow | None:
    """Return the run that an earlier attempt created together with its thread.

    Without a key, not if it ended a while ago, or if its client uses the thread already: then that
    client knows the answer.
    """
    if caller.session is None:
        found = repeats.earlier(connection, caller, repeats.CONVERSATIONS, caller.project)
    else:
        kind = repeats.CONVERSATIONS_OF_SESSION
        found = repeats.earlier(connection, caller, kind, caller.session)
    if found is None:
        return None
    if not _has_key(caller):
        run = runs.only_one_on(connection, found)
        return run if run is not None and _has_just_ended(run) else None
    run = runs.find(connection, found)
    if run is None:
        raise not_found("run", found)
    threads.retrieve(connection, caller, run.thread_id)
    return run


async def with_its_end(
    database: Database, run_id: str, frames: AsyncIterator[list[Frame]]
) -> AsyncIterator[list[Frame]]:
    """Yield the frames of a run; only its last event if the others are not stored any more."""
    any_frame = False
    async for batch in frames:
        any_frame = any_frame or bool(batch)
        yield batch
    if not any_frame:
        run = await database.read(runs.find, run_id)
        if run is not None:
            sent = run_object(run).model_dump_json()
            yield [Frame(1, f"thread.run.{run.status}", sent)]


def _has_key(caller: Caller) -> bool:
    return caller.attempt is not None and caller.attempt.key is not None


def _has_just_ended(run: RunRow) -> bool:
    """Return whether the run is active, or ended some seconds ago at most."""
    if run.status not in TERMINAL:
        return True
    since = run.created_at if run.ended_ms is None else run.ended_ms // 1000
    return since >= now() - repeats.REPEATED_SOON
