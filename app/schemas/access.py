"""Wire objects for access and chat sessions."""

import re
from typing import Literal, Self

from app.domain.access import Scope
from app.schemas.assistants import Assistant
from app.schemas.common import ListedObject, WireObject

# How many secrets for user tokens a project may have.
MAX_USER_TOKEN_SECRETS = 10

# Metadata for the start screen and the widget's looks; texts may be limited to one language.
_SHOWN = re.compile(
    r"(greeting|closed_greeting|suggestions)(_\w+)?|color|logo|theme|hours|handover"
)


class Access(WireObject):
    """What a page must know before its first call. Mode `open`: calls need no key."""

    object: Literal["access"] = "access"
    mode: Literal["open", "keys"]
    public_chat: bool
    default_assistant_id: str


class CallerInfo(WireObject):
    """Who a request comes from.

    `project` is null for visitors, and if the caller's key has no name.
    """

    object: Literal["caller"] = "caller"
    kind: Literal["open", "key", "admin", "session"]
    project: str | None
    scope: Scope


class PublicAssistant(WireObject):
    """What a visitor may see of an assistant; of its metadata, only what the pages show."""

    id: str
    name: str | None
    description: str | None
    metadata: dict[str, str]

    @classmethod
    def of(cls, assistant: Assistant) -> Self:
        return cls(
            id=assistant.id,
            name=assistant.name,
            description=assistant.description,
            metadata={
                key: value for key, value in assistant.metadata.items() if _SHOWN.fullmatch(key)
            },
        )


class SessionUser(WireObject):
    """Whom the site vouches for, as its token names him."""

    id: str
    name: str | None


class ChatSession(WireObject):
    """A browser's access to the public chat until `expires_at`; then the page must renew it.

    `user` is null for a visitor whom no site vouches for.
    """

    object: Literal["chat.session"] = "chat.session"
    token: str
    expires_at: int
    user: SessionUser | None = None
    assistants: list[PublicAssistant]


class UserTokenSecret(ListedObject):
    """What a project's sites sign user tokens with, without its value."""

    object: Literal["user_token_secret"] = "user_token_secret"
    created_at: int
    redacted_value: str


class NewUserTokenSecret(UserTokenSecret):
    """A new secret. Its `value` is in no other answer: it is stored encrypted."""

    value: str


class UserTokenSecretDeleted(WireObject):
    id: str
    object: Literal["user_token_secret.deleted"] = "user_token_secret.deleted"
    deleted: Literal[True] = True
