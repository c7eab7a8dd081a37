"""The entry point: `python main.py` starts the server, `uvicorn main:app` imports the app."""

import asyncio
import gc
import logging
import os
import sys
import tempfile
from contextlib import suppress
from shutil import rmtree
from socket import socket
from typing import Any

# Objects created at startup stay alive: collecting garbage among them takes a quarter of its time.
gc.disable()

import uvicorn
from fastapi import FastAPI

from app.application import create_app
from app.core.config import Settings
from app.core.config_loading import SettingsError, load_settings, warn_of_unknown_names
from app.core.fence import forbid_inspection
from app.core.logging import configure_logging
from app.core.membership import Membership
from app.core.memory import return_large_blocks
from app.core.model import Mode
from app.core.open_files import raise_limit
from app.core.private_files import data_places, make_files_private, tighten
from app.core.process_group import ProcessGroup
from app.core.providers_file import named_variables
from app.core.shared_metrics import process_ended
from app.core.upstreams import load_libraries
from app.domain.errors import StartError
from app.engine.tools.functions.registry import FunctionsError
from app.providers import configured_upstreams
from app.reloading import with_reloaded
from app.terminal.first_lines import first_lines, page_addresses, why_port_is_closed
from app.terminal.language import Language, chosen_language

# uvicorn's exit status if the application could not start.
_NOT_STARTED = 3


def prepare() -> Settings:
    """Return the settings, and configure logging from them.

    Exits with status 2 and one line per error, without a traceback.
    """
    return_large_blocks()
    raise_limit()
    make_files_private()
    try:
        settings = load_settings()
    except SettingsError as error:
        sys.stderr.write(f"{error}\n")
        raise SystemExit(2) from None
    try:
        configure_logging(settings.log_level, settings.log_file, shared=settings.workers > 1)
    except OSError as error:
        sys.stderr.write(f"LOG_FILE: can't be written: {error}\n")
        raise SystemExit(2) from None
    warn_of_unknown_names(named_variables(settings.providers_file))
    return settings


def build(settings: Settings, group: Membership) -> FastAPI:
    """Return the application; exits like `prepare` if one of its files is invalid."""
    try:
        return create_app(settings, group=group)
    except StartError as error:
        sys.stderr.write(f"{error}\n")
        raise SystemExit(2) from None
    except FunctionsError as error:
        sys.stderr.write(f"FUNCTIONS_DIR: {error}\n")
        raise SystemExit(2) from None


# The faster one needs httptools, which the requirements omit on Windows.
_PROTOCOL = (
    "app.api.deadlines:PlainProtocol"
    if sys.platform == "win32"
    else "app.api.http_protocol:HttpProtocol"
)

settings = prepare()
if not settings.debug:  # afterwards only root can attach a debugger
    forbid_inspection()
group = Membership(settings.workers if __name__ == "__main__" else 1)
if group.workers > 1:
    group.metrics_folder = tempfile.mkdtemp(prefix="threadkeeper-")
app = build(settings, group)
# Only now: if startup fails before, its error is the only output.
tighten(data_places(settings.database_url, settings.files_url, settings.log_file))
gc.freeze()
gc.enable()
# By default each 700 new objects are examined, which a few requests at once have. They leave no
# cycles: nearly all that would be examined is still in use.
gc.set_threshold(10_000, 20, 20)


class _Server(uvicorn.Server):
    """Tells that it listens: only then is the port for PORT=0 known."""

    async def startup(self, sockets: list[socket] | None = None) -> None:
        await super().startup(sockets)
        # What startup has created stays alive: exclude it from garbage collection.
        gc.collect()
        gc.freeze()
        if group.channel is None:
            port = self.servers[0].sockets[0].getsockname()[1]
            _announce(port, app.state.services.model_mode)
        else:
            app.state.first_process.say_serving()
        self._loading = asyncio.create_task(self._load(), name="libraries")

    async def _load(self) -> None:
        """Load now, while it serves, what the first call of a model would wait for."""
        await asyncio.to_thread(load_libraries, configured_upstreams(settings))
        gc.freeze()


def _announce(port: int, mode: Mode) -> None:
    addresses = page_addresses(settings.host, port, settings.root_path)
    fields = {**addresses, "model": mode}
    if group.workers > 1:
        fields["workers"] = str(group.workers)
    logging.getLogger("app").info("serving", extra={"fields": fields})
    # The log is for programs too; at a terminal, print a friendlier text.
    if sys.stderr.isatty():
        sys.stderr.write(first_lines(addresses, mode).in_language(_language()))


def _options() -> dict[str, Any]:
    return {
        "host": settings.host,
        "port": settings.port,
        "http": _PROTOCOL,
        # Overrides WEB_CONCURRENCY: an app passed as an object can't have several workers.
        "workers": 1,
        "log_config": None,
        "access_log": False,
        "server_header": False,
        # By default uvicorn would serve an application whose start failed in an unforeseen way.
        "lifespan": "on",
        # TRUSTED_PROXIES decides which proxies to believe about a client's address.
        "proxy_headers": False,
        "timeout_graceful_shutdown": settings.shutdown_seconds,
    }


def serve() -> None:
    """Serve until a signal ends it."""
    if settings.port and (closed := why_port_is_closed(settings.host, settings.port)):
        sys.stderr.write(f"{closed.in_language(_language())}\n")
        # Not 2, which tells supervisors not to restart: the port may become free.
        raise SystemExit(1)
    if settings.debug:
        # The reloader starts new processes, which must import the app by name.
        uvicorn.run("main:app", reload=True, reload_dirs=["app"], **_options())
    elif group.workers > 1:
        raise SystemExit(_serve_as_group())
    elif status := _serve_here(None):
        raise SystemExit(status)


def _serve_here(listeners: list[socket] | None) -> int:
    """Serve in this process; return its exit status."""
    server = _Server(uvicorn.Config(app, **_options()))
    # After Ctrl+C the server has already shut down properly.
    with suppress(KeyboardInterrupt):
        server.run(listeners)
    return 0 if server.started else _NOT_STARTED


def _serve_as_group() -> int:
    def serve_as_worker(listeners: list[socket]) -> int:
        global app
        if group.replaces_after_reload:
            # As the other workers are, which have reloaded.
            app = build(with_reloaded(settings), group)
        return _serve_here(listeners)

    folder = group.metrics_folder
    # Before the workers are forked, which then share it.
    load_libraries(configured_upstreams(settings))
    gc.freeze()
    try:
        return ProcessGroup(
            group,
            (settings.host, settings.port),
            serve_as_worker,
            on_serving=lambda port: _announce(port, configured_upstreams(settings)[0].mode),
            on_death=lambda pid: process_ended(folder, pid),
        ).run()
    finally:
        rmtree(folder, ignore_errors=True)


def _language() -> Language:
    return chosen_language([], os.environ)


if __name__ == "__main__":
    serve()
