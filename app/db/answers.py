"""Statements about right answers: files of a vector store whose attributes say so."""

from collections.abc import Collection
from typing import Any

from sqlalchemy import ColumnElement, Connection, cast, func, select
from sqlalchemy.dialects.postgresql import JSONB

from app.db.knowledge_rows import STORE_FILES, StoreFileRow
from app.db.knowledge_tables import vector_store_files as store_files
from app.db.paging import Page, read_page
from app.domain.errors import NotFound

# The attributes of such a file.
ANSWER_ID = "answer_id"
QUESTION = "question"


def list_page(connection: Connection, store_id: str, page: Page) -> tuple[list[StoreFileRow], bool]:
    """Return a page of a store's answers; the cursors are their files' ids. Raises `NotFound`."""
    is_answer = _answer_id(connection).is_not(None)
    rows, has_more = read_page(
        connection, store_files, "answer", page, where=[is_answer], vector_store_id=store_id
    )
    return STORE_FILES.read_all(rows), has_more


def in_stores(connection: Connection, store_ids: Collection[str]) -> list[StoreFileRow]:
    """Return the answers of these stores that can be found, or soon can; the newest first."""
    wanted = (
        select(store_files)
        .where(
            store_files.c.vector_store_id.in_(store_ids),
            _answer_id(connection).is_not(None),
            store_files.c.status.in_(("in_progress", "completed")),
        )
        .order_by(store_files.c.sequence.desc())
    )
    return STORE_FILES.read_all(connection.execute(wanted))


def find(connection: Connection, store_ids: list[str], answer_id: str) -> StoreFileRow:
    """Raises `NotFound`."""
    wanted = select(store_files).where(
        store_files.c.vector_store_id.in_(store_ids), _answer_id(connection) == answer_id
    )
    row = connection.execute(wanted).first()
    if row is None:
        raise NotFound(f"No answer found with id '{answer_id}'.")
    return STORE_FILES.read(row)


def count(connection: Connection, store_id: str) -> int:
    wanted = select(func.count()).where(
        store_files.c.vector_store_id == store_id, _answer_id(connection).is_not(None)
    )
    return int(connection.execute(wanted).scalar_one())


def _answer_id(connection: Connection) -> ColumnElement[Any]:
    if connection.dialect.name == "sqlite":
        return func.json_extract(store_files.c.attributes, f"$.{ANSWER_ID}")
    text: ColumnElement[Any] = cast(store_files.c.attributes, JSONB)[ANSWER_ID].astext
    return text
