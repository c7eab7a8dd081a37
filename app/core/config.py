"""Settings: read once, from the environment and `.env`, checked before anything starts.

The environment wins over `.env`; names are the fields' names in capitals. `.env.example`
shows every one of them.
"""

import json
import re
from typing import Annotated, Any, Literal, get_args, get_origin
from urllib.parse import urlsplit

from pydantic import (
    AfterValidator,
    BeforeValidator,
    Field,
    SecretStr,
    StringConstraints,
    ValidationError,
)
from pydantic.fields import FieldInfo
from pydantic_core import ErrorDetails
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

_ORIGIN = re.compile(r"\*|null|[a-z][a-z0-9+.-]*://[^/\s]+")
_DATABASE_SCHEMES = ("sqlite:///", "postgresql://")
_FILES_URL = re.compile(r"file:///.+|s3://[\w.-]+(/[^?#]*)?")
_SHOWN_CHARACTERS = 60


class SettingsError(ValueError):
    """Some settings can't be used; the message holds one line for each."""


def _check_key(key: SecretStr) -> SecretStr:
    value = key.get_secret_value().strip()
    # It travels in an HTTP header, which holds nothing else; said here, not in the first run.
    if not (value.isascii() and value.isprintable()) or " " in value:
        raise ValueError("must be printable ASCII without spaces")
    return SecretStr(value)


def _check_http_url(url: str) -> str:
    if url and not _is_http_url(url):
        raise ValueError("must be an http:// or https:// URL, or empty for OpenAI's own")
    return url


def _is_http_url(url: str) -> bool:
    try:
        parts = urlsplit(url)
        return parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:
        return False


def _check_database_url(url: str) -> str:
    if url.startswith(_DATABASE_SCHEMES) and url not in _DATABASE_SCHEMES:
        return url
    # Only the scheme is shown: the rest may hold a password.
    scheme = url.partition("://")[0] + "://…" if "://" in url else "another text"
    raise ValueError(f"must begin with {' or '.join(_DATABASE_SCHEMES)}, got {scheme!r}")


def _check_files_url(url: str) -> str:
    if url and ("://" not in url or _FILES_URL.fullmatch(url)):
        return url
    scheme = url.partition("://")[0] + "://…" if url else ""
    raise ValueError(f"must be a folder, file:///folder or s3://bucket/prefix, got {scheme!r}")


def _read_aliases(value: object) -> object:
    aliases = _read_json(value, empty={})
    if isinstance(aliases, dict) and all(isinstance(name, str) for name in aliases.values()):
        return aliases
    raise ValueError(f'must be a JSON object such as {{"gpt-4o": "gpt-5.4-mini"}}, {_got(value)}')


def _read_origins(value: object) -> object:
    origins = _read_json(value, empty=[])
    if isinstance(origins, list) and all(_is_origin(origin) for origin in origins):
        return origins
    raise ValueError(
        'must be a JSON list of origins without a path, such as ["https://example.org"], '
        + _got(value)
    )


def _is_origin(value: object) -> bool:
    return isinstance(value, str) and _ORIGIN.fullmatch(value) is not None


def _read_json(value: object, *, empty: object) -> object:
    """Return what the JSON in `value` says, `empty` for a blank, None for what isn't JSON."""
    if not isinstance(value, str):
        return value
    if not value.strip():
        return empty
    try:
        return json.loads(value)
    except json.JSONDecodeError:
        return None


def _upper(value: object) -> object:
    return value.upper() if isinstance(value, str) else value


Required = Annotated[str, StringConstraints(min_length=1)]
Seconds = Annotated[float, Field(gt=0, allow_inf_nan=False)]
LogLevel = Annotated[Literal["DEBUG", "INFO", "WARNING", "ERROR"], BeforeValidator(_upper)]
HttpUrl = Annotated[str, AfterValidator(_check_http_url)]
DatabaseUrl = Annotated[str, AfterValidator(_check_database_url)]
FilesUrl = Annotated[str, AfterValidator(_check_files_url)]
ApiKey = Annotated[SecretStr, AfterValidator(_check_key)]
# NoDecode: pydantic-settings would answer broken JSON with a traceback, not with our line.
Aliases = Annotated[dict[str, str], NoDecode, BeforeValidator(_read_aliases)]
Origins = Annotated[list[str], NoDecode, BeforeValidator(_read_origins)]


