"""The tables. `migrations/` contains their history; a test compares the two.

Every table that is listed has its own counter, `sequence`, which orders lists: several objects may
have the same second in `created_at`, and a clock may be set back.
"""

from typing import Any

from sqlalchemy import (
    JSON,
    BigInteger,
    Boolean,
    Column,
    Float,
    ForeignKey,
    Index,
    Integer,
    MetaData,
    String,
    Table,
    Text,
    false,
    text,
)

from app.db.attempt_marks import AttemptMark
from app.domain.access import DEFAULT_PROJECT

metadata = MetaData()


def status_in(*statuses: str) -> str:
    """Return an SQL condition with the statuses as literals, not parameters.

    SQLite uses a partial index only if the condition contains that of the index literally.
    """
    listed = ",".join(f"'{status}'" for status in statuses)
    return f"status IN ({listed})"


ACTIVE = status_in("queued", "in_progress", "requires_action", "cancelling")
AT_WORK = status_in("in_progress", "requires_action")

# SQLite numbers rows automatically only if the key's type is exactly INTEGER.
_Sequence = BigInteger().with_variant(Integer(), "sqlite")


def sequence_column() -> Column[int]:
    """Return the column that the database counts, which orders lists."""
    return Column("sequence", _Sequence, primary_key=True, autoincrement=True)


def _id() -> Column[str]:
    return Column("id", String, nullable=False, unique=True)


def _time(name: str, *, nullable: bool = True) -> Column[int]:
    return Column(name, BigInteger, nullable=nullable)


def _json(name: str, *, nullable: bool = False) -> Column[Any]:
    return Column(name, JSON(none_as_null=True), nullable=nullable)


def project_column() -> Column[str]:
    """Return the column for the row's owner. The default is for rows older than the column."""
    return Column("project", String, nullable=False, server_default=DEFAULT_PROJECT)


def imported_column() -> Column[str]:
    """Return the column with a digest of what was imported; null if the API created the row.

    An import may overwrite the row as long as the digest still fits it.
    """
    return Column("imported", String)


def attempt_column() -> Column[str]:
    """Return the column that tells which request created the row, if its client counts attempts.

    It contains the request's digest and the number of its newest attempt; see `repeats.py`.
    """
    return Column("attempt", AttemptMark)


def _owner(column: str, owner: str) -> Column[str]:
    key = ForeignKey(f"{owner}.id", ondelete="CASCADE")
    return Column(column, String, key, nullable=False)


assistants = Table(
    "assistants",
    metadata,
    sequence_column(),
    _id(),
    _time("created_at", nullable=False),
    # `SHARED` if it comes from the settings or the assistants file; then only these can change it.
    project_column(),
    Column("name", Text),
    Column("description", Text),
    Column("model", Text, nullable=False),
    Column("instructions", Text),
    _json("tools"),
    Column("top_p", Float),
    Column("temperature", Float),
    Column("reasoning_effort", String),
    _json("tool_resources"),
    _json("metadata"),
    _json("response_format"),
    imported_column(),
    attempt_column(),
    Index("assistants_in_order", "project", "sequence"),
)

# What an assistant of the assistants file was last created from; removed once the API changes it.
written_assistants = Table(
    "written_assistants",
    metadata,
    Column(
        "assistant_id", String, ForeignKey("assistants.id", ondelete="CASCADE"), primary_key=True
    ),
    Column("content_hash", String, nullable=False),
    # By its name in that file: the digest of each file, its file id, and whether it is searched.
    _json("knowledge"),
)

threads = Table(
    "threads",
    metadata,
    sequence_column(),
    _id(),
    _time("created_at", nullable=False),
    _json("metadata"),
    _json("tool_resources"),
    project_column(),
    # The browser session that created it, if one did.
    Column("session_id", String),
    # Whether the console tries an assistant in it: nobody's conversation, and soon deleted.
    Column("trial", Boolean, nullable=False, server_default=false()),
    imported_column(),
    attempt_column(),
    Index("threads_in_order", "project", "sequence"),
    Index(
        "threads_of_trials",
        "created_at",
        sqlite_where=text("trial"),
        postgresql_where=text("trial"),
    ),
    Index(
        "threads_of_session",
        "session_id",
        "sequence",
        sqlite_where=text("session_id IS NOT NULL"),
        postgresql_where=text("session_id IS NOT NULL"),
    ),
)

