"""OpenAPI documents for tests: a small one of our own, and two of others."""

import json
from pathlib import Path
from typing import Any

FOLDER = Path(__file__).parents[1] / "fixtures" / "openapi"


def meilisearch() -> dict[str, Any]:
    """Return the document of Meilisearch: 3.1, 113 operations, JSON, a key as a bearer token."""
    found: dict[str, Any] = json.loads((FOLDER / "meilisearch.json").read_text("utf-8"))
    return found


def twilio_verify() -> dict[str, Any]:
    """Return that of Twilio Verify: 3.0, 57 operations, forms, user and password."""
    found: dict[str, Any] = json.loads((FOLDER / "twilio_verify.json").read_text("utf-8"))
    return found


def parameter(name: str, where: str = "query", **rest: Any) -> dict[str, Any]:
    return {"name": name, "in": where, "schema": {"type": "string"}, **rest}


def weather(server: str = "https://weather.example.com/v1") -> dict[str, Any]:
    """Return a document with a reading and a writing operation."""
    city = parameter("city", "path", required=True, description="A city's name.")
    report = {"type": "object", "properties": {"text": {"type": "string"}}, "required": ["text"]}
    return {
        "openapi": "3.1.0",
        "info": {"title": "Weather", "version": "1"},
        "servers": [{"url": server}],
        "paths": {
            "/cities/{city}": {
                "parameters": [city],
                "get": {
                    "operationId": "getForecast",
                    "summary": "The forecast of a city.",
                    "parameters": [parameter("days", schema={"type": "integer"})],
                    "responses": {"200": {"description": "It"}},
                },
                "post": {
                    "operationId": "reportWeather",
                    "requestBody": {
                        "required": True,
                        "content": {"application/json": {"schema": report}},
                    },
                    "responses": {"201": {"description": "Reported"}},
                },
            }
        },
    }
