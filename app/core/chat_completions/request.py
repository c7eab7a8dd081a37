"""Translates a request of the Responses API into one of Chat Completions.

What equals the API's default is left out, because each parameter is one that some server refuses.
"""

from typing import Any

from app.core.chat_completions.messages import messages_of

LIMIT = "max_completion_tokens"
# The name before September 2024, which is the only one that many servers know.
OLDER_LIMIT = "max_tokens"

_SAME = ("temperature", "top_p", "store", "prompt_cache_key")


def chat_request(request: dict[str, Any], *, stream: bool) -> dict[str, Any]:
    """Return the body of `POST /chat/completions` for a request without `stream`."""
    body: dict[str, Any] = {"model": request["model"], "messages": messages_of(request)}
    body |= {name: request[name] for name in _SAME if name in request}
    if "max_output_tokens" in request:
        body[LIMIT] = request["max_output_tokens"]
    if effort := request.get("reasoning", {}).get("effort"):
        body["reasoning_effort"] = effort
    if text_format := _response_format(request.get("text", {}).get("format")):
        body["response_format"] = text_format
    if tools := request.get("tools"):
        body |= _tools(request, tools)
    body["stream"] = stream
    if stream:
        body["stream_options"] = {"include_usage": True}
    return body


def _tools(request: dict[str, Any], tools: list[dict[str, Any]]) -> dict[str, Any]:
    body: dict[str, Any] = {"tools": [_tool(tool) for tool in tools]}
    choice = request.get("tool_choice", "auto")
    if isinstance(choice, dict):
        body["tool_choice"] = {"type": "function", "function": {"name": choice["name"]}}
    elif choice != "auto":
        body["tool_choice"] = choice
    if request.get("parallel_tool_calls") is False:
        body["parallel_tool_calls"] = False
    return body


def _tool(tool: dict[str, Any]) -> dict[str, Any]:
    names = ("name", "description", "parameters")
    function = {name: tool[name] for name in names if tool.get(name) is not None}
    if tool.get("strict"):
        function["strict"] = True
    return {"type": "function", "function": function}


def _response_format(text_format: dict[str, Any] | None) -> dict[str, Any] | None:
    if text_format is None or text_format["type"] == "text":
        return None
    if text_format["type"] != "json_schema":
        return text_format
    schema = {name: value for name, value in text_format.items() if name != "type"}
    return {"type": "json_schema", "json_schema": schema}
