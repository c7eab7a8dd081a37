"""Reads JSON bodies: decompresses them, then parses them with `json_text.py`."""

import json
from collections.abc import Callable, Coroutine
from typing import Any

from fastapi import Request, Response
from starlette.middleware.body_limit import MAX_BODY_SIZE_SCOPE_KEY

from app.api.json_text import NotJson, read_json
from app.api.later_route import LaterRoute
from app.api.packed import encoding_of, unpacked

Handler = Callable[[Request], Coroutine[Any, Any, Response]]


class JsonRequest(Request):
    async def unpack(self, encoding: str) -> None:
        """Decompress the body. Raises `InvalidRequest`; see `packed.unpacked`."""
        if body := await self.body():
            self._body = unpacked(body, encoding, self.scope[MAX_BODY_SIZE_SCOPE_KEY])

    async def drop_empty(self) -> None:
        """Treat an empty object or list, sent without a content type, as no body at all."""
        if (await self.body()).strip() in (b"[]", b"{}"):
            self._body = b""

    async def json(self) -> Any:
        """Return the parsed body. Raises `JSONDecodeError`, which is answered with 400."""
        if not hasattr(self, "_json"):
            try:
                value = read_json(await self.body(), self.headers.get("content-type", ""))
            except NotJson as error:
                raise json.JSONDecodeError(error.reason, "", 0) from error
            # PHP clients send `[]` for an empty object: PHP's arrays don't distinguish the two.
            self._json = {} if value == [] else value
        return self._json


class JsonRoute(LaterRoute):
    """A route whose bodies are read by `JsonRequest`."""

    def get_route_handler(self) -> Handler:
        handle, has_body = super().get_route_handler(), self.body_field is not None

        async def handle_json(request: Request) -> Response:
            json_request = JsonRequest(request.scope, request.receive)
            # The framework knows no body of an upload: `FileUpload` checks the encoding itself.
            if has_body and (encoding := encoding_of(request)):
                await json_request.unpack(encoding)
            if has_body and "content-type" not in request.headers:
                await json_request.drop_empty()
            return await self.respond(handle, json_request)

        return handle_json

    async def respond(self, handle: Handler, request: JsonRequest) -> Response:
        """Return the response to a request whose body can be read more than once."""
        return await handle(request)
