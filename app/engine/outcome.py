"""How the execution of a run ended."""

from dataclasses import dataclass

from app.db import messages, runs
from app.db.database import Connection
from app.db.rows import MessageRow, RunRow


@dataclass(frozen=True)
class Outcome:
    """The run, and the last message that it created, if any.

    `run` is None if the run is gone because its thread was deleted. `next_run_id` is the next run
    in the thread's line, if this process ended the one before it; if the run requires an action,
    the first chat behind it.
    """

    run: RunRow | None
    message: MessageRow | None = None
    next_run_id: str | None = None


def outcome_of(connection: Connection, run_id: str) -> Outcome:
    """Return what the rows say of a run, whichever process executed it."""
    return Outcome(runs.find(connection, run_id), messages.last_of_run(connection, run_id))
