"""Adopts ids of another server: a site whose database is full of them works from the first day.

Only ids that nobody has ever had here are adopted; see `ADOPT_IDS`.
"""

import logging
import re
from collections.abc import Mapping
from dataclasses import replace

from app.db import assistants
from app.db.adoption import IdTaken, adopt_assistant, adopt_thread
from app.db.database import Connection, Database
from app.db.rows import ThreadRow
from app.domain.access import Caller
from app.domain.clock import now
from app.domain.errors import NotFound, UnknownId
from app.schemas.common import MAX_PAIRS

logger = logging.getLogger(__name__)

# As OpenAI and Azure make them. A client's typing errors are not ids, and must stay errors.
_WELL_FORMED = {
    "thread": re.compile(r"thread_[A-Za-z0-9]{24}"),
    "assistant": re.compile(r"asst_[A-Za-z0-9]{24}"),
}
# The pair in the metadata of what was adopted.
ADOPTED = {"adopted": "true"}


class AdoptionService:
    def __init__(
        self,
        database: Database,
        *,
        enabled: bool,
        default_assistant_id: str,
        aliases: Mapping[str, str],
    ) -> None:
        """`aliases`: the ids of unknown assistants to those of the assistants to copy."""
        self._database = database
        self._enabled = enabled
        self._default_assistant_id = default_assistant_id
        self._aliases = aliases

    async def adopt(self, caller: Caller, unknown: UnknownId) -> bool:
        """Create the unknown thread or assistant for the caller, if that is allowed.

        Returns whether the object may exist now: then the call may be tried again, once.
        """
        kind, object_id = unknown.kind, unknown.object_id
        if not self._enabled or caller.session is not None or not self._is_adopted(kind, object_id):
            return False
        create = self._create_thread if kind == "thread" else self._create_assistant
        try:
            await self._database.transaction(create, caller, object_id)
        except IdTaken:
            # It exists: another request adopted it at the same time, or it is another project's.
            return True
        except NotFound:
            return False
        logger.info("adopted", extra={"fields": {"id": object_id, "project": caller.project}})
        return True

    def _is_adopted(self, kind: str, object_id: str) -> bool:
        if kind == "assistant" and object_id in self._aliases:
            return True
        pattern = _WELL_FORMED.get(kind)
        return pattern is not None and pattern.fullmatch(object_id) is not None

    @staticmethod
    def _create_thread(connection: Connection, caller: Caller, thread_id: str) -> None:
        adopt_thread(
            connection,
            ThreadRow(
                id=thread_id,
                created_at=now(),
                metadata=ADOPTED,
                tool_resources={},
                project=caller.project,
                session_id=None,
            ),
        )

    def _create_assistant(self, connection: Connection, caller: Caller, assistant_id: str) -> None:
        model_id = self._aliases.get(assistant_id, self._default_assistant_id)
        try:
            copied = assistants.retrieve(connection, caller.project, model_id)
        except NotFound:
            logger.warning(
                "the assistant %s can't be answered by %s, which project %s does not have",
                *(assistant_id, model_id, caller.project),
            )
            raise
        marked = copied.metadata | (ADOPTED if len(copied.metadata) < MAX_PAIRS else {})
        adopt_assistant(
            connection,
            replace(
                copied,
                id=assistant_id,
                created_at=now(),
                project=caller.project,
                metadata=marked,
                imported=None,
                attempt=None,
            ),
        )
