"""The tables. `migrations/` holds their history; a test compares the two.

Every listed table has `sequence`, a counter of its own, and lists are in its order: several
objects share one second of `created_at`, and a clock may be set back.
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

from app.domain.access import DEFAULT_PROJECT

metadata = MetaData()


def status_in(*statuses: str) -> str:
    """Return a condition in SQL with the statuses written out, not bound.

    SQLite takes a partial index only for a condition that says literally what the index says.
    """
    listed = ",".join(f"'{status}'" for status in statuses)
    return f"status IN ({listed})"


ACTIVE = status_in("queued", "in_progress", "requires_action", "cancelling")
AT_WORK = status_in("in_progress", "requires_action")

# SQLite numbers rows by itself only where the key's type is exactly INTEGER.
_Sequence = BigInteger().with_variant(Integer(), "sqlite")


def _sequence() -> Column[int]:
    return Column("sequence", _Sequence, primary_key=True, autoincrement=True)


def _id() -> Column[str]:
    return Column("id", String, nullable=False, unique=True)


def _time(name: str, *, nullable: bool = True) -> Column[int]:
    return Column(name, BigInteger, nullable=nullable)


def _json(name: str, *, nullable: bool = False) -> Column[Any]:
    return Column(name, JSON(none_as_null=True), nullable=nullable)


def project_column() -> Column[str]:
    """Return whose row it is. The default is for rows that are older than the column."""
    return Column("project", String, nullable=False, server_default=DEFAULT_PROJECT)


def _owner(column: str, owner: str) -> Column[str]:
    key = ForeignKey(f"{owner}.id", ondelete="CASCADE")
    return Column(column, String, key, nullable=False)


assistants = Table(
    "assistants",
    metadata,
    _sequence(),
    _id(),
    _time("created_at", nullable=False),
    # That of nobody: made from the settings or the assistants file, which alone may change it.
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
    Index("assistants_in_order", "project", "sequence"),
)

# What an assistant of the assistants file was made of last; gone once the API has changed it.
written_assistants = Table(
    "written_assistants",
    metadata,
    Column(
        "assistant_id", String, ForeignKey("assistants.id", ondelete="CASCADE"), primary_key=True
    ),
    Column("content_hash", String, nullable=False),
    # By its name in that file: the digest of each file of knowledge, and its id here.
    _json("knowledge"),
)

threads = Table(
    "threads",
    metadata,
    _sequence(),
    _id(),
    _time("created_at", nullable=False),
    _json("metadata"),
    _json("tool_resources"),
    project_column(),
    # The browser's session that made it, where one did.
    Column("session_id", String),
    Index("threads_in_order", "project", "sequence"),
    Index(
        "threads_of_session",
        "session_id",
        "sequence",
        sqlite_where=text("session_id IS NOT NULL"),
        postgresql_where=text("session_id IS NOT NULL"),
    ),
)

# Which files and vector stores a thread or an assistant uses: what only one thread used goes with
# it. Without foreign keys, since either side is one of two tables.
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
    _sequence(),
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
    Index("messages_in_order", "thread_id", "sequence"),
    Index("messages_of_run", "run_id", "sequence"),
)

runs = Table(
    "runs",
    metadata,
    _sequence(),
    _id(),
    _owner("thread_id", "threads"),
    Column("assistant_id", String, nullable=False),
    _time("created_at", nullable=False),
    Column("status", String, nullable=False),
    Column("model", Text, nullable=False),
    # What was asked for and never changes: instructions, tools, sampling, limits, choices.
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
    # The model is asked to stream, and what it says is kept in `run_events` for readers.
    Column("streamed", Boolean, nullable=False),
    # What stood on the thread when the run was created beside others; null: all that stands.
    _json("horizon", nullable=True),
    # What a chat will ask once its run begins; null: it is a message by then, or there is none.
    _json("question", nullable=True),
    # What the events of its steps have in addition, because `include[]` asked for it.
    Column("include", JSON(none_as_null=True), nullable=False, server_default="[]"),
    # The process that carries the run; null when none does.
    Column("worker_id", String),
    # How often it was taken over from a process that was lost with it.
    Column("takeovers", Integer, nullable=False, server_default="0"),
    # What it counts as in its project's budget while it is active.
    Column("reserved_tokens", BigInteger, nullable=False, server_default="0"),
    # Whether a browser's session made it.
    Column("by_visitor", Boolean, nullable=False, server_default=false()),
    project_column(),
    # The request that made it, as logs name it.
    Column("request_id", String),
    Index("runs_in_order", "thread_id", "sequence"),
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
    # The database itself refuses a second run at work on one thread.
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
    _sequence(),
    _id(),
    _owner("run_id", "runs"),
    Column("thread_id", String, nullable=False),
    Column("assistant_id", String, nullable=False),
    _time("created_at", nullable=False),
    Column("type", String, nullable=False),
    Column("status", String, nullable=False),
    _json("step_details"),
    _json("usage", nullable=True),
    _json("last_error", nullable=True),
    _json("metadata"),
    _time("expires_at"),
    _time("completed_at"),
    _time("cancelled_at"),
    _time("failed_at"),
    _time("expired_at"),
    Index("steps_in_order", "run_id", "sequence"),
)

# The items of a run's earlier rounds (reasoning, calls and their outputs), replayed in order.
run_items = Table(
    "run_items",
    metadata,
    _sequence(),
    _owner("run_id", "runs"),
    _json("item"),
    Index("run_items_in_order", "run_id", "sequence"),
)

# What a streamed run has told its readers, some events a row, for those who come back.
run_events = Table(
    "run_events",
    metadata,
    _sequence(),
    _owner("run_id", "runs"),
    Column("last_event_id", BigInteger, nullable=False),
    Column("body", Text, nullable=False),
    _time("created_at", nullable=False),
    Index("run_events_in_order", "run_id", "last_event_id"),
    Index("run_events_by_age", "created_at"),
)

# The processes that execute runs. A lease is the database's time at which it was renewed last, and
# its length. One that is not renewed any more gives its runs to the process that sees it first.
workers = Table(
    "workers",
    metadata,
    Column("id", String, primary_key=True),
    Column("lease_expires_at", Float, nullable=False),
)

# What ended runs have cost, by day (UTC, as 2026-01-31). It outlives their threads.
usage = Table(
    "usage",
    metadata,
    Column("project", String, primary_key=True),
    Column("day", String, primary_key=True),
    Column("assistant_id", String, primary_key=True),
    Column("model", String, primary_key=True),
    # One of several rows for the same: runs that end at once need not wait for one another. Those
    # of visitors have parts of their own (`usage.py`).
    Column("part", Integer, primary_key=True, autoincrement=False),
    Column("runs", BigInteger, nullable=False),
    Column("prompt_tokens", BigInteger, nullable=False),
    Column("completion_tokens", BigInteger, nullable=False),
)

# What all processes of one database share and nobody else may know, by its use.
secrets = Table(
    "secrets",
    metadata,
    Column("name", String, primary_key=True),
    Column("value", String, nullable=False),
)
