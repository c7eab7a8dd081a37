"""Statements about assistants. A project can read its own and the configured ones."""

from collections.abc import Collection, Sequence
from typing import Any

from sqlalchemy import Connection, bindparam, delete, or_, select, update

from app.db import past_ids, resource_uses
from app.db.paging import Page, read_page
from app.db.rows import ASSISTANTS, AssistantRow
from app.db.tables import assistants
from app.domain.access import DEFAULT_PROJECT, SHARED
from app.domain.errors import not_found

_key = assistants.c.id == bindparam("key")
_of_project = assistants.c.project == bindparam("of_project")

_BY_ID = select(assistants).where(_key, or_(_of_project, assistants.c.project == SHARED))
_LOCKED = select(assistants.c.id).where(_key, _of_project).with_for_update(key_share=True)
_ANYWHERE = select(assistants).where(_key)
_UPDATE = update(assistants).where(_key)
_DELETE = delete(assistants).where(_key, _of_project)
_MODELS = select(assistants.c.model).distinct().order_by(assistants.c.model)
_RELEASE = (
    update(assistants)
    .where(
        assistants.c.project == SHARED,
        assistants.c.id.not_in(bindparam("kept", expanding=True)),
    )
    .values(project=DEFAULT_PROJECT)
)


def create(connection: Connection, assistant: AssistantRow) -> AssistantRow:
    ASSISTANTS.insert(connection, assistant)
    resource_uses.note_assistant(connection, assistant.id, assistant.tool_resources)
    return assistant


def retrieve(connection: Connection, project: str, assistant_id: str) -> AssistantRow:
    """Raises `NotFound`."""
    row = connection.execute(_BY_ID, {"key": assistant_id, "of_project": project}).first()
    if row is None:
        raise not_found("assistant", assistant_id)
    return ASSISTANTS.read(row)


def resources_of(
    connection: Connection, project: str, assistant_ids: Collection[str]
) -> dict[str, dict[str, Any]]:
    """Return the tool resources of those assistants that exist, by their ids."""
    wanted = select(assistants.c.id, assistants.c.tool_resources).where(
        assistants.c.id.in_(assistant_ids), assistants.c.project.in_((project, SHARED))
    )
    return {row.id: row.tool_resources for row in connection.execute(wanted)}


def lock(connection: Connection, project: str, assistant_id: str) -> None:
    """Lock the project's assistant, if there is one, so that its writers take turns."""
    connection.execute(_LOCKED, {"key": assistant_id, "of_project": project})


def project_of(connection: Connection, assistant_id: str) -> str | None:
    """Return the assistant's project; None if there is no such assistant.

    It is `SHARED` if the assistant comes from the settings or the assistants file.
    """
    row = connection.execute(_ANYWHERE, {"key": assistant_id}).first()
    return None if row is None else row.project


def models_in_use(connection: Connection) -> list[str]:
    """Return the names of the models of all assistants."""
    return list(connection.execute(_MODELS).scalars())


def release_others(connection: Connection, kept: Sequence[str]) -> None:
    """Turn formerly configured assistants into ordinary ones, except those `kept`."""
    connection.execute(_RELEASE, {"kept": kept})


def modify(
    connection: Connection, project: str, assistant_id: str, values: dict[str, Any]
) -> AssistantRow:
    """Write `values` (columns by name) and return the assistant. Raises `NotFound`."""
    retrieve(connection, project, assistant_id)
    if values:
        connection.execute(_UPDATE, {**ASSISTANTS.encoded(values), "key": assistant_id})
    if "tool_resources" in values:
        resource_uses.note_assistant(connection, assistant_id, values["tool_resources"])
    return retrieve(connection, values.get("project", project), assistant_id)


def rewrite(connection: Connection, project: str, assistant: AssistantRow) -> AssistantRow:
    """Overwrite the project's assistant of this id with the row, except for `created_at`.

    Raises `NotFound`.
    """
    values = ASSISTANTS.values(assistant, without=("id", "created_at"))
    return modify(connection, project, assistant.id, values)


def remove(connection: Connection, project: str, assistant_id: str) -> None:
    """Raises `NotFound`."""
    keys = {"key": assistant_id, "of_project": project}
    if connection.execute(_DELETE, keys).rowcount == 0:
        raise not_found("assistant", assistant_id)
    past_ids.note(connection, [assistant_id])
    resource_uses.forget(connection, [assistant_id])


def list_page(
    connection: Connection, project: str, page: Page, search: str | None = None
) -> tuple[list[AssistantRow], bool]:
    """`search`: what the name, the description or the id contains."""
    columns = (assistants.c.name, assistants.c.description, assistants.c.id)
    where = [or_(*(one.icontains(search, autoescape=True) for one in columns))] if search else []
    rows, has_more = read_page(
        connection, assistants, "assistant", page, where=where, project=(project, SHARED)
    )
    return ASSISTANTS.read_all(rows), has_more
