"""Assistants: what clients do with them, and the one that the settings make."""

from collections.abc import Callable
from typing import Any

from app.db import assistants, written_assistants
from app.db.database import Connection, Database
from app.db.paging import Page
from app.domain.clock import now
from app.domain.errors import InvalidRequest
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
from app.services.vector_stores import stored_resources


class AssistantService:
    def __init__(self, database: Database, wake: Callable[[], None]) -> None:
        """`wake` is called when there are files of a vector store to be read."""
        self._database = database
        self._wake = wake

    async def create(self, body: AssistantCreate) -> Assistant:
        assistant = await self._database.transaction(self._create, body)
        self._wake()
        return assistant

    async def retrieve(self, assistant_id: str) -> Assistant:
        return await self._database.read(assistants.retrieve, assistant_id)

    async def list(self, page: Page) -> ListPage[Assistant]:
        data, has_more = await self._database.read(assistants.list_page, page)
        return ListPage[Assistant].of(data, has_more=has_more)

    async def update(self, assistant_id: str, body: AssistantUpdate) -> Assistant:
        return await self._database.transaction(self._update, assistant_id, body)

    async def delete(self, assistant_id: str) -> AssistantDeleted:
        await self._database.transaction(self._delete, assistant_id)
        return AssistantDeleted(id=assistant_id)

    @staticmethod
    def _create(connection: Connection, body: AssistantCreate) -> Assistant:
        resources = stored_resources(connection, body.tool_resources)
        assistant = new_assistant(body).model_copy(update={"tool_resources": resources})
        return assistants.create(connection, assistant)

    @staticmethod
    def _update(connection: Connection, assistant_id: str, body: AssistantUpdate) -> Assistant:
        _refuse_configured(connection, assistant_id)
        values = {name: _stored(body, name) for name in body.model_fields_set}
        if body.model is None:
            values.pop("model", None)
        # Should the assistants file have made it before, it is the user's from now on.
        written_assistants.forget(connection, assistant_id)
        return assistants.modify(connection, assistant_id, values)

    @staticmethod
    def _delete(connection: Connection, assistant_id: str) -> None:
        _refuse_configured(connection, assistant_id)
        assistants.remove(connection, assistant_id)


def configure_assistant(
    connection: Connection, assistant_id: str, body: AssistantCreate
) -> Assistant | None:
    """Make the default assistant what the settings say and return it.

    None where the API made it: then it may change, and is left as it is.
    """
    wanted = new_assistant(body).model_copy(update={"id": assistant_id})
    match assistants.is_configured(connection, assistant_id):
        case None:
            return assistants.create(connection, wanted, configured=True)
        case True:
            # All of it: the assistants file may have made it before.
            written_assistants.forget(connection, assistant_id)
            return assistants.modify(connection, assistant_id, settable(wanted))
    return None


def settable(assistant: Assistant) -> dict[str, Any]:
    """Return what can be said of an assistant, as it is kept."""
    return assistant.model_dump(exclude={"id", "object", "created_at"})


def new_assistant(body: AssistantCreate) -> Assistant:
    values = {name: _stored(body, name) for name in AssistantFields.model_fields}
    return Assistant(id=new_id("assistant"), created_at=now(), model=body.model, **values)


def _stored(body: AssistantFields, name: str) -> Any:
    """Return a field as it is kept, its default where it was not given."""
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
    if assistants.is_configured(connection, assistant_id):
        raise InvalidRequest(
            f"Assistant '{assistant_id}' is made from the server's settings or its file of "
            "assistants, and can only be changed there.",
            code="assistant_is_configured",
        )
