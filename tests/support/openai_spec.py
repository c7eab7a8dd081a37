"""OpenAI's published schemas, if the folder exists (users' machines don't have it)."""

import functools
import json
import re
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator

FOLDER = Path(__file__).parents[3] / "shared" / "openai-spec"
UPSTREAM = FOLDER / "upstream.json"
ASSISTANTS = FOLDER / "assistants.json"


def are_present() -> bool:
    return UPSTREAM.exists() and ASSISTANTS.exists()


def assert_valid(name: str, value: Any) -> None:
    """Fail unless `value` matches the Responses API's schema `name`; skip if it is missing."""
    if not UPSTREAM.exists():
        pytest.skip(f"OpenAI's schemas are not at {UPSTREAM}")
    found = faults(UPSTREAM, name, value)
    assert not found, "\n".join(found)


def faults(file: Path, name: str, value: Any) -> list[str]:
    """Return how `value` violates the schema `name` of a file."""
    errors = _validator(file, name).iter_errors(value)
    return [f"{error.json_path}: {error.message[:300]}" for error in errors]


def answer_schema(method: str, path: str) -> str | None:
    """Return the name of a 2xx answer's schema; `path` begins after the version.

    None if it has no schema. Raises KeyError for a route that is not OpenAI's.
    """
    for route in _contents(ASSISTANTS)["routes"]:
        # `/threads/runs` matches two patterns; only one of them is meant.
        literal = "{" not in route["path"] and route["path"] == path
        if route["method"] == method and (literal or re.fullmatch(route["pattern"], path)):
            if path == "/threads/runs" and not literal:
                continue
            name: str | None = route["response"]
            return name
    raise KeyError(f"{method} {path}")


def request_faults(body: dict[str, Any]) -> list[str]:
    """Return how a request to the model violates `CreateResponse`.

    An assistant message that a client wrote has no id and status to send. Servers accept that, so
    they are added here before the comparison.
    """
    items = [_completed(item) for item in body["input"]]
    return faults(UPSTREAM, "CreateResponse", {**body, "input": items})


def _completed(item: dict[str, Any]) -> dict[str, Any]:
    if item.get("type") != "message" or item.get("role") != "assistant":
        return item
    parts = [
        {"logprobs": [], **part} if part["type"] == "output_text" else part
        for part in item["content"]
    ]
    return {"id": "msg_1", "status": "completed", **item, "content": parts}


@functools.cache
def _contents(file: Path) -> dict[str, Any]:
    contents: dict[str, Any] = json.loads(file.read_text(encoding="utf-8"))
    if file == ASSISTANTS:
        _correct(contents["$defs"])
    return contents


def _correct(definitions: dict[str, Any]) -> None:
    """Change the schemas where recorded answers of OpenAI's servers differ from the document."""
    few_tokens = {"anyOf": [{"type": "integer", "minimum": 1}, {"type": "null"}]}
    definitions["RunObject"]["properties"]["max_completion_tokens"] = few_tokens
    definitions["VectorStoreObject"]["properties"]["name"] = {"type": ["string", "null"]}


@functools.cache
def _validator(file: Path, name: str) -> Draft202012Validator:
    definitions = _contents(file)["$defs"]
    return Draft202012Validator({"$ref": f"#/$defs/{name}", "$defs": definitions})
