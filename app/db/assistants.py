"""Statements about assistants."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection, Row, bindparam, delete, insert, select, update

from app.db.paging import Page, read_page
from app.db.tables import assistants
from app.domain.errors import not_found
from app.schemas.assistants import Assistant

_INSERT = insert(assistants)
_BY_ID = select(assistants).where(assistants.c.id == bindparam("key"))
_UPDATE = update(assistants).where(assistants.c.id == bindparam("key"))
_DELETE = delete(assistants).where(assistants.c.id == bindparam("key"))
_RELEASE = (
    update(assistants)
    .where(assistants.c.configured, assistants.c.id.not_in(bindparam("kept", expanding=True)))
    .values(configured=False)
)


def create(connection: Connection, assistant: Assistant, *, configured: bool = False) -> Assistant:
    values = assistant.model_dump(exclude={"object"})
    connection.execute(_INSERT, {**values, "configured": configured})
    return assistant


def retrieve(connection: Connection, assistant_id: str) -> Assistant:
    """Raises `NotFound`."""
    return _assistant(_row(connection, assistant_id))


def is_configured(connection: Connection, assistant_id: str) -> bool | None:
    """Tell whether the settings or the assistants file made it; None where there is no such."""
    row = connection.execute(_BY_ID, {"key": assistant_id}).first()
    return None if row is None else bool(row.configured)


def release_others(connection: Connection, kept: Sequence[str]) -> None:
    """Make every assistant that was configured once, but for those `kept`, an ordinary one."""
    connection.execute(_RELEASE, {"kept": kept})


def modify(connection: Connection, assistant_id: str, values: dict[str, Any]) -> Assistant:
    """Write `values` (columns by name) and return the assistant. Raises `NotFound`."""
    if values:
        connection.execute(_UPDATE, {**values, "key": assistant_id})
    return retrieve(connection, assistant_id)


def remove(connection: Connection, assistant_id: str) -> None:
    """Raises `NotFound`."""
    if connection.execute(_DELETE, {"key": assistant_id}).rowcount == 0:
        raise not_found("assistant", assistant_id)


def list_page(connection: Connection, page: Page) -> tuple[list[Assistant], bool]:
    rows, has_more = read_page(connection, assistants, "assistant", page)
    return [_assistant(row) for row in rows], has_more


def _row(connection: Connection, assistant_id: str) -> Row[Any]:
    row = connection.execute(_BY_ID, {"key": assistant_id}).first()
    if row is None:
        raise not_found("assistant", assistant_id)
    return row


def _assistant(row: Row[Any]) -> Assistant:
    return Assistant.model_validate(row._mapping)
