"""Is the upstream reachable, does it accept our key, and does it offer an API that is called?

Checked without calling a model: `GET /models`, and `POST /responses` or `POST /chat/completions`
with an empty object, which lacks a model and an input, so that every server that has the path
refuses it.
"""

import asyncio
import json
import re
from dataclasses import dataclass
from typing import Any

import aiohttp

from app.core.answer_bounds import read_up_to
from app.core.error_words import words_of
from app.core.model import Api, Reach
from app.core.unknown_models import is_unknown_model
from app.core.upstream import APIS, PATHS, Upstream
from app.core.upstream_http import upstream_headers
from app.core.upstream_transport import AiohttpTransport, Transport

# ValueError: for a URL that can't be requested.
_FAILURES = (aiohttp.ClientError, OSError, ValueError)

_LONGEST_ANSWER = 4 * 1024 * 1024
_NO_PATH = frozenset({404, 405, 501})
_EMPTY = b"{}"
_LINK = re.compile(r"https?://\S+")


@dataclass(frozen=True)
class Found:
    """`models` is None if the server lists none; `reason` explains `unreachable`.

    `api`: the first one that the server offers, if that was found out.
    """

    reach: Reach
    models: frozenset[str] | None = None
    reason: str = ""
    api: Api | None = None


@dataclass(frozen=True)
class _Answer:
    status: int
    content: bytes


class Probe:
    """Checks one upstream. Once it has found an API, it requests only the models."""

    def __init__(self, upstream: Upstream, transport: Transport) -> None:
        self._transport = transport
        self._url = upstream.address
        self._headers = upstream_headers(upstream)
        self._apis = APIS[upstream.kind]
        self._found: Api | None = None

    def forget(self) -> None:
        """Look for the API again: a call got an answer as if its path did not exist."""
        self._found = None

    async def look(self, seconds: float) -> Found:
        """Return what is found within `seconds`."""
        ends = asyncio.get_running_loop().time() + seconds
        try:
            async with asyncio.timeout_at(ends):
                listed = await self._ask("GET", "models", seconds)
        except _FAILURES as error:
            return Found("unreachable", reason=str(error) or type(error).__name__)
        if listed.status in (401, 403):
            return Found("refused")
        if listed.status >= 500 and listed.status not in _NO_PATH:
            return Found("unreachable", reason=f"HTTP {listed.status}")
        reach = await self._look_for_api(ends, seconds)
        return Found(reach, _models(listed), api=self._found)

    async def _look_for_api(self, ends: float, seconds: float) -> Reach:
        if self._found:
            return "ok"
        for api in self._apis:
            try:
                async with asyncio.timeout_at(ends):
                    answer = await self._ask("POST", PATHS[api], seconds)
            except _FAILURES:
                # The server answered before. While it is busy with an answer, a refusal may be
                # slow.
                return "ok"
            if answer.status in (401, 403):
                return "refused"
            if not lacks_path(answer.status, _read(answer.content)):
                self._found = api
                return "ok"
        return "not_found"

    async def _ask(self, method: str, path: str, seconds: float) -> _Answer:
        posted = method == "POST"
        answer = await self._transport.send(
            method,
            f"{self._url}/{path}",
            headers=self._headers | ({"content-type": "application/json"} if posted else {}),
            content=_EMPTY if posted else None,
            seconds=seconds,
        )
        return _Answer(answer.status, await read_up_to(answer, _LONGEST_ANSWER))


async def look_at(upstream: Upstream, seconds: float) -> Found:
    """Check once, with a separate connection, for at most `seconds`."""
    transport = AiohttpTransport()
    try:
        return await Probe(upstream, transport).look(seconds)
    finally:
        await transport.close()


def lacks_path(status: int, body: object) -> bool:
    """Return whether a POST was answered as if there were no such path.

    `body`: the answer's JSON, or its text if it is not JSON.
    """
    words = words_of(body)
    # A link in an error often leads to a list of models.
    message = _LINK.sub("", f"{words.code} {words.message}").lower()
    if status < 300:
        # No server accepts an empty request: this is a web page, or LM Studio, which answers 200
        # and says that there is no such endpoint.
        return not isinstance(body, dict) or "endpoint" in message
    # A missing or unknown model may also be a 404.
    about_model = "model" in message or is_unknown_model(status, words)
    return status in _NO_PATH and not about_model


def _models(answer: _Answer) -> frozenset[str] | None:
    body = _read(answer.content) if answer.status < 300 else None
    listed = body.get("data") if isinstance(body, dict) else None
    if not isinstance(listed, list):
        return None
    names = (model.get("id") for model in listed if isinstance(model, dict))
    return frozenset(str(name) for name in names if name) or None


def _read(content: bytes) -> Any:
    try:
        return json.loads(content)
    except (ValueError, RecursionError):
        return content.decode("utf-8", "replace")
