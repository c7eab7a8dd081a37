"""Functions as a tool: the server answers calls of its own functions, the client all others."""

from collections.abc import Mapping, Sequence
from typing import Any

from app.actions.definitions import approval_of, asks_first, fingerprint, function_of, redefines
from app.db.rows import RunRow
from app.domain.text import append
from app.engine.tools.functions.actions import ActionFunctions, BoundFunction
from app.engine.tools.functions.registry import FunctionRegistry
from app.engine.tools.tool import Answer, Call, Emit, Text, ToolSession

# What the model reads if the action's address, method or path is not what the person has read.
_CHANGED = (
    "Error: the action was changed after the user allowed this call. The call was not made. "
    "Call the function again if it is still wanted; the user is asked again."
)


def function_output(output: str) -> dict[str, Any]:
    """Return what an output adds to a function call in its step."""
    return {"function": {"output": output}}


class FunctionDraft:
    """A `Draft` that shows the arguments as they arrive."""

    def __init__(self, name: str) -> None:
        self._function: dict[str, Any] = {"name": name, "arguments": "", "output": None}
        self.detail: dict[str, Any] = {"type": "function", "function": self._function}

    def add(self, piece: str) -> dict[str, Any]:
        append(self._function, "arguments", piece)
        return {"function": {"arguments": piece}}


class Functions:
    """A `Tool`: all functions that a run lists, those of the server and those of the client.

    The server's are its own, from Python files, and those of actions.
    """

    type = "function"

    def __init__(self, registry: FunctionRegistry, actions: ActionFunctions | None = None) -> None:
        """Without `actions` there are none."""
        self._registry = registry
        self._actions = actions

    def begin(
        self, run: RunRow, listed: Sequence[dict[str, Any]], _calls: Sequence[dict[str, Any]]
    ) -> ToolSession:
        functions = [tool["function"] for tool in listed]
        return _Session(run, self._registry, self._actions, functions)


class _Session(ToolSession):
    def __init__(
        self,
        run: RunRow,
        registry: FunctionRegistry,
        actions: ActionFunctions | None,
        functions: list[dict[str, Any]],
    ) -> None:
        self._project = run.project
        self._registry = registry
        self._actions = actions
        self._functions = functions
        self._bound: Mapping[str, BoundFunction] = {}

    async def open(self) -> None:
        if self._actions is None:
            return
        listed = {one["name"]: one for one in self._functions if one["name"] not in self._registry}
        bound = await self._actions.bound(self._project, listed)
        # A function that the client defines itself is the client's.
        self._bound = {
            name: one for name, one in bound.items() if not redefines(listed[name], one.operation)
        }

    def offers(self) -> list[dict[str, Any]]:
        return [
            self._flattened(function)
            for function in self._functions
            if (bound := self._bound.get(function["name"])) is None or bound.operation is not None
        ]

    def answers(self, name: str) -> bool:
        return name in self._registry or name in self._bound

    def approval(self, name: str) -> dict[str, str] | None:
        bound = self._bound.get(name)
        if bound is None or bound.operation is None:
            return None
        if not asks_first(bound.action, bound.operation):
            return None
        return approval_of(bound.action, bound.operation)

    def draft(self, name: str) -> FunctionDraft:
        return FunctionDraft(name)

    async def answer(self, call: Call, _: Emit) -> Answer:
        bound = self._bound.get(call.name)
        if bound is None or self._actions is None:
            output = await self._registry.call(call.name, call.arguments)
        elif _changed(bound, call):
            output = _CHANGED
        else:
            output = await self._actions.call(bound, call.arguments)
        return Answer([Text(output)], function_output(output))

    def _flattened(self, function: dict[str, Any]) -> dict[str, Any]:
        """Return a function in the Responses API's form.

        If the assistant leaves out the parameters or the description, those of the server's
        function of that name are used. A function of an action always has the action's.
        """
        bound = self._bound.get(function["name"])
        if bound is not None and bound.operation is not None:
            return {"type": "function", **function_of(bound.action, bound.operation)}
        own = self._registry.find(function["name"])
        flat = {"type": "function", "name": function["name"], "parameters": function["parameters"]}
        description = function.get("description")
        if own is not None and not function["parameters"].get("properties"):
            flat["parameters"] = own.parameters
        if own is not None and not description:
            description = own.description
        if description:
            flat["description"] = description
        # Explicit, because the Responses API makes the schema strict by default.
        flat["strict"] = function["strict"]
        return flat


def _changed(bound: BoundFunction, call: Call) -> bool:
    """Return whether the call would not be the one that a person has allowed."""
    if call.allowed is None or bound.operation is None:
        return False
    return call.allowed != fingerprint(approval_of(bound.action, bound.operation))