class Settings(BaseSettings):
    """What can be set from outside. Only the composition root reads it."""

    model_config = SettingsConfigDict(
        env_file=".env",
        # Windows editors put a byte order mark before the first name.
        env_file_encoding="utf-8-sig",
        extra="ignore",
        frozen=True,
        str_strip_whitespace=True,
        use_attribute_docstrings=True,
    )

    openai_api_key: ApiKey = SecretStr("")
    """Key for the model API; empty: the built-in demo model answers."""
    openai_base_url: Annotated[HttpUrl, Field(repr=False)] = ""
    """Base URL of an OpenAI-compatible Responses API; empty: OpenAI's own."""
    openai_model: Required = "gpt-5.4-mini"
    """Model of the default assistant."""
    openai_timeout: Seconds = 120
    """Seconds to wait for the model API's next bytes before a call fails."""
    openai_max_retries: Annotated[int, Field(ge=0, le=10)] = 2
    """How often a failed call of the model API is tried again."""
    model_aliases: Aliases = {}
    """JSON object from a model's name in a request to the name sent to the model API."""
    embedding_model: str = ""
    """Model of `/embeddings` that lets vector stores be searched by meaning; empty: by words."""
    context_window: Annotated[int, Field(ge=1024)] = 128_000
    """Tokens a prompt may hold; a thread's older messages are left out beyond it."""

    assistant_id: Required = "asst_default"
    """Id of the assistant that exists from the start and answers `/api/v1/chat`."""
    assistant_name: str = "Threadkeeper"
    """Name of that assistant."""
    assistant_instructions: str = (
        "You are a helpful assistant. Answer in the language of the question."
    )
    """Instructions of that assistant."""
    assistants_file: str = "assistants.yaml"
    """YAML file of further assistants, made at the start; empty, or not there by default: none."""

    host: Required = "127.0.0.1"
    """Address to listen on; 0.0.0.0 lets other machines in."""
    port: Annotated[int, Field(ge=0, le=65535)] = 8010
    """TCP port to listen on; 0 takes any free one."""
    debug: bool = False
    """true restarts the server when its code changes; for development."""
    cors_origins: Origins = []
    """JSON list of the origins whose pages may call the API from a browser."""
    max_body_bytes: Annotated[int, Field(ge=1024)] = 4 * 1024 * 1024
    """Bytes a request's body may hold; larger ones are refused with 413."""
    shutdown_seconds: Annotated[int, Field(ge=0)] = 10
    """Seconds that open requests and runs get to end when the server stops."""

    database_url: Annotated[DatabaseUrl, Field(repr=False)] = "sqlite:///data/threadkeeper.db"
    """sqlite:///path/to/file or postgresql://user:password@host/name."""
    database_pool_size: Annotated[int, Field(ge=1)] = 8
    """Connections, each with a thread, that write to PostgreSQL; half as many only read."""

    files_url: FilesUrl = "data/files"
    """Where uploaded files are kept: a folder, file:///folder or s3://bucket/prefix."""
    max_file_bytes: Annotated[int, Field(ge=1)] = 512 * 1024 * 1024
    """Bytes an uploaded file may hold; larger ones are refused with 413."""

    log_level: LogLevel = "INFO"
    """Least level that is logged: DEBUG, INFO, WARNING or ERROR."""
    log_file: str = "logs/app.log"
    """File that receives the log too; empty: only the console does."""

    run_expires_seconds: Annotated[int, Field(ge=1)] = 600
    """Seconds after its creation at which an unfinished run expires."""
    busy_thread: Literal["reject", "enqueue", "interrupt"] = "reject"
    """What a new run does on a thread with an active one: reject, enqueue or interrupt."""
    functions_dir: str = "functions"
    """Folder of Python files whose functions assistants may call here; empty: none."""
    function_timeout: Seconds = 30
    """Seconds that one call of such a function may take."""
    max_rounds: Annotated[int, Field(ge=1)] = 20
    """How often one run may ask the model, each time after functions were called."""
    poll_after_ms: Annotated[int, Field(ge=1, le=10_000)] = 50
    """Milliseconds OpenAI's SDKs are told to wait between two looks at a run."""
    poll_wait_seconds: Annotated[float, Field(ge=0, le=60)] = 10
    """Seconds that a look of the SDKs' poll helpers waits for the run's next status."""
    lease_seconds: Seconds = 5.0
    """Seconds the runs of a process that died wait before another takes them over."""
    stream_keepalive_seconds: Seconds = 15
    """Seconds of silence after which a stream sends a comment, so that proxies keep it open."""
    journal_minutes: Annotated[int, Field(ge=1)] = 60
    """Minutes for which a finished run's stream can still be read again."""


def load_settings() -> Settings:
    """Read the environment and the working directory's `.env`.

    Raises SettingsError with a line for each wrong value; a secret's value is never in it.
    """
    try:
        return Settings()
    except ValidationError as error:
        lines = [_line(detail) for detail in error.errors(include_url=False)]
    except (OSError, UnicodeDecodeError) as error:
        lines = [f".env: can't be read as UTF-8 text: {error}"]
    # Outside the handlers, so that the first error, which holds the values, isn't its context.
    raise SettingsError("\n".join(lines))


def _line(detail: ErrorDetails) -> str:
    name = str(detail["loc"][0])
    if detail["type"] == "value_error":
        return f"{name.upper()}: {detail['ctx']['error']}"
    expected = _expected(Settings.model_fields[name])
    return f"{name.upper()}: must be {expected}, {_got(detail['input'])}"


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


def _got(value: object) -> str:
    shown = repr(value)
    return f"got {shown if len(shown) <= _SHOWN_CHARACTERS else shown[:_SHOWN_CHARACTERS] + '…'}"
