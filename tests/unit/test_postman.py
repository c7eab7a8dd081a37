"""The Postman collection: its own bodies are what the API takes.

That it is up to date and calls every operation is checked where it is generated
(`scripts/docs.py`), and that it runs, by Postman's own runner (`tests/e2e/test_newman.py`).
"""

import json
import re
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from tests.support.api_document import api_document
from tests.support.manual import ROOT

COLLECTION: dict[str, Any] = json.loads((ROOT / "postman_collection.json").read_text("utf-8"))
DOCUMENT: dict[str, Any] = api_document()
OPERATIONS = {
    f"{method.upper()} {re.sub(r'{.+?}', '{}', path)}": operation
    for path, methods in DOCUMENT["paths"].items()
    for method, operation in methods.items()
}
WITH_JSON = [
    item
    for folder in COLLECTION["item"]
    for item in folder["item"]
    # A form's fields aren't JSON: the server that newman runs against checks them.
    if "options" in item["request"].get("body", {})
]


def operation_of(request: dict[str, Any]) -> dict[str, Any]:
    address = request["url"]["raw"].partition("?")[0]
    path = address.replace("{{base_url}}", "/api/v1").replace("{{server_url}}", "")
    return OPERATIONS[f"{request['method']} {re.sub(r'{{.+?}}', '{}', path)}"]


@pytest.mark.parametrize("item", WITH_JSON, ids=lambda item: item["name"])
def test_a_body_fits_its_schema(item):
    request = item["request"]
    content = operation_of(request)["requestBody"]["content"]["application/json"]
    schema = {**content["schema"], "components": DOCUMENT["components"]}
    Draft202012Validator(schema).validate(json.loads(request["body"]["raw"]))
