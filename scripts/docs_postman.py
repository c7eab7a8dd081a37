"""The Postman collection, from the API's document, its examples and `docs/postman.yaml`."""

import json
import re
from pathlib import Path
from typing import Any, cast

import yaml

from app.api.example_objects import ASSISTANT_ID, CALL_ID, FILE_ID, RUN_ID, THREAD_ID
from app.api.examples import BODIES
from app.application import create_app
from app.core.config import Settings
from scripts.docs_sources import DocsError

Part = dict[str, Any]

_SCHEMA = "https://schema.getpostman.com/json/collection/v2.1.0/collection.json"
_BASE = "/api/v1"
# What the examples name, as variables of the collection.
_IN_EXAMPLES = {
    ASSISTANT_ID: "assistant_id",
    "asst_default": "assistant_id",
    THREAD_ID: "thread_id",
    RUN_ID: "run_id",
    CALL_ID: "tool_call_id",
    FILE_ID: "file_id",
    "gpt-5.4-mini": "model",
}
# Half a second apart, for a minute at most.
_WAIT = "if (Number(pm.collectionVariables.get('polls')) > 0) setTimeout(() => {}, 500);"
_POLL = """\
const polls = Number(pm.collectionVariables.get('polls')) + 1;
const again = %s && polls < 120;
pm.collectionVariables.set('polls', again ? polls : 0);
if (again) {
    pm.execution.setNextRequest(pm.info.requestName);
} else {
%s
}"""


def postman_collection(source: Path) -> str:
    """Return the collection as JSON. Raises `DocsError` unless it calls every operation."""
    # A safe loader: the file holds data only.
    wanted: Part = yaml.safe_load(source.read_text("utf-8"))
    port = Settings.model_fields["port"].default
    variables = {"base_url": f"http://127.0.0.1:{port}{_BASE}", **wanted["variables"]}
    operations = _operations()
    requests = [request for folder in wanted["folders"] for request in folder["requests"]]
    if missing := operations.keys() - {request["call"] for request in requests}:
        raise DocsError(f"docs/postman.yaml: no request calls {', '.join(sorted(missing))}")
    collection = {
        "info": {
            "name": "Threadkeeper",
            "description": wanted["description"],
            "schema": _SCHEMA,
        },
        "auth": {
            "type": "bearer",
            "bearer": [{"key": "token", "value": "{{api_key}}", "type": "string"}],
        },
        "event": [
            _script("prerequest", wanted["before_each"]),
            _script("test", wanted["after_each"]),
        ],
        "variable": [{"key": key, "value": value} for key, value in variables.items()],
        "item": [
            {
                "name": folder["name"],
                "description": folder["description"],
                "item": [_item(request, operations) for request in folder["requests"]],
            }
            for folder in wanted["folders"]
        ],
    }
    text = json.dumps(collection, ensure_ascii=False, indent=2) + "\n"
    _check(text, variables)
    return text


def _operations() -> dict[str, Part]:
    """Return the operations of the API by ID, each with its method and path."""
    bare = Settings(_env_file=None, assistants_file="", functions_dir="")
    return {
        operation["operationId"]: {**operation, "method": method.upper(), "path": path}
        for path, methods in create_app(bare).openapi()["paths"].items()
        for method, operation in methods.items()
    }


def _check(text: str, variables: Part) -> None:
    """Raise `DocsError` for a variable that isn't declared, or a name that is used twice."""
    used = re.findall(r"{{(\w+)}}|collectionVariables\.[gs]et\('(\w+)'", text)
    if unknown := {one or other for one, other in used} - variables.keys():
        raise DocsError(f"docs/postman.yaml: variables not declared: {', '.join(sorted(unknown))}")
    names = [request["name"] for folder in json.loads(text)["item"] for request in folder["item"]]
    # A request that waits for something names itself as the next one.
    if twice := {name for name in names if names.count(name) > 1}:
        raise DocsError(f"docs/postman.yaml: more than one request is called {', '.join(twice)}")


def _item(request: Part, operations: dict[str, Part]) -> Part:
    if request["call"] not in operations:
        raise DocsError(f"docs/postman.yaml: there is no operation {request['call']!r}")
    operation = operations[request["call"]]
    texts = [operation["description"], request.get("description", "")]
    sent = {
        "method": operation["method"],
        "header": [],
        "url": _url(request, operation),
        "description": "\n\n".join(filter(None, texts)),
        **_body(request),
    }
    sent["header"] += _offered_headers(operation)
    events = [_script("test", _test(request))]
    if "while" in request:
        events.insert(0, _script("prerequest", _WAIT))
    name = request.get("name", operation["summary"].capitalize())
    return {"name": name, "event": events, "request": sent, "response": []}


