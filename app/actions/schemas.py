"""Turns schemas of an OpenAPI document into the JSON Schema of a function's parameters."""

from collections.abc import Iterable
from typing import Any

from app.actions.document import BadDocument, text_of
from app.actions.references import References

# As ChatGPT limited them: https://platform.openai.com/docs/actions/production (in characters).
MAX_PARAMETER_DESCRIPTION = 700
# Schemas inside one function's parameters; the rest is cut, for it would fill the model's prompt.
_MOST_SCHEMAS = 400
_DEEPEST = 12

# What is meant for people or other programs, or was handled.
_DROPPED = frozenset(
    {
        *("$ref", "nullable", "discriminator", "xml", "externalDocs", "example", "examples"),
        *("readOnly", "writeOnly", "title", "$schema", "$id", "$anchor", "$comment", "$defs"),
    }
)
_OF_SCHEMAS = ("allOf", "anyOf", "oneOf", "prefixItems")
_BY_NAME = ("properties", "patternProperties", "dependentSchemas")
_OF_SCHEMA = (
    *("items", "additionalProperties", "not", "contains", "propertyNames"),
    *("if", "then", "else", "unevaluatedItems", "unevaluatedProperties"),
)
_ANY: dict[str, Any] = {}


class Schemas:
    """Writes schemas out, without references, for one function.

    A schema that contains itself is cut at its second level, and so is what is too deep or too
    much.
    """

    def __init__(self, references: References) -> None:
        self._references = references
        self._left = _MOST_SCHEMAS

    def plain(self, schema: Any) -> dict[str, Any]:
        """Return a schema as a model reads it. Raises `BadDocument`."""
        return self._plain(schema, ())

    def _plain(self, schema: Any, around: tuple[str, ...]) -> dict[str, Any]:
        # True allows everything, false nothing.
        if isinstance(schema, bool) or schema is None:
            return _ANY if schema is not False else {"not": {}}
        if not isinstance(schema, dict):
            raise BadDocument(f"Expected a schema in the document, got {schema!r:.60}.")
        self._left -= 1
        reference = schema.get("$ref")
        if self._left < 0 or len(around) > _DEEPEST or reference in around:
            return self._cut(schema)
        if isinstance(reference, str):
            # In 3.1 a reference may have siblings, such as a description of its own.
            own = {key: value for key, value in schema.items() if key != "$ref"}
            found = self._references.follow({"$ref": reference})
            return self._written_out({**found, **own}, (*around, reference))
        return self._written_out(schema, (*around, ""))

    def _cut(self, schema: dict[str, Any]) -> dict[str, Any]:
        found = self._references.follow(schema) if "$ref" in schema else schema
        kind = found.get("type")
        return {"type": kind} if kind else {}

    def _written_out(self, schema: dict[str, Any], around: tuple[str, ...]) -> dict[str, Any]:
        plain = {key: value for key, value in schema.items() if _is_kept(key)}
        for key in _OF_SCHEMAS:
            if isinstance(plain.get(key), list):
                plain[key] = [self._plain(one, around) for one in plain[key]]
        for key in _BY_NAME:
            if isinstance(plain.get(key), dict):
                plain[key] = {
                    name: self._plain(one, around)
                    for name, one in plain[key].items()
                    if not _is_read_only(one)
                }
        for key in _OF_SCHEMA:
            if isinstance(plain.get(key), dict):
                plain[key] = self._plain(plain[key], around)
        _drop_unknown_required(plain)
        return _modern(plain, nullable=schema.get("nullable") is True)


def described(schema: dict[str, Any], *texts: Any) -> dict[str, Any]:
    """Return the schema with the first of the descriptions that is not empty."""
    text = next((found for one in texts if (found := text_of(one))), "")
    return {**schema, "description": shortened(text, MAX_PARAMETER_DESCRIPTION)} if text else schema


def shortened(text: str, most: int) -> str:
    return text if len(text) <= most else text[: most - 1].rstrip() + "…"


def _is_kept(key: str) -> bool:
    return key not in _DROPPED and not key.startswith("x-")


def _is_read_only(schema: Any) -> bool:
    return isinstance(schema, dict) and schema.get("readOnly") is True


def _drop_unknown_required(schema: dict[str, Any]) -> None:
    """Forget required properties that are read-only, and so are not sent."""
    required, properties = schema.get("required"), schema.get("properties")
    if not isinstance(required, list):
        schema.pop("required", None)  # a flag, as of a parameter
    elif isinstance(properties, dict):
        schema["required"] = [
            name for name in required if isinstance(name, str) and name in properties
        ]


def _modern(schema: dict[str, Any], *, nullable: bool) -> dict[str, Any]:
    """Write keywords of OpenAPI 3.0 as JSON Schema does today."""
    for flag, limit in (("exclusiveMinimum", "minimum"), ("exclusiveMaximum", "maximum")):
        if schema.get(flag) is True and limit in schema:
            schema[flag] = schema.pop(limit)
        elif isinstance(schema.get(flag), bool):
            del schema[flag]
    kind = schema.get("type")
    if nullable and isinstance(kind, str):
        schema["type"] = [kind, "null"]
        if isinstance(schema.get("enum"), list) and None not in schema["enum"]:
            schema["enum"] = [*schema["enum"], None]
    if text := text_of(schema.get("description")):
        schema["description"] = shortened(text, MAX_PARAMETER_DESCRIPTION)
    else:
        schema.pop("description", None)
    return schema


def object_of(properties: dict[str, dict[str, Any]], required: Iterable[str]) -> dict[str, Any]:
    """Return the schema of an object with exactly these properties."""
    found: dict[str, Any] = {"type": "object", "properties": properties}
    if names := [*required]:
        found["required"] = names
    found["additionalProperties"] = False
    return found
