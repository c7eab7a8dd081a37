"""Functions that clients define themselves, under the name of an action's: refused where known.

Such a call would go to the action, although the client of the protocol expects it to come to it.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from app.actions.definitions import redefines
from app.actions.operations import SEPARATOR, function_name
from app.db import actions
from app.db.action_rows import ActionRow, Operation
from app.db.database import Connection
from app.domain.errors import InvalidRequest

_CODE = "function_of_action"


def refuse_redefined(
    connection: Connection, project: str, tools: Sequence[Mapping[str, Any]]
) -> None:
    """Refuse tools that define a function of an action anew. Raises `InvalidRequest`."""
    functions = [tool["function"] for tool in tools if tool["type"] == "function"]
    names = [one["name"] for one in functions]
    prefixes = {name.partition(SEPARATOR)[0] for name in names if SEPARATOR in name}
    if not prefixes:
        return
    offered = _offered(actions.by_name(connection, project, prefixes).values())
    for function in functions:
        action = _redefined(function, offered)
        if action is not None:
            raise InvalidRequest(
                f"'{function['name']}' is a function of the action {action.name}, which this "
                "server calls. To use it, list it by its name alone, without a description and "
                "parameters; otherwise give your function another name.",
                param="tools",
                code=_CODE,
            )


def refuse_redefining(connection: Connection, action: ActionRow) -> None:
    """Refuse an action with a function that an assistant defines itself."""
    offered = _offered([action])
    prefix = f"{action.name}{SEPARATOR}"
    for assistant, function in actions.listed(connection, action.project, prefix):
        if _redefined(function, offered) is not None:
            raise InvalidRequest(
                f"The assistant {assistant} defines a function '{function['name']}' itself, which "
                "would become one of this action. Remove its description and parameters from the "
                "assistant's tools and draft, or give the action another name.",
                param="name",
                code=_CODE,
            )


_Offered = Mapping[str, tuple[ActionRow, Operation]]


def _redefined(function: Mapping[str, Any], offered: _Offered) -> ActionRow | None:
    """Return the action whose function this one would be, though it is defined anew."""
    found = offered.get(function["name"])
    return found[0] if found is not None and redefines(function, found[1]) else None


def _offered(rows: Iterable[ActionRow]) -> _Offered:
    return {
        function_name(row.name, operation.name): (row, operation)
        for row in rows
        for operation in row.operations
    }
