"""The document at `/openapi.json`: the framework's, with examples and without what isn't so."""

from copy import deepcopy
from typing import Any

from fastapi import FastAPI

from app.api.errors import envelope
from app.api.examples import ANSWERS, BODIES, STREAMS
from app.api.packed import TOO_LARGE

_JSON = "application/json"
_EVENTS = "text/event-stream"
_SECURITY_SCHEMES = {
    "bearer": {
        "type": "http",
        "scheme": "bearer",
        "description": "A key of API_KEYS, where there are any, or the token of a chat session.",
    }
}
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
        "message": "A chat session may chat and see its own threads, and nothing else.",
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
_TOO_LARGE = {
    "description": "The body is larger than this server takes.",
    "content": {
        _JSON: {
            "schema": {"$ref": "#/components/schemas/ErrorEnvelope"},
            "example": envelope(TOO_LARGE),
        }
    },
}
# By the keyword of OpenAPI 3.2, which newer tools know: older ones would take `schema` for that of
# each event, or of the text, or of the list of events.
_EVENT_STREAM: dict[str, Any] = {
    "schema": {"description": "Server-sent events."},
    "itemSchema": {
        "type": "object",
        "properties": {"event": {"type": "string"}, "data": {"type": "string"}},
        "required": ["event", "data"],
    },
}
_EVENT_ID = {"type": "string", "pattern": "^[0-9]+$"}
# A run's own stream has none, as at OpenAI: these can be taken up again at an event.
_WITH_IDS = ("chat", "follow_run")


def complete_openapi(app: FastAPI) -> None:
    """Let the application tell the completed document."""
    generate = app.openapi
    app.openapi = lambda: completed(generate())  # type: ignore[method-assign]


def completed(document: dict[str, Any]) -> dict[str, Any]:
    """Complete the document in place, which may be done again, and return it."""
    document["components"]["securitySchemes"] = _SECURITY_SCHEMES
    for methods in document["paths"].values():
        for operation in methods.values():
            # An invalid request is answered 400, in the one envelope that all errors have.
            operation["responses"].pop("422", None)
            if "401" in operation["responses"]:
                operation["security"] = [{name: []} for name in _SECURITY_SCHEMES]
            _add_examples(operation)
            _add_what_holds_everywhere(operation)
    for name in ("HTTPValidationError", "ValidationError"):
        document["components"]["schemas"].pop(name, None)
    return document


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
            # JSON where the answer is a stream too: the framework gives both one media type.
            [content] = responses[status]["content"].values()
            content["example"] = {"error": error}
            responses[status]["content"] = {_JSON: content}


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