# The pairs of threads' metadata, in the order of lists. Triggers write them, and cut keys and
# values to `PAIR_LENGTH` characters.
thread_pairs = Table(
    "thread_pairs",
    metadata,
    Column("project", String, primary_key=True),
    Column("key", String, primary_key=True),
    Column("value", String, primary_key=True),
    # The thread's `sequence`.
    Column("thread", BigInteger, primary_key=True, autoincrement=False),
    sqlite_with_rowid=False,
)
PAIR_LENGTH = 200

# The ids of deleted threads and assistants: with `ADOPT_IDS`, none of them may be adopted. They are
# kept from the first start with it on.
past_ids = Table("past_ids", metadata, Column("id", String, primary_key=True))

# Which files and vector stores a thread or an assistant uses: what only one thread used is deleted
# with it. It has no foreign keys, because each column refers to one of two tables.
resource_uses = Table(
    "resource_uses",
    metadata,
    Column("used_by", String, primary_key=True),
    Column("resource_id", String, primary_key=True),
    Index("resource_uses_of_resource", "resource_id"),
)

messages = Table(
    "messages",
    metadata,
    sequence_column(),
    _id(),
    _owner("thread_id", "threads"),
    _time("created_at", nullable=False),
    Column("assistant_id", String),
    Column("run_id", String),
    Column("role", String, nullable=False),
    _json("content"),
    _json("attachments"),
    _json("metadata"),
    Column("status", String, nullable=False),
    _json("incomplete_details", nullable=True),
    _time("completed_at"),
    _time("incomplete_at"),
    imported_column(),
    attempt_column(),
    Index("messages_in_order", "thread_id", "sequence"),
    Index("messages_of_run", "run_id", "sequence"),
)

runs = Table(
    "runs",
    metadata,
    sequence_column(),
    _id(),
    _owner("thread_id", "threads"),
    Column("assistant_id", String, nullable=False),
    _time("created_at", nullable=False),
    Column("status", String, nullable=False),
    Column("model", Text, nullable=False),
    # What the client requested and never changes: instructions, tools, sampling, limits, choices.
    _json("settings"),
    _json("metadata"),
    _time("started_at"),
    _time("expires_at"),
    _time("cancelled_at"),
    _time("failed_at"),
    _time("completed_at"),
    _json("required_action", nullable=True),
    _json("last_error", nullable=True),
    _json("incomplete_details", nullable=True),
    _json("usage", nullable=True),
    # The upstream that gave the newest answer, and the name of its model there.
    Column("answered_by", String),
    Column("answered_model", Text),
    # Whether the model streams its answers, and events are saved in `run_events` for readers.
    Column("streamed", Boolean, nullable=False),
    # What was in the thread when the run was created in parallel to others; null: everything in it.
    _json("horizon", nullable=True),
    # What a chat will ask once its run begins; null if it is already a message, or there is none.
    _json("question", nullable=True),
    # Additional fields in the events of its steps, as requested by `include[]`.
    Column("include", JSON(none_as_null=True), nullable=False, server_default="[]"),
    # The calls of its last step that a person has allowed; see `allowed_call`.
    _json("allowed", nullable=True),
    # The process that executes the run; null if none does.
    Column("worker_id", String),
    # How often it was taken over from a process that was lost while executing it.
    Column("takeovers", Integer, nullable=False, server_default="0"),
    # How many tokens it reserves in its project's budget while it is active.
    Column("reserved_tokens", BigInteger, nullable=False, server_default="0"),
    # Whether a browser session created it.
    Column("by_visitor", Boolean, nullable=False, server_default=false()),
    # The identity of the key that created it, if that was made while the server runs
    # (`access_tables.py`): its tokens count in that key's budget.
    Column("key_id", String),
    project_column(),
    # The id, in logs, of the request that created it.
    Column("request_id", String),
    # When it first began, when the first text of its answer came, and when it ended: Unix times in
    # milliseconds. Null: it has not, or an older version executed it.
    Column("began_ms", BigInteger),
    Column("first_text_ms", BigInteger),
    Column("ended_ms", BigInteger),
    # Whether it searched files, and no search found a passage.
    Column("found_nothing", Boolean, nullable=False, server_default=false()),
    imported_column(),
    attempt_column(),
    Index("runs_in_order", "thread_id", "sequence"),
    # These two have all columns that insights and conversations read: rows are wide.
    Index(
        "runs_ended",
        *("project", "ended_ms", "assistant_id", "thread_id", "status"),
        *("found_nothing", "began_ms", "first_text_ms"),
        sqlite_where=text("ended_ms IS NOT NULL"),
        postgresql_where=text("ended_ms IS NOT NULL"),
    ),
    Index("runs_of_conversation", "thread_id", "assistant_id", "status", "found_nothing"),
    Index(
        "runs_active",
        "thread_id",
        "sequence",
        sqlite_where=text(ACTIVE),
        postgresql_where=text(ACTIVE),
    ),
    Index(
        "runs_active_of_project",
        "project",
        sqlite_where=text(ACTIVE),
        postgresql_where=text(ACTIVE),
    ),
    # The database itself refuses a second run in progress on one thread.
    Index(
        "runs_one_at_work",
        "thread_id",
        unique=True,
        sqlite_where=text(AT_WORK),
        postgresql_where=text(AT_WORK),
    ),
)

