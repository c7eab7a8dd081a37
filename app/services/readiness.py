"""Whether this process should get requests: its components are up, and it isn't stopping."""

import asyncio
import logging
import time
from collections.abc import Awaitable, Mapping
from dataclasses import dataclass
from typing import Literal

from app.core.metrics import Metrics
from app.core.model import Api, Reach
from app.core.object_store import ObjectStore
from app.core.upstream import APIS, PATHS, Upstream
from app.core.upstreams import Upstreams
from app.db.database import Database
from app.engine.supervisor import RunSupervisor
from app.interpreter.interpreter import Interpreter

Up = Literal["ok", "unavailable"]

logger = logging.getLogger(__name__)

# How long (in seconds) one check may take, and how long its result is reused.
_CHECK_SECONDS = 3.0
_KEPT_SECONDS = 5.0


@dataclass(frozen=True)
class Components:
    """The last known state of everything that the server needs; `upstreams` by name.

    `apis`: the API by which each upstream is called, as far as it is known.
    """

    database: Up
    storage: Up
    upstreams: Mapping[str, Reach]
    apis: Mapping[str, Api]

    @property
    def upstream(self) -> Reach:
        """Ok if any upstream is; otherwise the state of the default one."""
        found = [*self.upstreams.values()]
        return "ok" if "ok" in found else found[0]

    @property
    def ready(self) -> bool:
        """Whether the server can work. One upstream that is down only affects its own models."""
        return self.database == self.storage == self.upstream == "ok"


class Readiness:
    """Checks the components, all at once and at most every few seconds."""

    def __init__(
        self,
        database: Database,
        store: ObjectStore,
        upstreams: Upstreams,
        supervisor: RunSupervisor,
        interpreter: Interpreter,
        metrics: Metrics,
    ) -> None:
        self._database = database
        self._store = store
        self._upstreams = upstreams
        self._supervisor = supervisor
        self._interpreter = interpreter
        self._metrics = metrics
        self._looking = asyncio.Lock()
        self._found: Components | None = None
        self._look_again_at = 0.0

    def of(self, upstreams: Upstreams) -> "Readiness":
        """Return the same checks for other upstreams."""
        return Readiness(
            self._database,
            self._store,
            upstreams,
            self._supervisor,
            self._interpreter,
            self._metrics,
        )

    @property
    def draining(self) -> bool:
        """Whether the process has begun to stop."""
        return self._supervisor.draining

    @property
    def code_interpreter(self) -> str:
        """ "ok", or why code can't be run: a server without it is ready as well."""
        return self._interpreter.unavailable or "ok"

    async def components(self) -> Components:
        """Return the components' state, at most a few seconds old. Concurrent callers share it."""
        async with self._looking:
            if self._found is None or time.monotonic() >= self._look_again_at:
                self._note(await self._look())
            assert self._found is not None
            return self._found

    async def _look(self) -> Components:
        database, storage, upstreams = await asyncio.gather(
            _bounded(self._database.is_up()),
            _bounded(self._store.is_up()),
            self._upstreams.reach(_CHECK_SECONDS),
        )
        return Components(database, storage, upstreams, self._upstreams.apis())

    def _note(self, found: Components) -> None:
        before, self._found = self._found, found
        self._look_again_at = time.monotonic() + _KEPT_SECONDS
        self._metrics.component_up("database", found.database == "ok")
        self._metrics.component_up("storage", found.storage == "ok")
        self._metrics.component_up("upstream", found.upstream == "ok")
        for name, reach in found.upstreams.items():
            self._metrics.upstreams.up(name, reach == "ok")
        _log_change(before, found)
        for upstream in self._upstreams:
            reach = found.upstreams[upstream.name]
            if reach != (before.upstreams[upstream.name] if before else "ok"):
                _log_reach(upstream, reach)


async def _bounded(is_up: Awaitable[bool]) -> Up:
    try:
        async with asyncio.timeout(_CHECK_SECONDS):
            return "ok" if await is_up else "unavailable"
    except TimeoutError:
        return "unavailable"


def _log_change(before: Components | None, found: Components) -> None:
    if found.ready:
        if before is not None and not before.ready:
            logger.info("ready again")
    elif before != found:
        logger.warning(
            "not ready: database %s, storage %s, upstream %s",
            found.database,
            found.storage,
            found.upstream,
        )


def _log_reach(upstream: Upstream, reach: Reach) -> None:
    place = upstream.place
    match reach:
        case "ok":
            logger.info("the upstream %s is available again", place)
        case "unreachable":
            logger.warning("the upstream %s can't be reached", place)
        case "refused":
            setting = upstream.key_setting
            logger.warning("the upstream %s refuses the key: check %s", place, setting)
        case "not_found":
            logger.warning(
                "the upstream %s has no %s: check that %s is complete (most end with /v1) and that "
                "the server offers this API",
                place,
                " or ".join(f"/{PATHS[api]}" for api in APIS[upstream.kind]),
                upstream.address_setting,
            )
