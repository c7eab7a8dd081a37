"""Every limit and type of an assistant's fields, on creation and in an update."""

from typing import Any

import pytest

from tests.support.sentences import (
    Said,
    above,
    below,
    empty,
    missing,
    no_name,
    no_such_value,
    too_long,
    too_many,
    too_many_pairs,
    unknown,
    wrong_type,
)
from tests.support.stores import uploaded
from tests.support.talk import error_of

EFFORTS = "'none', 'minimal', 'low', 'medium', 'high', 'xhigh' and 'max'"
TOOLS = "'code_interpreter', 'file_search', 'function'"
FORMATS = "'text', 'json_object', 'json_schema'"
SEARCH = "tools[0].file_search"
RANKING = f"{SEARCH}.ranking_options"
FUNCTION = "tools[0].function"
STRING, OBJECT, ARRAY, BOOLEAN, DECIMAL = (
    *("a string", "an object", "an array"),
    *("a boolean", "a decimal"),
)


def tool(**fields: Any) -> dict[str, Any]:
    return {"tools": [fields]}


def function(**fields: Any) -> dict[str, Any]:
    return tool(type="function", function={"name": "f", **fields})


def search(**fields: Any) -> dict[str, Any]:
    return tool(type="file_search", file_search=fields)


def ranking(**fields: Any) -> dict[str, Any]:
    return search(ranking_options=fields)


def schema(**fields: Any) -> dict[str, Any]:
    return {"response_format": {"type": "json_schema", "json_schema": fields}}


CASES: list[tuple[dict[str, Any], Said]] = [
    ({"model": ""}, empty("model")),
    ({"model": 1}, wrong_type("model", STRING, "an integer")),
    ({"model": []}, wrong_type("model", STRING, ARRAY)),
    ({"model": "x" * 257}, too_long("model", 256, 257)),
    ({"name": "x" * 257}, too_long("name", 256, 257)),
    ({"name": 1.5}, wrong_type("name", STRING, DECIMAL)),
    ({"description": "x" * 513}, too_long("description", 512, 513)),
    ({"description": True}, wrong_type("description", STRING, BOOLEAN)),
    ({"instructions": "x" * 256_001}, too_long("instructions", 256_000, 256_001)),
    ({"instructions": {}}, wrong_type("instructions", STRING, OBJECT)),
    ({"tools": {}}, wrong_type("tools", ARRAY, OBJECT)),
    ({"tools": ["x"]}, wrong_type("tools[0]", OBJECT, STRING)),
    ({"tools": [None]}, wrong_type("tools[0]", OBJECT, "null")),
    ({"tools": [{"type": "code_interpreter"}] * 129}, too_many("tools", 128, 129)),
    (tool(), missing("tools[0].type")),
    (tool(type="retrieval"), no_such_value("tools[0].type", "retrieval", TOOLS)),
    (tool(type="code_interpreter", x=1), unknown("tools[0].x")),
    (tool(type="function"), missing(FUNCTION)),
    (tool(type="function", function={}), missing(f"{FUNCTION}.name")),
    (function(name="a b"), no_name(f"{FUNCTION}.name")),
    (function(name=""), no_name(f"{FUNCTION}.name")),
    (function(name="x" * 65), no_name(f"{FUNCTION}.name")),
    (function(name="f\n"), no_name(f"{FUNCTION}.name")),
    (function(name="날씨"), no_name(f"{FUNCTION}.name")),
    (function(name=1), wrong_type(f"{FUNCTION}.name", STRING, "an integer")),
    (function(description=1), wrong_type(f"{FUNCTION}.description", STRING, "an integer")),
    (function(parameters=[]), wrong_type(f"{FUNCTION}.parameters", OBJECT, ARRAY)),
    (function(strict="no"), wrong_type(f"{FUNCTION}.strict", BOOLEAN, STRING)),
    (function(extra=1), unknown(f"{FUNCTION}.extra")),
    (search(max_num_results=51), above(f"{SEARCH}.max_num_results", "integer", 50, 51)),
    (search(max_num_results=0), below(f"{SEARCH}.max_num_results", "integer", 1, 0)),
    (ranking(), missing(f"{RANKING}.score_threshold")),
    (ranking(score_threshold=1.1), above(f"{RANKING}.score_threshold", "decimal", 1, 1.1)),
    (
        ranking(score_threshold=1, ranker="best"),
        no_such_value(f"{RANKING}.ranker", "best", "'auto' and 'default_2024_08_21'"),
    ),
    ({"tool_resources": []}, wrong_type("tool_resources", OBJECT, ARRAY)),
    ({"tool_resources": {"x": {}}}, unknown("tool_resources.x")),
    (
        {"tool_resources": {"code_interpreter": {"file_ids": ["f"] * 21}}},
        too_many("tool_resources.code_interpreter.file_ids", 20, 21),
    ),
    (
        {"tool_resources": {"code_interpreter": {"file_ids": [1]}}},
        wrong_type("tool_resources.code_interpreter.file_ids[0]", STRING, "an integer"),
    ),
    (
        {"tool_resources": {"file_search": {"vector_store_ids": ["vs_1", "vs_2"]}}},
        too_many("tool_resources.file_search.vector_store_ids", 1, 2),
    ),
    ({"metadata": []}, wrong_type("metadata", OBJECT, ARRAY)),
    ({"metadata": {"k": 1}}, wrong_type("metadata.k", STRING, "an integer")),
    ({"metadata": {"k": None}}, wrong_type("metadata.k", STRING, "null")),
    ({"metadata": {"k": "x" * 513}}, too_long("metadata.k", 512, 513)),
    ({"metadata": {str(n): "x" for n in range(17)}}, too_many_pairs("metadata", 16, 17)),
    ({"temperature": 2.1}, above("temperature", "decimal", 2, 2.1)),
    ({"temperature": 3}, above("temperature", "decimal", 2, 3)),
    ({"temperature": -0.1}, below("temperature", "decimal", 0, -0.1)),
    ({"temperature": "1"}, wrong_type("temperature", DECIMAL, STRING)),
    ({"temperature": True}, wrong_type("temperature", DECIMAL, BOOLEAN)),
    ({"top_p": 1.1}, above("top_p", "decimal", 1, 1.1)),
    ({"top_p": -1}, below("top_p", "decimal", 0, -1)),
    ({"reasoning_effort": "huge"}, no_such_value("reasoning_effort", "huge", EFFORTS)),
    ({"reasoning_effort": 1}, wrong_type("reasoning_effort", STRING, "an integer")),
    ({"response_format": "json"}, no_such_value("response_format", "json", "'auto'")),
    ({"response_format": 1}, wrong_type("response_format", OBJECT, "an integer")),
    ({"response_format": {}}, missing("response_format.type")),
    (
        {"response_format": {"type": "xml"}},
        no_such_value("response_format.type", "xml", FORMATS),
    ),
    ({"response_format": {"type": "json_schema"}}, missing("response_format.json_schema")),
    (schema(), missing("response_format.json_schema.name")),
    (schema(name="a b"), no_name("response_format.json_schema.name")),
    (
        schema(name="n", schema=1),
        wrong_type("response_format.json_schema.schema", OBJECT, "an integer"),
    ),
    ({"file_ids": []}, unknown("file_ids")),
    ({"id": "asst_mine"}, unknown("id")),
]
KEYS = [str(fields)[:60] for fields, _ in CASES]


