"""`POST /chat`: the only call that a web page needs."""

import json
from collections.abc import AsyncIterator
from typing import Any

from fastapi import Request, Response
from pydantic import ValidationError
from pydantic_core import from_json
from starlette.requests import ClientDisconnect

from app.api.deps import CreatorDep, Services, ServicesDep, creator_of
from app.api.guarded import GuardedRoute
from app.api.json_body import Handler, JsonRequest
from app.api.routing import EVENT_STREAM, MODEL_FAILURES, router
from app.api.sse import KEEP_ALIVE, EventStream, error_event, event
from app.api.visitor_errors import error_for
from app.api.visitors import reply_for
from app.domain.access import Caller
from app.domain.errors import ThreadkeeperError
from app.engine.changes import text_of
from app.engine.follower import Interrupted
from app.engine.hub import Frame
from app.schemas.chat import ChatReply, ChatRequest
from app.services.chat import ChatService, Turn

_JSON = ("application/json", "application/json; charset=utf-8")
_to_json = json.JSONEncoder(ensure_ascii=False).encode


class _ChatRoute(GuardedRoute):
    """Reads a usual request itself, since the framework takes several times as long for it.

    The framework answers all others, so that the errors of what is invalid are those of any route.
    """

    async def respond(self, handle: Handler, request: JsonRequest) -> Response:
        async def handle_usual(usual: Request) -> Response:
            body = await _body_of(usual)
            if body is None:
                return await handle(usual)
            services: Services = usual.app.state.services
            answer: Any = await chat(body, services, await creator_of(usual))
            if isinstance(answer, ChatReply):
                content = answer.model_dump_json(exclude_none=True)
                return Response(content, media_type="application/json")
            assert isinstance(answer, Response)
            return answer

        return await super().respond(handle_usual, request)


async def _body_of(request: Request) -> ChatRequest | None:
    """Return the body of a usual request; None if the framework is to read the request.

    It also checks the size of a body without `Content-Length`, and traces its own steps.
    """
    headers = request.headers
    traced = request.app.state.instruments.telemetry.provider is not None
    if traced or headers.get("content-type") not in _JSON or "content-length" not in headers:
        return None
    try:
        return ChatRequest.model_validate(await request.json())
    except (json.JSONDecodeError, ValidationError, ClientDisconnect):
        return None


routes = router("chat", _ChatRoute)


@routes.post(
    "/chat",
    response_model=ChatReply,
    response_model_exclude_none=True,
    responses=EVENT_STREAM | MODEL_FAILURES,
)
async def chat(body: ChatRequest, services: ServicesDep, caller: CreatorDep) -> Any:
    """Send a message and get the answer.

    Without `thread_id`, a new thread is created; send the answer's `thread_id` to continue it.
    With `"stream": true`, the answer is streamed as server-sent events: a `delta` for each piece of
    text, then `message` with the object that the plain call returns, or `error`.

    If a person has taken the thread, the message is stored for him and there is no run: the answer
    says so, with `handover`.
    """
    if not body.stream:
        return reply_for(caller, await services.chat.reply(caller, body))
    turn = await services.chat.begin(caller, body, streamed=True)
    if isinstance(turn, ChatReply):
        return EventStream(_said_at_once(turn), {"x-thread-id": turn.thread_id})
    headers = {"x-thread-id": turn.thread_id, "x-run-id": turn.run_id}
    return EventStream(_chat_events(services.chat, caller, turn), headers)


async def _said_at_once(reply: ChatReply) -> AsyncIterator[bytes]:
    yield event("delta", _to_json({"delta": reply.message}))
    yield event("message", reply.model_dump_json(exclude_none=True))


async def _chat_events(chats: ChatService, caller: Caller, turn: Turn) -> AsyncIterator[bytes]:
    try:
        async for batch in turn.frames:
            deltas = b"".join(map(_delta, batch)) if batch else KEEP_ALIVE
            if deltas:
                yield deltas
        reply = reply_for(caller, await chats.end(turn))
    except ThreadkeeperError as error:
        yield error_event(error_for(caller, error))
    except Interrupted:
        yield error_event(ThreadkeeperError("The server is restarting.", code="server_restarting"))
    else:
        yield event("message", reply.model_dump_json(exclude_none=True))


def _delta(frame: Frame) -> bytes:
    """Return a piece of the answer's text as a `delta` event; empty for all other events."""
    if frame.event != "thread.message.delta":
        return b""
    if (written := text_of(frame.data)) is not None:
        return event("delta", f'{{"delta": {written}}}', frame.id) if written != '""' else b""
    part = from_json(frame.data)["delta"]["content"][0]
    match part["type"]:
        case "text":
            text = part["text"]["value"]
        case "refusal":
            text = part["refusal"]
        case _:
            # For example an image; the thread's message contains it.
            text = ""
    return event("delta", _to_json({"delta": text}), frame.id) if text else b""
