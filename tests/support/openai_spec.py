"""OpenAI's published schemas, where the folder is present (a user's machine has none)."""

import functools
import json
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator

UPSTREAM = Path(__file__).parents[3] / "shared" / "openai-spec" / "upstream.json"


def assert_valid(name: str, value: Any) -> None:
    """Fail unless `value` fits the Responses API's schema `name`; skip where it is not here."""
    if not UPSTREAM.exists():
        pytest.skip(f"OpenAI's schemas are not at {UPSTREAM}")
    errors = [f"{error.json_path}: {error.message[:300]}" for error in _errors(name, value)]
    assert not errors, "\n".join(errors)


def _errors(name: str, value: Any) -> Any:
    return _validator(name).iter_errors(value)


@functools.cache
def _validator(name: str) -> Draft202012Validator:
    definitions = json.loads(UPSTREAM.read_text(encoding="utf-8"))["$defs"]
    return Draft202012Validator({"$ref": f"#/$defs/{name}", "$defs": definitions})
