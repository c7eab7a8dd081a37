"""Claims a run and loads everything that its execution needs."""

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from itertools import islice
from typing import Any

from app.core.summary_prompt import shown_summary
from app.db import messages, run_events, runs, steps, summaries
from app.db.database import Connection
from app.db.rows import MessageRow, RunRow, StepRow
from app.domain.clock import milliseconds, now
from app.domain.ids import new_id
from app.engine import journal
from app.engine.changes import Changes
from app.engine.hub import Frame
from app.engine.tally import Tally
from app.engine.translation.history import fitting, text_tokens
from app.engine.windows import Windows
from app.schemas.messages import IncompleteDetails, Said

# A process that died may have sent events that it had not stored yet. The one that takes over
# uses ids beyond any of those, because ids must only grow.
_SENT_BUT_NOT_STORED = 1_000_000


@dataclass
class Claimed:
    """A run that this process executes, with its history and what it has done so far."""

    run: RunRow
    history: list[Said]
    # What the model reads in place of older messages, and whether some were left out without it.
    summary: str | None = None
    cut: bool = False
    items: list[dict[str, Any]] = field(default_factory=list)
    tally: Tally = field(default_factory=Tally)
    # The step whose calls are not all answered yet, if there is one.
    tool_step: StepRow | None = None
    # The steps of earlier rounds, in order.
    steps: list[StepRow] = field(default_factory=list)
    frames: list[Frame] = field(default_factory=list)
    next_event_id: int = 1


def claim_new(
    connection: Connection,
    run: RunRow,
    windows: Windows,
    changes: Changes,
    *,
    history: list[Said] | None = None,
) -> Claimed:
    """Insert a new run as `in_progress`, so that no client ever sees it `queued`.

    `windows` say how much the run's model reads. `changes` has the run's events so far. `history`
    is the whole thread, if the caller has it.
    """
    ask_question(connection, run, not_before=run.created_at)
    running = replace(
        run, status="in_progress", started_at=now(), began_ms=milliseconds(), question=None
    )
    runs.create(connection, running)
    changes.emit("thread.run.in_progress", running)
    claimed = Claimed(running, [])
    _store_events(connection, claimed, changes)
    if history is None:
        _read_history(connection, claimed, windows)
    else:
        claimed.history = history
    return claimed


def claim(connection: Connection, run_id: str, worker_id: str, windows: Windows) -> Claimed | None:
    """Start a queued run, or resume one that this process has taken over.

    Returns None if the run waits behind another, whose end will start it, or if another process
    has started it. Raises `StaleRun` if the run is gone.
    """
    if not runs.is_first(connection, run_id):
        return None
    run = runs.lock(connection, run_id)
    if not _may_claim(run, worker_id):
        return None
    claimed = Claimed(run, [])
    if run.streamed:
        claimed.next_event_id = run_events.last_id(connection, run_id) + 1
    if run.status == "queued":
        if run.started_at is not None:
            _recall(connection, claimed)
        return _begin(connection, claimed, worker_id, windows)
    claimed.next_event_id += _SENT_BUT_NOT_STORED
    _discard_unfinished_round(connection, claimed)
    _recall(connection, claimed)
    _read_history(connection, claimed, windows)
    return claimed


def _may_claim(run: RunRow, worker_id: str) -> bool:
    """Any process may claim a queued run: the one that ended the run before it starts it. A run
    that has started belongs to its process."""
    return run.status == "queued" or (run.status == "in_progress" and run.worker_id == worker_id)


def _begin(connection: Connection, claimed: Claimed, worker_id: str, windows: Windows) -> Claimed:
    run = claimed.run
    ask_late(connection, run)
    claimed.run = runs.move(
        connection,
        run,
        "in_progress",
        started_at=now(),
        # A run that has waited for its client's outputs began before.
        began_ms=run.began_ms or milliseconds(),
        worker_id=worker_id,
        question=None,
    )
    changes = Changes.of(run)
    changes.emit("thread.run.in_progress", claimed.run)
    _store_events(connection, claimed, changes)
    _read_history(connection, claimed, windows)
    return claimed


