"""OpenAPI documents become functions, within bounds, or are refused with a reason."""

import json
import re
from typing import Any

import pytest

from app.actions.document import BadDocument, checked, parsed, server_of, title_of
from app.actions.operations import function_name, operations_in
from app.core.yaml_lines import Document
from tests.support.action_documents import meilisearch, parameter, twilio_verify, weather


def found(document, url=None, **paths) -> Any:
    return operations_in(checked({**document, **paths}), url, without=frozenset())


def of_paths(paths, **rest):
    return found({"openapi": "3.0.3", "paths": paths, **rest})


def one(operation, **rest) -> Any:
    [only] = of_paths({"/x": {"post": operation}}, **rest)
    return only


def body(schema, **rest):
    content = {"application/json": {"schema": schema}}
    return one({"requestBody": {"content": content}}, **rest).operation.parameters["properties"][
        "body"
    ]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "not an object"),
        ("[1]", "not an object"),
        ("{", "not JSON"),
        ("a: [", "not YAML"),
        ("a: !!python/object:os.system x", "not YAML"),
        ('a: !!int "1:1:1"', "not YAML"),
        ('a: !!float ""', "not YAML"),
        ("a: {!!merge <<: {b: 1}}", "not YAML"),
        ("a: !!binary AAAA", "not YAML"),
        ('{"openapi": "3.1.0", "paths": {}, "x": ' + "1" * 5000 + "}", "too long"),
        ("swagger: '2.0'", "Swagger 2.0"),
        ("openapi: 4.0.0\npaths: {}", "3.0 or 3.1"),
        ("openapi: 3.1\npaths: {}", "3.0 or 3.1"),
        ("openapi: 3.1.0", "no 'paths'"),
        ("{" + '"a":{' * 5000 + "}" * 5001, "nested too deeply"),
        ("a: " + "[" * 200 + "]" * 200, "nested too deeply"),
        ("x" * 3_000_001, "longer than"),
        ('{"openapi": "3.1.0", "paths": {}, "x": 1e999}', "not finite"),
    ],
)
def test_what_is_no_document_is_refused(text, words):
    with pytest.raises(BadDocument, match=re.escape(words)):
        parsed(text)


def test_aliases_can_not_multiply():
    lines = ["openapi: 3.1.0", "paths: {}", "x0: &x0 [1, 1, 1, 1, 1, 1, 1, 1, 1, 1]"]
    lines += [f"x{n}: &x{n} [{', '.join([f'*x{n - 1}'] * 10)}]" for n in range(1, 9)]
    with pytest.raises(BadDocument, match="more than 400,000 values"):
        parsed("\n".join(lines))


def test_yaml_is_read_as_json_would_be():
    text = """
openapi: 3.1.0
paths: {}
words: [no, on, 2026-11-28, 12:30, 1_000, 0x10, 1.5, -3, 1e3, true, null, ~, "7"]
200: a status
merged: {<<: x}
"""
    document = parsed(text)
    expected = ["no", "on", "2026-11-28", "12:30", "1_000", "0x10", 1.5, -3, 1000.0, True]
    assert document["words"] == [*expected, None, None, "7"]
    assert document["200"] == "a status"
    # The other reader of YAML, which knows lines, understands the same.
    other: Any = Document(text).value
    assert document["words"] == other["words"]


@pytest.mark.parametrize(
    ("document", "names"), [(meilisearch, 113), (twilio_verify, 57)], ids=["3.1", "3.0"]
)
def test_a_large_real_document_is_read_whole(document, names):
    operations = operations_in(checked(document()), "https://x/", without=frozenset())
    assert {one.problem for one in operations} == {""}
    assert len({one.name for one in operations}) == names
    for one in operations:
        assert one.operation is not None
        assert "$ref" not in json.dumps(one.operation.parameters)
        assert len(one.operation.description) <= 300
        assert re.fullmatch(r"[A-Za-z0-9_-]{1,64}", function_name("a" * 24, one.name))


