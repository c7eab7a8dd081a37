"""Keeps what assistants said: every change of one adds a version.

An assistant that was never changed has version 1 without a row; its first change writes both.
"""

from dataclasses import replace
from typing import Any

from app.db import assistants, versions, written_assistants
from app.db.database import Connection
from app.db.rows import ASSISTANTS, AssistantRow, AssistantVersionRow
from app.domain.access import SHARED, Caller
from app.domain.clock import now
from app.domain.errors import Configured
from app.domain.ids import PREFIXES, new_id
from app.schemas.assistants import AssistantFields
from app.schemas.drafts import Cause

# Of each assistant.
KEPT_VERSIONS = 100

_CONTENT = ("model", *AssistantFields.model_fields)
_FIRST: Cause = "created"


def content_of(assistant: AssistantRow) -> dict[str, Any]:
    values = ASSISTANTS.values(assistant)
    return {name: values[name] for name in _CONTENT}


def author_of(caller: Caller) -> str | None:
    """Return the id of the caller's key, or of the first that it replaces.

    The keys of the settings have none.
    """
    return None if caller.limits is None else caller.limits.identity


def locked(connection: Connection, project: str, assistant_id: str) -> AssistantRow:
    """Lock an assistant that is going to be changed. Raises `NotFound` and `Configured`."""
    assistants.lock(connection, project, assistant_id)
    assistant = assistants.retrieve(connection, project, assistant_id)
    if assistant.project == SHARED:
        raise Configured("Assistant", assistant_id)
    return assistant


def change(
    connection: Connection,
    before: AssistantRow,
    values: dict[str, Any],
    cause: Cause,
    author: str | None,
) -> AssistantRow:
    """Write `values` (columns by name) into a locked assistant, and keep what it says now."""
    after = assistants.modify(connection, before.project, before.id, values)
    # If the assistants file created it, it belongs to the user from now on.
    written_assistants.forget(connection, before.id)
    content, said = content_of(after), content_of(before)
    if content != said:
        number = _recorded(connection, before, said) + 1
        version = AssistantVersionRow(
            id=new_id("assistant_version"),
            assistant_id=before.id,
            number=number,
            created_at=now(),
            cause=cause,
            author=author,
            content=content,
        )
        versions.add(connection, version, keep=KEPT_VERSIONS)
    return after


def current(connection: Connection, assistant: AssistantRow) -> AssistantVersionRow:
    """Return the version that the assistant is, whether or not it has a row."""
    content = content_of(assistant)
    newest = versions.newest(connection, assistant.id)
    if newest is not None and newest.content == content:
        return newest
    if newest is not None:
        # An import or the assistants file has changed it since.
        return replace(newest, number=newest.number + 1, cause="updated", content=content)
    return AssistantVersionRow(
        id=f"{PREFIXES['assistant_version']}_{assistant.id}",
        assistant_id=assistant.id,
        number=1,
        created_at=assistant.created_at,
        cause=_FIRST,
        author=None,
        content=content,
    )


def _recorded(connection: Connection, assistant: AssistantRow, content: dict[str, Any]) -> int:
    """Make sure that what the assistant says has a row, and return its number."""
    version = current(connection, assistant)
    if versions.find(connection, assistant.id, version.number) is None:
        if version.number > 1:
            version = replace(version, id=new_id("assistant_version"), author=None)
        versions.add(connection, version, keep=KEPT_VERSIONS)
    return version.number
