"""Assistants: the API's operations, and the default assistant of the settings."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from app.db import assistants, repeats, written_assistants
from app.db.database import Connection, Database
from app.db.paging import Page
from app.db.rows import AssistantRow, WrittenAssistantRow
from app.domain.access import SHARED, Caller
from app.domain.clock import now
from app.domain.errors import Configured
from app.domain.ids import new_id
from app.schemas.assistants import (
    Assistant,
    AssistantCreate,
    AssistantDeleted,
    AssistantFields,
    AssistantUpdate,
)
from app.schemas.common import ListPage
from app.schemas.tools import as_json, normalized
from app.services.action_functions import refuse_redefined
from app.services.assistant_versions import author_of, change, locked
from app.services.code_files import check_code_files
from app.services.vector_stores import stored_resources
from app.wire import assistant_object

# Stands in for the content digest of an assistant from the assistants file.
_BY_SETTINGS = ""


class AssistantService:
    def __init__(self, database: Database, wake: Callable[[], None]) -> None:
        """`wake` is called when vector store files are waiting to be indexed."""
        self._database = database
        self._wake = wake

    async def create(self, caller: Caller, body: AssistantCreate) -> Assistant:
        assistant = await self._database.transaction(self._create, caller, body)
        self._wake()
        return assistant_object(assistant)

    async def retrieve(self, project: str, assistant_id: str) -> Assistant:
        return assistant_object(
            await self._database.read(assistants.retrieve, project, assistant_id)
        )

    async def list(
        self, project: str, page: Page, search: str | None = None
    ) -> ListPage[Assistant]:
        data, has_more = await self._database.read(assistants.list_page, project, page, search)
        return ListPage[Assistant].of([assistant_object(row) for row in data], has_more=has_more)

    async def update(self, caller: Caller, assistant_id: str, body: AssistantUpdate) -> Assistant:
        changed = await self._database.transaction(self._update, caller, assistant_id, body)
        return assistant_object(changed)

    async def delete(self, project: str, assistant_id: str) -> AssistantDeleted:
        await self._database.transaction(self._delete, project, assistant_id)
        return AssistantDeleted(id=assistant_id)

    @staticmethod
    def _create(connection: Connection, caller: Caller, body: AssistantCreate) -> AssistantRow:
        project = caller.project
        if earlier := repeats.earlier(connection, caller, repeats.ASSISTANTS, project):
            return assistants.retrieve(connection, project, earlier)
        check_code_files(connection, Caller(project), body.tool_resources)
        resources = stored_resources(connection, project, body.tool_resources)
        assistant = replace(
            new_assistant(project, body), tool_resources=resources, attempt=caller.mark
        )
        refuse_redefined(connection, project, assistant.tools)
        repeats.keep(connection, caller, assistant.id)
        return assistants.create(connection, assistant)

    @staticmethod
    def _update(
        connection: Connection, caller: Caller, assistant_id: str, body: AssistantUpdate
    ) -> AssistantRow:
        before = locked(connection, caller.project, assistant_id)
        check_code_files(connection, Caller(caller.project), body.tool_resources)
        values = {name: stored_field(body, name) for name in body.model_fields_set}
        refuse_redefined(connection, caller.project, values.get("tools", ()))
        if body.model is None:
            values.pop("model", None)
        return change(connection, before, values, "updated", author_of(caller))

    @staticmethod
    def _delete(connection: Connection, project: str, assistant_id: str) -> None:
        _refuse_configured(connection, assistant_id)
        assistants.remove(connection, project, assistant_id)


def configure_assistant(
    connection: Connection,
    assistant_id: str,
    body: AssistantCreate,
    record: WrittenAssistantRow | None,
) -> AssistantRow | None:
    """Create or update the default assistant according to the settings, and return it.

    Returns None, and changes nothing, if the assistant was created or last changed over the API:
    then it may change at any time. `record` says what the settings or the assistants file created
    it from before, if they did.
    """
    wanted = replace(new_assistant(SHARED, body), id=assistant_id)
    project = assistants.project_of(connection, assistant_id)
    if project is None:
        made = assistants.create(connection, wanted)
    elif project == SHARED or record is not None:
        # Rewrite all fields: the assistants file may have created it before.
        made = assistants.rewrite(connection, project, wanted)
    else:
        return None
    # Keep the record of its knowledge, in case the assistants file names it again.
    knowledge = record.knowledge if record else {}
    written_assistants.keep(connection, WrittenAssistantRow(assistant_id, _BY_SETTINGS, knowledge))
    return made


def new_assistant(project: str, body: AssistantCreate) -> AssistantRow:
    values = {name: stored_field(body, name) for name in AssistantFields.model_fields}
    return AssistantRow(
        id=new_id("assistant"), created_at=now(), project=project, model=body.model, **values
    )


def stored_field(body: AssistantFields, name: str) -> Any:
    """Return a field as it is stored; its default if it was not given."""
    value = getattr(body, name)
    match name:
        case "tools":
            return normalized(value)
        case "tool_resources":
            return value.given() if value else {}
        case "metadata":
            return value or {}
        case "temperature" | "top_p":
            return 1.0 if value is None else value
        case "response_format":
            return as_json(value) or "auto"
    return value


def _refuse_configured(connection: Connection, assistant_id: str) -> None:
    if assistants.project_of(connection, assistant_id) == SHARED:
        raise Configured("Assistant", assistant_id)