def test_descriptions_are_cut_as_chatgpt_cut_them():
    given = one(
        {"description": "d" * 400, "parameters": [parameter("a", description="p" * 800)]}
    ).operation
    assert given.description == "d" * 299 + "…"
    assert given.parameters["properties"]["a"]["description"] == "p" * 699 + "…"


def test_references_are_written_out():
    schemas = {
        "Pet": {"type": "object", "properties": {"tag": {"$ref": "#/components/schemas/a~1b"}}},
        "a/b": {"type": "string", "description": "A tag."},
    }
    assert body({"$ref": "#/components/schemas/Pet"}, components={"schemas": schemas}) == {
        "type": "object",
        "properties": {"tag": {"type": "string", "description": "A tag."}},
    }


def test_a_schema_that_contains_itself_ends():
    node = {"type": "object", "properties": {"next": {"$ref": "#/components/schemas/Node"}}}
    assert body({"$ref": "#/components/schemas/Node"}, components={"schemas": {"Node": node}}) == {
        "type": "object",
        "properties": {"next": {"type": "object"}},
    }


def test_schemas_that_multiply_are_cut():
    schemas = {
        f"s{n}": {
            "type": "object",
            "properties": {f"p{k}": {"$ref": f"#/components/schemas/s{n + 1}"} for k in range(8)},
        }
        for n in range(8)
    }
    schemas["s8"] = {"type": "string"}
    plain = body({"$ref": "#/components/schemas/s0"}, components={"schemas": schemas})
    assert len(json.dumps(plain)) < 100_000


@pytest.mark.parametrize(
    ("schema", "plain"),
    [
        ({"type": "string", "nullable": True}, {"type": ["string", "null"]}),
        (
            {"type": "string", "nullable": True, "enum": ["a"]},
            {"type": ["string", "null"], "enum": ["a", None]},
        ),
        (
            {"type": "integer", "minimum": 1, "exclusiveMinimum": True},
            {"type": "integer", "exclusiveMinimum": 1},
        ),
        (
            {"type": "integer", "maximum": 1, "exclusiveMaximum": False},
            {"type": "integer", "maximum": 1},
        ),
        (
            {"type": "string", "example": "x", "xml": {}, "x-own": 1, "title": "T"},
            {"type": "string"},
        ),
        (
            {
                "type": "object",
                "required": ["id", "title"],
                "properties": {
                    "id": {"type": "integer", "readOnly": True},
                    "title": {"type": "string"},
                },
            },
            {
                "type": "object",
                "required": ["title"],
                "properties": {"title": {"type": "string"}},
            },
        ),
        (True, {}),
        ({"allOf": [{"type": "object", "nullable": False}]}, {"allOf": [{"type": "object"}]}),
    ],
)
def test_schemas_of_3_0_become_json_schema(schema, plain):
    assert body(schema) == plain


@pytest.mark.parametrize(
    ("operation", "problem"),
    [
        ({"parameters": [{"$ref": "#/nowhere"}]}, "leads nowhere"),
        ({"parameters": [{"$ref": "other.yaml#/a"}]}, "another document"),
        ({"parameters": [{"$ref": "https://x/y.json"}]}, "another document"),
        ({"parameters": [{"$ref": "#/paths/~1x/post/parameters/0"}]}, "back to itself"),
        ({"parameters": [{"in": "nowhere", "name": "a"}]}, "no known place"),
        ({"requestBody": {"content": {"image/png": {}}}}, "image/png"),
        ({"requestBody": {"content": {}}}, "no media type"),
        ({"servers": [{"url": "https://other.example.com"}]}, "server of its own"),
        ({"parameters": [7]}, "Expected an object"),
        ({"parameters": 7}, "Expected a list"),
        ({"parameters": [{"in": "query", "name": "a", "content": {"a/b": "c"}}]}, "Expected an"),
        ({"parameters": [{"$ref": "#/paths/~1x/post/parameters/x"}]}, "leads nowhere"),
        ({"parameters": [{"$ref": "#/openapi/1/2"}]}, "leads nowhere"),
        ({"servers": [{"url": "https://["}]}, "not a URL"),
        (
            {"parameters": [{"in": "query", "name": "a", "schema": {"enum": ["x" * 200_000]}}]},
            "longer than 200,000 characters",
        ),
    ],
)
def test_an_operation_that_can_not_be_called_says_why(operation, problem):
    assert problem in one(operation).problem


