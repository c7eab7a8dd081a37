"""A run and what it reads into the body of a Responses request."""

from collections.abc import Mapping
from typing import Any

from app.engine.tools.registry import FunctionRegistry, ServerFunction
from app.engine.translation.history import input_item
from app.schemas.messages import Message
from app.schemas.runs import Run

# The Responses API takes no smaller limit.
LEAST_OUTPUT_TOKENS = 16

# Kept and told for the client, but the model is not offered them here.
_NOT_OFFERED = frozenset({"code_interpreter", "file_search"})


def build_request(
    run: Run,
    messages: list[Message],
    items: list[dict[str, Any]],
    *,
    max_output_tokens: int | None,
    aliases: Mapping[str, str],
    functions: FunctionRegistry,
) -> dict[str, Any]:
    """Return the request of the run's next round.

    `messages` is the history it reads, `items` what its earlier rounds left; `aliases` maps
    retired model names to those that serve in their place; `functions` are the server's own.
    """
    request: dict[str, Any] = {
        "model": aliases.get(run.model, run.model),
        "input": [item for message in messages if (item := input_item(message))] + items,
        "store": False,
        "include": ["reasoning.encrypted_content"],
    }
    if run.instructions:
        request["instructions"] = run.instructions
    if max_output_tokens is not None:
        request["max_output_tokens"] = max_output_tokens
    request |= _sampling(run) | _tools(run, functions)
    if items and "tool_choice" in request:
        request["tool_choice"] = _later_choice(request["tool_choice"])
    text_format = _text_format(run.response_format)
    if text_format:
        request["text"] = {"format": text_format}
    return request


def left_out_tools(run: Run) -> list[str]:
    """Return the types of the run's tools that the model is not offered."""
    return sorted({tool["type"] for tool in run.tools} & _NOT_OFFERED)


def _sampling(run: Run) -> dict[str, Any]:
    sampling: dict[str, Any] = {}
    # 1.0 is what an assistant echoes when nothing was set; many models refuse to be told it.
    if run.temperature is not None and run.temperature != 1.0:
        sampling["temperature"] = run.temperature
    if run.top_p is not None and run.top_p != 1.0:
        sampling["top_p"] = run.top_p
    if run.reasoning_effort is not None:
        sampling["reasoning"] = {"effort": run.reasoning_effort}
    return sampling


def _tools(run: Run, functions: FunctionRegistry) -> dict[str, Any]:
    tools = [
        _function(tool["function"], functions.find(tool["function"]["name"]))
        for tool in run.tools
        if tool["type"] == "function"
    ]
    if not tools:
        return {}
    return {
        "tools": tools,
        "tool_choice": _tool_choice(run.tool_choice),
        "parallel_tool_calls": run.parallel_tool_calls,
    }


def _function(function: dict[str, Any], own: ServerFunction | None) -> dict[str, Any]:
    """Return a function tool flattened; what the assistant leaves out, the server's own fills."""
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


def _tool_choice(choice: Any) -> Any:
    if not isinstance(choice, dict):
        return choice
    if choice["type"] == "function":
        return {"type": "function", "name": choice["function"]["name"]}
    return "auto"


def _later_choice(choice: Any) -> Any:
    """Return the choice for a round after calls: forced again, they would never end."""
    return "none" if choice == "none" else "auto"


def _text_format(response_format: Any) -> dict[str, Any] | None:
    if not isinstance(response_format, dict):
        return None
    if response_format["type"] == "json_schema":
        return {"type": "json_schema", "schema": {}, **response_format["json_schema"]}
    return response_format
