"""Reads the code from a call's arguments, also if the model didn't write them as JSON."""

import json
import re
from typing import Any

from app.domain.text import storable

# An object with one string, whatever is inside it.
_OBJECT = re.compile(r'\s*\{\s*"[A-Za-z_]+"\s*:\s*"(?P<inside>.*)"\s*(?:,\s*)?\}\s*', re.DOTALL)
_ESCAPES = re.compile(r'(?:\\u[0-9a-fA-F]{4})+|\\["\\/bfnrt]')
_FENCE = re.compile(r"\s*```[A-Za-z0-9]*[ \t]*\n(?P<inside>.*?)\n?```\s*", re.DOTALL)


def code_of(arguments: str) -> str | None:
    """Return the code; None if there is none.

    The proper form is `{"code": "…"}`. Some models leave line breaks or backslashes in it
    unescaped, give the field another name, or send nothing but the code.
    """
    code = storable(_without_fence(_code_in(arguments)))
    return code if code.strip() else None


def _code_in(arguments: str) -> str:
    try:
        # Not strict: strings may contain line breaks and tabs as they are.
        value = json.loads(arguments, strict=False)
    # Deep nesting ends in a RecursionError.
    except (ValueError, RecursionError):
        broken = _OBJECT.fullmatch(arguments)
        return _unescaped(broken["inside"]) if broken else arguments
    if isinstance(value, dict):
        return _text_in(value)
    # A list or a number is an expression.
    return value if isinstance(value, str) else arguments


def _text_in(value: dict[str, Any]) -> str:
    code = value.get("code")
    if code is None and len(value) == 1:
        (code,) = value.values()
    if isinstance(code, list) and all(isinstance(line, str) for line in code):
        return "\n".join(code)
    return code if isinstance(code, str) else ""


def _unescaped(inside: str) -> str:
    r"""Decode JSON's escapes and keep any other backslash, as in `"\d+"`."""
    return _ESCAPES.sub(lambda found: str(json.loads(f'"{found[0]}"')), inside)


def _without_fence(code: str) -> str:
    fenced = _FENCE.fullmatch(code)
    return fenced["inside"] if fenced else code
