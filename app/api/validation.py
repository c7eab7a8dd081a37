"""Describes what is wrong with a request, in the words of OpenAI's API."""

from collections.abc import Callable
from typing import Any

from fastapi.exceptions import RequestValidationError

from app.domain.errors import InvalidRequest

_JSON_TYPES: dict[type, str] = {
    type(None): "null",
    bool: "a boolean",
    int: "an integer",
    float: "a decimal",
    str: "a string",
    list: "an array",
    dict: "an object",
}
_EXPECTED = {
    "string": "a string",
    "int": "an integer",
    "float": "a decimal",
    "bool": "a boolean",
    "list": "an array",
    "dict": "an object",
    "model": "an object",
    "model_attributes": "an object",
}
# Characters of a client's names and values that an error quotes: an error need not be as long as
# its request.
_SHOWN = 256
_NOT_JSON = (
    "We could not parse the JSON body of your request. (HINT: This likely means you aren't using "
    "your HTTP library correctly. The API expects a JSON payload, but what was sent was not valid "
    "JSON.)"
)

Issue = dict[str, Any]
Describe = Callable[[Issue, str], tuple[str, str]]


def describe(error: RequestValidationError, route: Any = None) -> InvalidRequest:
    """Return the error for the first fault of a request."""
    issue: Issue = dict(error.errors()[0])
    kind = issue["type"]
    if kind == "json_invalid":
        reason = issue["ctx"]["error"]
        return InvalidRequest(f"{_NOT_JSON} {reason}" if reason else _NOT_JSON)
    location = list(issue["loc"])
    if location == ["body"]:
        return _whole_body(issue, route)
    param = issue.get("ctx", {}).get("param") or _param(location[1:], error.body)
    message, code = _DESCRIPTIONS.get(kind, _wrong_type)(issue, param)
    if kind in ("union_tag_not_found", "union_tag_invalid"):
        param += ".type"
    return InvalidRequest(message, param=param, code=code)


def _whole_body(issue: Issue, route: Any) -> InvalidRequest:
    if isinstance(issue["input"], bytes):
        return InvalidRequest(
            "Expected a JSON body: send it with the header 'Content-Type: application/json'.",
            code="invalid_content_type",
        )
    first_field = _first_required(route)
    if issue["type"] == "missing" and first_field:
        message, code = _missing(issue, first_field)
        return InvalidRequest(message, param=first_field, code=code)
    got = _got(issue["input"])
    message = f"Invalid type for the request body: expected an object, but got {got} instead."
    return InvalidRequest(message, code="invalid_type")


def _first_required(route: Any) -> str | None:
    body_field = getattr(route, "body_field", None)
    model = getattr(getattr(body_field, "field_info", None), "annotation", None)
    fields: dict[str, Any] = getattr(model, "model_fields", {})
    return next((name for name, field in fields.items() if field.is_required()), None)


def _param(location: list[Any], body: Any) -> str:
    """Return a location as OpenAI writes it: `messages[0].content`.

    Pydantic's locations also contain the chosen member of a union, which is meaningless to
    clients: a tag in angle brackets, or the value of the object's own `type`.
    """
    path, here = "", body
    for step in location:
        if path.endswith("truncation_strategy"):
            # Not a union, though it has a `type`; one value of it is also the name of a field.
            path += f".{step}"
        elif isinstance(step, int):
            path += f"[{step}]"
            here = here[step] if isinstance(here, list) and step < len(here) else None
        elif str(step).startswith(("<", "[")):
            continue
        elif isinstance(here, dict) and here.get("type") == step:
            # Skip the tag once; the same word may follow as a field's name.
            here = {name: value for name, value in here.items() if name != "type"}
        else:
            path += f".{step}" if path else str(step)
            here = here.get(step) if isinstance(here, dict) else None
    return _shown(path)


def _shown(text: str) -> str:
    return text if len(text) <= _SHOWN else f"{text[:_SHOWN]}…"


def _got(value: Any) -> str:
    return _JSON_TYPES.get(type(value), "something else")


def _missing(_issue: Issue, param: str) -> tuple[str, str]:
    return f"Missing required parameter: '{param}'.", "missing_required_parameter"


def _missing_tag(_issue: Issue, param: str) -> tuple[str, str]:
    return _missing(_issue, f"{param}.type")


def _unknown(_issue: Issue, param: str) -> tuple[str, str]:
    return f"Unknown parameter: '{param}'.", "unknown_parameter"


