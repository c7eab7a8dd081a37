"""Reads the settings once, and checks them before anything starts.

Also finds names in `.env` that are no settings.
"""

import logging
import os
import secrets
from collections.abc import Collection
from hashlib import sha256
from typing import Any, Literal, get_args, get_origin

from pydantic import ValidationError
from pydantic.fields import FieldInfo
from pydantic_core import ErrorDetails

from app.core.config import Settings, has_keys
from app.core.env_file import UnknownName, unknown_names
from app.core.setting_types import got
from app.domain.access import DEFAULT_PROJECT

logger = logging.getLogger(__name__)


class SettingsError(ValueError):
    """Some settings can't be used; the message holds one line for each."""


def load_settings() -> Settings:
    """Read the environment and the working directory's `.env`.

    Raises SettingsError with a line for each wrong value; a secret's value is never in it.
    """
    try:
        settings = Settings()
        if refusal := _refuse_open(settings):
            raise SettingsError(refusal)
        _refuse_same_key(settings)
        _refuse_workers(settings)
        if settings.assistant_aliases and not settings.adopt_ids:
            raise SettingsError("ASSISTANT_ALIASES: has no effect without ADOPT_IDS=true")
        if settings.smtp_host and not settings.smtp_from:
            raise SettingsError("SMTP_FROM: is needed with SMTP_HOST")
        return settings
    except ValidationError as error:
        lines = [_line(detail) for detail in error.errors(include_url=False)]
    except (OSError, UnicodeDecodeError) as error:
        lines = [f".env: can't be read as UTF-8 text: {error}"]
    # Outside the handlers, so that the first error, which holds the values, isn't its context.
    raise SettingsError("\n".join(lines))


def warn_of_unknown_names(others: Collection[str] = ()) -> None:
    """Log the names in `.env` that are no settings: most are a slip. Values are not shown.

    `others` are names of variables that the providers file uses.
    """
    for name, nearest in unknown_settings(others):
        meant = f"; did you mean {nearest}?" if nearest else "; .env.example shows every setting"
        logger.warning(".env: there is no setting %s%s", name, meant)


def unknown_settings(others: Collection[str] = ()) -> list[UnknownName]:
    """Return the names in `.env` that neither the server nor a program around it reads.

    `others` are names of variables that the providers file uses. Raises `OSError` and
    `UnicodeDecodeError`.
    """
    return unknown_names({name.upper() for name in Settings.model_fields} | {*others})


def _refuse_same_key(settings: Settings) -> None:
    """Raises `SettingsError` if `ADMIN_KEY` would also open a project."""
    digest = sha256(settings.admin_key.get_secret_value().encode()).digest()
    if any(key.digest == digest for key in settings.api_keys):
        raise SettingsError("ADMIN_KEY: is also in API_KEYS; it must be a key of its own")


def _refuse_workers(settings: Settings) -> None:
    """Raises `SettingsError` if several processes can't work, or would gain nothing."""
    if settings.workers == 1:
        return
    if settings.database_url.startswith("sqlite"):
        raise SettingsError(
            f"WORKERS: {settings.workers} processes need PostgreSQL (DATABASE_URL). SQLite has one "
            "writer: several processes on its file are no faster, and wait for each other longer."
        )
    if settings.debug:
        raise SettingsError("WORKERS: must be 1 with DEBUG=true, which restarts one process")
    if not hasattr(os, "fork"):
        raise SettingsError("WORKERS: this system can't fork processes; start several servers")


def _refuse_open(settings: Settings) -> str:
    """Say what to do if other machines would be let in without a key."""
    if has_keys(settings) or settings.allow_open or not (opening := _opening(settings)):
        return ""
    return (
        f"{opening} lets other machines in, and no key is set. "
        "Add one of these two lines to .env:\n"
        f'API_KEYS=["{DEFAULT_PROJECT}:tk-{secrets.token_urlsafe(24)}"]\n'
        "ALLOW_OPEN=true"
    )


def _opening(settings: Settings) -> str:
    """Return the setting by which other machines get in; empty if none does."""
    if not settings.serves_this_machine_only:
        return f"HOST: {settings.host}"
    # A proxy on this machine connects from 127.0.0.1, whoever its client is.
    if settings.root_path:
        return f"ROOT_PATH: a proxy that serves {settings.root_path}"
    if settings.trusted_proxies:
        return f"TRUSTED_PROXIES: a proxy ({', '.join(settings.trusted_proxies)})"
    return ""


def _line(detail: ErrorDetails) -> str:
    name = str(detail["loc"][0])
    if detail["type"] == "value_error":
        return f"{name.upper()}: {detail['ctx']['error']}"
    expected = _expected(Settings.model_fields[name])
    return f"{name.upper()}: must be {expected}, {got(detail['input'])}"


def _expected(field: FieldInfo) -> str:
    """Say in words what the field's type and bounds allow."""
    if get_origin(field.annotation) is Literal:
        return "one of " + ", ".join(get_args(field.annotation))
    if field.annotation is bool:
        return "true or false"
    if field.annotation is str:
        return "some text"
    noun = "a whole number" if field.annotation is int else "a number"
    return f"{noun} {_bounds(field.metadata)}"


def _bounds(metadata: list[Any]) -> str:
    bounds = {
        name: getattr(rule, name)
        for rule in metadata
        for name in ("gt", "ge", "le")
        if hasattr(rule, name)
    }
    if "le" in bounds:
        return f"from {bounds['ge']} to {bounds['le']}"
    return f"of at least {bounds['ge']}" if "ge" in bounds else f"greater than {bounds['gt']}"
