"""The protocol's tools that run here, and what they are made from."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from app.actions.calling import ActionCaller
from app.core.object_store import ObjectStore
from app.core.outbound.addresses import AllowedHosts
from app.core.outbound.client import OutboundClient
from app.core.sealing import Sealer
from app.db.database import Database
from app.engine.tools.code_interpreter.tool import CodeInterpreter
from app.engine.tools.file_search.tool import FileSearch
from app.engine.tools.functions.actions import ActionFunctions
from app.engine.tools.tool import Tool
from app.interpreter.interpreter import Interpreter
from app.knowledge.store_search import StoreSearch
from app.services.action_making import ActionMaker
from app.storage.file_writer import FileWriter


@dataclass(frozen=True)
class ToolResources:
    """What tools are built from."""

    database: Database
    store: ObjectStore
    search: StoreSearch
    writer: FileWriter
    interpreter: Interpreter


MakeTool = Callable[[ToolResources], Tool]

# In addition to functions.
TOOLS: tuple[MakeTool, ...] = (
    lambda given: FileSearch(given.database, given.search),
    lambda given: CodeInterpreter(given.database, given.store, given.writer, given.interpreter),
)


@dataclass(frozen=True)
class ActionParts:
    """What makes actions, calls them, and offers them to runs."""

    client: OutboundClient
    sealer: Sealer
    maker: ActionMaker
    caller: ActionCaller
    functions: ActionFunctions


def action_parts(database: Database, *, allow: Sequence[str], key: str) -> ActionParts:
    """`allow` are the hosts of ACTIONS_ALLOW, and `key` is SECRETS_KEY, which may be empty."""
    client = OutboundClient(AllowedHosts.of(allow))
    sealer = Sealer(key)
    caller = ActionCaller(client, sealer.open)
    functions = ActionFunctions(database, caller)
    return ActionParts(client, sealer, ActionMaker(client, sealer), caller, functions)