steps = Table(
    "steps",
    metadata,
    sequence_column(),
    _id(),
    _owner("run_id", "runs"),
    Column("thread_id", String, nullable=False),
    Column("assistant_id", String, nullable=False),
    _time("created_at", nullable=False),
    Column("type", String, nullable=False),
    Column("status", String, nullable=False),
    _json("step_details"),
    _json("usage", nullable=True),
    # Who gave the answer that the usage is of, and its cost.
    _json("answered", nullable=True),
    _json("last_error", nullable=True),
    _json("metadata"),
    _time("expires_at"),
    _time("completed_at"),
    _time("cancelled_at"),
    _time("failed_at"),
    _time("expired_at"),
    imported_column(),
    Index("steps_in_order", "run_id", "sequence"),
)

# The items of a run's earlier rounds (reasoning, calls and their outputs), replayed in order.
run_items = Table(
    "run_items",
    metadata,
    sequence_column(),
    _owner("run_id", "runs"),
    _json("item"),
    Index("run_items_in_order", "run_id", "sequence"),
)

# The events that a streamed run has sent, several per row, for readers that reconnect.
run_events = Table(
    "run_events",
    metadata,
    sequence_column(),
    _owner("run_id", "runs"),
    Column("last_event_id", BigInteger, nullable=False),
    Column("body", Text, nullable=False),
    _time("created_at", nullable=False),
    Index("run_events_in_order", "run_id", "last_event_id"),
    Index("run_events_by_age", "created_at"),
)

# The processes that execute runs. `lease_expires_at` is the database's time at the last renewal,
# plus the lease's length. After a lease has lapsed, the first process that notices takes its runs.
workers = Table(
    "workers",
    metadata,
    Column("id", String, primary_key=True),
    Column("lease_expires_at", Float, nullable=False),
)

# The usage of ended runs, by day (UTC, as 2026-01-31). It outlives their threads.
usage = Table(
    "usage",
    metadata,
    Column("project", String, primary_key=True),
    Column("day", String, primary_key=True),
    Column("assistant_id", String, primary_key=True),
    # By the name in the request. Empty below: nobody answered, or it is not known who did.
    Column("model", String, primary_key=True),
    Column("answered_by", String, primary_key=True),
    Column("answered_model", String, primary_key=True),
    # The currency of `cost`; empty if the price is unknown.
    Column("currency", String, primary_key=True),
    # The number of one of several rows with the same key, so that runs that end at the same time
    # need not wait for one another. Visitors' runs have separate parts (`usage.py`).
    Column("part", Integer, primary_key=True, autoincrement=False),
    Column("runs", BigInteger, nullable=False),
    Column("prompt_tokens", BigInteger, nullable=False),
    Column("completion_tokens", BigInteger, nullable=False),
    # In billionths.
    Column("cost", BigInteger, nullable=False),
)

# Secrets that all processes of one database share, by their use.
secrets = Table(
    "secrets",
    metadata,
    Column("name", String, primary_key=True),
    Column("value", String, nullable=False),
)
