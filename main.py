"""The server's door: `python main.py` serves it, `uvicorn main:app` finds it."""

import gc
import logging
import os
import sys
from contextlib import suppress
from socket import socket
from typing import Any

# What is made at the start stays: looking for garbage in it would take a quarter of its time.
gc.disable()

import uvicorn
from fastapi import FastAPI

from app.application import create_app
from app.core.config import Settings, SettingsError, load_settings, warn_of_unknown_names
from app.core.fence import forbid_inspection
from app.core.logging import configure_logging
from app.core.private_files import data_places, make_files_private, tighten
from app.domain.errors import StartError
from app.engine.tools.functions.registry import FunctionsError
from app.terminal.first_lines import first_lines, page_addresses, why_port_is_closed
from app.terminal.language import Language, chosen_language

# As uvicorn ends where its application could not start.
_NOT_STARTED = 3


def prepare() -> Settings:
    """Return the settings, with logging set up after them.

    Exits with status 2 and a line for each thing that's wrong: a traceback would only hide it.
    """
    make_files_private()
    try:
        settings = load_settings()
    except SettingsError as error:
        sys.stderr.write(f"{error}\n")
        raise SystemExit(2) from None
    try:
        configure_logging(settings.log_level, settings.log_file)
    except OSError as error:
        sys.stderr.write(f"LOG_FILE: can't be written: {error}\n")
        raise SystemExit(2) from None
    warn_of_unknown_names()
    return settings


def build(settings: Settings) -> FastAPI:
    """Return the application; exits like `prepare` where a file it's made of can't be used."""
    try:
        return create_app(settings)
    except StartError as error:
        sys.stderr.write(f"{error}\n")
        raise SystemExit(2) from None
    except FunctionsError as error:
        sys.stderr.write(f"FUNCTIONS_DIR: {error}\n")
        raise SystemExit(2) from None


# The quick one needs a parser that the requirements leave out on Windows.
_PROTOCOL = (
    "app.api.deadlines:PlainProtocol"
    if sys.platform == "win32"
    else "app.api.http_protocol:HttpProtocol"
)

settings = prepare()
if not settings.debug:  # a debugger would have to be root's
    forbid_inspection()
app = build(settings)
# Once it is sure that there will be a server: what stops the start is said alone.
tighten(data_places(settings.database_url, settings.files_url, settings.log_file))
gc.freeze()
gc.enable()


class _Server(uvicorn.Server):
    """Names the pages once it listens: only then is the port known that PORT=0 has taken."""

    async def startup(self, sockets: list[socket] | None = None) -> None:
        await super().startup(sockets)
        port = self.servers[0].sockets[0].getsockname()[1]
        addresses = page_addresses(settings.host, port, settings.root_path)
        mode = app.state.services.model_mode
        logging.getLogger("app").info("serving", extra={"fields": {**addresses, "model": mode}})
        # Lines of a log are for programs too; a person at a terminal gets more.
        if sys.stderr.isatty():
            sys.stderr.write(first_lines(addresses, mode).in_language(_language()))


def serve() -> None:
    """Serve until a signal ends it."""
    if settings.port and (closed := why_port_is_closed(settings.host, settings.port)):
        sys.stderr.write(f"{closed.in_language(_language())}\n")
        # Not 2, which means that it makes no sense to start again: a port gets free.
        raise SystemExit(1)
    options: dict[str, Any] = {
        "host": settings.host,
        "port": settings.port,
        "http": _PROTOCOL,
        # Not WEB_CONCURRENCY's number: an app that's handed over as an object can't be copied.
        "workers": 1,
        "log_config": None,
        "access_log": False,
        "server_header": False,
        # Who is believed about a client's address is TRUSTED_PROXIES' to say.
        "proxy_headers": False,
        "timeout_graceful_shutdown": settings.shutdown_seconds,
    }
    if settings.debug:
        # The reloader starts processes of its own, which can only import the app by its name.
        uvicorn.run("main:app", reload=True, reload_dirs=["app"], **options)
        return
    server = _Server(uvicorn.Config(app, **options))
    # Ctrl+C has stopped it in good order by then.
    with suppress(KeyboardInterrupt):
        server.run()
    if not server.started:
        raise SystemExit(_NOT_STARTED)


def _language() -> Language:
    return chosen_language([], os.environ)


if __name__ == "__main__":
    serve()