def _recall(connection: Connection, claimed: Claimed) -> None:
    """Load what the run's earlier rounds stored."""
    run_id = claimed.run.id
    claimed.items = steps.items_of(connection, run_id)
    of_run = steps.of_run(connection, run_id)
    claimed.tally = Tally.of_steps(of_run)
    claimed.steps = of_run
    claimed.tool_step = next((step for step in of_run if step.status == "in_progress"), None)


def _discard_unfinished_round(connection: Connection, claimed: Claimed) -> None:
    """Remove what an unfinished round left behind: its steps have no usage yet."""
    changes = Changes.of(claimed.run)
    for step in steps.of_run(connection, claimed.run.id):
        if step.usage is not None:
            continue
        creation = step.step_details.get("message_creation")
        if creation is not None:
            message = messages.find(connection, creation["message_id"])
            if message is not None:
                details = IncompleteDetails(reason="run_failed")
                cut_off = replace(
                    message, status="incomplete", incomplete_at=now(), incomplete_details=details
                )
                changes.emit("thread.message.incomplete", cut_off)
                messages.remove(connection, message.thread_id, message.id)
        steps.remove(connection, step.id)
    _store_events(connection, claimed, changes)


def _store_events(connection: Connection, claimed: Claimed, changes: Changes) -> None:
    frames = journal.number(changes.events, claimed.next_event_id)
    journal.keep(connection, claimed.run.id, frames)
    claimed.frames += frames
    claimed.next_event_id += len(frames)


def _read_history(connection: Connection, claimed: Claimed, windows: Windows) -> None:
    run = claimed.run
    budget, rate = windows.input_budget(run, claimed.items, claimed.tally.spent), windows.rate(run)
    newest = run.horizon.newest_message if run.horizon else None
    since = _since_summary(connection, run, newest) if windows.summarises(run) else None
    count = run.truncation_strategy.get("last_messages")
    if since is None:
        newest_first = messages.newest_first(
            connection, run.thread_id, not_of_run=run.id, newest=newest, at_once=count
        )
    else:
        summary, newest_first = since
        tokens = text_tokens(summary, rate) if summary else 0
        # If a run's own limit is very small, its newest messages matter more.
        if summary and tokens <= budget / 2:
            claimed.summary = summary
            budget -= tokens
    unread = run.horizon.unread_runs if run.horizon else ()
    read = (message for message in newest_first if message.run_id not in unread)
    history = fitting(islice(read, count), budget, rate)
    claimed.history, claimed.cut = history.messages, not history.all


def _since_summary(
    connection: Connection, run: RunRow, newest: int | None
) -> tuple[str | None, Iterator[Said]] | None:
    """Return the thread's summary as the model reads it, and the messages after it, newest first.

    None if the summary changes at this moment.
    """
    found = messages.since_summary(connection, run.thread_id, not_of_run=run.id, newest=newest)
    if not found.through:
        return None, found.newest_first
    summary = summaries.text_of(connection, run.thread_id, found.through)
    return None if summary is None else (shown_summary(summary), found.newest_first)


# A chat's question is stored with its run and becomes a message when the run starts. Not earlier:
# otherwise it would come before the answer to the previous question in the thread.


def ask_question(connection: Connection, run: RunRow, not_before: int) -> None:
    """Add the question of a run that starts to its thread, if the run has one.

    `not_before`: when the thread's newest message was created (Unix time).
    """
    if run.question is None:
        return
    moment = max(now(), not_before)
    message = MessageRow(
        id=new_id("message"),
        created_at=moment,
        thread_id=run.thread_id,
        role="user",
        content=run.question.content,
        metadata=run.question.metadata,
        completed_at=moment,
    )
    messages.create(connection, message)


def ask_late(connection: Connection, run: RunRow) -> None:
    """Do the same for a run that waited in line."""
    if run.question is not None:
        ask_question(connection, run, messages.newest_time(connection, run.thread_id))
