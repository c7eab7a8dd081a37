"""Statements about projects, keys and origins that were added while the server runs.

Every change begins with `begin_change`, which lets one change follow the other and makes processes
read the tables again.
"""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from sqlalchemy import Connection, bindparam, delete, exists, func, or_, select, text, update

from app.db import key_usage
from app.db.access_rows import KEYS, ORIGINS, PROJECTS, KeyRow, OriginRow, ProjectRow
from app.db.access_tables import access_keys, access_origins, access_projects, access_state
from app.db.paging import Page, read_page
from app.domain.errors import not_found

# Plain SQL: SQLAlchemy has a different upsert for each database.
_NEXT_VERSION = text(
    "INSERT INTO access_state (name, version) VALUES ('access', 1) "
    "ON CONFLICT (name) DO UPDATE SET version = access_state.version + 1"
)
_VERSION = select(access_state.c.version)

_PROJECTS = select(access_projects).order_by(access_projects.c.sequence)
_PROJECT = select(access_projects).where(access_projects.c.id == bindparam("key"))
_UPDATE_PROJECT = update(access_projects).where(access_projects.c.id == bindparam("key"))
_ORIGINS = select(access_origins).order_by(access_origins.c.sequence)
_ORIGIN = select(access_origins).where(access_origins.c.origin == bindparam("named"))
_DELETE_ORIGIN = delete(access_origins).where(access_origins.c.id == bindparam("key"))

_key = access_keys.c.id == bindparam("key")
_KEY = select(access_keys).where(_key)
_UPDATE_KEY = update(access_keys).where(_key)
_REVOKE = update(access_keys).where(_key, access_keys.c.revoked_at.is_(None))
_DELETE_KEY = delete(access_keys).where(_key)
_IDENTITY_LIVES = select(exists().where(access_keys.c.identity == bindparam("identity")))
_ANY_KEY = select(exists().where(access_keys.c.id.is_not(None)))
_archived = select(access_projects.c.id).where(access_projects.c.archived_at.is_not(None))
_VALID = select(access_keys).where(
    access_keys.c.revoked_at.is_(None), access_keys.c.project.not_in(_archived)
)
_COUNT_KEYS = select(func.count()).select_from(access_keys)
_VALID_BY_PROJECT = (
    select(access_keys.c.project, func.count())
    .where(access_keys.c.revoked_at.is_(None))
    .group_by(access_keys.c.project)
)
_USED = (
    update(access_keys)
    .where(
        _key,
        or_(
            access_keys.c.last_used_at.is_(None),
            access_keys.c.last_used_at <= bindparam("before"),
        ),
    )
    .values(last_used_at=bindparam("moment"))
)


class Added(NamedTuple):
    """All that requests are checked against.

    `keys` are neither revoked nor of an archived project; `any_key`: there is a key, revoked or
    not.
    """

    projects: list[ProjectRow]
    keys: list[KeyRow]
    origins: list[OriginRow]
    any_key: bool


def version(connection: Connection) -> int:
    """Return the number of changes so far."""
    return int(connection.execute(_VERSION).scalar() or 0)


def read_all(connection: Connection) -> Added:
    return Added(
        list_projects(connection),
        KEYS.read_all(connection.execute(_VALID)),
        list_origins(connection),
        bool(connection.execute(_ANY_KEY).scalar()),
    )


def begin_change(connection: Connection) -> None:
    """Begin a change of these tables: another one waits until this transaction has ended."""
    connection.execute(_NEXT_VERSION)


def list_projects(connection: Connection) -> list[ProjectRow]:
    """Return all of them, the oldest first."""
    return PROJECTS.read_all(connection.execute(_PROJECTS))


def find_project(connection: Connection, name: str) -> ProjectRow | None:
    return PROJECTS.read_first(connection.execute(_PROJECT, {"key": name}).first())


def create_project(connection: Connection, project: ProjectRow) -> None:
    PROJECTS.insert(connection, project)


def update_project(connection: Connection, name: str, values: Mapping[str, Any]) -> None:
    if values:
        connection.execute(_UPDATE_PROJECT.values(**values), {"key": name})


def count_keys(connection: Connection) -> int:
    """Return the number of all keys, revoked ones included."""
    return int(connection.execute(_COUNT_KEYS).scalar_one())


def valid_keys_by_project(connection: Connection) -> dict[str, int]:
    return {project: count for project, count in connection.execute(_VALID_BY_PROJECT)}


def list_keys(connection: Connection, project: str, page: Page) -> tuple[list[KeyRow], bool]:
    rows, has_more = read_page(connection, access_keys, "key", page, project=project)
    return KEYS.read_all(rows), has_more


def retrieve_key(connection: Connection, key_id: str) -> KeyRow:
    """Raises `NotFound`."""
    row = connection.execute(_KEY, {"key": key_id}).first()
    if row is None:
        raise not_found("key", key_id)
    return KEYS.read(row)


def create_key(connection: Connection, key: KeyRow) -> None:
    KEYS.insert(connection, key)


def update_key(connection: Connection, key_id: str, values: Mapping[str, Any]) -> None:
    if values:
        connection.execute(_UPDATE_KEY.values(**values), {"key": key_id})


def revoke_key(connection: Connection, key_id: str, moment: int) -> None:
    """Revoke a key at `moment` (Unix time), unless it is revoked already."""
    connection.execute(_REVOKE.values(revoked_at=moment), {"key": key_id})


def delete_key(connection: Connection, key: KeyRow) -> None:
    """Delete a key, and what it used unless a key that replaced it goes on."""
    connection.execute(_DELETE_KEY, {"key": key.id})
    if not connection.execute(_IDENTITY_LIVES, {"identity": key.identity}).scalar():
        key_usage.forget(connection, key.identity)


def note_uses(connection: Connection, moments: Sequence[tuple[str, int]], *, every: int) -> None:
    """Note when keys were used (Unix time), each at most once in `every` seconds."""
    for key_id, moment in moments:
        connection.execute(_USED, {"key": key_id, "moment": moment, "before": moment - every})


def list_origins(connection: Connection) -> list[OriginRow]:
    """Return all of them, the oldest first."""
    return ORIGINS.read_all(connection.execute(_ORIGINS))


def find_origin(connection: Connection, origin: str) -> OriginRow | None:
    return ORIGINS.read_first(connection.execute(_ORIGIN, {"named": origin}).first())


def create_origin(connection: Connection, origin: OriginRow) -> None:
    ORIGINS.insert(connection, origin)


def delete_origin(connection: Connection, origin_id: str) -> None:
    """Raises `NotFound`."""
    if not connection.execute(_DELETE_ORIGIN, {"key": origin_id}).rowcount:
        raise not_found("origin", origin_id)
