"""Actions: the API's operations."""

import asyncio
import json
from typing import Any

from app.actions.calling import ActionCaller
from app.actions.definitions import asks_first, function_of, tool_of
from app.actions.operations import SEPARATOR, Found
from app.db import actions
from app.db.action_rows import ActionRow
from app.db.database import Connection, Database
from app.db.paging import Page
from app.domain.access import SHARED
from app.domain.errors import Configured, InvalidRequest
from app.schemas.actions import (
    Action,
    ActionCall,
    ActionCreate,
    ActionDeleted,
    ActionOperation,
    ActionOperations,
    ActionResult,
    ActionUpdate,
)
from app.schemas.common import ListPage
from app.services.action_functions import refuse_redefining
from app.services.action_making import ActionMaker, Made, found_in, invalid
from app.services.secrets_key import claim_secrets_key
from app.wire import action_object

# Characters of a client's name that an error quotes.
_SHOWN = 256
# How many assistants an error names.
_MOST_NAMED = 10


class ActionService:
    def __init__(
        self,
        database: Database,
        maker: ActionMaker,
        caller: ActionCaller,
    ) -> None:
        self._database = database
        self._maker = maker
        self._caller = caller

    async def create(self, project: str, body: ActionCreate) -> Action:
        made = await self._maker.made(project, body.name, body)
        return action_object(await self._database.transaction(self._create, made))

    async def retrieve(self, project: str, action_id: str) -> Action:
        return action_object(await self._database.read(actions.retrieve, project, action_id))

    async def list(self, project: str, page: Page) -> ListPage[Action]:
        data, has_more = await self._database.read(actions.list_page, project, page)
        return ListPage[Action].of([action_object(row) for row in data], has_more=has_more)

    async def update(self, project: str, action_id: str, body: ActionUpdate) -> Action:
        before, document = await self._database.read(_own, project, action_id)
        made = await self._maker.changed(before, document, body)
        return action_object(await self._database.transaction(self._rewrite, before, made))

    async def delete(self, project: str, action_id: str) -> ActionDeleted:
        await self._database.transaction(_delete, project, action_id)
        return ActionDeleted(id=action_id)

    async def operations(self, project: str, action_id: str) -> ActionOperations:
        """Return all operations of the document, those that are not offered too."""
        action, document = await self._database.read(_with_document, project, action_id)
        found = await asyncio.to_thread(found_in, document, action.document_url, action.auth)
        return ActionOperations(data=[_shown(action, one) for one in found])

    async def call(self, project: str, action_id: str, body: ActionCall) -> ActionResult:
        """Call an offered operation once."""
        action = await self._database.read(actions.retrieve, project, action_id)
        operation = next((one for one in action.operations if one.name == body.operation), None)
        if operation is None:
            shown = body.operation[:_SHOWN]
            raise invalid(f"The action {action.name} offers no operation '{shown}'.", "operation")
        arguments = json.dumps(body.arguments or {})
        called = await self._caller.call(action, operation, arguments)
        return ActionResult(operation=operation.name, status=called.status, output=called.output)

    # Transactions

    def _create(self, connection: Connection, made: Made) -> ActionRow:
        assert made.document is not None
        _check_name(connection, made.action)
        refuse_redefining(connection, made.action)
        if made.action.secret is not None:
            claim_secrets_key(connection, self._maker.sealer)
        return actions.create(connection, made.action, made.document)

    def _rewrite(self, connection: Connection, before: ActionRow, made: Made) -> ActionRow:
        if actions.retrieve(connection, before.project, before.id, locked=True) != before:
            raise InvalidRequest("The action was changed by another request. Please try again.")
        if made.action.name != before.name:
            _check_unused(connection, before, "name")
            _check_name(connection, made.action)
        refuse_redefining(connection, made.action)
        if made.action.secret not in (None, before.secret):
            claim_secrets_key(connection, self._maker.sealer)
        return actions.rewrite(connection, made.action, made.document)


def _shown(action: ActionRow, found: Found) -> ActionOperation:
    offered = next((one for one in action.operations if one.name == found.name), None)
    operation = offered or found.operation
    return ActionOperation(
        name=found.name,
        method=found.method,
        path=found.path,
        offered=offered is not None,
        asks=operation is not None and asks_first(action, operation),
        tool=None if offered is None else tool_of(action, offered),
        function=None if operation is None else function_of(action, operation),
        problem=found.problem or None,
    )


# In transactions


def _check_name(connection: Connection, action: ActionRow) -> None:
    if actions.by_name(connection, action.project, [action.name]):
        raise invalid(f"There is already an action named '{action.name}'.", "name")


def _check_unused(connection: Connection, action: ActionRow, param: str | None = None) -> None:
    """Refuse to take functions from assistants: runs would wait for a client to answer them."""
    users = actions.users_of(connection, action.project, f"{action.name}{SEPARATOR}")
    if not users:
        return
    some = [f"'{name}' ({key})" if name else key for key, name in [*users.items()][:_MOST_NAMED]]
    more = f" and {len(users) - len(some)} more" if len(users) > len(some) else ""
    raise InvalidRequest(
        f"The action {action.name} is in use by {', '.join(some)}{more}. Remove its functions "
        "from the tools and drafts of these assistants first.",
        param=param,
        code="action_in_use",
    )


def _own(connection: Connection, project: str, action_id: str) -> tuple[ActionRow, dict[str, Any]]:
    action, document = _with_document(connection, project, action_id)
    if action.project == SHARED:
        raise Configured("Action", action_id)
    return action, document


def _with_document(
    connection: Connection, project: str, action_id: str
) -> tuple[ActionRow, dict[str, Any]]:
    action = actions.retrieve(connection, project, action_id)
    return action, actions.document_of(connection, action_id)


def _delete(connection: Connection, project: str, action_id: str) -> None:
    action, _ = _own(connection, project, action_id)
    _check_unused(connection, action)
    actions.remove(connection, project, action_id)
