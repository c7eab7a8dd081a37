"""What the services for administration share."""

import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Concatenate, ParamSpec, TypeVar

from app.db import access
from app.db.access_rows import ProjectRow
from app.db.database import Connection, Database
from app.domain.errors import DatabaseAway, InvalidRequest, NotFound
from app.services.access_directory import AccessDirectory

P = ParamSpec("P")
T = TypeVar("T")

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class ConfiguredAccess:
    """What the settings say, and the administration can't change.

    `projects`: each project's number of keys. `budgets`: tokens a day by project; `*`, for all
    others, is not in it.
    """

    projects: Mapping[str, int]
    origins: Sequence[str]
    budgets: Mapping[str, int]


class AdminChanges:
    """Runs changes one after the other, in all processes, and makes this one notice them."""

    def __init__(self, database: Database, directory: AccessDirectory) -> None:
        self._database = database
        self._directory = directory

    async def make(
        self, work: Callable[Concatenate[Connection, P], T], *args: P.args, **kwargs: P.kwargs
    ) -> T:
        """Run `work(connection, …)`, commit, and return its result."""

        def change(connection: Connection) -> T:
            access.begin_change(connection)
            return work(connection, *args, **kwargs)

        result = await self._database.transaction(change)
        try:
            await self._directory.refresh()
        except DatabaseAway:
            logger.warning("a change of keys is saved, but takes effect once the database answers")
        return result


def existing_project(
    connection: Connection, configured: ConfiguredAccess, name: str
) -> ProjectRow | None:
    """Return the project's row, None if only the settings name it. Raises `NotFound`."""
    row = access.find_project(connection, name)
    if row is None and name not in configured.projects:
        raise NotFound(f"No project found with the name '{name}'.")
    return row


def too_many(what: str, limit: int) -> InvalidRequest:
    return InvalidRequest(
        f"This server already has {limit} {what} (the maximum). Delete some first.",
        code="too_many_objects",
    )
