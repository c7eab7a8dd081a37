"""The functions of actions: which ones a run's assistant lists, and who answers them."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from app.actions.calling import ActionCaller
from app.actions.operations import SEPARATOR, function_name
from app.db import actions
from app.db.action_rows import ActionRow, Operation
from app.db.database import Database


@dataclass(frozen=True)
class BoundFunction:
    """A function of an action. `operation` is None if the action doesn't offer it any more."""

    action: ActionRow
    operation: Operation | None


class ActionFunctions:
    """Finds actions by the names of functions.

    A function belongs to an action of the run's own project, or to a configured one, if its name
    is the action's, two underscores and the operation's. So the names in an assistant's tools are
    all that binds them, and clients that keep nothing else of a tool keep that.
    """

    def __init__(self, database: Database, caller: ActionCaller) -> None:
        self._database = database
        self._caller = caller

    async def bound(self, project: str, names: Iterable[str]) -> Mapping[str, BoundFunction]:
        """Return those of the functions that belong to actions, by their names."""
        parts = {name: name.partition(SEPARATOR)[0] for name in names if SEPARATOR in name}
        if not parts:
            return {}
        wanted = {*parts.values()}
        rows = await self._database.read(actions.by_name, project, wanted)
        offered = {
            function_name(row.name, operation.name): operation
            for row in rows.values()
            for operation in row.operations
        }
        return {
            name: BoundFunction(rows[action], offered.get(name))
            for name, action in parts.items()
            if action in rows
        }

    async def call(self, function: BoundFunction, arguments: str) -> str:
        """Return the output of a call; the model gets errors as the output."""
        if function.operation is None:
            return f"Error: the action {function.action.name} does not offer this operation."
        return (await self._caller.call(function.action, function.operation, arguments)).output
