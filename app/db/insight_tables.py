"""The table of days whose runs are counted already, so that reports need not read each run."""

from sqlalchemy import Column, Integer, LargeBinary, String, Table

from app.db.tables import metadata

# What an assistant's runs did on a day that is over. A day has its rows at once, or none: then it
# is counted from the runs. Changing or deleting a run of the day deletes them (`insight_days.py`).
insight_days = Table(
    "insight_days",
    metadata,
    Column("project", String, primary_key=True),
    # Its number since 1970, in UTC.
    Column("day", Integer, primary_key=True, autoincrement=False),
    Column("assistant_id", String, primary_key=True),
    Column("answers", Integer, nullable=False),
    Column("failures", Integer, nullable=False),
    Column("nothing_found", Integer, nullable=False),
    # Hashes of the ids of different threads and sessions, 8 bytes each: what counts each once over
    # several days.
    Column("threads", LargeBinary, nullable=False),
    Column("visitors", LargeBinary, nullable=False),
    # How long the answers took, in milliseconds, sorted, 4 bytes each.
    Column("first_texts", LargeBinary, nullable=False),
    Column("responses", LargeBinary, nullable=False),
)
