"""What the sites of a project sign tokens with that say who a visitor is."""

import asyncio
import logging
import secrets
from copy import copy
from dataclasses import dataclass, field

from app.core.sealing import Sealer, SealingError
from app.db import user_token_secrets
from app.db.database import Connection, Database
from app.db.visitor_rows import UserTokenSecretRow
from app.domain.clock import now
from app.domain.errors import InvalidRequest
from app.domain.hints import hint_of
from app.domain.ids import new_id
from app.schemas.access import (
    MAX_USER_TOKEN_SECRETS,
    NewUserTokenSecret,
    UserTokenSecret,
    UserTokenSecretDeleted,
)
from app.schemas.common import ListPage
from app.services.secrets_key import claim_secrets_key, sealed

logger = logging.getLogger(__name__)

# Random bytes of a secret.
_SECRET_BYTES = 32


@dataclass(frozen=True)
class ConfiguredSecret:
    """The secret of the settings, and whose visitors may be vouched for with it.

    `value` is empty if there is none.
    """

    project: str
    value: str = field(default="", repr=False)


class UserTokenSecrets:
    def __init__(self, database: Database, sealer: Sealer, configured: ConfiguredSecret) -> None:
        self._database = database
        self._sealer = sealer
        self._configured = configured

    def under(self, configured: ConfiguredSecret) -> "UserTokenSecrets":
        changed = copy(self)
        changed._configured = configured
        return changed

    async def create(self, project: str) -> NewUserTokenSecret:
        """Make a secret; its value is only in the returned object. Raises `InvalidRequest`."""
        secret_id = new_id("user_token_secret")
        value = f"tks-{secrets.token_urlsafe(_SECRET_BYTES)}"
        row = UserTokenSecretRow(
            id=secret_id,
            created_at=now(),
            project=project,
            hint=hint_of(value),
            secret=await sealed(self._sealer, secret_id, value),
        )
        await self._database.transaction(self._create, row)
        return NewUserTokenSecret(**_object(row).model_dump(), value=value)

    async def list_of(self, project: str) -> ListPage[UserTokenSecret]:
        """List the project's secrets without their values, the newest first."""
        rows = await self._database.read(user_token_secrets.list_of, project)
        return ListPage.of([_object(row) for row in rows], has_more=False)

    async def delete(self, project: str, secret_id: str) -> UserTokenSecretDeleted:
        """Accept no more tokens that were signed with the secret. Raises `NotFound`."""
        await self._database.transaction(user_token_secrets.remove, project, secret_id)
        return UserTokenSecretDeleted(id=secret_id)

    async def of(self, project: str) -> list[str]:
        """Return the secrets with which tokens for the project's visitors may be signed."""
        rows = await self._database.read(user_token_secrets.list_of, project)
        found = await asyncio.to_thread(self._opened, rows) if rows else []
        configured = self._configured
        if configured.value and configured.project == project:
            found.append(configured.value)
        return found

    def _opened(self, rows: list[UserTokenSecretRow]) -> list[str]:
        opened = []
        for row in rows:
            try:
                opened.append(self._sealer.open(row.id, row.secret))
            except SealingError as error:
                # SECRETS_KEY was lost, and the server was started without the old secrets.
                logger.error("user tokens are not checked with %s: %s", row.id, error)
        return opened

    def _create(self, connection: Connection, row: UserTokenSecretRow) -> None:
        if user_token_secrets.count(connection, row.project) >= MAX_USER_TOKEN_SECRETS:
            raise InvalidRequest(
                f"A project can have {MAX_USER_TOKEN_SECRETS} secrets for user tokens. Delete one "
                "that no site uses.",
                code="too_many_objects",
            )
        claim_secrets_key(connection, self._sealer)
        user_token_secrets.create(connection, row)


def _object(row: UserTokenSecretRow) -> UserTokenSecret:
    return UserTokenSecret(id=row.id, created_at=row.created_at, redacted_value=f"tks-…{row.hint}")
