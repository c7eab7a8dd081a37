"""Whether this process should be given work: what it needs is there, and it isn't stopping."""

import asyncio
import logging
import time
from collections.abc import Awaitable
from dataclasses import dataclass
from typing import Literal

from app.core.metrics import Metrics
from app.core.model import ModelClient, Reach
from app.core.object_store import ObjectStore
from app.db.database import Database
from app.engine.supervisor import RunSupervisor

Up = Literal["ok", "unavailable"]

logger = logging.getLogger(__name__)

# How long (in seconds) one check may take, and for how long its result is good for every asker.
_CHECK_SECONDS = 3.0
_KEPT_SECONDS = 5.0

_WHAT_TO_DO = {
    "refused": "the model's server refuses the key: check OPENAI_API_KEY",
    "not_found": (
        "the model's server has no /responses at OPENAI_BASE_URL: check that the address is"
        " complete (most end with /v1) and that the server offers the Responses API"
    ),
}


@dataclass(frozen=True)
class Components:
    """What a server needs, each as it was found last."""

    database: Up
    storage: Up
    upstream: Reach

    @property
    def ready(self) -> bool:
        return self.database == self.storage == self.upstream == "ok"


class Readiness:
    """Looks at the components, all at once and not more often than every few seconds."""

    def __init__(
        self,
        database: Database,
        store: ObjectStore,
        model: ModelClient,
        supervisor: RunSupervisor,
        metrics: Metrics,
    ) -> None:
        self._database = database
        self._store = store
        self._model = model
        self._supervisor = supervisor
        self._metrics = metrics
        self._looking = asyncio.Lock()
        self._found: Components | None = None
        self._look_again_at = 0.0

    @property
    def draining(self) -> bool:
        """Whether the process has begun to stop."""
        return self._supervisor.draining

    async def components(self) -> Components:
        """Return what was found at most a few seconds ago. Who asks at the same time waits."""
        async with self._looking:
            if self._found is None or time.monotonic() >= self._look_again_at:
                self._note(await self._look())
            assert self._found is not None
            return self._found

    async def _look(self) -> Components:
        database, storage, upstream = await asyncio.gather(
            _bounded(self._database.is_up()),
            _bounded(self._store.is_up()),
            self._model.reach(_CHECK_SECONDS),
        )
        return Components(database, storage, upstream)

    def _note(self, found: Components) -> None:
        before, self._found = self._found, found
        self._look_again_at = time.monotonic() + _KEPT_SECONDS
        self._metrics.component_up("database", found.database == "ok")
        self._metrics.component_up("storage", found.storage == "ok")
        self._metrics.component_up("upstream", found.upstream == "ok")
        if before != found and (before or not found.ready):
            _tell(found)


async def _bounded(is_up: Awaitable[bool]) -> Up:
    try:
        async with asyncio.timeout(_CHECK_SECONDS):
            return "ok" if await is_up else "unavailable"
    except TimeoutError:
        return "unavailable"


def _tell(found: Components) -> None:
    """Tell the log what has changed since the last look."""
    if found.ready:
        logger.info("ready again")
        return
    logger.warning(
        "not ready: database %s, storage %s, upstream %s",
        found.database,
        found.storage,
        found.upstream,
    )
    if found.upstream in _WHAT_TO_DO:
        logger.warning(_WHAT_TO_DO[found.upstream])
