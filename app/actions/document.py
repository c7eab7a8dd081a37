"""Reads OpenAPI documents, 3.0 and 3.1, as JSON or YAML, within bounds."""

import json
import math
import re
from typing import Any
from urllib.parse import urljoin, urlsplit

from app.core.plain_yaml import BadYaml, plain_yaml
from app.domain.text import storable

# Characters of a document. GitHub's, the largest that are in use, have nine million.
MAX_DOCUMENT = 3_000_000
# Values in a document, aliases written out, and how deep they may be nested.
_MOST_VALUES = 400_000
_DEEPEST = 100
_VERSION = re.compile(r"3\.[01](\.\d+)?")
_VARIABLE = re.compile(r"\{([^{}]*)\}")


class BadDocument(ValueError):
    """The document can't be used; the message says why, for the person who wrote it."""


def parsed(text: str) -> dict[str, Any]:
    """Return a document written as JSON or YAML. Raises `BadDocument`."""
    if len(text) > MAX_DOCUMENT:
        raise BadDocument(f"The document is longer than {MAX_DOCUMENT:,} characters.")
    text = text.removeprefix("\ufeff")
    try:
        value = json.loads(text) if text.lstrip().startswith("{") else plain_yaml(text)
    except json.JSONDecodeError as error:
        raise BadDocument(
            f"The document is not JSON: {error.msg} in line {error.lineno}."
        ) from error
    except BadYaml as error:
        raise BadDocument(f"The document is not YAML: {error}.") from error
    except RecursionError as error:
        raise BadDocument("The document is nested too deeply.") from error
    except ValueError as error:
        raise BadDocument("The document contains a number that is too long.") from error
    return checked(value)


def checked(value: Any) -> dict[str, Any]:
    """Return a document as plain JSON that can be stored. Raises `BadDocument`."""
    if not isinstance(value, dict):
        raise BadDocument("The document is not an OpenAPI document: it is not an object.")
    document: dict[str, Any] = storable(_Copy().of(value, 0))
    version = document.get("openapi")
    if not isinstance(version, str) or not _VERSION.fullmatch(version):
        if "swagger" in document:
            raise BadDocument(
                "The document is Swagger 2.0. Convert it to OpenAPI 3, for example with "
                "https://editor.swagger.io."
            )
        raise BadDocument("The document's 'openapi' must be a version 3.0 or 3.1, such as '3.1.0'.")
    if not isinstance(document.get("paths"), dict):
        raise BadDocument("The document has no 'paths'.")
    return document


class _Copy:
    """Copies a value within bounds, because aliases in YAML may multiply."""

    def __init__(self) -> None:
        self._left = _MOST_VALUES

    def of(self, value: Any, depth: int) -> Any:
        self._left -= 1
        if self._left < 0:
            raise BadDocument(f"The document contains more than {_MOST_VALUES:,} values.")
        if depth > _DEEPEST:
            raise BadDocument("The document is nested too deeply.")
        if isinstance(value, dict):
            return {_key(key): self.of(item, depth + 1) for key, item in value.items()}
        if isinstance(value, list):
            return [self.of(item, depth + 1) for item in value]
        if isinstance(value, float) and not math.isfinite(value):
            raise BadDocument("The document contains a number that is not finite.")
        return value if isinstance(value, str | int | float | None) else str(value)


def _key(key: Any) -> str:
    # Statuses such as 200 are numbers in YAML.
    return key if isinstance(key, str) else json.dumps(key, default=str)


def text_of(value: Any) -> str:
    """Return a text of the document; empty if it is none."""
    return value.strip() if isinstance(value, str) else ""


def title_of(document: dict[str, Any]) -> str:
    """Return the title on one line: people read it before they allow a call."""
    info = document.get("info")
    title = text_of(info.get("title")) if isinstance(info, dict) else ""
    printable = "".join(one if one.isprintable() else " " for one in title)
    return " ".join(printable.split())


def server_of(holder: dict[str, Any], document_url: str | None) -> str | None:
    """Return the first server of a document or a part of it; None if it names none.

    Variables have their defaults. Raises `BadDocument` for one without a default, and for what is
    not a URL.
    """
    servers = holder.get("servers")
    first = servers[0] if isinstance(servers, list) and servers else None
    url = text_of(first.get("url")) if isinstance(first, dict) else ""
    if not url:
        return None
    assert isinstance(first, dict)
    url = _with_defaults(url, first.get("variables"))
    try:
        if urlsplit(url).scheme:
            return url.rstrip("/")
        return None if document_url is None else urljoin(document_url, url).rstrip("/")
    except ValueError as error:
        raise BadDocument(f"The server {url!r:.100} is not a URL.") from error


def _with_defaults(url: str, variables: Any) -> str:
    known = variables if isinstance(variables, dict) else {}

    def default(found: re.Match[str]) -> str:
        variable = known.get(found[1])
        value = variable.get("default") if isinstance(variable, dict) else None
        if value is None:
            raise BadDocument(f"The server's variable {found[0]} has no default.")
        return str(value)

    return _VARIABLE.sub(default, url)
