"""Turns the operations of a document into functions."""

import hashlib
import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from app.actions.bodies import BODY_ARGUMENT, body_of
from app.actions.document import BadDocument, server_of, text_of
from app.actions.references import References
from app.actions.schemas import Schemas, described, object_of, shortened
from app.db.action_rows import Operation, Place

# As ChatGPT limited it, in characters.
MAX_DESCRIPTION = 300
# What OpenAI allows for a function's name.
_MOST_LETTERS = 64
SEPARATOR = "__"
# Operations of a document, and characters of one function's parameters and of those of all: by
# references, a few lines may become gigabytes.
_MOST_OPERATIONS = 2000
_MOST_CHARACTERS = 200_000
_MOST_CHARACTERS_IN_ALL = 30_000_000
_METHODS = ("get", "put", "post", "delete", "patch", "head", "options")
# Those that change nothing (RFC 9110).
_SAFE = ("get", "head", "options")
_STYLES = {"path": "simple", "query": "form", "header": "simple", "cookie": "form"}
_PLACEHOLDER = re.compile(r"\{([^{}]+)\}")
# OpenAPI says that documents can't describe these (Parameter Object); the others are the client's.
_NO_HEADERS = frozenset(
    {
        *("accept", "content-type", "authorization", "proxy-authorization", "cookie", "host"),
        *("content-length", "transfer-encoding", "connection", "upgrade", "te", "trailer"),
        *("accept-encoding", "expect", "forwarded", "via"),
    }
)


@dataclass(frozen=True)
class Found:
    """An operation of a document, or the `problem` for which it can't be called."""

    name: str
    method: str
    path: str
    operation: Operation | None = None
    problem: str = ""


def function_name(action: str, operation: str) -> str:
    """Return the name of an operation's function: the action's name, `__`, and its own."""
    whole = f"{action}{SEPARATOR}{operation}"
    if len(whole) <= _MOST_LETTERS:
        return whole
    digest = hashlib.sha256(operation.encode()).hexdigest()[:6]
    return f"{whole[: _MOST_LETTERS - 7]}_{digest}"


def operations_in(
    document: dict[str, Any], document_url: str | None, *, without: frozenset[tuple[str, str]]
) -> list[Found]:
    """Return all operations of a document, in its order.

    `without`: parameters that the model does not fill in, as pairs of place and name: the
    authentication does. Raises `BadDocument` if the document as a whole can't be read.
    """
    references = References(document)
    root = server_of(document, document_url)
    found: list[Found] = []
    names = _Names()
    characters = 0
    for path, method, item, raw in _each(document, references):
        if len(found) == _MOST_OPERATIONS:
            raise BadDocument(f"The document has more than {_MOST_OPERATIONS:,} operations.")
        name = names.new(_name(method, path, raw))
        one = Found(name, method.upper(), path)
        try:
            for holder in (raw, item):
                _check_server(holder, root, document_url)
            reader = _Reader(references, without)
            operation = reader.operation(name, method, path, item, raw)
            characters += _checked_size(operation)
        except BadDocument as error:
            found.append(Found(name, one.method, path, problem=str(error)))
        else:
            found.append(Found(name, one.method, path, operation))
        if characters > _MOST_CHARACTERS_IN_ALL:
            raise BadDocument(
                "The parameters of the document's operations are longer than "
                f"{_MOST_CHARACTERS_IN_ALL:,} characters, with all references written out."
            )
    return found


def _checked_size(operation: Operation) -> int:
    """Return the characters of the function's parameters. Raises `BadDocument` if too many."""
    characters = len(json.dumps(operation.parameters))
    if characters > _MOST_CHARACTERS:
        raise BadDocument(f"its parameters are longer than {_MOST_CHARACTERS:,} characters")
    return characters


def _each(
    document: dict[str, Any], references: References
) -> Iterator[tuple[str, str, dict[str, Any], dict[str, Any]]]:
    for path, item in document["paths"].items():
        if not path.startswith("/"):
            continue  # an extension
        item = references.follow(item)
        for method in _METHODS:
            if isinstance(item.get(method), dict):
                yield path, method, item, item[method]


def _name(method: str, path: str, raw: Mapping[str, Any]) -> str:
    """Return a function's name for the operation: its `operationId`, or one of its path."""
    by_path = method + _PLACEHOLDER.sub(r"by_\1", path)
    named = text_of(raw.get("operationId")) or by_path
    plain = re.sub(r"_{2,}", "_", re.sub(r"[^A-Za-z0-9_-]+", "_", named)).strip("_")
    return plain or method


