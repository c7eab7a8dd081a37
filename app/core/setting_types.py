"""Types of settings: how their texts are validated, and the errors for invalid ones."""

import hashlib
import json
import re
from dataclasses import dataclass
from email.utils import parseaddr
from ipaddress import ip_network
from typing import Annotated, Literal
from urllib.parse import urlsplit

from pydantic import AfterValidator, BeforeValidator, Field, SecretStr, StringConstraints
from pydantic_settings import NoDecode

from app.core.mail import is_address
from app.core.rate_limits import is_rate
from app.core.sealing import is_key
from app.domain.hosts import is_http_url
from app.domain.ids import PREFIXES

_ORIGIN = re.compile(r"\*|null|[a-z][a-z0-9+.-]*://[^/\s]+")
_DATABASE_SCHEMES = ("sqlite:///", "postgresql://")
_REDIS_SCHEMES = ("redis://", "rediss://", "unix://")
_FILES_URL = re.compile(r"file:///.+|s3://[\w.-]+(/[^?#]*)?")
_ROOT_PATH = re.compile(r"(/[\w.~-]+)*", re.ASCII)
_PROJECT = re.compile(r"[^\s:*]{1,64}")
_HOST = re.compile(r"([A-Za-z0-9._-]+|\[[0-9a-fA-F:.]+\])(:[0-9]{1,5})?")
_SHOWN_CHARACTERS = 60
# As many as HS256 yields: RFC 7518, 3.2.
LEAST_SECRET_BYTES = 32

# In fewer tokens of messages, a summary of the older ones would have no place.
LEAST_HISTORY_TOKENS = 500


def _check_key(key: SecretStr) -> SecretStr:
    value = key.get_secret_value().strip()
    # It is sent in an HTTP header, which allows nothing else. Refused now, not in the first run.
    if not (value.isascii() and value.isprintable()) or " " in value:
        raise ValueError("must be printable ASCII without spaces")
    return SecretStr(value)


# Shorter ones could be guessed, and this key opens every project.
LEAST_ADMIN_KEY = 24


def _check_admin_key(key: SecretStr) -> SecretStr:
    checked = _check_key(key)
    if 0 < len(checked.get_secret_value()) < LEAST_ADMIN_KEY:
        raise ValueError(f"must have at least {LEAST_ADMIN_KEY} characters; make it with a tool")
    return checked


def _check_user_token_secret(secret: SecretStr) -> SecretStr:
    value = secret.get_secret_value()
    if value and len(value.encode()) < LEAST_SECRET_BYTES:
        raise ValueError(
            f"must have at least {LEAST_SECRET_BYTES} characters, so that nobody can guess it"
        )
    return secret


def _check_http_url(url: str) -> str:
    if url and not is_http_url(url):
        raise ValueError("must be an http:// or https:// URL, or empty for OpenAI's own")
    if "@" in urlsplit(url).netloc:
        raise ValueError("must not contain a user name or password; use OPENAI_API_KEY for the key")
    return url


def _check_database_url(url: str) -> str:
    if url.startswith(_DATABASE_SCHEMES) and url not in _DATABASE_SCHEMES:
        return url
    # Only the scheme is shown: the rest may contain a password.
    scheme = url.partition("://")[0] + "://…" if "://" in url else "other text"
    raise ValueError(f"must begin with {' or '.join(_DATABASE_SCHEMES)}, got {scheme!r}")


def _check_listen_url(url: str) -> str:
    if not url or url.startswith("postgresql://"):
        return url
    raise ValueError("must begin with postgresql://")


def _check_files_url(url: str) -> str:
    if url and ("://" not in url or _FILES_URL.fullmatch(url)):
        return url
    scheme = url.partition("://")[0] + "://…" if url else ""
    raise ValueError(f"must be a folder, file:///folder or s3://bucket/prefix, got {scheme!r}")


def _read_aliases(value: object) -> object:
    aliases = _read_json(value, empty={})
    if isinstance(aliases, dict) and all(isinstance(name, str) for name in aliases.values()):
        return aliases
    raise ValueError(f'must be a JSON object such as {{"gpt-4o": "gpt-5.4-mini"}}, {got(value)}')