@pytest.mark.parametrize(("fields", "said"), CASES, ids=KEYS)
def test_on_creation(http, fields, said):
    response = http.post("/assistants", json={"model": "m", **fields})
    assert error_of(response) == said.as_error()


@pytest.mark.parametrize(("fields", "said"), CASES, ids=KEYS)
def test_in_an_update(http, places, fields, said):
    path = f"/assistants/{places['assistant']}"
    before = http.get(path).json()
    assert error_of(http.post(path, json=fields)) == said.as_error()
    assert http.get(path).json() == before


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ({}, missing("model")),
        ({"name": "x"}, missing("model")),
        ({"model": None}, wrong_type("model", STRING, "null")),
    ],
)
def test_a_new_assistant_needs_a_model(http, body, said):
    assert error_of(http.post("/assistants", json=body)) == said.as_error()


def test_a_key_of_metadata_may_be_too_long(http):
    error = error_of(http.post("/assistants", json={"model": "m", "metadata": {"k" * 65: "x"}}))
    assert error["message"] == (
        "Invalid 'metadata': key too long. Expected a key with maximum length 64, but got a key "
        "with length 65 instead."
    )
    assert error["code"] == "string_above_max_length"


@pytest.mark.parametrize(("given", "got"), [(None, "null"), (1, "an integer"), ([], ARRAY)])
def test_a_type_that_is_no_string(http, given, got):
    error = error_of(http.post("/assistants", json={"model": "m", **tool(type=given)}))
    assert error == wrong_type("tools[0].type", STRING, got).as_error()


def test_the_longest_and_largest_are_allowed(client, http):
    body = {
        "model": "m" * 256,
        "name": "n" * 256,
        "description": "d" * 512,
        "instructions": "i" * 256_000,
        "tools": [{"type": "code_interpreter"}] * 128,
        "metadata": {f"{n:064}": "v" * 512 for n in range(16)},
        "temperature": 2,
        "top_p": 1,
        "tool_resources": {"code_interpreter": {"file_ids": [uploaded(client, "a,b")] * 20}},
    }
    assistant = http.post("/assistants", json=body).json()
    assert {name: assistant[name] for name in body} == body
    names = function(name="A-z_0" + "9" * 59)
    assert http.post("/assistants", json={"model": "m", **names}).is_success
