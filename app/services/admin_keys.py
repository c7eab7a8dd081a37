"""Keys that are made, limited and revoked while the server runs."""

import hashlib
import secrets
from typing import Any

from app.core.rate_limits import is_rate
from app.db import access, key_usage, usage
from app.db.access_rows import KeyRow
from app.db.database import Connection, Database
from app.db.paging import Page
from app.domain.clock import now
from app.domain.errors import InvalidRequest
from app.domain.hints import hint_of
from app.domain.hosts import normal_origin
from app.domain.ids import new_id
from app.schemas.admin import (
    MAX_KEYS,
    KeyCreate,
    KeyUpdate,
    NewProjectKey,
    ProjectKey,
    ProjectKeyDeleted,
)
from app.schemas.common import ListPage
from app.services.admin_changes import (
    AdminChanges,
    ConfiguredAccess,
    existing_project,
    too_many,
)

# Random bytes of a key.
_KEY_BYTES = 32


class KeyAdmin:
    def __init__(
        self, database: Database, changes: AdminChanges, configured: ConfiguredAccess
    ) -> None:
        self._database = database
        self._changes = changes
        self._configured = configured

    def under(self, configured: ConfiguredAccess) -> "KeyAdmin":
        return KeyAdmin(self._database, self._changes, configured)

    async def create(self, project: str, body: KeyCreate) -> NewProjectKey:
        """Make a key; its value is only in the returned object.

        Raises `NotFound` and `InvalidRequest`.
        """
        value = f"tk-{secrets.token_urlsafe(_KEY_BYTES)}"
        made = await self._changes.make(self._create, project, body, value)
        return NewProjectKey(**made.model_dump(), value=value)

    async def list_of(self, project: str, page: Page) -> ListPage[ProjectKey]:
        """Raises `NotFound`."""
        keys, has_more = await self._database.read(self._list, project, page)
        return ListPage.of(keys, has_more=has_more)

    async def retrieve(self, key_id: str) -> ProjectKey:
        """Raises `NotFound`."""
        return await self._database.read(_retrieve, key_id)

    async def update(self, key_id: str, body: KeyUpdate) -> ProjectKey:
        """Raises `NotFound` and `InvalidRequest`."""
        return await self._changes.make(self._update, key_id, body)

    async def delete(self, key_id: str) -> ProjectKeyDeleted:
        """Revoke a key and forget it. Raises `NotFound`."""
        await self._changes.make(self._delete, key_id)
        return ProjectKeyDeleted(id=key_id)

    def _create(
        self, connection: Connection, project: str, body: KeyCreate, value: str
    ) -> ProjectKey:
        row = existing_project(connection, self._configured, project)
        if row is not None and row.archived_at is not None:
            raise InvalidRequest(
                f"Project '{project}' is archived. Restore it first.", code="project_is_archived"
            )
        if access.count_keys(connection) >= MAX_KEYS:
            raise too_many("keys", MAX_KEYS)
        limits = _limits(body.model_dump(exclude_none=True, exclude={"replaces"}))
        key_id = new_id("key")
        inherited = {"identity": key_id, "name": "", "scope": "all"}
        if body.replaces is not None:
            inherited = _inherited(_replaced(connection, project, body.replaces))
        key = KeyRow(
            **inherited
            | limits
            | {
                "id": key_id,
                "project": project,
                "digest": hashlib.sha256(value.encode()).hexdigest(),
                "hint": hint_of(value),
                "created_at": now(),
            }
        )
        if not key.name:
            raise InvalidRequest(
                "Missing required parameter: 'name'.",
                param="name",
                code="missing_required_parameter",
            )
        access.create_key(connection, key)
        return _retrieve(connection, key_id)

    def _list(
        self, connection: Connection, project: str, page: Page
    ) -> tuple[list[ProjectKey], bool]:
        existing_project(connection, self._configured, project)
        keys, has_more = access.list_keys(connection, project, page)
        identities = [key.identity for key in keys]
        used = key_usage.tokens_of_each(connection, identities, usage.today())
        return [_object(key, used.get(key.identity, 0)) for key in keys], has_more

    @staticmethod
    def _update(connection: Connection, key_id: str, body: KeyUpdate) -> ProjectKey:
        access.retrieve_key(connection, key_id)
        values = body.model_dump(exclude_unset=True)
        if values.pop("revoked", None):
            access.revoke_key(connection, key_id, now())
        access.update_key(connection, key_id, _limits(values))
        return _retrieve(connection, key_id)

    @staticmethod
    def _delete(connection: Connection, key_id: str) -> None:
        access.delete_key(connection, access.retrieve_key(connection, key_id))


def _replaced(connection: Connection, project: str, key_id: str) -> KeyRow:
    """Return the key that a new one replaces. Raises `NotFound` and `InvalidRequest`."""
    key = access.retrieve_key(connection, key_id)
    if key.project != project or key.revoked_at is not None:
        reason = "is revoked" if key.project == project else f"is not one of project '{project}'"
        raise InvalidRequest(
            f"Key '{key_id}' can't be replaced: it {reason}.",
            param="replaces",
            code="invalid_value",
        )
    return key


def _inherited(key: KeyRow) -> dict[str, Any]:
    names = ("identity", "name", "scope", "origins", "rate", "token_budget")
    return {name: getattr(key, name) for name in names}


def _limits(given: dict[str, Any]) -> dict[str, Any]:
    """Return the columns for what a client gave; null removes a limit. Raises `InvalidRequest`."""
    values = dict(given)
    for name, empty in (("scope", "all"), ("origins", []), ("rate", "")):
        if name in values and values[name] is None:
            values[name] = empty
    if values.get("name", "") is None:
        del values["name"]
    if "origins" in values:
        values["origins"] = [*dict.fromkeys(map(checked_origin, values["origins"]))]
    if values.get("rate") == "0":
        values["rate"] = ""
    if values.get("rate") and not is_rate(values["rate"]):
        raise InvalidRequest(
            f"Invalid 'rate': '{values['rate']}'. Expected a rate such as '60/minute'.",
            param="rate",
            code="invalid_value",
        )
    return values


def checked_origin(given: str, param: str = "origins") -> str:
    """Return the origin as browsers send it. Raises `InvalidRequest`."""
    origin = normal_origin(given)
    if origin is None:
        raise InvalidRequest(
            f"Invalid '{param}': '{given}'. Expected an origin without a path, such as "
            "'https://www.example.org'.",
            param=param,
            code="invalid_value",
        )
    return origin


def _retrieve(connection: Connection, key_id: str) -> ProjectKey:
    key = access.retrieve_key(connection, key_id)
    return _object(key, key_usage.tokens_of(connection, key.identity, usage.today()))


def _object(key: KeyRow, tokens_today: int) -> ProjectKey:
    return ProjectKey(
        id=key.id,
        project=key.project,
        name=key.name,
        redacted_value=f"tk-…{key.hint}",
        scope=key.scope,
        origins=key.origins,
        rate=key.rate,
        token_budget=key.token_budget,
        tokens_today=tokens_today,
        replaces=key.identity if key.identity != key.id else None,
        created_at=key.created_at,
        last_used_at=key.last_used_at,
        revoked_at=key.revoked_at,
    )
