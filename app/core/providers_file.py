"""The providers file: the upstreams that answer, instead of the one in the settings.

Read and validated as a whole; every error has its line number. Keys are only in environment
variables, or in `.env`, whose names the file contains.
"""

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path as FilePath
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BeforeValidator, Field, StringConstraints, ValidationInfo
from pydantic_core import PydanticCustomError

from app.core.upstream import Fallback, Price, Upstream
from app.core.yaml_faults import SECRET, Fault, Named, Path, get, items, second_ones
from app.core.yaml_file import read_document, validated
from app.core.yaml_lines import Document
from app.domain.errors import StartError
from app.domain.hosts import is_http_url
from app.schemas.common import RequestBody

# What makes a name in `models` a pattern.
_PATTERN = re.compile(r"[*?\[]")
_HEADER_NAME = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`|~-]+")
# They contain a key, or are set by the client itself.
_REFUSED_HEADERS = frozenset(
    {
        *("authorization", "proxy-authorization", "api-key", "x-api-key", "x-goog-api-key"),
        *("cookie", "host", "content-length", "content-type", "transfer-encoding", "connection"),
    }
)


@dataclass(frozen=True)
class Defaults:
    """The settings that hold for a provider unless the file says otherwise."""

    context_window: int
    timeout: float
    max_retries: int


def load_providers(
    path: str,
    defaults: Defaults,
    variable: Callable[[str], str],
    *,
    may_be_missing: bool,
) -> list[Upstream]:
    """Return the providers of the YAML file at `path`; none if the path is empty.

    `variable` returns the value of an environment variable, or "". Raises `StartError` with one
    line for each error; no line contains the value of a variable.
    """
    document = read_document(path, "PROVIDERS_FILE", may_be_missing=may_be_missing)
    if document is None:
        return []
    file = validated(_File, path, document, variable, _faults(document))
    return [one.upstream(path, defaults, variable) for one in file.providers or []]


def named_variables(path: str) -> frozenset[str]:
    """Return the variables that the file names, without checking it; none if it can't be read."""
    try:
        document = read_document(path, "PROVIDERS_FILE", may_be_missing=True)
    except StartError:
        return frozenset()
    names = (get(one, "api_key_env") for one in items(document and document.value, "providers"))
    return frozenset(name for name in names if isinstance(name, str))


# Errors that concern several providers


def _faults(document: Document) -> list[Fault]:
    providers = items(document.value, "providers")
    names = [get(one, "name") for one in providers]
    found: list[Fault] = [*second_ones(document, _placed(names, "name"))]
    found += _unknown_fallbacks(providers, names)
    embedding = [n for n, one in enumerate(providers) if get(one, "embedding_model") is not None]
    for number in embedding[1:]:
        line = document.line(["providers", embedding[0], "embedding_model"])
        path: Path = ["providers", number, "embedding_model"]
        found.append((path, f"only one provider can embed texts, and line {line} names one"))
    return found


def _placed(values: Iterable[Any], key: str) -> list[Named]:
    return [(["providers", number, key], value) for number, value in enumerate(values)]


def _unknown_fallbacks(providers: list[Any], names: list[Any]) -> list[Fault]:
    found: list[Fault] = []
    for number, one in enumerate(providers):
        for place, fallback in enumerate(items(one, "fallbacks")):
            name = fallback if isinstance(fallback, str) else get(fallback, "provider")
            if not isinstance(name, str):
                continue  # reported by the schema
            path: Path = ["providers", number, "fallbacks", place]
            if name not in names:
                found.append((path, f"there is no provider named {name!r} in this file"))
            elif fallback == get(one, "name"):
                found.append((path, "a provider can't be its own fallback for the same model"))
    return found


# The file's schema


def _check_address(url: str) -> str:
    if "@" in url.partition("://")[2].partition("/")[0]:
        raise PydanticCustomError(
            SECRET, "must not contain a user name or password; use api_key_env for the key"
        )
    if not is_http_url(url):
        raise PydanticCustomError("url", "should be an http:// or https:// URL")
    return url


def _check_variable(name: object, info: ValidationInfo) -> object:
    """Check that a variable of this name is set. The name is not shown if it may be the key."""
    if not isinstance(name, str) or not re.fullmatch(r"[A-Z_][A-Z0-9_]{0,63}", name):
        raise PydanticCustomError(
            SECRET,
            "should be the name of an environment variable in capitals, such as UPSTAGE_API_KEY, "
            "and never the key itself",
        )
    assert info.context is not None
    key = info.context(name).strip()
    if not key:
        raise PydanticCustomError(
            SECRET, "the variable {name} is not set, in the environment or in .env", {"name": name}
        )
    if not (key.isascii() and key.isprintable()) or " " in key:
        raise PydanticCustomError(
            SECRET, "the variable {name} must be printable ASCII without spaces", {"name": name}
        )
    return name


def _check_headers(headers: dict[str, str]) -> dict[str, str]:
    for name, value in headers.items():
        if name.lower() in _REFUSED_HEADERS:
            raise PydanticCustomError(
                SECRET,
                "{name} can't be set here; a key is set with api_key_env",
                {"name": name},
            )
        if not _HEADER_NAME.fullmatch(name) or not (value.isascii() and value.isprintable()):
            raise PydanticCustomError(
                SECRET, "{name} is not a valid HTTP header", {"name": repr(name)}
            )
    return headers


def _by_model(value: object) -> object:
    """Return a value that is meant for all models as a mapping from a pattern."""
    if isinstance(value, int | float) or (isinstance(value, dict) and "input" in value):
        return {"*": value}
    return value


def _with_provider(value: object) -> object:
    return {"provider": value} if isinstance(value, str) else value


_Name = Annotated[str, StringConstraints(min_length=1, max_length=256)]
_Amount = Annotated[float, Field(ge=0)]


class _Price(RequestBody):
    input: _Amount
    output: _Amount
    cached: _Amount | None = None
    currency: Annotated[str, StringConstraints(pattern=r"^[A-Z]{3}$")] | None = None

    def price(self) -> Price:
        cached = self.input if self.cached is None else self.cached
        return Price(self.input, self.output, cached, self.currency or "USD")


class _Fallback(RequestBody):
    provider: _Name
    model: _Name | None = None


_Windows = Annotated[
    dict[_Name, Annotated[int, Field(ge=1024, le=2**31 - 1)]], BeforeValidator(_by_model)
]
_Outputs = Annotated[
    dict[_Name, Annotated[int, Field(ge=16, le=2**31 - 1)]], BeforeValidator(_by_model)
]


class _Provider(RequestBody):
    name: Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$")]
    base_url: Annotated[str, AfterValidator(_check_address)] | None = None
    api_key_env: Annotated[str, BeforeValidator(_check_variable)] | None = None
    api: Literal["auto", "responses", "chat_completions"] | None = None
    models: list[_Name] | None = None
    aliases: dict[_Name, _Name] | None = None
    context_window: _Windows | None = None
    max_output: _Outputs | None = None
    headers: Annotated[dict[str, str], AfterValidator(_check_headers)] | None = None
    timeout: Annotated[float, Field(gt=0)] | None = None
    max_retries: Annotated[int, Field(ge=0, le=10)] | None = None
    embedding_model: _Name | None = None
    price: Annotated[dict[_Name, _Price], BeforeValidator(_by_model)] | None = None
    fallbacks: list[Annotated[_Fallback, BeforeValidator(_with_provider)]] | None = None

    def upstream(self, path: str, defaults: Defaults, variable: Callable[[str], str]) -> Upstream:
        models = self.models or []
        file = FilePath(path).name
        prices = {name: price.price() for name, price in (self.price or {}).items()}
        return Upstream(
            self.name,
            self.api or "auto",
            defaults.context_window,
            address=self.base_url or "",
            key=variable(self.api_key_env) if self.api_key_env else "",
            timeout=self.timeout or defaults.timeout,
            max_retries=_given(self.max_retries, defaults.max_retries),
            models=frozenset(name for name in models if not _PATTERN.search(name)),
            patterns=tuple(name for name in models if _PATTERN.search(name)),
            aliases=self.aliases or {},
            windows=self.context_window or {},
            max_outputs=self.max_output or {},
            prices=prices,
            fallbacks=tuple(Fallback(one.provider, one.model) for one in self.fallbacks or []),
            embedding_model=self.embedding_model or "",
            headers=self.headers or {},
            address_setting=f"base_url of {self.name} in {file}",
            api_setting=f"api of {self.name} in {file}",
            key_setting=self.api_key_env or f"api_key_env of {self.name} in {file}",
        )


class _File(RequestBody):
    providers: list[_Provider] | None = None


def _given(value: int | None, default: int) -> int:
    return default if value is None else value