def _offered_headers(operation: Part) -> list[Part]:
    """Return the optional headers, switched off: a user may tick them."""
    names = {parameter["name"] for parameter in operation.get("parameters", [])}
    if "Idempotency-Key" not in names:
        return []
    return [{"key": "Idempotency-Key", "value": "{{$guid}}", "disabled": True}]


def _url(request: Part, operation: Part) -> Part:
    path: str = operation["path"]
    host = "{{base_url}}" if path.startswith(_BASE) else "{{server_url}}"
    path = path.removeprefix(_BASE)
    renamed = request.get("variables", {})
    path = re.sub(r"{(\w+)}", lambda found: _variable(found[1], renamed), path)
    query = {key: str(value) for key, value in request.get("query", {}).items()}
    known = {parameter["name"] for parameter in operation.get("parameters", [])}
    if unknown := {key.partition("[")[0] for key in query} - known:
        raise DocsError(f"docs/postman.yaml: {request['call']} has no parameter {unknown}")
    ending = "?" + "&".join(f"{key}={value}" for key, value in query.items()) if query else ""
    url: Part = {"raw": host + path + ending, "host": [host], "path": path[1:].split("/")}
    if query:
        url["query"] = [{"key": key, "value": value} for key, value in query.items()]
    return url


def _body(request: Part) -> Part:
    """Return the body with its header; nothing if there is none."""
    if "form" in request:
        # The lines of a form end as the protocol wants it.
        raw = request["form"].replace("\n", "\r\n")
        return _typed("multipart/form-data; boundary=threadkeeper", {"mode": "raw", "raw": raw})
    if "lines" in request:
        return _typed("application/x-ndjson", {"mode": "raw", "raw": request["lines"]})
    if "example" in request:
        examples = BODIES.get(request["call"], {})
        if request["example"] not in examples:
            raise DocsError(
                f"docs/postman.yaml: {request['call']} has no example {request['example']!r}"
            )
        body = _with_variables(examples[request["example"]], request.get("variables", {}))
    elif "body" in request:
        body = request["body"]
    else:
        return {}
    raw = json.dumps(body, ensure_ascii=False, indent=2)
    options = {"raw": {"language": "json"}}
    return _typed("application/json", {"mode": "raw", "raw": raw, "options": options})


def _typed(media_type: str, body: Part) -> Part:
    return {"header": [{"key": "Content-Type", "value": media_type}], "body": body}


def _with_variables(example: Any, renamed: dict[str, str]) -> Any:
    """Return the example with variables in place of the IDs and the model it names."""
    if isinstance(example, dict):
        return {key: _with_variables(value, renamed) for key, value in example.items()}
    if isinstance(example, list):
        return [_with_variables(value, renamed) for value in example]
    if example in _IN_EXAMPLES:
        return _variable(_IN_EXAMPLES[cast(str, example)], renamed)
    return example


def _variable(name: str, renamed: dict[str, str]) -> str:
    """Return the variable that has the value of a parameter, as Postman writes it."""
    return f"{{{{{renamed.get(name, name)}}}}}"


def _test(request: Part) -> str:
    status = request.get("status", 200)
    checks = [] if status is None else [f"pm.response.to.have.status({status});"]
    checks += request.get("checks", "").splitlines()
    title = request["test"].replace("'", "\\'")
    lines = [f"pm.test('{title}', () => {{", *_indented(checks), "});"]
    for variable, value in request.get("save", {}).items():
        lines.append(f"pm.collectionVariables.set('{variable}', {value});")
    if "while" in request:
        lines = [_POLL % (request["while"], "\n".join(_indented(lines)))]
    reads = "const text = pm.response.text();"
    if request.get("reads") != "text":
        reads = "const body = pm.response.json();"
    return "\n".join([reads, *lines])


def _indented(lines: list[str]) -> list[str]:
    return [f"    {line}" for line in lines]


def _script(listen: str, code: str) -> Part:
    script = {"type": "text/javascript", "exec": code.splitlines()}
    return {"listen": listen, "script": script}
