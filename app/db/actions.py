"""Statements about actions. A project can read its own and the configured ones."""

from collections.abc import Collection, Iterator
from typing import Any

from sqlalchemy import ColumnElement, Connection, Text, bindparam, cast, delete, or_, select, update

from app.db.action_rows import ACTION_DOCUMENTS, ACTIONS, ActionDocumentRow, ActionRow
from app.db.action_tables import action_documents, actions
from app.db.draft_tables import assistant_drafts
from app.db.paging import Page, read_page
from app.db.tables import assistants
from app.domain.access import SHARED
from app.domain.errors import not_found

_key = actions.c.id == bindparam("key")
_of_project = actions.c.project == bindparam("of_project")
_readable = or_(_of_project, actions.c.project == SHARED)

_BY_ID = select(actions).where(_key, _readable)
_LOCKED = _BY_ID.with_for_update()
_BY_NAME = select(actions).where(actions.c.name.in_(bindparam("names", expanding=True)), _readable)
_UPDATE = update(actions).where(_key, _of_project)
_DELETE = delete(actions).where(_key, _of_project)
_OF_PROJECT = select(actions).where(_of_project)
_DOCUMENT = select(action_documents.c.document).where(
    action_documents.c.action_id == bindparam("key")
)
_SET_DOCUMENT = update(action_documents).where(action_documents.c.action_id == bindparam("key"))


def create(connection: Connection, action: ActionRow, document: dict[str, Any]) -> ActionRow:
    ACTIONS.insert(connection, action)
    ACTION_DOCUMENTS.insert(connection, ActionDocumentRow(action.id, document))
    return action


def retrieve(
    connection: Connection, project: str, action_id: str, *, locked: bool = False
) -> ActionRow:
    """`locked`: nobody else changes it until the transaction ends. Raises `NotFound`."""
    statement = _LOCKED if locked else _BY_ID
    row = connection.execute(statement, {"key": action_id, "of_project": project}).first()
    if row is None:
        raise not_found("action", action_id)
    return ACTIONS.read(row)


def document_of(connection: Connection, action_id: str) -> dict[str, Any]:
    document: dict[str, Any] = connection.execute(_DOCUMENT, {"key": action_id}).scalar_one()
    return document


def by_name(connection: Connection, project: str, names: Collection[str]) -> dict[str, ActionRow]:
    """Return the actions with these names. A configured one wins over one of the project."""
    found = connection.execute(_BY_NAME, {"names": [*names], "of_project": project})
    rows = sorted(ACTIONS.read_all(found), key=lambda row: row.project == SHARED)
    return {row.name: row for row in rows}


def rewrite(
    connection: Connection, action: ActionRow, document: dict[str, Any] | None = None
) -> ActionRow:
    """Overwrite the action of this id and project, and its document if one is given.

    Raises `NotFound`.
    """
    values = ACTIONS.values(action, without=("id", "created_at", "project"))
    keys = {"key": action.id, "of_project": action.project}
    if connection.execute(_UPDATE, {**values, **keys}).rowcount == 0:
        raise not_found("action", action.id)
    if document is not None:
        connection.execute(_SET_DOCUMENT, {"document": document, "key": action.id})
    return action


def of_project(connection: Connection, project: str) -> list[ActionRow]:
    return ACTIONS.read_all(connection.execute(_OF_PROJECT, {"of_project": project}))


def remove(connection: Connection, project: str, action_id: str) -> None:
    """Raises `NotFound`."""
    keys = {"key": action_id, "of_project": project}
    if connection.execute(_DELETE, keys).rowcount == 0:
        raise not_found("action", action_id)


def users_of(connection: Connection, project: str | None, prefix: str) -> dict[str, str | None]:
    """Return the names, by id, of the assistants with a tool whose function's name begins so.

    Their drafts count too. `project`: None: of all projects, and configured ones.
    """
    return {row.id: row.name for row, _ in _users(connection, project, prefix)}


def listed(
    connection: Connection, project: str, prefix: str
) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield the functions whose names begin so, each with its assistant's id; drafts' too."""
    for row, tool in _users(connection, project, prefix):
        yield row.id, tool["function"]


def _users(
    connection: Connection, project: str | None, prefix: str
) -> Iterator[tuple[Any, dict[str, Any]]]:
    tools = (assistants.c.tools, assistant_drafts.c.content["tools"])
    found = connection.execute(
        select(assistants.c.id, assistants.c.name, *tools)
        .outerjoin(assistant_drafts)
        .where(
            or_(*(_mentions(column, prefix) for column in (tools[0], assistant_drafts.c.content)))
        )
        .where(*([] if project is None else [assistants.c.project == project]))
        .order_by(assistants.c.sequence)
    )
    for row in found:
        for tool in (tool for tools_of in row[2:] for tool in tools_of or ()):
            if _name(tool).startswith(prefix):
                yield row, tool


def _mentions(column: ColumnElement[Any], prefix: str) -> ColumnElement[bool]:
    return cast(column, Text).contains(f'"{prefix}', autoescape=True)


def _name(tool: dict[str, Any]) -> str:
    name: str = tool.get("function", {}).get("name", "")
    return name


def list_page(connection: Connection, project: str, page: Page) -> tuple[list[ActionRow], bool]:
    rows, has_more = read_page(connection, actions, "action", page, project=(project, SHARED))
    return ACTIONS.read_all(rows), has_more