def _read_assistant_aliases(value: object) -> object:
    aliases = _read_json(value, empty={})
    if isinstance(aliases, dict) and all(
        isinstance(one, str) and one.startswith(PREFIXES["assistant"])
        for pair in aliases.items()
        for one in pair
    ):
        return aliases
    raise ValueError(
        'must be a JSON object of IDs such as {"asst_old": "asst_default"}, ' + got(value)
    )


def _read_origins(value: object) -> object:
    origins = _read_json(value, empty=[])
    if isinstance(origins, list) and all(_is_origin(origin) for origin in origins):
        return origins
    raise ValueError(
        'must be a JSON list of origins without a path, such as ["https://example.org"], '
        + got(value)
    )


def _is_origin(value: object) -> bool:
    return isinstance(value, str) and _ORIGIN.fullmatch(value) is not None


def _read_names(value: object) -> object:
    names = _read_json(value, empty=[])
    if isinstance(names, list) and all(isinstance(name, str) and name for name in names):
        return names
    raise ValueError(f'must be a JSON list such as ["asst_default"], {got(value)}')


def _read_hosts(value: object) -> object:
    hosts = _read_json(value, empty=[])
    if isinstance(hosts, list) and all(
        isinstance(host, str) and _HOST.fullmatch(host) for host in hosts
    ):
        return hosts
    raise ValueError(f'must be a JSON list of hosts such as ["crm.internal:8080"], {got(value)}')


def _check_secrets_key(key: SecretStr) -> SecretStr:
    value = key.get_secret_value().strip()
    if value and not is_key(value):
        raise ValueError("must be 32 bytes in URL-safe Base64, or empty")
    return SecretStr(value)


def _check_mail_sender(text: str) -> str:
    name, address = parseaddr(text)
    if text and not (is_address(address) and name.isprintable()):
        raise ValueError(
            f'must be an address such as support@example.org or "Support <…>", {got(text)}'
        )
    return text


def _read_networks(value: object) -> object:
    networks = _read_json(value, empty=[])
    try:
        if isinstance(networks, list):
            return [str(ip_network(network, strict=False)) for network in networks]
    except (ValueError, TypeError):
        pass
    raise ValueError(
        f'must be a JSON list of addresses or networks, such as ["10.0.0.0/8"], {got(value)}'
    )


def _read_budgets(value: object) -> object:
    budgets = _read_json(value, empty={})
    if isinstance(budgets, dict) and all(_is_count(tokens) for tokens in budgets.values()):
        return budgets
    raise ValueError(f'must be a JSON object such as {{"shop": 200000, "*": 50000}}, {got(value)}')


