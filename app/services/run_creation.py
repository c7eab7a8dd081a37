"""Creates runs, both for the API's runs and for chats."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass

from app.db import runs
from app.db.database import Connection
from app.db.rows import RunRow
from app.db.runs import ActiveRun, Ended
from app.domain.access import Caller
from app.domain.errors import LimitReached
from app.engine import journal
from app.engine.changes import Changes
from app.engine.claim import Claimed, claim_new
from app.engine.outcome import Outcome
from app.engine.tasks import RunTasks
from app.schemas.messages import Said
from app.schemas.runs import RunOverrides
from app.services.new_run import new_run
from app.services.run_policy import RunPolicy

# The most active runs on one thread: the one that is executed and those that wait behind it.
LONGEST_LINE = 100


@dataclass(frozen=True)
class Created:
    """A new run, and what else happened in its transaction.

    `claimed` is set if the run starts at once. `interrupted` runs must be cancelled for it.
    `ended` is a run that was ended for it. `repeated`: an earlier attempt of the request created
    the run; nothing happened now.
    """

    run: RunRow
    claimed: Claimed | None = None
    interrupted: Sequence[RunRow] = ()
    ended: Ended | None = None
    repeated: bool = False


def admitted_run(
    policy: RunPolicy,
    connection: Connection,
    caller: Caller,
    thread_id: str,
    body: RunOverrides,
    *,
    streamed: bool,
    not_before: int,
) -> RunRow:
    """Return a queued run that is not inserted yet.

    `not_before`: when the thread's newest message was created (Unix time). Raises `LimitReached`,
    and `NotFound` for an unknown assistant.
    """
    policy.admit(connection, caller)
    assistant = policy.assistant(connection, caller, body.assistant_id)
    return new_run(
        caller,
        assistant,
        thread_id,
        body,
        expires_seconds=policy.expires_seconds,
        streamed=streamed,
        worker_id=policy.worker_id,
        not_before=not_before,
        reserved_tokens=policy.reserved_for(assistant, body),
    )


def check_line(thread_id: str, active: Sequence[ActiveRun]) -> None:
    """Raises `LimitReached` if no more runs may wait on the thread."""
    if len(active) >= LONGEST_LINE:
        raise LimitReached(
            f"Thread {thread_id} already has {len(active)} active runs (the maximum). Please wait "
            "until some have ended, or cancel them.",
            code="thread_line_too_long",
            headers={"retry-after": "5"},
        )


def insert(
    policy: RunPolicy,
    connection: Connection,
    run: RunRow,
    changes: Changes,
    *,
    at_once: bool,
    history: list[Said] | None = None,
) -> Created:
    """Insert a run. `changes` has the events of its creation.

    `at_once`: it starts in this transaction, because its thread has no other active run; otherwise
    it starts once it is the first in its thread's line. `history` is the whole thread, if the
    caller has it.
    """
    if at_once:
        claimed = claim_new(connection, run, policy.windows, changes, history=history)
        return Created(claimed.run, claimed)
    runs.create(connection, run)
    journal.keep(connection, run.id, journal.number(changes.events, 1))
    return Created(run)


def begin(tasks: RunTasks, created: Created) -> asyncio.Task[Outcome] | None:
    """Start the created run after the commit; return its task if it was claimed already."""
    if created.repeated:
        return None
    for run in created.interrupted:
        tasks.cancel(run)
    if created.ended is not None:
        tasks.ended(created.ended)
    if created.claimed is not None:
        return tasks.execute(created.claimed)
    tasks.start(created.run.id)
    return None
