"""How a JSON body is read: strictly, and with nothing in it that a database can't keep."""

import json
from collections.abc import Callable, Coroutine
from typing import Any

from fastapi import Request, Response
from fastapi.routing import APIRoute
from pydantic_core import from_json


class JsonRequest(Request):
    async def json(self) -> Any:
        """Return the body. Raises `JSONDecodeError`, which the framework turns into a 400.

        The parser refuses what is nested too deeply, lone surrogates, and NaN.
        """
        if not hasattr(self, "_json"):
            body = await self.body()
            try:
                self._json = from_json(body, allow_inf_nan=False)
            except ValueError as error:
                raise json.JSONDecodeError(str(error), "", 0) from error
            # Only a body that may hold one is searched: the escape could be an escaped backslash.
            if b"\\u0000" in body and _holds_nul(self._json):
                raise json.JSONDecodeError("NUL characters can't be kept", "", 0)
        return self._json


class JsonRoute(APIRoute):
    """A route whose bodies are read by `JsonRequest`."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        handle = super().get_route_handler()

        async def handle_json(request: Request) -> Response:
            return await handle(JsonRequest(request.scope, request.receive))

        return handle_json


def _holds_nul(value: Any) -> bool:
    match value:
        case str():
            return "\0" in value
        case list():
            return any(map(_holds_nul, value))
        case dict():
            return any(_holds_nul(key) or _holds_nul(item) for key, item in value.items())
    return False
