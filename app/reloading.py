"""Reloading settings, assistants and functions while the server runs (SIGHUP).

Everything is read and checked first; one assignment then makes it visible to new requests. Requests
and runs in progress keep what they started with. An error changes nothing and is logged.
"""

import asyncio
import logging
import os
from collections.abc import Callable, Mapping
from typing import Any

from app.api.deps import Services
from app.assembly import Running, configured_assistants, reconfigured
from app.core.config import Settings, SettingsError, load_settings, warn_of_unknown_names
from app.core.env_file import env_file_values
from app.domain.errors import StartError, ThreadkeeperError
from app.engine.tools.functions.registry import FunctionRegistry, FunctionsError, load_functions

logger = logging.getLogger(__name__)

# The settings that a reload may change: who may call, from where, and how much.
RELOADED = (
    *("api_keys", "allow_open", "allowed_hosts", "cors_origins"),
    *("public_chat", "public_project", "public_assistants"),
    *("rate_limit", "public_rate_limit", "max_concurrent_runs", "token_budgets"),
    *("public_token_budget", "public_max_message"),
)
_FAULTS = (SettingsError, StartError, FunctionsError, ThreadkeeperError, OSError)


class Reloader:
    """Runs reloads one at a time; requests during a reload are queued."""

    def __init__(
        self,
        settings: Settings,
        running: Running,
        swap: Callable[[Settings, Services], None],
    ) -> None:
        """`swap` makes new requests use the given services."""
        self._settings = settings
        self._running = running
        self._swap = swap
        self._lock = asyncio.Lock()
        self._tasks: set[asyncio.Task[None]] = set()

    def begin(self) -> None:
        """Start a reload. Must be called on the event loop's thread."""
        task = asyncio.create_task(self._reload(), name="reload")
        self._tasks.add(task)
        task.add_done_callback(self._ended)

    async def close(self) -> None:
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _reload(self) -> None:
        async with self._lock:
            try:
                await self._replace_all()
            except _FAULTS as error:
                logger.error("reload failed, nothing has changed: %s", error)

    async def _replace_all(self) -> None:
        read = await asyncio.to_thread(load_settings)
        settings = self._settings.model_copy(
            update={name: getattr(read, name) for name in RELOADED}
        )
        # On a thread: the files may be large, and importing functions runs arbitrary code.
        loaded = await asyncio.to_thread(load_functions, settings.functions_dir)
        wanted = await asyncio.to_thread(configured_assistants, settings, loaded)
        functions = FunctionRegistry(loaded, timeout=settings.function_timeout)
        services = await reconfigured(self._running, settings, functions, wanted)
        self._swap(settings, services)
        changed = _changed(self._settings, settings)
        self._settings = settings
        self._running.wake()
        fields = {
            "changed": ",".join(changed) or "-",
            "assistants": len(wanted.written),
            "functions": len(loaded),
        }
        logger.info("reloaded", extra={"fields": fields})
        self._warn(read)

    def _warn(self, read: Settings) -> None:
        """Warn of settings in `.env` that have no effect, by name: their values may be secret."""
        if waiting := _changed(self._settings, read):
            logger.warning("these settings take effect after a restart: %s", ", ".join(waiting))
        if hidden := _hidden(env_file_values(), os.environ):
            logger.warning(
                "the environment overrides .env, and only a restart can change it: %s",
                ", ".join(hidden),
            )
        warn_of_unknown_names()

    def _ended(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        if not task.cancelled() and (error := task.exception()) is not None:
            logger.error("reload failed, nothing has changed", exc_info=error)


def _changed(old: Settings, new: Settings) -> list[str]:
    before: dict[str, Any] = dict(old)
    return [name.upper() for name, value in new if before[name] != value]


def _hidden(written: Mapping[str, str], environment: Mapping[str, str]) -> list[str]:
    """Return the settings in `.env` that the environment overrides with another value."""
    names = {name.upper() for name in RELOADED}
    given = {name.upper(): value for name, value in environment.items()}
    return [
        name
        for name, value in written.items()
        if name in names and name in given and given[name] != value
    ]
