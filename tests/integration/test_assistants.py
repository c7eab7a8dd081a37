"""Assistants: what is stored, echoed and changed."""

from typing import Any

import httpx
import openai
import pytest

from tests.support.stores import uploaded

FUNCTION = {"type": "function", "function": {"name": "get_Weather-2"}}
SCHEMA = {
    "$schema": "http://json-schema.org/draft-07/schema#",
    "$defs": {"City": {"type": "string"}},
    "type": "object",
    "properties": {"city": {"$ref": "#/$defs/City"}},
    "required": ["city"],
    "additionalProperties": False,
}
DEFAULTS: dict[str, Any] = {
    "name": None,
    "description": None,
    "instructions": None,
    "tools": [],
    "top_p": 1.0,
    "temperature": 1.0,
    "reasoning_effort": None,
    "tool_resources": {},
    "metadata": {},
    "response_format": "auto",
}


@pytest.fixture
def given(client) -> dict[str, Any]:
    """Every field of an assistant."""
    return {
        "name": "수학 선생님",
        "description": "Teaches.",
        "instructions": "Be kind.",
        "tools": [{"type": "code_interpreter"}],
        "top_p": 0.5,
        "temperature": 0.2,
        "reasoning_effort": "low",
        "tool_resources": {
            "code_interpreter": {"file_ids": [uploaded(client, "a,b")]},
            "file_search": {"vector_store_ids": ["vs_1"]},
        },
        "metadata": {"k": "v"},
        "response_format": {"type": "json_object"},
    }


def made(http: httpx.Client, **fields: Any) -> dict[str, Any]:
    response = http.post("/assistants", json={"model": "gpt-4o", **fields})
    assert response.status_code == 200
    answer: dict[str, Any] = response.json()
    return answer


def test_a_new_assistant_echoes_openais_defaults_in_openais_order(http):
    assistant = made(http)
    assert " ".join(assistant) == (
        "id object created_at name description model instructions tools top_p temperature "
        "reasoning_effort tool_resources metadata response_format"
    )
    assert assistant["model"] == "gpt-4o"
    assert {name: assistant[name] for name in DEFAULTS} == DEFAULTS


def test_all_that_is_given_comes_back(http, given):
    assistant = made(http, **given)
    assert {name: assistant[name] for name in given} == given
    assert http.get(f"/assistants/{assistant['id']}").json() == assistant


@pytest.mark.parametrize("field", [*DEFAULTS])
def test_null_means_not_given(http, field):
    assert made(http, **{field: None})[field] == DEFAULTS[field]


@pytest.mark.parametrize(
    ("tool", "echo"),
    [
        (
            FUNCTION,
            {"name": "get_Weather-2", "parameters": {"type": "object", "properties": {}}}
            | {"strict": False},
        ),
        (
            {"type": "function", "function": {"name": "f", "parameters": SCHEMA, "strict": True}},
            {"name": "f", "parameters": SCHEMA, "strict": True},
        ),
        (
            {
                "type": "function",
                "function": {"name": "f", "description": "Does.", "parameters": None},
            },
            {
                "name": "f",
                "description": "Does.",
                "parameters": {"type": "object", "properties": {}},
                "strict": False,
            },
        ),
        (
            {"type": "file_search"},
            {
                "ranking_options": {
                    "ranker": "default_2024_08_21",
                    "score_threshold": 0.0,
                    "hybrid_search": None,
                }
            },
        ),
        (
            {
                "type": "file_search",
                "file_search": {
                    "max_num_results": 5,
                    "ranking_options": {"ranker": "auto", "score_threshold": 0.5},
                },
            },
            {
                "max_num_results": 5,
                "ranking_options": {
                    "ranker": "auto",
                    "score_threshold": 0.5,
                    "hybrid_search": None,
                },
            },
        ),
    ],
)
def test_tools_are_returned_with_openais_defaults(http, tool, echo):
    assert made(http, tools=[tool])["tools"] == [{"type": tool["type"], tool["type"]: echo}]


@pytest.mark.parametrize(
    "response_format",
    [
        "auto",
        {"type": "text"},
        {"type": "json_schema", "json_schema": {"name": "n", "schema": SCHEMA, "strict": True}},
    ],
)
def test_response_formats_are_kept(http, response_format):
    assert made(http, response_format=response_format)["response_format"] == response_format


def test_an_update_changes_what_it_names_and_nothing_else(http, given):
    assistant = made(http, **given)
    path = f"/assistants/{assistant['id']}"
    assert http.post(path, json={}).json() == assistant
    assert http.post(path).json() == assistant
    changed = http.post(path, json={"name": "New", "metadata": {"other": "1"}}).json()
    assert changed == {**assistant, "name": "New", "metadata": {"other": "1"}}
    assert http.get(path).json() == changed


@pytest.mark.parametrize("field", [*DEFAULTS])
def test_null_in_an_update_resets_a_field(http, given, field):
    assistant = made(http, **given)
    changed = http.post(f"/assistants/{assistant['id']}", json={field: None}).json()
    default = DEFAULTS[field]
    if field == "tool_resources":
        default = {"code_interpreter": {"file_ids": []}}  # as the tool is listed
    assert changed == {**assistant, field: default}


def test_a_null_model_in_an_update_changes_nothing(http):
    assistant = made(http)
    path = f"/assistants/{assistant['id']}"
    assert http.post(path, json={"model": None}).json() == assistant
    assert http.post(path, json={"model": "o3"}).json()["model"] == "o3"


def test_a_deleted_assistant_is_gone(client: openai.OpenAI):
    assistant = client.beta.assistants.create(model="m")
    deleted = client.beta.assistants.delete(assistant.id)
    assert (deleted.id, deleted.deleted, deleted.object) == (
        assistant.id,
        True,
        "assistant.deleted",
    )
    for call in (
        client.beta.assistants.retrieve,
        client.beta.assistants.delete,
        client.beta.assistants.update,
    ):
        with pytest.raises(openai.NotFoundError) as caught:
            call(assistant.id)
        assert caught.value.body == {
            "message": f"No assistant found with id '{assistant.id}'.",
            "type": "invalid_request_error",
            "param": None,
            "code": None,
        }


def test_lists_go_through_all_pages(client: openai.OpenAI):
    made_ids = [client.beta.assistants.create(model="m").id for _ in range(5)]
    before = client.beta.assistants.create(model="m").id
    listed: list[str] = []
    for assistant in client.beta.assistants.list(after=before, limit=2):
        listed.append(assistant.id)
        if len(listed) == 5:
            break
    assert listed == made_ids[::-1]
