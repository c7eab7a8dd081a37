"""The Postman collection: every route of the API and no other, in a form that runs."""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from app.core.config import Settings
from tests.support.api_document import api_document

COLLECTION: dict[str, Any] = json.loads(
    (Path(__file__).parents[2] / "postman_collection.json").read_text("utf-8")
)
DOCUMENT: dict[str, Any] = api_document()
VARIABLES = {variable["key"]: variable["value"] for variable in COLLECTION["variable"]}


def requests_in(items: list[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    for item in items:
        if "item" in item:
            yield from requests_in(item["item"])
        else:
            yield item


REQUESTS = list(requests_in(COLLECTION["item"]))
every_request = pytest.mark.parametrize("item", REQUESTS, ids=lambda item: item["name"])


def route(item: dict[str, Any]) -> str:
    """Return what a request calls, with `{}` for every id: `GET /api/v1/threads/{}`."""
    address = item["request"]["url"]["raw"].partition("?")[0]
    path = address.replace("{{base_url}}", "/api/v1").replace("{{server_url}}", "")
    return f"{item['request']['method']} {re.sub(r'{{.+?}}', '{}', path)}"


def operations() -> dict[str, dict[str, Any]]:
    return {
        f"{method.upper()} {re.sub(r'{.+?}', '{}', path)}": operation
        for path, methods in DOCUMENT["paths"].items()
        for method, operation in methods.items()
    }


def script(item: dict[str, Any], kind: str) -> str:
    lines = [event["script"]["exec"] for event in item["event"] if event["listen"] == kind]
    return "\n".join(line for exec_lines in lines for line in exec_lines)


def test_it_is_a_collection_of_version_2_1():
    assert COLLECTION["info"]["schema"].endswith("/json/collection/v2.1.0/collection.json")


def test_it_covers_the_routes_of_the_api_and_no_others():
    assert {route(item) for item in REQUESTS} == set(operations())


def test_it_calls_a_server_as_it_is_served_by_default():
    port = Settings.model_fields["port"].default
    assert VARIABLES["base_url"] == f"http://127.0.0.1:{port}/api/v1"
    assert COLLECTION["auth"]["bearer"][0]["value"] == "{{api_key}}"


def test_names_are_unique():
    # A request that waits for a run names itself as the next one.
    names = [item["name"] for item in REQUESTS]
    assert len(names) == len(set(names))


@every_request
def test_the_address_is_written_alike_in_both_of_its_forms(item):
    url = item["request"]["url"]
    path = "/".join([*url["host"], *url["path"]])
    query = "&".join(f"{pair['key']}={pair['value']}" for pair in url.get("query", []))
    assert url["raw"] == (f"{path}?{query}" if query else path)


@every_request
def test_every_variable_is_declared(item):
    text = json.dumps(item, ensure_ascii=False)
    assert set(re.findall(r"{{(\w+)}}", text)) <= set(VARIABLES)
    assert set(re.findall(r"collectionVariables\.[gs]et\('(\w+)'", text)) <= set(VARIABLES)


@every_request
def test_the_answer_is_checked(item):
    assert "pm.response.to.have.status(" in script(item, "test")


@every_request
def test_a_wait_is_bounded(item):
    checks = script(item, "test")
    if "setNextRequest" in checks:
        assert "looks < 120" in checks
        assert "setTimeout" in script(item, "prerequest")


@every_request
def test_a_body_fits_its_schema(item):
    body = item["request"].get("body")
    if body is None:
        return
    contents = operations()[route(item)]["requestBody"]["content"]
    [sent_as] = [pair["value"] for pair in item["request"]["header"]]
    content = contents[sent_as.partition(";")[0]]
    if "boundary" in sent_as:
        # A form's fields aren't JSON; a server that runs them tells what is wrong with them.
        return
    schema = {**content["schema"], "components": DOCUMENT["components"]}
    Draft202012Validator(schema).validate(json.loads(body["raw"]))