def _wrong_type(issue: Issue, param: str) -> tuple[str, str]:
    expected = _EXPECTED.get(issue["type"].removesuffix("_type").removesuffix("_parsing"))
    if expected is None:
        return f"Invalid '{param}': {issue['msg']}.", "invalid_value"
    got = _got(issue["input"])
    return f"Invalid type for '{param}': expected {expected}, but got {got} instead.", (
        "invalid_type"
    )


def _unsupported(issue: Issue, _param: str) -> tuple[str, str]:
    if not isinstance(issue["input"], str):
        return _wrong_type({**issue, "type": "string_type"}, _param)
    supported = issue["ctx"]["expected"].replace(" or ", " and ")
    return (
        f"Invalid value: '{_shown(issue['input'])}'. Supported values are: {supported}.",
        "invalid_value",
    )


def _unsupported_tag(issue: Issue, param: str) -> tuple[str, str]:
    context, given = issue["ctx"], issue["input"].get("type")
    if not isinstance(given, str):
        return _wrong_type({"type": "string_type", "input": given}, f"{param}.type")
    shown, supported = _shown(context["tag"]), context["expected_tags"]
    return f"Invalid value: '{shown}'. Supported values are: {supported}.", "invalid_value"


def _string_long(issue: Issue, param: str) -> tuple[str, str]:
    limit, length = issue["ctx"]["max_length"], len(issue["input"])
    if issue["loc"][-1] == "[key]":
        param = param.split(".")[0]
        return (
            f"Invalid '{param}': key too long. Expected a key with maximum length {limit}, but got "
            f"a key with length {length} instead.",
            "string_above_max_length",
        )
    return (
        f"Invalid '{param}': string too long. Expected a string with maximum length {limit}, but "
        f"got a string with length {length} instead.",
        "string_above_max_length",
    )


def _string_short(issue: Issue, param: str) -> tuple[str, str]:
    limit = issue["ctx"]["min_length"]
    return (
        f"Invalid '{param}': empty string. Expected a string with minimum length {limit}, but got "
        "an empty string instead.",
        "empty_string",
    )


def _many(issue: Issue, param: str) -> tuple[str, str]:
    limit, length = issue["ctx"]["max_length"], len(issue["input"])
    if isinstance(issue["input"], dict):
        return (
            f"Invalid '{param}': too many properties. Expected an object with at most {limit} "
            f"properties, but got an object with {length} properties instead.",
            "object_above_max_properties",
        )
    return (
        f"Invalid '{param}': array too long. Expected an array with maximum length {limit}, but "
        f"got an array with length {length} instead.",
        "array_above_max_length",
    )


def _few(issue: Issue, param: str) -> tuple[str, str]:
    limit = issue["ctx"]["min_length"]
    return (
        f"Invalid '{param}': empty array. Expected an array with minimum length {limit}, but got "
        "an empty array instead.",
        "empty_array",
    )


def _number(issue: Issue, param: str) -> tuple[str, str]:
    above = issue["type"] == "less_than_equal"
    limit = issue["ctx"]["le" if above else "ge"]
    # The kind is that of the field, not of the number that was sent.
    kind, shown = ("decimal", f"{limit:.15g}") if isinstance(limit, float) else ("integer", limit)
    word, sign = ("above maximum", "<=") if above else ("below minimum", ">=")
    suffix = "above_max_value" if above else "below_min_value"
    return (
        f"Invalid '{param}': {kind} {word} value. Expected a value {sign} {shown}, but got "
        f"{issue['input']} instead.",
        f"{kind}_{suffix}",
    )


def _pattern(issue: Issue, param: str) -> tuple[str, str]:
    return (
        f"Invalid '{param}': string does not match pattern. Expected a string that matches the "
        f"pattern '{issue['ctx']['pattern']}'.",
        "invalid_value",
    )


def _control_characters(_issue: Issue, param: str) -> tuple[str, str]:
    return (
        f"Invalid '{param}': the text contains line breaks or control characters.",
        "invalid_value",
    )


def _blank(_issue: Issue, param: str) -> tuple[str, str]:
    return f"Invalid '{param}': the text is blank.", "empty_string"


_DESCRIPTIONS: dict[str, Describe] = {
    "missing": _missing,
    "missing_field": _missing,
    "extra_forbidden": _unknown,
    "literal_error": _unsupported,
    "union_tag_invalid": _unsupported_tag,
    "union_tag_not_found": _missing_tag,
    "string_too_long": _string_long,
    "string_too_short": _string_short,
    "too_long": _many,
    "too_short": _few,
    "less_than_equal": _number,
    "greater_than_equal": _number,
    "string_pattern_mismatch": _pattern,
    "blank": _blank,
    "control_characters": _control_characters,
}
