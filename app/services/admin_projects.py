"""Projects that are made, limited and archived while the server runs."""

import re
from typing import Any

from app.db import access
from app.db.access_rows import ProjectRow
from app.db.database import Connection, Database
from app.domain.clock import now
from app.domain.errors import InvalidRequest
from app.schemas.admin import MAX_PROJECTS, Project, ProjectCreate, ProjectUpdate
from app.schemas.common import ListPage
from app.services.admin_changes import (
    AdminChanges,
    ConfiguredAccess,
    existing_project,
)

_NAME = re.compile(r"[\w.-]{1,64}")
# The projects of nameless keys have such names.
_OF_NAMELESS_KEYS = re.compile(r"key-[0-9a-f]{32}")


class ProjectAdmin:
    def __init__(
        self, database: Database, changes: AdminChanges, configured: ConfiguredAccess
    ) -> None:
        self._database = database
        self._changes = changes
        self._configured = configured

    def under(self, configured: ConfiguredAccess) -> "ProjectAdmin":
        return ProjectAdmin(self._database, self._changes, configured)

    async def create(self, body: ProjectCreate) -> Project:
        """Raises `InvalidRequest`."""
        return await self._changes.make(self._create, body)

    async def list_all(self) -> ListPage[Project]:
        """List all projects, those of the settings first."""
        return ListPage.of(await self._database.read(self._list), has_more=False)

    async def retrieve(self, name: str) -> Project:
        """Raises `NotFound`."""
        return await self._database.read(self._retrieve, name)

    async def update(self, name: str, body: ProjectUpdate) -> Project:
        """Raises `NotFound` and `InvalidRequest`."""
        values = body.model_dump(exclude_unset=True)
        status = values.pop("status", None)
        return await self._changes.make(self._update, name, values, status)

    async def archive(self, name: str) -> Project:
        """Refuse the project's keys from now on; its data stays.

        Raises `NotFound` and `InvalidRequest`.
        """
        return await self._changes.make(self._update, name, {}, "archived")

    def _create(self, connection: Connection, body: ProjectCreate) -> Project:
        name = body.name
        if not _NAME.fullmatch(name) or _OF_NAMELESS_KEYS.fullmatch(name):
            raise InvalidRequest(
                f"Invalid 'name': '{name}'. It may have letters, digits, '.', '_' and '-'.",
                param="name",
                code="invalid_value",
            )
        existing = access.list_projects(connection)
        if name in self._configured.projects or name in {row.id for row in existing}:
            raise InvalidRequest(
                f"There already is a project '{name}'.", param="name", code="project_exists"
            )
        if len(existing) >= MAX_PROJECTS:
            raise InvalidRequest(
                f"This server already has {MAX_PROJECTS} projects (the maximum), archived ones "
                "included.",
                code="too_many_objects",
            )
        limits = body.model_dump(include={"token_budget", "max_concurrent_runs"})
        access.create_project(connection, ProjectRow(id=name, created_at=now(), **limits))
        return self._retrieve(connection, name)

    def _list(self, connection: Connection) -> list[Project]:
        rows = {row.id: row for row in access.list_projects(connection)}
        keys = access.valid_keys_by_project(connection)
        names = [*dict.fromkeys([*self._configured.projects, *rows])]
        return [self._object(name, rows.get(name), keys.get(name, 0)) for name in names]

    def _retrieve(self, connection: Connection, name: str) -> Project:
        row = existing_project(connection, self._configured, name)
        return self._object(name, row, access.valid_keys_by_project(connection).get(name, 0))

    def _update(
        self, connection: Connection, name: str, values: dict[str, Any], status: str | None
    ) -> Project:
        row = existing_project(connection, self._configured, name)
        if row is None or name in self._configured.projects:
            raise InvalidRequest(
                f"Project '{name}' is defined in the server's settings, and can only be changed "
                "there (API_KEYS, TOKEN_BUDGETS, PUBLIC_PROJECT).",
                code="project_is_configured",
            )
        if status == "active":
            values = values | {"archived_at": None}
        elif status == "archived" and row.archived_at is None:
            values = values | {"archived_at": now()}
        access.update_project(connection, name, values)
        return self._retrieve(connection, name)

    def _object(self, name: str, row: ProjectRow | None, keys: int) -> Project:
        configured = self._configured
        from_settings = name in configured.projects
        # A row that is older than the settings' entry counts for nothing but its keys.
        archived_at = None if row is None or from_settings else row.archived_at
        budget = None if row is None else row.token_budget
        return Project(
            id=name,
            name=name,
            source="settings" if from_settings else "api",
            status="active" if archived_at is None else "archived",
            token_budget=configured.budgets.get(name, budget),
            max_concurrent_runs=None if row is None else row.max_concurrent_runs,
            configured_keys=configured.projects.get(name, 0),
            keys=keys,
            created_at=None if row is None else row.created_at,
            archived_at=archived_at,
        )
