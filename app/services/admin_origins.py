"""Origins whose pages may call the server, added while it runs."""

from app.db import access
from app.db.access_rows import OriginRow
from app.db.database import Connection, Database
from app.domain.clock import now
from app.domain.errors import InvalidRequest
from app.domain.ids import new_id
from app.schemas.admin import MAX_ORIGINS, Origin, OriginCreate, OriginDeleted
from app.schemas.common import ListPage
from app.services.admin_changes import AdminChanges, ConfiguredAccess, too_many
from app.services.admin_keys import checked_origin


class OriginAdmin:
    def __init__(
        self, database: Database, changes: AdminChanges, configured: ConfiguredAccess
    ) -> None:
        self._database = database
        self._changes = changes
        self._configured = configured

    def under(self, configured: ConfiguredAccess) -> "OriginAdmin":
        return OriginAdmin(self._database, self._changes, configured)

    async def list_all(self) -> ListPage[Origin]:
        """List all origins, those of the settings first."""
        rows = await self._database.read(access.list_origins)
        configured = [_configured(origin) for origin in self._configured.origins]
        added = [_object(row) for row in rows if row.origin not in self._configured.origins]
        return ListPage.of([*configured, *added], has_more=False)

    async def add(self, body: OriginCreate) -> Origin:
        """Let pages of an origin call the server; one that may already is returned.

        Raises `InvalidRequest`.
        """
        origin = checked_origin(body.origin, "origin")
        if origin in self._configured.origins:
            return _configured(origin)
        return _object(await self._changes.make(_add, origin))

    async def delete(self, origin_id: str) -> OriginDeleted:
        """Raises `NotFound` and `InvalidRequest`."""
        if origin_id in self._configured.origins:
            raise InvalidRequest(
                f"Origin '{origin_id}' is one of CORS_ORIGINS, and can only be removed there.",
                code="origin_is_configured",
            )
        await self._changes.make(access.delete_origin, origin_id)
        return OriginDeleted(id=origin_id)


def _add(connection: Connection, origin: str) -> OriginRow:
    if (existing := access.find_origin(connection, origin)) is not None:
        return existing
    if len(access.list_origins(connection)) >= MAX_ORIGINS:
        raise too_many("origins", MAX_ORIGINS)
    row = OriginRow(id=new_id("origin"), origin=origin, created_at=now())
    access.create_origin(connection, row)
    return row


def _configured(origin: str) -> Origin:
    return Origin(id=origin, origin=origin, source="settings", created_at=None)


def _object(row: OriginRow) -> Origin:
    return Origin(id=row.id, origin=row.origin, source="api", created_at=row.created_at)
