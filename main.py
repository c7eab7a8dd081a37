"""The server's door: `python main.py` serves it, `uvicorn main:app` finds it."""

import gc
import sys

# What is made at the start stays: looking for garbage in it would take a quarter of its time.
gc.disable()

import uvicorn
from fastapi import FastAPI

from app.application import create_app
from app.core.config import Settings, SettingsError, load_settings
from app.core.logging import configure_logging
from app.domain.errors import StartError
from app.engine.tools.registry import FunctionsError


def prepare() -> Settings:
    """Return the settings, with logging set up after them.

    Exits with status 2 and a line for each thing that's wrong: a traceback would only hide it.
    """
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
app = build(settings)
gc.freeze()
gc.enable()


def serve() -> None:
    """Serve until a signal ends it."""
    uvicorn.run(
        # The reloader starts processes of its own, which can only import the app by its name.
        "main:app" if settings.debug else app,
        host=settings.host,
        port=settings.port,
        reload=settings.debug,
        reload_dirs=["app"] if settings.debug else None,
        http=_PROTOCOL,
        # Not WEB_CONCURRENCY's number: an app that's handed over as an object can't be copied.
        workers=1,
        log_config=None,
        access_log=False,
        server_header=False,
        # Who is believed about a client's address is TRUSTED_PROXIES' to say.
        proxy_headers=False,
        timeout_graceful_shutdown=settings.shutdown_seconds,
    )


if __name__ == "__main__":
    serve()
