"""The rows of `access_tables.py`, as dataclasses. The tables explain the columns."""

from dataclasses import dataclass, field

from app.db import access_tables
from app.db.row_map import RowMap
from app.domain.access import Scope


@dataclass(frozen=True, slots=True, kw_only=True)
class ProjectRow:
    id: str
    created_at: int
    archived_at: int | None = None
    token_budget: int | None = None
    max_concurrent_runs: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyRow:
    id: str
    project: str
    identity: str
    name: str
    digest: str
    hint: str
    scope: Scope
    origins: list[str] = field(default_factory=list)
    rate: str = ""
    token_budget: int | None = None
    created_at: int
    last_used_at: int | None = None
    revoked_at: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class OriginRow:
    id: str
    origin: str
    created_at: int


PROJECTS = RowMap(access_tables.access_projects, ProjectRow)
KEYS = RowMap(access_tables.access_keys, KeyRow)
ORIGINS = RowMap(access_tables.access_origins, OriginRow)
