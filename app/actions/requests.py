"""Makes the HTTP request of a call, from an operation and the model's arguments."""

import json
import re
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import unquote

from app.actions.bodies import FORM, JSON, MULTIPART, is_json
from app.actions.encoding import BadArguments, in_header, in_path, in_query, plain_text, quoted
from app.db.action_rows import Body, FormField, Operation, Place
from app.domain.text import storable

_PLACEHOLDER = re.compile(r"\{([^{}]+)\}")
_SLASHES = re.compile(r"[/\\;]")
_SHOWN = 64
# How deep arguments may be nested.
_DEEPEST = 100
_USUAL = FormField("form", explode=True)


@dataclass
class Request:
    """A request that is not authenticated yet. `query` has escaped pairs."""

    method: str
    path: str
    query: list[str] = field(default_factory=list)
    headers: dict[str, str] = field(default_factory=dict)
    cookies: list[str] = field(default_factory=list)
    body: bytes | None = None

    def url(self, address: str) -> str:
        """Return the whole URL below an address, whose own query is kept."""
        base, _, own = address.partition("?")
        query = "&".join([*filter(None, [own]), *self.query])
        return base.rstrip("/") + self.path + (f"?{query}" if query else "")


def arguments_in(text: str) -> dict[str, Any]:
    """Return the arguments of a call; what can't be sent in them is U+FFFD.

    Raises `BadArguments`.
    """
    try:
        value = storable(json.loads(text or "{}"))
        json.dumps(value, allow_nan=False)
    except (ValueError, RecursionError) as error:
        raise BadArguments("The arguments are not valid JSON.") from error
    if _is_too_deep(value):
        raise BadArguments("The arguments are nested too deeply.")
    if not isinstance(value, dict):
        raise BadArguments("The arguments must be a JSON object.")
    return value


def _is_too_deep(value: Any) -> bool:
    level, depth = [value], 0
    while level and depth <= _DEEPEST:
        inner = [one.values() if isinstance(one, dict) else one for one in _nested(level)]
        level = [one for some in inner for one in some]
        depth += 1
    return bool(_nested(level))


def _nested(values: list[Any]) -> list[Any]:
    return [one for one in values if isinstance(one, dict | list)]


def request_of(operation: Operation, arguments: Mapping[str, Any]) -> Request:
    """Raises `BadArguments`."""
    given = {name: value for name, value in arguments.items() if value is not None}
    _check_names(operation, arguments, given)
    request = Request(operation.method, "", headers={"Accept": f"{JSON}, text/*;q=0.9, */*;q=0.1"})
    in_its_path: dict[str, str] = {}
    for name, place in operation.places.items():
        if name in given:
            _put(request, in_its_path, place, given[name])
    request.path = _PLACEHOLDER.sub(lambda found: in_its_path[found[1]], operation.path)
    _check_path(operation.path, request.path)
    if request.cookies:
        request.headers["Cookie"] = "; ".join(request.cookies)
    body = operation.body
    if body is not None and body.argument in arguments:
        request.body, request.headers["Content-Type"] = _body(body, arguments[body.argument])
    return request


def _check_names(
    operation: Operation, arguments: Mapping[str, Any], given: Mapping[str, Any]
) -> None:
    known = operation.parameters["properties"]
    body = operation.body.argument if operation.body else None
    missing = [
        name
        for name in operation.parameters.get("required", [])
        if name not in (arguments if name == body else given)
    ]
    if missing:
        raise BadArguments(f"Missing arguments: {', '.join(missing)}.")
    if unknown := [name[:_SHOWN] for name in arguments if name not in known]:
        names = ", ".join(known) or "none"
        raise BadArguments(f"Unknown arguments: {', '.join(unknown[:5])}. Known are: {names}.")


def _check_path(template: str, path: str) -> None:
    """Refuse arguments that lead to another operation, with the action's secret.

    Many servers and proxies decode a path first and then follow its `..`.
    """
    if _steps(path) > _steps(template):
        raise BadArguments("An argument of the path can't contain '.' or '..' as a step of it.")


def _steps(path: str) -> int:
    return sum(step in (".", "..") for step in _SLASHES.split(unquote(path)))


def _put(request: Request, in_its_path: dict[str, str], place: Place, value: Any) -> None:
    match place.where:
        case "path":
            in_its_path[place.name] = in_path(place, value)
        case "query":
            request.query += in_query(place, value)
        case "header":
            request.headers[place.name] = in_header(place, value)
        case "cookie":
            request.cookies += in_query(place, value)


def _body(body: Body, value: Any) -> tuple[bytes, str]:
    """Return the body's bytes and its content type. Raises `BadArguments`."""
    if is_json(body.media_type):
        return json.dumps(value, ensure_ascii=False).encode("utf-8", "replace"), body.media_type
    if body.media_type in (FORM, MULTIPART):
        if not isinstance(value, dict):
            raise BadArguments(f"{body.argument} must be an object.")
        fields = {name: one for name, one in value.items() if one is not None}
        if body.media_type == FORM:
            return _form(body, fields), FORM
        return _multipart(fields)
    return plain_text(value).encode("utf-8", "replace"), f"{body.media_type}; charset=utf-8"


def _form(body: Body, fields: Mapping[str, Any]) -> bytes:
    pairs: list[str] = []
    for name, value in fields.items():
        style = body.fields.get(name)
        if style is None and isinstance(value, dict):
            pairs.append(f"{quoted(name)}={quoted(value)}")  # as JSON
            continue
        how = style or _USUAL
        pairs += in_query(Place("query", name, how.style, how.explode), value)
    # A form writes spaces as plus signs.
    return "&".join(pairs).replace("%20", "+").encode()


def _multipart(fields: Mapping[str, Any]) -> tuple[bytes, str]:
    boundary = secrets.token_hex(16)
    lines: list[str] = []
    for name, value in fields.items():
        for one in value if isinstance(value, list) else [value]:
            plain_name = re.sub(r'["\r\n]', "_", name)
            lines += [f"--{boundary}", f'Content-Disposition: form-data; name="{plain_name}"']
            lines += ["Content-Type: application/json"] if isinstance(one, dict) else []
            lines += ["", plain_text(one)]
    lines += [f"--{boundary}--", ""]
    return "\r\n".join(lines).encode("utf-8", "replace"), f"{MULTIPART}; boundary={boundary}"
