"""Columns that many tables have."""

from typing import Any

from sqlalchemy import JSON, BigInteger, Column, ForeignKey, Integer, String

from app.db.attempt_marks import AttemptMark
from app.domain.access import DEFAULT_PROJECT

# SQLite numbers rows automatically only if the key's type is exactly INTEGER.
_Sequence = BigInteger().with_variant(Integer(), "sqlite")


def sequence_column() -> Column[int]:
    """Return the column that the database counts, which orders lists."""
    return Column("sequence", _Sequence, primary_key=True, autoincrement=True)


def id_column() -> Column[str]:
    return Column("id", String, nullable=False, unique=True)


def time_column(name: str, *, nullable: bool = True) -> Column[int]:
    return Column(name, BigInteger, nullable=nullable)


def json_column(name: str, *, nullable: bool = False) -> Column[Any]:
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


def owner_column(column: str, owner: str) -> Column[str]:
    key = ForeignKey(f"{owner}.id", ondelete="CASCADE")
    return Column(column, String, key, nullable=False)