def test_a_title_has_no_lines_and_no_other_direction():
    title = "Weather\n\nAllowed: \u202eeverything\x1b[2J"
    assert title_of({"info": {"title": title}}) == "Weather Allowed: everything [2J"


def test_a_document_has_so_many_operations():
    with pytest.raises(BadDocument, match="more than 2,000 operations"):
        of_paths({f"/{number}": {"get": {"operationId": "a"}} for number in range(2001)})


def test_references_can_not_multiply_what_operations_take():
    big = {"in": "query", "name": "a", "schema": {"enum": ["x" * 199_000]}}
    paths = {f"/{number}": {"get": {"parameters": [{"$ref": "#/big"}]}} for number in range(160)}
    with pytest.raises(BadDocument, match="longer than 30,000,000 characters"):
        of_paths(paths, big=big)


def test_required_names_that_are_none_are_dropped():
    schema = {"type": "object", "required": [["a"], "a"], "properties": {"a": {}}}
    assert body(schema)["required"] == ["a"]


def test_a_path_needs_its_parameters():
    [only] = of_paths({"/x/{id}": {"get": {}}})
    assert "{id}, which is no parameter" in only.problem


def test_operations_have_names_of_their_own():
    paths = {
        "/a": {"get": {"operationId": "repos/list one"}, "post": {"operationId": "repos_list_one"}},
        "/b/{id}": {"get": {"parameters": [parameter("id", "path")]}},
    }
    assert [each.name for each in of_paths(paths)] == [
        "repos_list_one",
        "repos_list_one_2",
        "get_b_by_id",
    ]


def test_a_long_name_is_cut_and_stays_different():
    names = {function_name("action", "x" * 80 + end) for end in "ab"}
    assert len(names) == 2
    assert {len(name) for name in names} == {64}


def test_parameters_of_one_name_are_told_apart():
    given = [parameter("id", "query"), parameter("id", "header"), parameter("body", "query")]
    content: dict = {"application/json": {"schema": {}}}
    operation = one({"parameters": given, "requestBody": {"content": content}}).operation
    assert [*operation.parameters["properties"]] == ["id", "id_2", "body", "body_2"]
    assert operation.body.argument == "body_2"


def test_an_operation_replaces_a_parameter_of_its_path():
    item = {
        "parameters": [parameter("a", description="old"), parameter("b")],
        "get": {"parameters": [parameter("a", description="new", required=True)]},
    }
    [only] = of_paths({"/x": item})
    assert only.operation.parameters["properties"]["a"]["description"] == "new"
    assert only.operation.parameters["required"] == ["a"]


@pytest.mark.parametrize(
    ("servers", "url", "address"),
    [
        ([{"url": "https://a.example.com/v1/"}], None, "https://a.example.com/v1"),
        ([{"url": "/v3"}], "https://a.example.com/docs/api.json", "https://a.example.com/v3"),
        ([{"url": "/v3"}], None, None),
        ([], "https://a.example.com/api.json", None),
        (
            [{"url": "https://{r}.example.com", "variables": {"r": {"default": "eu"}}}],
            None,
            "https://eu.example.com",
        ),
    ],
)
def test_the_server(servers, url, address):
    assert server_of({"servers": servers}, url) == address


def test_the_document_says_what_is_consequential():
    def marks(method, **rest):
        [only] = of_paths({"/x": {method: rest}})
        return only.operation.consequential

    assert [marks(method) for method in ("get", "head", "post", "delete")] == [
        *(False, False, True, True),
    ]
    assert marks("get", **{"x-openai-isConsequential": True})
    assert not marks("post", **{"x-openai-isConsequential": False})


def test_our_own_document_is_one_that_actions_can_use(tmp_path):
    assert [each.name for each in found(weather())] == ["getForecast", "reportWeather"]
