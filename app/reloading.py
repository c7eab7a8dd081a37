"""Reloading settings, assistants, providers and functions while the server runs (SIGHUP).

Everything is read and checked first; one assignment then makes it visible to new requests. Requests
and runs in progress keep what they started with. An error changes nothing and is logged.
"""

import asyncio
import logging
import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from app.api.deps import Services
from app.assembly import Running, close_clients, configured_assistants, name_models
from app.core.assistants_file import named_variables as secret_variables
from app.core.config import Settings
from app.core.config_loading import SettingsError, load_settings, warn_of_unknown_names
from app.core.env_file import env_file_values
from app.core.providers_file import named_variables
from app.core.upstream import Upstream
from app.core.upstreams import Upstreams
from app.domain.errors import StartError, ThreadkeeperError
from app.engine.tools.functions.registry import FunctionRegistry, FunctionsError, load_functions
from app.engine.tools.functions.tool import Functions
from app.policies import (
    access_rules,
    configured_access,
    configured_secret,
    guard_policy,
    run_policy,
    usage_service,
)
from app.providers import configured_upstreams, embedding_target
from app.services.functions import FunctionService
from app.services.models import ModelService
from app.services.written_actions import with_actions
from app.services.written_assistants import Configured, configure_assistants

logger = logging.getLogger(__name__)

# The settings that a reload may change: who may call, from where, and how much.
RELOADED = (
    *("api_keys", "admin_key", "allow_open", "allowed_hosts", "cors_origins"),
    *("public_chat", "public_project", "public_assistants", "user_token_secret"),
    *("rate_limit", "public_rate_limit", "max_concurrent_runs", "token_budgets"),
    *("public_token_budget", "public_max_message"),
)
_FAULTS = (SettingsError, StartError, FunctionsError, ThreadkeeperError, OSError)


def with_reloaded(settings: Settings) -> Settings:
    """Return the settings as a reload would leave them. Raises `SettingsError`."""
    now = load_settings()
    return settings.model_copy(update={name: getattr(now, name) for name in RELOADED})


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
        providers = await asyncio.to_thread(configured_upstreams, settings)
        functions = FunctionRegistry(loaded, timeout=settings.function_timeout)
        services = await _reconfigured(self._running, settings, functions, wanted, providers)
        self._swap(settings, services)
        changed = _changed(self._settings, settings)
        self._settings = settings
        self._running.wake()
        fields = {
            "changed": ",".join(changed) or "-",
            "assistants": len(wanted.written),
            "upstreams": len(providers),
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
        of_files = named_variables(read.providers_file) | secret_variables(read.assistants_file)
        warn_of_unknown_names(of_files)

    def _ended(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        if not task.cancelled() and (error := task.exception()) is not None:
            logger.error("reload failed, nothing has changed", exc_info=error)


async def _reconfigured(
    parts: Running,
    settings: Settings,
    functions: FunctionRegistry,
    wanted: Configured,
    providers: Sequence[Upstream],
) -> Services:
    """Return services for other settings, which reuse everything that is already open.

    Also replaces the configured assistants with `wanted`, and the functions and upstreams for new
    executions; those in progress keep theirs. Applies all changes or none. Raises `StartError`.
    """
    before, tasks = parts.services, parts.supervisor.tasks
    written = await with_actions(before.database, parts.actions.maker, wanted.written)
    wanted = replace(wanted, written=written)
    configured = await configure_assistants(before.database, parts.writer, wanted)
    shared = tasks.shared
    upstreams = Upstreams(
        providers,
        shared.instruments,
        retirements=shared.upstreams.retirements,
        before=shared.upstreams,
    )
    if embedding_target(settings, upstreams) != embedding_target(settings, shared.upstreams):
        logger.warning("texts are embedded as before until a restart")
    # Runs in progress still use the clients before: they are closed at the shutdown, too.
    close_clients(parts.lifetimes, upstreams)
    windows = replace(shared.windows, upstreams=upstreams)
    policy = run_policy(settings, windows, shared.worker_id, configured, parts.directory)
    shared.summaries.windows, shared.summaries.may_spend = windows, policy.may_spend
    names = name_models(settings, upstreams, wanted, shared.instruments)
    access = before.access.under(access_rules(settings))
    user_token_secrets = before.user_token_secrets.under(configured_secret(settings))
    tools = shared.tools.with_tool(Functions(functions, parts.actions.functions))
    tasks.shared = replace(shared, tools=tools, upstreams=upstreams, windows=windows)
    parts.lists.watch(upstreams)
    configured_now = configured_access(settings)
    return replace(
        before,
        access=access,
        chat_sessions=before.chat_sessions.under(access, user_token_secrets),
        user_token_secrets=user_token_secrets,
        admin_projects=before.admin_projects.under(configured_now),
        admin_keys=before.admin_keys.under(configured_now),
        admin_origins=before.admin_origins.under(configured_now),
        model_mode=upstreams.default.mode,
        models=ModelService(names, upstreams, parts.lists),
        functions=FunctionService(functions),
        readiness=before.readiness.of(upstreams),
        guard=before.guard.under(access, guard_policy(settings)),
        usage=usage_service(settings, before.database),
        runs=before.runs.under(policy),
        chat=before.chat.under(policy),
    )


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
