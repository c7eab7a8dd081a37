"""Writes arguments into requests, by the styles of OpenAPI's Parameter Object."""

import json
import re
from collections.abc import Mapping
from typing import Any
from urllib.parse import quote

from app.db.action_rows import Place

# What `allowReserved` leaves as it is (RFC 3986), without what would end the query.
_RESERVED = ":/?[]@!$'()*,;="
_CONTROL = re.compile(r"[\x00-\x1f\x7f]")
_SEPARATORS = {"form": ",", "spaceDelimited": "%20", "pipeDelimited": "%7C"}


class BadArguments(ValueError):
    """The model's arguments can't be sent; the message explains that to the model."""


def plain_text(value: Any) -> str:
    """Return a single value as text: as JSON writes it, but strings without quotes."""
    if isinstance(value, str):
        return value
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def quoted(value: Any, safe: str = "") -> str:
    return quote(plain_text(value), safe=safe)


def in_path(place: Place, value: Any) -> str:
    """Return the value in the styles `simple`, `label` or `matrix`. Raises `BadArguments`."""
    value = _json_text(place, value)
    prefix, separator = {
        "label": (".", "." if place.explode else ","),
        "matrix": (";", ";" if place.explode else ","),
    }.get(place.style, ("", ","))
    pieces = _pieces(value, explode=place.explode, name=place.name, style=place.style)
    if place.style == "matrix" and not (place.explode and isinstance(value, list | dict)):
        pieces = [f"{quoted(place.name)}={separator.join(pieces)}"]
    written = prefix + separator.join(pieces)
    # Clients and servers would take them for steps in the path.
    if written in ("", ".", ".."):
        raise BadArguments(f"{place.name} can't be {plain_text(value)!r}.")
    return written


def _pieces(value: Any, *, explode: bool, name: str, style: str) -> list[str]:
    if isinstance(value, list):
        repeated = style == "matrix" and explode
        return [f"{quoted(name)}={quoted(one)}" if repeated else quoted(one) for one in value]
    if isinstance(value, dict):
        if explode:
            return [f"{quoted(key)}={quoted(one)}" for key, one in value.items()]
        return [quoted(one) for pair in value.items() for one in pair]
    return [quoted(value)]


def in_query(place: Place, value: Any) -> list[str]:
    """Return the pairs `name=value` of a query, or of cookies, escaped."""
    value = _json_text(place, value)
    safe = _RESERVED if place.keep_reserved else ""
    name = quoted(place.name)
    if place.style == "deepObject" and isinstance(value, dict):
        return _deep(name, value, safe)
    if isinstance(value, dict):
        if place.explode:
            return [f"{quoted(key)}={quoted(one, safe)}" for key, one in value.items()]
        flat = [quoted(one, safe) for pair in value.items() for one in pair]
        return [f"{name}={_joined(place.style, flat)}"]
    if isinstance(value, list):
        if place.explode:
            return [f"{name}={quoted(one, safe)}" for one in value]
        return [f"{name}={_joined(place.style, [quoted(one, safe) for one in value])}"]
    return [f"{name}={quoted(value, safe)}"]


def _joined(style: str, pieces: list[str]) -> str:
    return _SEPARATORS.get(style, ",").join(pieces)


def _deep(name: str, value: Mapping[str, Any], safe: str) -> list[str]:
    """Write an object as `name[key]=value`; OpenAPI leaves open what is nested in it."""
    pairs: list[str] = []
    for key, one in value.items():
        inner = f"{name}%5B{quoted(key)}%5D"
        if isinstance(one, dict):
            pairs += _deep(inner, one, safe)
        elif isinstance(one, list):
            pairs += [f"{inner}={quoted(item, safe)}" for item in one]
        else:
            pairs.append(f"{inner}={quoted(one, safe)}")
    return pairs


def in_header(place: Place, value: Any) -> str:
    """Return a header's value in the style `simple`. Raises `BadArguments`."""
    value = _json_text(place, value)
    if isinstance(value, list):
        text = ",".join(plain_text(one) for one in value)
    elif isinstance(value, dict):
        sign = "=" if place.explode else ","
        text = ",".join(f"{key}{sign}{plain_text(one)}" for key, one in value.items())
    else:
        text = plain_text(value)
    if _CONTROL.search(text) or not text.isascii():
        raise BadArguments(f"{place.name} can't contain line breaks or characters beyond ASCII.")
    return text.strip()


def _json_text(place: Place, value: Any) -> Any:
    return json.dumps(value, ensure_ascii=False) if place.as_json else value
