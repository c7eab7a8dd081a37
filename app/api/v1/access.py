"""`/access` and `/chat/sessions`: the first requests of a page."""

from fastapi import Request
from pydantic import Field

from app.api.credentials import credential_of
from app.api.deps import CallerDep, ServicesDep
from app.api.routing import GUARDED, public_router, router
from app.domain.errors import InvalidRequest
from app.schemas.access import Access, CallerInfo, ChatSession
from app.schemas.common import RequestBody

routes = public_router("access")
guarded_routes = router("access")


class SessionCreate(RequestBody):
    """The body may be left out.

    `user`: a JSON Web Token by which the site's backend says who the visitor is, signed with
    `USER_TOKEN_SECRET`. `key`: the site's key, and `assistant`: which of its project answers.
    """

    user: str | None = Field(default=None, min_length=1, max_length=4096)
    key: str | None = Field(default=None, min_length=1, max_length=256)
    assistant: str | None = Field(default=None, min_length=1, max_length=256)


@routes.get("/access")
async def retrieve_access(services: ServicesDep) -> Access:
    """Return whether calls need a key, and whether pages may chat without one."""
    return services.access.told()


# A site's key may be unknown, and so may the assistant that the site names.
@routes.post("/chat/sessions", responses=GUARDED)
async def create_chat_session(
    request: Request, services: ServicesDep, body: SessionCreate | None = None
) -> ChatSession:
    """Create a session for a page of a known origin: it may chat without a key for a while.

    Needs `PUBLIC_CHAT`, except for the server's own pages. A request with an earlier token as the
    bearer, expired or not, continues that session, so a browser keeps its threads. The response
    lists the assistants that the session may use, the default one first.

    With `user`, the session is the user's: the same on each of his devices. Threads of the earlier
    token's session become his, unless that session is another user's. Later the page renews the
    session with a new user token.

    With `key`, `PUBLIC_CHAT` is not needed: a key that may only chat, limited to origins of pages,
    begins sessions in its own project from these pages. Its rate and its budget count.
    """
    if body is not None and body.key is not None:
        if body.user is not None:
            raise InvalidRequest(
                "A site's 'key' and a 'user' token can't be used together.",
                param="user",
                code="user_with_key",
            )
        caller = await services.guard.admit_site(request, body.key)
        return await services.access.begin_site_session(
            caller, credential_of(request), body.assistant
        )
    await services.guard.admit_visitor(request)
    user = body.user if body is not None else None
    return await services.access.begin_session(credential_of(request), user)


@guarded_routes.get("/me")
async def retrieve_caller(services: ServicesDep, caller: CallerDep) -> CallerInfo:
    """Return who the caller is to this server: what its key or token opens.

    `kind` is `open` if the server needs no key, and `session` for a visitor of the public chat.
    `project` is null for visitors, and if the caller's key has no name.
    """
    return services.access.described(caller)