def _is_count(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value >= 0


def _read_json(value: object, *, empty: object) -> object:
    """Return the parsed JSON of `value`; `empty` if it is blank, None if it is not JSON."""
    if not isinstance(value, str):
        return value
    if not value.strip():
        return empty
    try:
        return json.loads(value)
    except json.JSONDecodeError:
        return None


@dataclass(frozen=True)
class ProjectKey:
    """A key, only as its SHA-256 digest, and the project that it gives access to.

    `named`: the project's name was given with the key, and may be shown.
    """

    project: str
    digest: bytes
    named: bool
    short: bool = False


# Shorter keys are too easy to guess.
_SHORT_KEY = 16


def _read_project_keys(value: object) -> object:
    entries = _read_json(value, empty=[])
    if not isinstance(entries, list):
        raise ValueError('must be a JSON list such as ["shop:a-long-random-key"]')
    keys = [_project_key(place, entry) for place, entry in enumerate(entries, 1)]
    if len({key.digest for key in keys}) < len(keys):
        raise ValueError("contains the same key twice")
    return keys


def _project_key(place: int, entry: object) -> ProjectKey:
    """Return one entry of the list. Errors never show it: it may be the key."""
    if isinstance(entry, ProjectKey):
        return entry
    if not isinstance(entry, str):
        raise ValueError(f'entry {place} must be a text such as "shop:a-long-random-key"')
    name, colon, rest = entry.partition(":")
    key = rest if colon else name
    if not key or not (key.isascii() and key.isprintable()) or " " in key:
        raise ValueError(f"entry {place}: the key must be printable ASCII without spaces")
    if colon and not _PROJECT.fullmatch(name):
        raise ValueError(
            f"entry {place}: the name must have 1 to 64 characters, without spaces and '*'"
        )
    digest = hashlib.sha256(key.encode()).digest()
    project = name if colon else f"key-{digest.hex()[:32]}"
    return ProjectKey(project, digest, named=bool(colon), short=len(key) < _SHORT_KEY)


def _check_rate(rate: str) -> str:
    if rate in ("", "0"):
        return ""
    if not is_rate(rate):
        raise ValueError(f'must be a rate such as "60/minute", or empty, {got(rate)}')
    return rate


def _check_project(name: str) -> str:
    if not _PROJECT.fullmatch(name):
        raise ValueError(f"must have 1 to 64 characters, without spaces, ':' and '*', {got(name)}")
    return name


def _check_redis_url(url: str) -> str:
    if url and not url.startswith(_REDIS_SCHEMES):
        raise ValueError(f"must begin with {', '.join(_REDIS_SCHEMES)}, or be empty")
    return url


def _check_root_path(path: str) -> str:
    path = path.rstrip("/")
    if not _ROOT_PATH.fullmatch(path):
        raise ValueError(f"must be a path such as /openai-api, or empty, {got(path)}")
    return path


def _check_history_tokens(tokens: int) -> int:
    if 0 < tokens < LEAST_HISTORY_TOKENS or tokens < 0:
        raise ValueError(f"must be 0 or at least {LEAST_HISTORY_TOKENS}, {got(tokens)}")
    return tokens


def _upper(value: object) -> object:
    return value.upper() if isinstance(value, str) else value


Required = Annotated[str, StringConstraints(min_length=1)]
Seconds = Annotated[float, Field(gt=0, allow_inf_nan=False)]
LogLevel = Annotated[Literal["DEBUG", "INFO", "WARNING", "ERROR"], BeforeValidator(_upper)]
HttpUrl = Annotated[str, AfterValidator(_check_http_url)]
DatabaseUrl = Annotated[str, AfterValidator(_check_database_url)]
ListenUrl = Annotated[str, AfterValidator(_check_listen_url)]
FilesUrl = Annotated[str, AfterValidator(_check_files_url)]
AdminKey = Annotated[SecretStr, AfterValidator(_check_admin_key)]
ApiKey = Annotated[SecretStr, AfterValidator(_check_key)]
UserTokenSecret = Annotated[SecretStr, AfterValidator(_check_user_token_secret)]
# NoDecode: for invalid JSON, pydantic-settings would show a traceback instead of our message.
Aliases = Annotated[dict[str, str], NoDecode, BeforeValidator(_read_aliases)]
AssistantAliases = Annotated[dict[str, str], NoDecode, BeforeValidator(_read_assistant_aliases)]
HistoryTokens = Annotated[int, AfterValidator(_check_history_tokens)]
Rate = Annotated[str, AfterValidator(_check_rate)]
ProjectName = Annotated[str, AfterValidator(_check_project)]
RedisUrl = Annotated[str, AfterValidator(_check_redis_url)]
RootPath = Annotated[str, AfterValidator(_check_root_path)]
Names = Annotated[list[str], NoDecode, BeforeValidator(_read_names)]
Hosts = Annotated[list[str], NoDecode, BeforeValidator(_read_hosts)]
SecretsKey = Annotated[SecretStr, AfterValidator(_check_secrets_key)]
MailSender = Annotated[str, AfterValidator(_check_mail_sender)]
Networks = Annotated[list[str], NoDecode, BeforeValidator(_read_networks)]
Budgets = Annotated[dict[str, int], NoDecode, BeforeValidator(_read_budgets)]
ProjectKeys = Annotated[list[ProjectKey], NoDecode, BeforeValidator(_read_project_keys)]
Origins = Annotated[list[str], NoDecode, BeforeValidator(_read_origins)]


def got(value: object) -> str:
    """Return the part of an error that shows `value`. Never call it with a secret."""
    shown = repr(value)
    return f"got {shown if len(shown) <= _SHOWN_CHARACTERS else shown[:_SHOWN_CHARACTERS] + '…'}"