class _Names:
    """Gives each thing a name of its own, in time that does not grow with their number."""

    def __init__(self) -> None:
        self._taken: set[str] = set()
        self._next: dict[str, int] = {}

    def new(self, name: str) -> str:
        """Return the name, with a number if it is taken."""
        number, candidate = self._next.get(name, 2), name
        while candidate in self._taken:
            candidate, number = f"{name}_{number}", number + 1
        self._next[name] = number
        self._taken.add(candidate)
        return candidate


def _check_server(holder: dict[str, Any], root: str | None, document_url: str | None) -> None:
    """Refuse an operation of another server: it would get the action's secret."""
    own = server_of(holder, document_url)
    if own is not None and own != root:
        where = urlsplit(own).netloc or own
        raise BadDocument(f"it has a server of its own, {where}")


class _Reader:
    """Reads one operation."""

    def __init__(self, references: References, without: frozenset[tuple[str, str]]) -> None:
        self._references = references
        self._without = without
        self._schemas = Schemas(references)
        self._names = _Names()
        self._properties: dict[str, dict[str, Any]] = {}
        self._places: dict[str, Place] = {}
        self._required: list[str] = []

    def operation(
        self, name: str, method: str, path: str, item: dict[str, Any], raw: dict[str, Any]
    ) -> Operation:
        """Raises `BadDocument`."""
        for parameter in self._parameters(item, raw):
            self._add(parameter)
        self._check_path(path)
        body = None
        if "requestBody" in raw:
            content = self._references.follow(raw["requestBody"])
            argument = self._names.new(BODY_ARGUMENT)
            body, schema = body_of(argument, content, self._references, self._schemas)
            self._properties[argument] = described(schema, content.get("description"))
            if content.get("required") is True:
                self._required.append(argument)
        return Operation(
            name=name,
            method=method.upper(),
            path=path,
            description=_description(raw),
            parameters=object_of(self._properties, self._required),
            places=self._places,
            body=body,
            consequential=_is_consequential(method, raw),
        )

    def _parameters(self, item: dict[str, Any], raw: dict[str, Any]) -> Iterator[dict[str, Any]]:
        """Yield the parameters; an operation's own replace those of its path."""
        known: dict[tuple[str, str], dict[str, Any]] = {}
        for holder in (item, raw):
            listed = holder.get("parameters") or []
            if not isinstance(listed, list):
                raise BadDocument(f"Expected a list of parameters, got {listed!r:.60}.")
            for one in listed:
                parameter = self._references.follow(one)
                known[text_of(parameter.get("in")), text_of(parameter.get("name"))] = parameter
        for (where, name), parameter in known.items():
            if where not in _STYLES or not name:
                raise BadDocument(f"a parameter has no name, or no known place: {where!r}")
            header = where == "header" and name.lower() in _NO_HEADERS
            secret = (where, name.lower() if where == "header" else name) in self._without
            if not header and not secret:
                yield parameter

    def _add(self, parameter: dict[str, Any]) -> None:
        where, name = parameter["in"], parameter["name"].strip()
        style = text_of(parameter.get("style")) or _STYLES[where]
        content = parameter.get("content")
        schema = parameter.get("schema")
        if isinstance(content, dict) and content:
            schema = self._references.follow(next(iter(content.values()))).get("schema")
        plain_name = re.sub(r"[^A-Za-z0-9_.-]+", "_", name).strip("_") or where
        argument = self._names.new(plain_name[:_MOST_LETTERS])
        self._places[argument] = Place(
            where,
            name,
            style,
            explode=parameter.get("explode", style == "form") is True,
            as_json=bool(content),
            keep_reserved=parameter.get("allowReserved") is True,
        )
        plain = self._schemas.plain(schema)
        texts = (parameter.get("description"), plain.get("description"))
        self._properties[argument] = described(plain, *texts)
        if where == "path" or parameter.get("required") is True:
            self._required.append(argument)

    def _check_path(self, path: str) -> None:
        named = {place.name for place in self._places.values() if place.where == "path"}
        for missing in set(_PLACEHOLDER.findall(path)) - named:
            raise BadDocument(f"its path has {{{missing}}}, which is no parameter")


def _description(raw: Mapping[str, Any]) -> str:
    """Return the operation's description, after its summary if that says something else."""
    summary, text = text_of(raw.get("summary")), text_of(raw.get("description"))
    if not summary or text.startswith(summary):
        return shortened(text, MAX_DESCRIPTION)
    return shortened(f"{summary}\n{text}".strip(), MAX_DESCRIPTION)


def _is_consequential(method: str, raw: Mapping[str, Any]) -> bool:
    """As ChatGPT decided: every method but GET, unless the document says otherwise."""
    marked = raw.get("x-openai-isConsequential")
    return marked if isinstance(marked, bool) else method not in _SAFE
