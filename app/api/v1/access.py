"""`/access` and `/chat/sessions`: the first requests of a page."""

from fastapi import Request
from pydantic import Field

from app.api.credentials import credential_of
from app.api.deps import CallerDep, ServicesDep
from app.api.routing import GUARDED, public_router, router
from app.schemas.access import (
    Access,
    CallerInfo,
    ChatSession,
    NewUserTokenSecret,
    UserTokenSecret,
    UserTokenSecretDeleted,
)
from app.schemas.common import ListPage, RequestBody

routes = public_router("access")
guarded_routes = router("access")


class SessionCreate(RequestBody):
    """The body may be left out.

    `user`: a JSON Web Token by which the site's backend says who the visitor is, signed with the
    project's secret. `key`: the site's key, and `assistant`: which of its project answers.
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
    wanted, earlier = body or SessionCreate(), credential_of(request)
    if wanted.key is not None:
        caller = await services.guard.admit_site(request, wanted.key)
        return await services.chat_sessions.begin_at_site(
            caller, earlier, wanted.user, wanted.assistant
        )
    await services.guard.admit_visitor(request)
    return await services.chat_sessions.begin(earlier, wanted.user)


@guarded_routes.get("/me")
async def retrieve_caller(services: ServicesDep, caller: CallerDep) -> CallerInfo:
    """Return who the caller is to this server: what its key or token opens.

    `kind` is `open` if the server needs no key, and `session` for a visitor of the public chat.
    `project` is null for visitors, and if the caller's key has no name.
    """
    return services.access.described(caller)


@guarded_routes.get("/user_token_secrets")
async def list_user_token_secrets(
    services: ServicesDep, caller: CallerDep
) -> ListPage[UserTokenSecret]:
    """List the secrets with which the project's sites sign who a visitor is, without values."""
    return await services.user_token_secrets.list_of(caller.project)


@guarded_routes.post("/user_token_secrets")
async def create_user_token_secret(services: ServicesDep, caller: CallerDep) -> NewUserTokenSecret:
    """Make a secret with which sites sign who a visitor is. Its `value` is only in this answer.

    All secrets of a project count: to replace one, make another, change the site, and delete the
    old one.
    """
    return await services.user_token_secrets.create(caller.project)


@guarded_routes.delete("/user_token_secrets/{secret_id}")
async def delete_user_token_secret(
    secret_id: str, services: ServicesDep, caller: CallerDep
) -> UserTokenSecretDeleted:
    """Delete a secret: tokens that were signed with it begin no more sessions."""
    return await services.user_token_secrets.delete(caller.project, secret_id)
