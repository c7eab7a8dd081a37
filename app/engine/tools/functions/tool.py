"""Functions as a tool: the server answers calls of its own functions, the client all others."""

from collections.abc import Sequence
from typing import Any

from app.db.rows import RunRow
from app.domain.text import append
from app.engine.tools.functions.registry import FunctionRegistry
from app.engine.tools.tool import Answer, Call, Emit, Text, ToolSession


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
    """A `Tool`: all functions that a run lists, those of the server and those of the client."""

    type = "function"

    def __init__(self, registry: FunctionRegistry) -> None:
        self._registry = registry

    def begin(
        self, _run: RunRow, listed: Sequence[dict[str, Any]], _calls: Sequence[dict[str, Any]]
    ) -> ToolSession:
        return _Session(self._registry, [tool["function"] for tool in listed])


class _Session(ToolSession):
    def __init__(self, registry: FunctionRegistry, functions: list[dict[str, Any]]) -> None:
        self._registry = registry
        self._functions = functions

    def offers(self) -> list[dict[str, Any]]:
        return [self._flattened(function) for function in self._functions]

    def answers(self, name: str) -> bool:
        return name in self._registry

    def draft(self, name: str) -> FunctionDraft:
        return FunctionDraft(name)

    async def answer(self, call: Call, _: Emit) -> Answer:
        output = await self._registry.call(call.name, call.arguments)
        return Answer([Text(output)], function_output(output))

    def _flattened(self, function: dict[str, Any]) -> dict[str, Any]:
        """Return a function in the Responses API's form.

        If the assistant leaves out the parameters or the description, those of the server's
        function of that name are used.
        """
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
