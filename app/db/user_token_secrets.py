"""Statements about what the sites of a project sign tokens with that say who a visitor is."""

from sqlalchemy import Connection, bindparam, delete, func, select

from app.db.visitor_rows import USER_TOKEN_SECRETS, UserTokenSecretRow
from app.db.visitor_tables import user_token_secrets
from app.domain.errors import not_found

_of_project = user_token_secrets.c.project == bindparam("of_project")
_ALL = select(user_token_secrets).where(_of_project).order_by(user_token_secrets.c.sequence.desc())
_COUNT = select(func.count()).select_from(user_token_secrets).where(_of_project)
_DELETE = delete(user_token_secrets).where(user_token_secrets.c.id == bindparam("key"), _of_project)


def list_of(connection: Connection, project: str) -> list[UserTokenSecretRow]:
    """Return all of the project's, the newest first."""
    return USER_TOKEN_SECRETS.read_all(connection.execute(_ALL, {"of_project": project}))


def count(connection: Connection, project: str) -> int:
    return int(connection.execute(_COUNT, {"of_project": project}).scalar_one())


def create(connection: Connection, row: UserTokenSecretRow) -> None:
    USER_TOKEN_SECRETS.insert(connection, row)


def remove(connection: Connection, project: str, secret_id: str) -> None:
    """Raises `NotFound`."""
    if not connection.execute(_DELETE, {"key": secret_id, "of_project": project}).rowcount:
        raise not_found("user_token_secret", secret_id)
