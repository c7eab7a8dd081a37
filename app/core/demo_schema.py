"""An example value for a JSON schema: the demo model's answer if a format is required."""

from typing import Any

# Schemas may refer to themselves; this depth is enough for a demo.
_DEEPEST = 8


def example(schema: dict[str, Any], text: str) -> Any:
    """Return a deterministic value for `schema`; free strings become `text`.

    Objects get only their required properties. Unknown keywords are ignored, so the value is valid
    for ordinary schemas, not for all of them.
    """
    return _example(schema, text, schema, 0)


def _example(schema: Any, text: str, root: dict[str, Any], depth: int) -> Any:
    if not isinstance(schema, dict) or depth > _DEEPEST:
        return None
    for key in ("const", "default"):
        if key in schema:
            return schema[key]
    if schema.get("enum"):
        return schema["enum"][0]
    if (other := _other_schema(schema, root)) is not None:
        return _example(other, text, root, depth + 1)
    kind = _kind(schema)
    if kind == "object":
        properties = schema.get("properties") or {}
        names = [name for name in schema.get("required") or [] if name in properties]
        return {name: _example(properties[name], text, root, depth + 1) for name in names}
    if kind == "array":
        item = _example(schema.get("items"), text, root, depth + 1)
        return [item] * int(schema.get("minItems") or 0)
    return _scalar(kind, schema, text)


def _other_schema(schema: dict[str, Any], root: dict[str, Any]) -> Any:
    """Return the schema that this one refers to; None if it refers to none."""
    for key in ("anyOf", "oneOf", "allOf"):
        if schema.get(key):
            return schema[key][0]
    reference = schema.get("$ref")
    if not isinstance(reference, str):
        return None
    found: Any = root
    for name in reference.removeprefix("#").strip("/").split("/"):
        found = found.get(name) if name and isinstance(found, dict) else found
    return found if isinstance(found, dict) else {}


def _kind(schema: dict[str, Any]) -> str:
    kind = schema.get("type")
    if isinstance(kind, list):
        kind = next((one for one in kind if one != "null"), "null")
    return kind or ("object" if "properties" in schema else "string")


def _scalar(kind: str, schema: dict[str, Any], text: str) -> Any:
    if kind == "string":
        return text[: schema.get("maxLength")]
    if kind in ("integer", "number"):
        return schema.get("minimum", 0)
    return False if kind == "boolean" else None
