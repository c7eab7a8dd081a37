"""What the model, clients and people read about an action's operations."""

import hashlib
import json
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

from app.actions.operations import function_name
from app.db.action_rows import ActionRow, Operation


def asks_first(action: ActionRow, operation: Operation) -> bool:
    """Return whether a person must allow each call of the operation."""
    match action.ask:
        case "always":
            return True
        case "never":
            return False
    return operation.consequential


def function_of(action: ActionRow, operation: Operation) -> dict[str, Any]:
    """Return the definition of the operation's function."""
    definition: dict[str, Any] = {"name": function_name(action.name, operation.name)}
    if operation.description:
        definition["description"] = operation.description
    return definition | {"parameters": operation.parameters, "strict": False}


def redefines(function: Mapping[str, Any], operation: Operation | None) -> bool:
    """Return whether a listed function is a client's own, not this operation of its name.

    The operation is listed by its name alone, or with what `function_of` returns. It is None if
    the action doesn't offer one of this name.
    """
    description = function.get("description")
    parameters = function.get("parameters") or {}
    if operation is None:
        return bool(description or parameters.get("properties"))
    if description and description != operation.description:
        return True
    return bool(parameters.get("properties")) and parameters != operation.parameters


def tool_of(action: ActionRow, operation: Operation) -> dict[str, Any]:
    """Return the function tool by which an assistant lists the operation.

    Its description and parameters are always those of the action, so they are left out.
    """
    return {"type": "function", "function": {"name": function_name(action.name, operation.name)}}


def approval_of(action: ActionRow, operation: Operation) -> dict[str, str]:
    """Return what a person reads before they allow a call."""
    address = urlsplit(action.address)
    return {
        "action": action.name,
        "title": action.title,
        "operation": operation.name,
        "method": operation.method,
        "host": address.netloc,
        "path": f"{address.path.rstrip('/')}{operation.path}",
    }


def fingerprint(approval: Mapping[str, str]) -> str:
    """Return what is equal for two approvals if the same call is made: all but the title."""
    named = {name: value for name, value in approval.items() if name != "title"}
    return hashlib.sha256(json.dumps(named, sort_keys=True).encode()).hexdigest()[:32]
