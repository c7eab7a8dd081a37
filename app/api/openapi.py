"""The document at `/openapi.json`: the framework's, with examples and without what isn't so."""

from typing import Any

from fastapi import FastAPI

from app.api.examples import ANSWERS, BODIES, STREAMS

_JSON = "application/json"
_EVENTS = "text/event-stream"
_FAILURES = {
    "400": {
        "message": "Unknown parameter: 'mesage'.",
        "type": "invalid_request_error",
        "param": "mesage",
        "code": "unknown_parameter",
    },
    "404": {
        "message": "No thread found with id 'thread_Hq4sYt9KfB2wZm6GcR8nDvE1'.",
        "type": "invalid_request_error",
        "param": None,
        "code": None,
    },
}


def complete_openapi(app: FastAPI) -> None:
    """Let the application tell the completed document."""
    generate = app.openapi
    app.openapi = lambda: completed(generate())  # type: ignore[method-assign]


def completed(document: dict[str, Any]) -> dict[str, Any]:
    """Complete the document in place, which may be done again, and return it."""
    for methods in document["paths"].values():
        for operation in methods.values():
            # An invalid request is answered 400, in the one envelope that all errors have.
            operation["responses"].pop("422", None)
            _add_examples(operation)
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
