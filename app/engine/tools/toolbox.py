"""All that the model may be offered of a run's tools, and who answers its calls."""

import logging
from collections.abc import Sequence
from typing import Any

from app.db.runs import StoredRun
from app.engine.tools.built_in import BuiltInTool, ToolAnswer
from app.engine.tools.registry import FunctionRegistry

logger = logging.getLogger(__name__)

# Characters of a name that the model made up.
_SHOWN_OF_A_NAME = 64


class Toolbox:
    """The built-in tools, the server's functions, and the client's, which only the client calls."""

    def __init__(self, functions: FunctionRegistry, built_in: Sequence[BuiltInTool]) -> None:
        self._functions = functions
        self._built_in = {tool.type: tool for tool in built_in}

    def with_functions(self, functions: FunctionRegistry) -> "Toolbox":
        """Return a toolbox with other functions of the server, and the same built-in tools."""
        return Toolbox(functions, [*self._built_in.values()])

    def offered(self, run: StoredRun) -> list[dict[str, Any]]:
        """Return the tools of a request: functions, every one."""
        return [offer for tool in run.tools if (offer := self._offer(tool))]

    def left_out(self, run: StoredRun) -> list[str]:
        """Return the types of the run's tools that the model is not offered."""
        known = {"function", *self._built_in}
        return sorted({tool["type"] for tool in run.tools} - known)

    async def prepare(self, run: StoredRun) -> None:
        """Return when the run's tools are ready."""
        for tool in self._of(run).values():
            await tool.prepare(run)

    def opened(self, run: StoredRun, name: str) -> dict[str, Any] | None:
        """Return the details of a new call of a built-in tool; None: a function is called."""
        tool = self._of(run).get(name)
        return None if tool is None else {"type": tool.type, **tool.opened(run)}

    def answers(self, run: StoredRun, name: str) -> bool:
        """Return whether a call of this name is answered here: all but the client's functions.

        A call of something that the run doesn't list is answered here too, with an error.
        """
        is_clients = name in _listed_functions(run) and name not in self._functions
        return name in self._of(run) or not is_clients

    async def call(self, run: StoredRun, call: dict[str, Any], number: int) -> ToolAnswer:
        """Answer a call, given as a Responses item, the run's `number`th of its name.

        Only what the run lists is executed: the model may name anything it has heard of.
        """
        name, arguments = call["name"], call["arguments"]
        tool = self._of(run).get(name)
        if tool is not None:
            return await tool.call(run, arguments, number)
        if name in _listed_functions(run) and name in self._functions:
            return ToolAnswer(await self._functions.call(name, arguments), {})
        logger.warning("run %s: the model called an unknown function: %.64r", run.id, name)
        return ToolAnswer(self._unknown(run, name), {})

    def _unknown(self, run: StoredRun, name: str) -> str:
        known = ", ".join(offer["name"] for offer in self.offered(run)) or "none"
        return f"Error: unknown function {name[:_SHOWN_OF_A_NAME]!r}. Available functions: {known}."

    def _of(self, run: StoredRun) -> dict[str, BuiltInTool]:
        listed = {tool["type"] for tool in run.tools}
        return {name: tool for name, tool in self._built_in.items() if name in listed}

    def _offer(self, tool: dict[str, Any]) -> dict[str, Any] | None:
        if tool["type"] == "function":
            return self._function(tool["function"])
        built_in = self._built_in.get(tool["type"])
        if built_in is None:
            return None
        return {"type": "function", "name": built_in.type, "strict": False, **built_in.function()}

    def _function(self, function: dict[str, Any]) -> dict[str, Any]:
        """Return a function flattened; what the assistant leaves out, the server's own fills."""
        own = self._functions.find(function["name"])
        flat = {"type": "function", "name": function["name"], "parameters": function["parameters"]}
        description = function.get("description")
        if own is not None and not function["parameters"].get("properties"):
            flat["parameters"] = own.parameters
        if own is not None and not description:
            description = own.description
        if description:
            flat["description"] = description
        # Said explicitly: left out, the Responses API would make the schema strict.
        flat["strict"] = function["strict"]
        return flat


def _listed_functions(run: StoredRun) -> set[str]:
    return {tool["function"]["name"] for tool in run.tools if tool["type"] == "function"}
