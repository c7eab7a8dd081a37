"""What the model, clients and people read about an action's operations."""

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


def tool_of(action: ActionRow, operation: Operation) -> dict[str, Any]:
    """Return the function tool by which an assistant lists the operation.

    Its description and parameters are always those of the action, so they are left out.
    """
    return {"type": "function", "function": {"name": function_name(action.name, operation.name)}}


def approval_of(action: ActionRow, operation: Operation) -> dict[str, str]:
    """Return what a person reads before they allow a call."""
    return {
        "action": action.name,
        "title": action.title,
        "operation": operation.name,
        "method": operation.method,
        "host": urlsplit(action.address).netloc,
    }
