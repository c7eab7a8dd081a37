"""The rows of `visitor_tables.py`, as dataclasses."""

from dataclasses import dataclass

from app.db import visitor_tables
from app.db.row_map import RowMap


@dataclass(frozen=True, slots=True, kw_only=True)
class VisitorRow:
    session_id: str
    project: str
    subject: str
    name: str | None = None
    email: str | None = None
    seen_at: int


@dataclass(frozen=True, slots=True, kw_only=True)
class UserTokenSecretRow:
    id: str
    created_at: int
    project: str
    hint: str
    secret: str


VISITORS = RowMap(visitor_tables.visitors, VisitorRow)
USER_TOKEN_SECRETS = RowMap(visitor_tables.user_token_secrets, UserTokenSecretRow)
