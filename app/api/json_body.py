"""How a JSON body is read: unpacked first, then as `json_text.py` says."""

import json
from collections.abc import Callable, Coroutine
from typing import Any

from fastapi import Request, Response
from fastapi.routing import APIRoute
from starlette.middleware.body_limit import MAX_BODY_SIZE_SCOPE_KEY

from app.api.json_text import NotJson, read_json
from app.api.packed import encoding_of, unpacked


class JsonRequest(Request):
    async def unpack(self, encoding: str) -> None:
        """Take the encoding off the body. Raises `InvalidRequest`; see `packed.unpacked`."""
        if body := await self.body():
            self._body = unpacked(body, encoding, self.scope[MAX_BODY_SIZE_SCOPE_KEY])

    async def drop_empty(self) -> None:
        """Take an object or a list without anything in it, sent as no type, for no body at all."""
        if (await self.body()).strip() in (b"[]", b"{}"):
            self._body = b""

    async def json(self) -> Any:
        """Return the body. Raises `JSONDecodeError`, which the framework turns into a 400."""
        if not hasattr(self, "_json"):
            try:
                value = read_json(await self.body(), self.headers.get("content-type", ""))
            except NotJson as error:
                raise json.JSONDecodeError(error.reason, "", 0) from error
            # PHP's arrays know no empty object: an empty one is written as a list.
            self._json = {} if value == [] else value
        return self._json


class JsonRoute(APIRoute):
    """A route whose bodies are read by `JsonRequest`."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        handle, has_body = super().get_route_handler(), self.body_field is not None

        async def handle_json(request: Request) -> Response:
            json_request = JsonRequest(request.scope, request.receive)
            # An upload has no body that the framework knows of, and says itself what it takes.
            if has_body and (encoding := encoding_of(request)):
                await json_request.unpack(encoding)
            if has_body and "content-type" not in request.headers:
                await json_request.drop_empty()
            return await handle(json_request)

        return handle_json
