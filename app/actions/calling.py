"""Calls an operation of an action, and returns what the model reads of the answer."""

import logging
from collections.abc import Callable
from dataclasses import dataclass

from app.actions.authentication import Authenticator
from app.actions.encoding import BadArguments
from app.actions.requests import Request, arguments_in, request_of
from app.core.outbound.addresses import OutboundRefused
from app.core.outbound.client import (
    OutboundAnswer,
    OutboundClient,
    OutboundFailed,
    OutboundRequest,
)
from app.core.sealing import SealingError
from app.db.action_rows import ActionRow, Operation
from app.domain.text import storable

logger = logging.getLogger(__name__)

# As ChatGPT limited them: seconds of a call, and characters of its answer.
CALL_SECONDS = 45.0
MAX_ANSWER = 100_000
# Bytes that are read of an answer: the characters above, at most four bytes each.
_MOST_BYTES = 4 * MAX_ANSWER
# Bytes of a request's body.
_LONGEST_BODY = 1024 * 1024
_READABLE = ("application/json", "application/xml", "application/yaml", "application/x-ndjson")


@dataclass(frozen=True)
class Called:
    """What a call returned: the text for the model, and the HTTP status if there was one."""

    output: str
    status: int | None = None


class ActionCaller:
    """Calls operations. A call never raises: the model gets the error as the output."""

    def __init__(self, client: OutboundClient, opened: Callable[[str, str], str]) -> None:
        """`opened` decrypts the secret of an action, given its id. It raises `SealingError`."""
        self._client = client
        self._opened = opened
        self._authenticator = Authenticator(client)

    async def call(self, action: ActionRow, operation: Operation, arguments: str) -> Called:
        try:
            request = request_of(operation, arguments_in(arguments))
            if request.body is not None and len(request.body) > _LONGEST_BODY:
                raise BadArguments("The body is too large.")
            answer = await self._answer(action, request, again=True)
        except BadArguments as error:
            return Called(f"Error: {error}")
        except (OutboundRefused, OutboundFailed, SealingError) as error:
            logger.warning("action %s: %s was not called: %s", action.id, operation.name, error)
            return Called(f"Error: {error}.")
        return Called(storable(_text(answer)), answer.status)

    async def _answer(self, action: ActionRow, request: Request, *, again: bool) -> OutboundAnswer:
        headers, query = dict(request.headers), [*request.query]
        secret = self._opened(action.id, action.secret) if action.secret else ""
        await self._authenticator.authenticate(request, action.auth, secret)
        sent = OutboundRequest(
            request.method,
            request.url(action.address),
            request.headers,
            request.body,
            CALL_SECONDS,
        )
        answer = await self._client.send(sent, most_bytes=_MOST_BYTES)
        # A token may end before its time.
        if answer.status == 401 and again and self._authenticator.forget(action.auth, secret):
            request.headers, request.query = headers, query
            return await self._answer(action, request, again=False)
        return answer


def _text(answer: OutboundAnswer) -> str:
    failed = answer.status >= 400
    head = f"Error: HTTP {answer.status} {answer.reason}".rstrip() if failed else ""
    body = _body(answer)
    if not body:
        return head or f"(HTTP {answer.status}, without content)"
    whole = f"{head}\n{body}" if head else body
    return whole if len(whole) <= MAX_ANSWER and not answer.cut else whole[: MAX_ANSWER - 1] + "…"


def _body(answer: OutboundAnswer) -> str:
    kind = answer.media_type.lower()
    readable = (
        kind in ("", *_READABLE) or kind.startswith("text/") or kind.endswith(("+json", "+xml"))
    )
    if answer.body and not readable:
        return f"(The answer is {kind}, which can't be read.)"
    return answer.text
