"""The names in `.env`: which ones other programs use, and which ones nothing uses."""

import difflib
import os
import re
from collections.abc import Collection
from pathlib import Path
from typing import NamedTuple

from dotenv import dotenv_values

ENV_FILE = Path(".env")

# Names that other programs read from it: compose.yaml, deploy/, run.sh, the libraries.
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
# A former name in OpenAI's SDK. By spelling, another name would be nearer.
_FORMER_NAMES = {"OPENAI_API_BASE": "OPENAI_BASE_URL"}


class UnknownName(NamedTuple):
    """An unknown name in `.env`, and the most similar known one; empty if none is similar."""

    name: str
    nearest: str


def env_file_values(file: Path | None = None) -> dict[str, str]:
    """Return the values of a file, `.env` in the working directory, by upper-case names.

    Raises `OSError` and `UnicodeDecodeError`.
    """
    file = file or ENV_FILE
    if not file.is_file():
        return {}
    # Windows editors put a byte order mark before the first name.
    found = dotenv_values(file, encoding="utf-8-sig")
    return {name.upper(): value or "" for name, value in found.items()}


def environment_value(name: str) -> str:
    """Return the value of a variable, in the environment or else in `.env`; "" if it is not set.

    Raises `OSError` and `UnicodeDecodeError`.
    """
    return os.environ.get(name) or env_file_values().get(name.upper(), "")


def unknown_names(settings: Collection[str]) -> list[UnknownName]:
    """Return the names in `.env` that nothing reads; `settings` are in upper case.

    Raises `OSError` and `UnicodeDecodeError`.
    """
    unknown = [
        name
        for name in env_file_values()
        if name not in settings
        and name not in _OF_OTHERS
        and not _FAMILIES_OF_OTHERS.fullmatch(name)
        # If it is also in the environment, some program uses it.
        and name not in os.environ
    ]
    return [UnknownName(name, _nearest(name, [*settings, *_OF_OTHERS])) for name in unknown]


def _nearest(name: str, known: Collection[str]) -> str:
    if name in _FORMER_NAMES:
        return _FORMER_NAMES[name]
    return next(iter(difflib.get_close_matches(name, known, n=1, cutoff=0.75)), "")
