"""The table of usage."""

from sqlalchemy import BigInteger, Column, Integer, String, Table

from app.db.tables import metadata

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
