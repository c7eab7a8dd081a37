"""The tables. `migrations/` contains their history; a test compares the two.

Every table that is listed has its own counter, `sequence`, which orders lists: several objects may
have the same second in `created_at`, and a clock may be set back.
"""

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

from app.db.columns import (
    attempt_column,
    id_column,
    imported_column,
    json_column,
    owner_column,
    project_column,
    sequence_column,
    time_column,
)

metadata = MetaData()


def status_in(*statuses: str) -> str:
    """Return an SQL condition with the statuses as literals, not parameters.

    SQLite uses a partial index only if the condition contains that of the index literally.
    """
    listed = ",".join(f"'{status}'" for status in statuses)
    return f"status IN ({listed})"


ACTIVE = status_in("queued", "in_progress", "requires_action", "cancelling")
AT_WORK = status_in("in_progress", "requires_action")

assistants = Table(
    "assistants",
    metadata,
    sequence_column(),
    id_column(),
    time_column("created_at", nullable=False),
    # `SHARED` if it comes from the settings or the assistants file; then only these can change it.
    project_column(),
    Column("name", Text),
    Column("description", Text),
    Column("model", Text, nullable=False),
    Column("instructions", Text),
    json_column("tools"),
    Column("top_p", Float),
    Column("temperature", Float),
    Column("reasoning_effort", String),
    json_column("tool_resources"),
    json_column("metadata"),
    json_column("response_format"),
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
    json_column("knowledge"),
)

threads = Table(
    "threads",
    metadata,
    sequence_column(),
    id_column(),
    time_column("created_at", nullable=False),
    json_column("metadata"),
    json_column("tool_resources"),
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
    id_column(),
    owner_column("thread_id", "threads"),
    time_column("created_at", nullable=False),
    Column("assistant_id", String),
    Column("run_id", String),
    Column("role", String, nullable=False),
    json_column("content"),
    json_column("attachments"),
    json_column("metadata"),
    Column("status", String, nullable=False),
    json_column("incomplete_details", nullable=True),
    time_column("completed_at"),
    time_column("incomplete_at"),
    imported_column(),
    attempt_column(),
    Index("messages_in_order", "thread_id", "sequence"),
    Index("messages_of_run", "run_id", "sequence"),
)

runs = Table(
    "runs",
    metadata,
    sequence_column(),
    id_column(),
    owner_column("thread_id", "threads"),
    Column("assistant_id", String, nullable=False),
    time_column("created_at", nullable=False),
    Column("status", String, nullable=False),
    Column("model", Text, nullable=False),
    # What the client requested and never changes: instructions, tools, sampling, limits, choices.
    json_column("settings"),
    json_column("metadata"),
    time_column("started_at"),
    time_column("expires_at"),
    time_column("cancelled_at"),
    time_column("failed_at"),
    time_column("completed_at"),
    json_column("required_action", nullable=True),
    json_column("last_error", nullable=True),
    json_column("incomplete_details", nullable=True),
    json_column("usage", nullable=True),
    # The upstream that gave the newest answer, and the name of its model there.
    Column("answered_by", String),
    Column("answered_model", Text),
    # Whether the model streams its answers, and events are saved in `run_events` for readers.
    Column("streamed", Boolean, nullable=False),
    # What was in the thread when the run was created in parallel to others; null: everything in it.
    json_column("horizon", nullable=True),
    # What a chat will ask once its run begins; null if it is already a message, or there is none.
    json_column("question", nullable=True),
    # Additional fields in the events of its steps, as requested by `include[]`.
    Column("include", JSON(none_as_null=True), nullable=False, server_default="[]"),
    # The calls of its last step that a person has allowed; see `allowed_call`.
    json_column("allowed", nullable=True),
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
    id_column(),
    owner_column("run_id", "runs"),
    Column("thread_id", String, nullable=False),
    Column("assistant_id", String, nullable=False),
    time_column("created_at", nullable=False),
    Column("type", String, nullable=False),
    Column("status", String, nullable=False),
    json_column("step_details"),
    json_column("usage", nullable=True),
    # Who gave the answer that the usage is of, and its cost.
    json_column("answered", nullable=True),
    json_column("last_error", nullable=True),
    json_column("metadata"),
    time_column("expires_at"),
    time_column("completed_at"),
    time_column("cancelled_at"),
    time_column("failed_at"),
    time_column("expired_at"),
    imported_column(),
    Index("steps_in_order", "run_id", "sequence"),
)

# The items of a run's earlier rounds (reasoning, calls and their outputs), replayed in order.
run_items = Table(
    "run_items",
    metadata,
    sequence_column(),
    owner_column("run_id", "runs"),
    json_column("item"),
    Index("run_items_in_order", "run_id", "sequence"),
)

# The events that a streamed run has sent, several per row, for readers that reconnect.
run_events = Table(
    "run_events",
    metadata,
    sequence_column(),
    owner_column("run_id", "runs"),
    Column("last_event_id", BigInteger, nullable=False),
    Column("body", Text, nullable=False),
    time_column("created_at", nullable=False),
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

# Secrets that all processes of one database share, by their use.
secrets = Table(
    "secrets",
    metadata,
    Column("name", String, primary_key=True),
    Column("value", String, nullable=False),
)
