"""Identifies callers by their credential: a key or a browser session's token."""

import hashlib
import hmac
from collections.abc import Sequence
from copy import copy
from dataclasses import dataclass, replace

from app.core.session_tokens import SessionTokens
from app.domain.access import ADMIN, DEFAULT_PROJECT, Caller
from app.domain.errors import Forbidden, Unauthorized
from app.domain.hints import masked
from app.schemas.access import Access, CallerInfo
from app.services.access_directory import AccessDirectory

_NO_KEY = (
    "You didn't provide an API key. You need to provide your API key in an Authorization header "
    "using Bearer auth (i.e. Authorization: Bearer YOUR_KEY)."
)
_BEARER = {"www-authenticate": "Bearer"}


@dataclass(frozen=True)
class Key:
    """A project's key; `digest` is its SHA-256.

    `named`: the project's name was given with the key, and may be shown.
    """

    project: str
    digest: bytes
    named: bool = True


@dataclass(frozen=True)
class PublicChat:
    """The assistants that pages may chat with without a key; the first is the default.

    `own_pages_only`: only the pages that this server itself serves, for trying it out.
    """

    project: str
    assistant_ids: Sequence[str]
    own_pages_only: bool = False


@dataclass(frozen=True)
class AccessRules:
    """What the settings say of who may call. `admin`: the SHA-256 of `ADMIN_KEY`, if there is one.

    Without `public_chat` there are no sessions.
    """

    keys: Sequence[Key]
    public_chat: PublicChat | None
    admin: bytes | None = None


class AccessService:
    def __init__(
        self,
        tokens: SessionTokens,
        directory: AccessDirectory,
        rules: AccessRules,
        *,
        default_assistant_id: str,
    ) -> None:
        self._tokens = tokens
        self._directory = directory
        self._rules = rules
        self._default_assistant_id = default_assistant_id

    def under(self, rules: AccessRules) -> "AccessService":
        """Return the same service with other rules; tokens that were issued stay valid."""
        changed = copy(self)
        changed._rules = rules
        return changed

    @property
    def is_open(self) -> bool:
        """Whether no key is needed.

        One is needed as soon as there is any, even if it was revoked: nobody should open the server
        by accident.
        """
        rules = self._rules
        return not (rules.keys or rules.admin or self._directory.snapshot.any_key)

    @property
    def has_admin(self) -> bool:
        """Whether there is an `ADMIN_KEY`."""
        return self._rules.admin is not None

    @property
    def has_public_chat(self) -> bool:
        public = self.public_chat
        return public is not None and not public.own_pages_only

    @property
    def lets_own_pages_chat(self) -> bool:
        """Whether this server's own pages may begin sessions; `has_public_chat`: any page."""
        return self.public_chat is not None

    @property
    def added_origins(self) -> frozenset[str]:
        """The origins that were added while the server runs."""
        return self._directory.snapshot.origins

    @property
    def cors_origins(self) -> frozenset[str]:
        """The same, and those of keys: their pages may read answers."""
        return self._directory.snapshot.cors

    @property
    def public_chat(self) -> PublicChat | None:
        """What pages may do without a key; None: there is no public chat."""
        public = self._rules.public_chat
        # Without keys, visitors may call everything anyway.
        if public is None or (public.own_pages_only and not self.is_open):
            return None
        return public

    def told(self) -> Access:
        return Access(
            mode="open" if self.is_open else "keys",
            public_chat=self.has_public_chat,
            default_assistant_id=self._default_assistant_id,
        )

    def described(self, caller: Caller) -> CallerInfo:
        hidden = {key.project for key in self._rules.keys if not key.named} | {ADMIN}
        named = not caller.is_visitor and caller.project not in hidden
        return CallerInfo(
            kind=caller.kind,
            project=caller.project if named else None,
            scope=caller.scope,
        )

    async def identify(self, credential: str | None) -> Caller:
        """Return the caller with this credential. Raises `Unauthorized` and `DatabaseAway`."""
        if credential is not None:
            caller = await self._by_key(credential) or await self._by_token(credential)
            if caller is not None:
                return caller
        if self.is_open:
            return Caller(DEFAULT_PROJECT)
        if credential is None:
            raise Unauthorized(_NO_KEY, headers=_BEARER)
        raise Unauthorized(
            f"Incorrect API key provided: {masked(credential)}.",
            code="invalid_api_key",
            headers=_BEARER,
        )

    async def _by_key(self, credential: str) -> Caller | None:
        digest = hashlib.sha256(credential.encode()).digest()
        # Compare all keys, each in constant time, so that the duration reveals nothing.
        found = [key for key in self._rules.keys if hmac.compare_digest(key.digest, digest)]
        if found:
            return Caller(found[0].project, key=digest.hex())
        if self._rules.admin is not None and hmac.compare_digest(self._rules.admin, digest):
            return Caller(ADMIN, key=ADMIN)
        return await self._directory.caller_with(digest)

    async def _by_token(self, credential: str) -> Caller | None:
        session = self._tokens.session_of(credential)
        if session is None:
            return None
        if session.site is not None:
            visitor = await self._directory.visitor_of(session.site)
        elif public := self.public_chat:
            visitor = Caller(public.project)
        else:
            visitor = None
        if visitor is None:
            return None
        return replace(visitor, session=session.id, of_user=session.of_user)

    async def site_of(self, key: str) -> Caller:
        """Return the caller whose key is in a site's page. Raises `Unauthorized`, `Forbidden`."""
        caller = await self._by_key(key)
        limits = None if caller is None else caller.limits
        if caller is None:
            raise Unauthorized(
                f"Incorrect API key provided: {masked(key)}.",
                code="invalid_api_key",
                headers=_BEARER,
            )
        if limits is None or not limits.is_of_site:
            raise Forbidden(
                "This key must not be in a page, where everybody can read it. Make one with the "
                "scope 'chat' that is limited to the page's origin, and revoke this one if it was "
                "published.",
                code="not_a_site_key",
            )
        return caller
