"""Begins the sessions of browsers: of the public chat, and of a site's key."""

from collections.abc import Callable
from copy import copy
from dataclasses import dataclass
from functools import partial

from app.core.session_tokens import SessionTokens
from app.core.user_tokens import read_user_token
from app.db import assistants, visitors
from app.db.database import Connection, Database
from app.db.visitor_rows import VisitorRow
from app.domain.access import Caller
from app.domain.errors import NotFound, Unauthorized
from app.domain.ids import new_session_id
from app.schemas.access import ChatSession, PublicAssistant, SessionUser
from app.services.access import AccessService, PublicChat
from app.services.user_token_secrets import UserTokenSecrets
from app.wire import assistant_object


@dataclass(frozen=True)
class _Place:
    """Where a session begins. `site`: the identity of the site's key, None in the public chat.

    `usable` returns the assistants that the response names, the default one first.
    """

    project: str
    site: str | None
    usable: Callable[[Connection], list[PublicAssistant]]


class ChatSessions:
    def __init__(
        self,
        database: Database,
        tokens: SessionTokens,
        access: AccessService,
        secrets: UserTokenSecrets,
        *,
        default_assistant_id: str,
    ) -> None:
        self._database = database
        self._tokens = tokens
        self._access = access
        self._secrets = secrets
        self._default_assistant_id = default_assistant_id

    def under(self, access: AccessService, secrets: UserTokenSecrets) -> "ChatSessions":
        """Return the same service with other rules; tokens that were issued stay valid."""
        changed = copy(self)
        changed._access, changed._secrets = access, secrets
        return changed

    async def begin(self, credential: str | None, user_token: str | None) -> ChatSession:
        """Begin a session of the public chat, or continue that of an older token or of a user.

        Raises `NotFound`, `Unauthorized`, and for a user token what `read_user_token` raises.
        """
        public = self._access.public_chat
        if public is None:
            raise NotFound("This server has no public chat.")
        place = _Place(public.project, None, partial(_configured, public))
        return await self._begin(place, credential, user_token)

    async def begin_at_site(
        self,
        caller: Caller,
        credential: str | None,
        user_token: str | None,
        assistant_id: str | None,
    ) -> ChatSession:
        """Begin a session with a site's key, or continue that of an older token or of a user.

        Only the assistant that the page names is returned: which others the project has is not
        for visitors to know. Raises the same as `begin`.
        """
        assert caller.limits is not None
        wanted = assistant_id or self._default_assistant_id
        usable = partial(_named, project=caller.project, assistant_id=wanted)
        place = _Place(caller.project, caller.limits.identity, usable)
        return await self._begin(place, credential, user_token)

    async def _begin(
        self, place: _Place, credential: str | None, user_token: str | None
    ) -> ChatSession:
        if user_token is not None:
            return await self._of_user(place, credential, user_token)
        session = None
        if credential is not None:
            if self._tokens.is_of_user(credential):
                raise Unauthorized(
                    "This session is a signed-in user's: send a new user token to renew it.",
                    code="user_token_required",
                )
            session = self._tokens.renewable_session(credential, site=place.site)
        usable = await self._database.read(place.usable)
        issued = self._tokens.issue(session or new_session_id(), site=place.site)
        return ChatSession(token=issued.token, expires_at=issued.expires_at, assistants=usable)

    async def _of_user(self, place: _Place, credential: str | None, user_token: str) -> ChatSession:
        """Begin the user's session. Threads of an earlier session without a user become his."""
        user = read_user_token(user_token, await self._secrets.of(place.project))
        earlier = None
        if credential is not None:
            earlier = self._tokens.renewable_session(credential, site=place.site)

        def enter(connection: Connection) -> tuple[VisitorRow, list[PublicAssistant]]:
            usable = place.usable(connection)
            visitor = visitors.known(connection, place.project, user.subject, user.name, user.email)
            if earlier is not None:
                visitors.adopt(connection, visitor, earlier)
            return visitor, usable

        visitor, usable = await self._database.transaction(enter)
        issued = self._tokens.issue(visitor.session_id, of_user=True, site=place.site)
        return ChatSession(
            token=issued.token,
            expires_at=issued.expires_at,
            user=SessionUser(id=visitor.subject, name=visitor.name),
            assistants=usable,
        )


def _named(connection: Connection, *, project: str, assistant_id: str) -> list[PublicAssistant]:
    found = assistants.retrieve(connection, project, assistant_id)
    return [PublicAssistant.of(assistant_object(found))]


def _configured(public: PublicChat, connection: Connection) -> list[PublicAssistant]:
    usable: list[PublicAssistant] = []
    for assistant_id in public.assistant_ids:
        try:
            usable += _named(connection, project=public.project, assistant_id=assistant_id)
        except NotFound:
            continue  # it was deleted after it was configured
    return usable
