"""The document at `/openapi.json`: the framework's, with examples added and errors corrected."""

from copy import deepcopy
from threading import Lock
from typing import Any

from fastapi import FastAPI, Request, Response
from fastapi.responses import JSONResponse
from starlette.routing import Route

from app.api.attempts import CREATING, LONGEST_KEY
from app.api.errors import envelope
from app.api.examples import ANSWERS, BODIES
from app.api.packed import TOO_LARGE
from app.api.routing import failure
from app.api.run_examples import STREAMS
from app.core.later import Later
from app.schemas.common import ErrorEnvelope

_JSON = "application/json"
_EVENTS = "text/event-stream"
_SECURITY_SCHEMES = {
    "bearer": {
        "type": "http",
        "scheme": "bearer",
        "description": "A key from API_KEYS, if any are set, or the token of a chat session.",
    },
    "api_key": {
        "type": "apiKey",
        "in": "header",
        "name": "api-key",
        "description": "The same, as Azure's clients send it.",
    },
    "basic": {
        "type": "http",
        "scheme": "basic",
        "description": "The same as the password, with any username. Not from browsers.",
    },
}
# A scheme of its own, so that the form of `/docs` keeps both keys at once.
_ADMIN_SCHEME = {
    "admin_key": {
        "type": "http",
        "scheme": "bearer",
        "description": "The server's ADMIN_KEY, for `/api/v1/admin` only.",
    }
}
_ADMIN_PATHS = "/api/v1/admin/"
# Operations of everybody who has a key.
_FOR_BOTH = "retrieve_caller"
_FAILURES = {
    "400": {
        "message": "Unknown parameter: 'mesage'.",
        "type": "invalid_request_error",
        "param": "mesage",
        "code": "unknown_parameter",
    },
    "401": {
        "message": "Incorrect API key provided: sk-1********wxyz.",
        "type": "invalid_request_error",
        "param": None,
        "code": "invalid_api_key",
    },
    "403": {
        "message": "A chat session may only chat and read its own threads.",
        "type": "invalid_request_error",
        "param": None,
        "code": "session_not_allowed",
    },
    "429": {
        "message": "Rate limit reached: 60/minute. Please try again in 12s.",
        "type": "requests",
        "param": None,
        "code": "rate_limit_exceeded",
    },
    "404": {
        "message": "No thread found with id 'thread_Hq4sYt9KfB2wZm6GcR8nDvE1'.",
        "type": "invalid_request_error",
        "param": None,
        "code": None,
    },
}
_TOO_LARGE = failure("The body is larger than this server accepts.")
_TOO_LARGE["content"][_JSON]["example"] = envelope(TOO_LARGE)
# `itemSchema` is from OpenAPI 3.2 and describes one event. With `schema` alone, tools disagree
# whether it describes an event, the text, or the list of events.
_EVENT_STREAM: dict[str, Any] = {
    "schema": {"description": "Server-sent events."},
    "itemSchema": {
        "type": "object",
        "properties": {"event": {"type": "string"}, "data": {"type": "string"}},
        "required": ["event", "data"],
    },
}
_IDEMPOTENCY_KEY: dict[str, Any] = {
    "name": "Idempotency-Key",
    "in": "header",
    "required": False,
    "description": (
        "A text that is new for each request. Within 24 hours, a request with the same key, path "
        "and body is not executed again: it gets what the first one created."
    ),
    "schema": {
        "type": "string",
        "minLength": 1,
        "maxLength": LONGEST_KEY,
        "pattern": "^[!-~]([ -~]*[!-~])?$",
    },
}
_EVENT_ID = {"type": "string", "pattern": "^[0-9]+$"}
# These streams can be resumed at an event. A run's own stream has no event ids, as at OpenAI.
_WITH_IDS = ("chat", "follow_run")


def complete_openapi(app: FastAPI) -> None:
    """Make the application serve the completed document.

    Making it takes up to a second, so a thread does it, for the first request.
    """
    generate, one_at_a_time = app.openapi, Lock()

    def complete() -> dict[str, Any]:
        with one_at_a_time:
            return completed(generate())

    def make() -> bytes:
        document = complete()
        if app.root_path:
            document = {**document, "servers": [{"url": app.root_path}]}
        return bytes(JSONResponse(document).body)

    made = Later(make)

    async def openapi(_request: Request) -> Response:
        return Response(await made.get(), media_type=_JSON)

    app.openapi = complete  # type: ignore[method-assign]
    routes, url = app.router.routes, app.openapi_url or ""
    [place] = [n for n, one in enumerate(routes) if isinstance(one, Route) and one.path == url]
    # The framework's own makes it on the event loop.
    routes[place] = Route(url, openapi, include_in_schema=False)


def completed(document: dict[str, Any]) -> dict[str, Any]:
    """Complete the document in place and return it. Calling this again changes nothing."""
    components = document["components"]
    components["securitySchemes"] = _SECURITY_SCHEMES | _ADMIN_SCHEME
    components["schemas"].update(_error_schemas())
    for path, methods in document["paths"].items():
        for operation in methods.values():
            # Invalid requests are answered with 400, in the envelope that all errors share.
            operation["responses"].pop("422", None)
            if "401" in operation["responses"]:
                schemes = _schemes_of(path, operation["operationId"])
                operation["security"] = [{name: []} for name in schemes]
            _add_key(operation)
            _add_examples(operation)
            _add_what_holds_everywhere(operation)
    for name in ("HTTPValidationError", "ValidationError"):
        components["schemas"].pop(name, None)
    return document


def _error_schemas() -> dict[str, Any]:
    """Return the schemas of the errors that `routing.failure` refers to."""
    described = ErrorEnvelope.model_json_schema(
        ref_template="#/components/schemas/{model}", mode="serialization"
    )
    return {**described.pop("$defs"), ErrorEnvelope.__name__: described}


def _schemes_of(path: str, operation: str) -> list[str]:
    if path.startswith(_ADMIN_PATHS):
        return [*_ADMIN_SCHEME]
    return [*_SECURITY_SCHEMES, *(_ADMIN_SCHEME if operation == _FOR_BOTH else ())]


def _add_key(operation: dict[str, Any]) -> None:
    if operation["operationId"] not in CREATING:
        return
    parameters = operation.setdefault("parameters", [])
    if _IDEMPOTENCY_KEY not in parameters:
        parameters.append(deepcopy(_IDEMPOTENCY_KEY))


def _add_examples(operation: dict[str, Any]) -> None:
    key, responses = operation["operationId"], operation["responses"]
    if key in BODIES:
        bodies = {name: {"value": body} for name, body in BODIES[key].items()}
        operation["requestBody"]["content"][_JSON]["examples"] = bodies
    for media_type, examples in ((_JSON, ANSWERS), (_EVENTS, STREAMS)):
        if key in examples:
            responses["200"]["content"][media_type]["example"] = examples[key]
    for status, error in _FAILURES.items():
        if status in responses:
            responses[status]["content"][_JSON]["example"] = {"error": error}


def _add_what_holds_everywhere(operation: dict[str, Any]) -> None:
    responses = operation["responses"]
    if "requestBody" in operation:
        responses.setdefault("413", deepcopy(_TOO_LARGE))
    for response in responses.values():
        if _EVENTS in response.get("content", {}):
            described = deepcopy(_EVENT_STREAM)
            if operation["operationId"] in _WITH_IDS:
                described["itemSchema"]["properties"]["id"] = _EVENT_ID
            response["content"][_EVENTS] |= described
