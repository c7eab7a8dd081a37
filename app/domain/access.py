"""Who owns which objects."""

from dataclasses import dataclass
from typing import Literal

from app.domain.attempt import Attempt

# What a caller may do in its project: everything, only read, or only chat.
Scope = Literal["all", "read", "chat"]

# Owns the objects created while no keys are set; a key with this name gives access to them later.
DEFAULT_PROJECT = "default"
# Owns what the settings and the assistants file define: every project may read it, none may change
# it. No key's project can have this name.
SHARED = "*"
# Owns deleted threads, and the files and vector stores that were deleted along with them, until
# their rows are removed.
REMOVED = "*removed"


# The project of the holder of ADMIN_KEY. It owns nothing.
ADMIN = "*admin"

CallerKind = Literal["open", "key", "admin", "session"]


@dataclass(frozen=True)
class KeyLimits:
    """What a key may do that was made while the server runs.

    `identity`: its id, or that of the first key which it replaces. `origins`: the pages that may
    use it; empty: all, and programs. `rate`: such as `60/minute`; empty: no limit of its own.
    """

    identity: str
    scope: Scope
    origins: frozenset[str] = frozenset()
    rate: str = ""

    @property
    def is_of_site(self) -> bool:
        """Whether the key may be in a page, where everybody can read it."""
        return self.scope == "chat" and bool(self.origins)


@dataclass(frozen=True)
class Caller:
    """The caller of a request: a project, or someone in it who is limited to their own threads.

    `session` limits them: a browser's session, or the identity of a key that may only chat. `key`
    identifies the API key for rate limits without revealing it; `limits` are those of a key that
    was made while the server runs. `request_id` is the id that the logs show for the request.
    `of_user`: a site vouches for the visitor whose session it is.
    `attempt` is set if the request creates something, and its client may send it again.
    """

    project: str = DEFAULT_PROJECT
    session: str | None = None
    of_user: bool = False
    key: str = ""
    request_id: str | None = None
    limits: KeyLimits | None = None
    attempt: Attempt | None = None

    @property
    def is_visitor(self) -> bool:
        """Whether it is a browser's session of the public chat."""
        return self.session is not None and not self.key

    @property
    def is_public(self) -> bool:
        """Whether anybody may be the caller: a visitor, or a program with a key out of a page.

        The limits of visitors count for both.
        """
        return self.is_visitor or (self.limits is not None and self.limits.is_of_site)

    @property
    def kind(self) -> CallerKind:
        if self.is_visitor:
            return "session"
        if self.project == ADMIN:
            return "admin"
        return "key" if self.key else "open"

    @property
    def scope(self) -> Scope:
        if self.limits is not None:
            return self.limits.scope
        return "chat" if self.is_visitor else "all"

    @property
    def key_id(self) -> str | None:
        """Whose budget of tokens its runs use, in addition to the project's."""
        return None if self.limits is None else self.limits.identity

    @property
    def mark(self) -> str | None:
        """What the rows that this request creates are marked with."""
        return None if self.attempt is None else self.attempt.mark
