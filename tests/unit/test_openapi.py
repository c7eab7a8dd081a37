"""The document at `/openapi.json`: complete, and its examples true to its own schemas."""

from copy import deepcopy
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from app.api.examples import ANSWERS, BODIES
from app.api.openapi import completed
from app.api.run_examples import STREAMS
from tests.support.api_document import api_document

DOCUMENT = api_document()
OPERATIONS: dict[str, dict[str, Any]] = {
    f"{method.upper()} {path}": operation
    for path, methods in DOCUMENT["paths"].items()
    for method, operation in methods.items()
}
BY_ID = {operation["operationId"]: operation for operation in OPERATIONS.values()}
every_operation = pytest.mark.parametrize("name", OPERATIONS)


def json_content(holder: dict[str, Any]) -> dict[str, Any]:
    content: dict[str, Any] = holder["content"]["application/json"]
    return content


def faults(schema: dict[str, Any], value: Any) -> list[str]:
    validator = Draft202012Validator({**schema, "components": DOCUMENT["components"]})
    return [f"{error.json_path}: {error.message}" for error in validator.iter_errors(value)]


def test_operation_ids_are_unique():
    assert len(BY_ID) == len(OPERATIONS)


def test_no_example_is_of_an_operation_that_is_gone():
    assert set(BODIES) | set(ANSWERS) | set(STREAMS) <= set(BY_ID)


@every_operation
def test_an_operation_says_what_it_does(name):
    operation = OPERATIONS[name]
    assert operation["summary"] and operation["description"] and operation["tags"]


@every_operation
def test_a_body_has_valid_examples(name):
    body = OPERATIONS[name].get("requestBody")
    if body is None:
        return
    [content] = body["content"].values()
    assert content["examples"]
    for title, example in content["examples"].items():
        assert faults(content["schema"], example["value"]) == [], title


@every_operation
def test_an_answer_has_a_valid_example(name):
    contents = OPERATIONS[name]["responses"]["200"]["content"]
    assert contents
    for media_type, content in contents.items():
        assert faults(content["schema"], content["example"]) == [], media_type


@pytest.mark.parametrize("name", ANSWERS)
def test_the_document_shows_fields_in_the_order_of_the_answers(name):
    content = json_content(BY_ID[name]["responses"]["200"])
    for schema, shown in objects_in(content["schema"], content["example"]):
        fields = [field for field in schema["properties"] if field in shown]
        assert list(shown) == fields
        # These two leave out what is null; every other answer has all of its fields.
        partial = schema["title"] in ("ChatReply", "Ready")
        assert partial or fields == list(schema["properties"])


def objects_in(schema: dict[str, Any], value: Any) -> list[tuple[dict[str, Any], dict[str, Any]]]:
    """Return the object schemas that `value` is described by, each with its part of it."""
    reference = schema.get("$ref")
    if reference is not None:
        schema = DOCUMENT["components"]["schemas"][reference.rpartition("/")[2]]
    if isinstance(value, list):
        return [pair for item in value for pair in objects_in(schema.get("items", {}), item)]
    if not isinstance(value, dict) or "properties" not in schema:
        chosen = [one for one in schema.get("anyOf", []) if "$ref" in one]
        return objects_in(chosen[0], value) if chosen and value is not None else []
    inner = schema["properties"]
    parts = [pair for key, part in value.items() for pair in objects_in(inner[key], part)]
    return [(schema, value), *parts]


@every_operation
def test_errors_are_shown_in_the_one_envelope(name):
    responses = OPERATIONS[name]["responses"]
    assert "422" not in responses
    for status in {"400", "404"} & set(responses):
        content = json_content(responses[status])
        assert content["schema"]["$ref"].endswith("/ErrorEnvelope")
        assert faults(content["schema"], content["example"]) == []


def test_completing_the_document_again_changes_nothing():
    assert completed(deepcopy(DOCUMENT)) == DOCUMENT
