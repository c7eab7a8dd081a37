"""Actions of the assistants file: made before its assistants, whose tools they add to."""

import hashlib
import logging
from collections.abc import Collection, Sequence
from dataclasses import replace

from app.actions.definitions import tool_of
from app.actions.operations import SEPARATOR
from app.core.assistants_file import WrittenAssistant
from app.core.sealing import Sealer
from app.core.written_actions import WrittenAction
from app.db import actions
from app.db.action_rows import ActionRow
from app.db.database import Connection, Database
from app.domain.access import SHARED
from app.domain.errors import InvalidRequest, NotFound, StartError
from app.domain.ids import PREFIXES
from app.schemas.tools import FunctionTool
from app.services.action_making import ActionMaker, Made
from app.services.secrets_key import claim_secrets_key

logger = logging.getLogger(__name__)

_MOST_TOOLS = 128


async def with_actions(
    database: Database, maker: ActionMaker, written: Sequence[WrittenAssistant]
) -> list[WrittenAssistant]:
    """Store the actions of the file, and return its assistants with their functions as tools.

    Raises `StartError` with one line for each action that can't be made.
    """
    made: dict[str, Made] = {}
    faults: list[str] = []
    for action in [action for one in written for action in one.actions]:
        try:
            made[action.name] = await _made(database, maker, action)
        except InvalidRequest as error:
            faults.append(f"{action.place}{f'.{error.param}' if error.param else ''}: {error}")
    if faults:
        raise StartError("\n".join(faults))
    ids = frozenset(assistant.id for assistant in written)
    try:
        retired = await database.transaction(_store, [*made.values()], ids, maker.sealer)
    except InvalidRequest as error:
        raise StartError(str(error)) from error
    for name, users in retired.items():
        logger.warning(
            "the action %s is not in the assistants file any more, but in use by %s: its functions "
            "are not offered to the model",
            name,
            ", ".join(users),
        )
    return [
        _with_tools(one, [made[action.name].action for action in one.actions]) for one in written
    ]


async def _made(database: Database, maker: ActionMaker, written: WrittenAction) -> Made:
    """Make an action. If its document can't be fetched, one that was fetched before is kept."""
    action_id = _id_of(written.name)
    try:
        return await maker.made(SHARED, written.name, written.body, action_id=action_id)
    except InvalidRequest as error:
        if error.param != "document_url":
            raise
        before = await database.read(_before, action_id)
        if before is None or before.document is None:
            raise
        logger.warning("action %s: %s The one from before is used.", written.name, error)
        body = written.body.model_copy(update={"document": before.document, "document_url": None})
        again = await maker.made(SHARED, written.name, body, action_id=action_id)
        kept = replace(again.action, document_url=before.action.document_url)
        return replace(again, action=kept)


def _id_of(name: str) -> str:
    """Return the id of an action of the file: the same in every process, and after a restart."""
    return f"{PREFIXES['action']}_{hashlib.sha256(name.encode()).hexdigest()[:24]}"


def _with_tools(written: WrittenAssistant, rows: Sequence[ActionRow]) -> WrittenAssistant:
    if not rows:
        return written
    added = [
        FunctionTool.model_validate(tool_of(row, operation))
        for row in rows
        for operation in row.operations
    ]
    tools = [*(written.body.tools or []), *added]
    if len(tools) > _MOST_TOOLS:
        raise StartError(
            f"{written.place}: {len(tools)} tools with the operations of its actions; "
            f"{_MOST_TOOLS} are possible. Choose fewer in 'operations'"
        )
    return replace(written, body=written.body.model_copy(update={"tools": tools}))


def _before(connection: Connection, action_id: str) -> Made | None:
    try:
        action = actions.retrieve(connection, SHARED, action_id)
    except NotFound:
        return None
    return Made(action, actions.document_of(connection, action_id))


def _store(
    connection: Connection, made: Sequence[Made], written: Collection[str], sealer: Sealer
) -> dict[str, list[str]]:
    """Return the actions that were kept, without operations, with the assistants that list them.

    Without its action, such a function would be one that a client answers: runs would wait for it.
    `written`: ids of the assistants of the file, which are updated afterwards.
    """
    if any(one.action.secret is not None for one in made):
        claim_secrets_key(connection, sealer)
    before = {row.id: row for row in actions.of_project(connection, SHARED)}
    for one in made:
        assert one.document is not None
        if one.action.id in before:
            actions.rewrite(connection, one.action, one.document)
        else:
            actions.create(connection, one.action, one.document)
    retired: dict[str, list[str]] = {}
    for action_id in before.keys() - {one.action.id for one in made}:
        row = before[action_id]
        users = actions.users_of(connection, None, f"{row.name}{SEPARATOR}")
        if listing := [key for key in users if key not in written]:
            retired[row.name] = listing
            actions.rewrite(connection, replace(row, chosen=[], operations=[]))
        else:
            actions.remove(connection, SHARED, action_id)
    return retired
