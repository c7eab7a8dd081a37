"""The examples in `/docs` for actions; `examples.py` includes them."""

from typing import Any

ACTION_ID = "action_Vb3nKq8ZrT5wXy1LmC7dPf9G"

_PARAMETERS: dict[str, Any] = {
    "type": "object",
    "properties": {"city": {"type": "string", "description": "A city's name."}},
    "required": ["city"],
    "additionalProperties": False,
}
_DOCUMENT: dict[str, Any] = {
    "openapi": "3.1.0",
    "info": {"title": "Weather", "version": "1"},
    "servers": [{"url": "https://weather.example.com"}],
    "paths": {
        "/cities/{city}": {
            "get": {
                "operationId": "getForecast",
                "summary": "The forecast of a city.",
                "parameters": [
                    {
                        "name": "city",
                        "in": "path",
                        "required": True,
                        "description": "A city's name.",
                        "schema": {"type": "string"},
                    }
                ],
                "responses": {"200": {"description": "The forecast"}},
            }
        }
    },
}
_NO_AUTH = {
    "type": "none",
    "in": None,
    "name": None,
    "token_url": None,
    "client_id": None,
    "scope": None,
    "exchange": None,
    "has_secret": False,
}
ACTION: dict[str, Any] = {
    "id": ACTION_ID,
    "object": "action",
    "created_at": 1790000020,
    "name": "weather",
    "title": "Weather",
    "document_url": None,
    "server": None,
    "address": "https://weather.example.com",
    "operations": None,
    "ask": "consequential",
    "auth": _NO_AUTH,
    "metadata": {},
    "configured": False,
}

BODIES: dict[str, dict[str, dict[str, Any]]] = {
    "create_action": {
        "Plain": {"name": "weather", "document": _DOCUMENT},
        "From a URL, with a key": {
            "name": "weather",
            "document_url": "https://weather.example.com/openapi.yaml",
            "operations": ["getForecast"],
            "auth": {"type": "api_key", "in": "header", "name": "X-Api-Key", "secret": "wk-a-key"},
        },
        "With OAuth": {
            "name": "weather",
            "document": _DOCUMENT,
            "auth": {
                "type": "oauth",
                "token_url": "https://weather.example.com/oauth/token",
                "client_id": "signage",
                "scope": "forecast:read",
                "secret": "a-client-secret",
            },
        },
    },
    "update_action": {"Ask before each call": {"ask": "always"}},
    "call_action": {"Try it": {"operation": "getForecast", "arguments": {"city": "서울"}}},
}

ANSWERS: dict[str, Any] = {
    "create_action": ACTION,
    "list_actions": {
        "object": "list",
        "data": [ACTION],
        "first_id": ACTION_ID,
        "last_id": ACTION_ID,
        "has_more": False,
    },
    "retrieve_action": ACTION,
    "update_action": {**ACTION, "ask": "always"},
    "delete_action": {"id": ACTION_ID, "object": "action.deleted", "deleted": True},
    "list_action_operations": {
        "object": "list",
        "data": [
            {
                "object": "action.operation",
                "name": "getForecast",
                "method": "GET",
                "path": "/cities/{city}",
                "offered": True,
                "asks": False,
                "tool": {"type": "function", "function": {"name": "weather__getForecast"}},
                "function": {
                    "name": "weather__getForecast",
                    "description": "The forecast of a city.",
                    "parameters": _PARAMETERS,
                    "strict": False,
                },
                "problem": None,
            }
        ],
    },
    "call_action": {
        "object": "action.result",
        "operation": "getForecast",
        "status": 200,
        "output": '{"forecast": "맑음"}',
    },
}
