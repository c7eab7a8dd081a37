"""The names in `.env`: what a program besides the server takes from it, and what nobody does."""

import difflib
import os
import re
from collections.abc import Collection
from pathlib import Path
from typing import NamedTuple

from dotenv import dotenv_values

ENV_FILE = Path(".env")

# What other programs than the server read there: compose.yaml, deploy/, run.sh, the libraries.
_OF_OTHERS = frozenset(
    {
        *("ACCESS_LOG", "ACME_FOLDER", "CERTIFICATES", "HTTP_PORT", "HTTPS_PORT", "MAX_UPLOAD"),
        *("NETWORK", "POSTGRES_PASSWORD", "PUBLIC_HTTP_PORT", "PUBLIC_HTTPS_PORT"),
        *("S3_SECRET_KEY", "SERVER_1", "SERVER_2", "SERVER_NAME", "TLS_FOLDER"),
        *("ALL_PROXY", "HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY", "SSL_CERT_DIR", "SSL_CERT_FILE"),
        *("LANG", "NO_COLOR", "PATH", "PYTHON", "TZ"),
        *("OPENAI_ORG_ID", "OPENAI_PROJECT_ID", "TEST_POSTGRES_URL"),
    }
)
_FAMILIES_OF_OTHERS = re.compile(
    r"(AWS|COMPOSE|DOCKER|LC|NPM|OTEL|PG|PIP|PM2|POSTGRES|PYTHON|THREADKEEPER|UVICORN)_.+"
)
# What OpenAI's SDK called it once, nearer to another name.
_FORMER_NAMES = {"OPENAI_API_BASE": "OPENAI_BASE_URL"}


class UnknownName(NamedTuple):
    """A name in `.env` that is no setting, and the nearest one that is; empty: none is near."""

    name: str
    nearest: str


def env_file_values() -> dict[str, str]:
    """Return what `.env` in the working directory says, by names in capitals.

    Raises `OSError` and `UnicodeDecodeError`.
    """
    if not ENV_FILE.is_file():
        return {}
    # Windows editors put a byte order mark before the first name.
    found = dotenv_values(ENV_FILE, encoding="utf-8-sig")
    return {name.upper(): value or "" for name, value in found.items()}


def unknown_names(settings: Collection[str]) -> list[UnknownName]:
    """Return the names in `.env` that nobody reads; `settings` are in capitals.

    Raises `OSError` and `UnicodeDecodeError`.
    """
    unknown = [
        name
        for name in env_file_values()
        if name not in settings
        and name not in _OF_OTHERS
        and not _FAMILIES_OF_OTHERS.fullmatch(name)
        # Whoever put it into the environment as well has a use for it.
        and name not in os.environ
    ]
    return [UnknownName(name, _nearest(name, [*settings, *_OF_OTHERS])) for name in unknown]


def _nearest(name: str, known: Collection[str]) -> str:
    if name in _FORMER_NAMES:
        return _FORMER_NAMES[name]
    return next(iter(difflib.get_close_matches(name, known, n=1, cutoff=0.75)), "")
