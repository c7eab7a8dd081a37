"""Wire objects for the administration: projects, keys and origins.

Fields that OpenAI's administration has too have its names.
"""

from typing import Annotated, Literal

from pydantic import Field

from app.domain.access import Scope
from app.schemas.common import MAX_COUNT, Items, ListedObject, RequestBody, WireObject

# What can be in one list, or on one server.
MAX_PROJECTS = 1000
MAX_KEYS = 10_000
MAX_ORIGINS = 1000
MAX_ORIGINS_OF_KEY = 100

Source = Literal["settings", "api"]
_Tokens = Annotated[int, Field(ge=1, le=MAX_COUNT, description="Tokens a day (UTC).")]
_Runs = Annotated[int, Field(ge=1, le=MAX_COUNT, description="Active runs at a time.")]
_ProjectName = Annotated[
    str,
    Field(
        min_length=1,
        max_length=64,
        description="Letters, digits, `.`, `_` and `-`. It can't be changed later.",
    ),
]
_KeyName = Annotated[str, Field(min_length=1, max_length=100)]
_Origin = Annotated[
    str, Field(min_length=1, max_length=300, description="Such as `https://www.example.org`.")
]
_Origins = Annotated[
    Items[_Origin],
    Field(
        max_length=MAX_ORIGINS_OF_KEY,
        description="The only pages that may use the key. Empty: all pages and programs.",
    ),
]
_Rate = Annotated[
    str,
    Field(
        max_length=100,
        description="Requests with the key, from all addresses: `60/minute`. Empty: no limit.",
    ),
]


class ProjectCreate(RequestBody):
    name: _ProjectName
    token_budget: _Tokens | None = None
    max_concurrent_runs: _Runs | None = None


class ProjectUpdate(RequestBody):
    """Omitted fields stay unchanged, null removes a limit; `active` restores a project."""

    token_budget: _Tokens | None = None
    max_concurrent_runs: _Runs | None = None
    status: Literal["active", "archived"] | None = None


class Project(ListedObject):
    """A project. `id` is its name.

    `source` is `settings` for the projects of API_KEYS, of the public chat, and `default`: only the
    settings can change them, though keys can be added. `configured_keys` are its keys in API_KEYS,
    `keys` those that were made here and are not revoked.
    """

    object: Literal["project"] = "project"
    name: str
    source: Source
    status: Literal["active", "archived"]
    token_budget: int | None
    max_concurrent_runs: int | None
    configured_keys: int
    keys: int
    created_at: int | None
    archived_at: int | None


class KeyCreate(RequestBody):
    """Limits that are left out are those of the key that is replaced, if there is one."""

    name: _KeyName | None = None
    scope: Annotated[
        Scope | None,
        Field(
            description="`all`, `read` (GET only) or `chat` (chats and its own threads). "
            "`all` by default."
        ),
    ] = None
    origins: _Origins | None = None
    rate: _Rate | None = None
    token_budget: _Tokens | None = None
    replaces: Annotated[
        str | None,
        Field(
            max_length=64,
            description="The id of a key of the project that this one will replace. Both work "
            "until the old one is revoked, and share threads, rate and budget.",
        ),
    ] = None


class KeyUpdate(RequestBody):
    """Omitted fields stay unchanged, null removes a limit; `revoked` can't be undone."""

    name: _KeyName | None = None
    scope: Scope | None = None
    origins: _Origins | None = None
    rate: _Rate | None = None
    token_budget: _Tokens | None = None
    revoked: Literal[True] | None = None


class ProjectKey(ListedObject):
    """A key that was made while the server runs, without its value.

    `replaces` is the id of the first key that it replaces. `tokens_today` counts what both used.
    """

    object: Literal["project.api_key"] = "project.api_key"
    project: str
    name: str
    redacted_value: str
    scope: Scope
    origins: list[str]
    rate: str
    token_budget: int | None
    tokens_today: int
    replaces: str | None
    created_at: int
    last_used_at: int | None
    revoked_at: int | None


class NewProjectKey(ProjectKey):
    """A new key. Its `value` is in no other answer: only its SHA-256 is stored."""

    value: str


class ProjectKeyDeleted(WireObject):
    id: str
    object: Literal["project.api_key.deleted"] = "project.api_key.deleted"
    deleted: Literal[True] = True


class OriginCreate(RequestBody):
    origin: _Origin


class Origin(ListedObject):
    """An origin whose pages may call the server.

    `source` is `settings` for those of CORS_ORIGINS, whose `id` is the origin itself.
    """

    object: Literal["origin"] = "origin"
    origin: str
    source: Source
    created_at: int | None


class OriginDeleted(WireObject):
    id: str
    object: Literal["origin.deleted"] = "origin.deleted"
    deleted: Literal[True] = True
