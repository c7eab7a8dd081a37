"""Function calls by the model, and the outputs that it gets."""

import json
from pathlib import Path
from typing import Any

from tests.support.fake_upstream import FakeUpstream

FOLDER = str(Path(__file__).parent / "functions")


def call(name: str, call_id: str = "call_1", /, **arguments: Any) -> tuple[str, str, str]:
    """Return a call as an argument for `Reply`."""
    return (call_id, name, json.dumps(arguments))


def outputs(upstream: FakeUpstream, request: int = 1) -> list[str]:
    """Return the outputs of its calls that were sent to the model."""
    items = upstream.requests[request].asked["input"]
    return [item["output"] for item in items if item["type"] == "function_call_output"]


def function_tools(*tools: str | dict[str, Any]) -> list[dict[str, Any]]:
    """Return function tools with these names, or the given ones."""
    given = [tool if isinstance(tool, dict) else {"name": tool} for tool in tools]
    return [{"type": "function", "function": function} for function in given]
