"""The tables of notifications: where they go, and those that are on their way (an outbox)."""

from sqlalchemy import (
    JSON,
    BigInteger,
    Boolean,
    Column,
    Float,
    ForeignKey,
    Index,
    Integer,
    String,
    Table,
    Text,
)
from sqlalchemy import text as sql

from app.db.columns import sequence_column
from app.db.tables import metadata

# A literal condition, so that both databases use the partial index of what is due.
PENDING = "status = 'pending'"
ALL_EVENTS = '["handover.requested", "handover.message"]'

notification_targets = Table(
    "notification_targets",
    metadata,
    sequence_column(),
    Column("id", String, nullable=False, unique=True),
    Column("created_at", BigInteger, nullable=False),
    Column("project", String, nullable=False),
    # `webhook` or `email`.
    Column("type", String, nullable=False),
    # A URL or an e-mail address.
    Column("address", Text, nullable=False),
    # That of the e-mails: `en` or `ko`.
    Column("language", String, nullable=False),
    # Where the console is, for links.
    Column("console_url", Text, nullable=False),
    Column("enabled", Boolean, nullable=False),
    # The types of notifications that it gets.
    Column("events", JSON(none_as_null=True), nullable=False, server_default=ALL_EVENTS),
    # A webhook's signing secrets, encrypted with SECRETS_KEY; the previous one counts for a while.
    Column("secret", Text),
    Column("previous_secret", Text),
    Column("rotated_at", BigInteger),
    Index("notification_targets_in_order", "project", "sequence"),
)

notifications = Table(
    "notifications",
    metadata,
    sequence_column(),
    Column("id", String, nullable=False, unique=True),
    Column("created_at", BigInteger, nullable=False),
    Column("project", String, nullable=False),
    Column(
        "target_id",
        String,
        ForeignKey("notification_targets.id", ondelete="CASCADE"),
        nullable=False,
    ),
    # Null if it is about no thread. What is about a deleted thread goes with it.
    Column("thread_id", String, ForeignKey("threads.id", ondelete="CASCADE")),
    Column("type", String, nullable=False),
    # The body of a webhook.
    Column("payload", JSON(none_as_null=True), nullable=False),
    # `pending`, `delivered` or `failed`.
    Column("status", String, nullable=False),
    Column("attempts", Integer, nullable=False),
    # Times of the database's clock. `due_at`: of the next attempt.
    Column("due_at", Float, nullable=False),
    # Who is delivering it, and until when nobody else does.
    Column("worker_id", String),
    Column("held_until", Float),
    Column("attempted_at", BigInteger),
    Column("ended_at", BigInteger),
    Column("last_error", Text),
    Index("notifications_in_order", "project", "sequence"),
    Index("notifications_of_target", "target_id"),
    Index("notifications_of_thread", "thread_id"),
    Index(
        "notifications_due",
        "due_at",
        sqlite_where=sql(PENDING),
        postgresql_where=sql(PENDING),
    ),
    Index("notifications_ended", "ended_at"),
)
