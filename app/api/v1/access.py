"""`/access` and `/chat/sessions`: what a page asks before it has anything to show."""

from fastapi import Request

from app.api.deps import ServicesDep
from app.api.guard import bearer
from app.api.routing import public_router
from app.schemas.access import Access, ChatSession
from app.schemas.common import RequestBody

routes = public_router("access")


class SessionCreate(RequestBody):
    """Nothing is said of a session; the body may be left out."""


@routes.get("/access")
async def retrieve_access(services: ServicesDep) -> Access:
    """Tell whether a key is needed here, and whether pages may chat without one."""
    return services.access.told()


@routes.post("/chat/sessions")
async def create_chat_session(
    request: Request, services: ServicesDep, body: SessionCreate | None = None
) -> ChatSession:
    """Let a page of a known origin chat without a key (`PUBLIC_CHAT`), for a while.

    With an earlier token as the bearer, expired or not, the same session goes on: a browser keeps
    its threads. The answer lists the assistants that it may use, the default one first.
    """
    await services.guard.admit_visitor(request)
    return await services.access.begin_session(bearer(request))
