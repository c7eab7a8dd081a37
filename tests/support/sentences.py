"""The messages with which OpenAI's API reports an invalid field."""

from typing import Any, NamedTuple

NOT_JSON = (
    "We could not parse the JSON body of your request. (HINT: This likely means you aren't using "
    "your HTTP library correctly. The API expects a JSON payload, but what was sent was not valid "
    "JSON.)"
)
NAME_PATTERN = "^[A-Za-z0-9_-]{1,64}$"


class Said(NamedTuple):
    """An error without its type, which is always `invalid_request_error`."""

    message: str
    param: str | None = None
    code: str | None = None

    def as_error(self) -> dict[str, Any]:
        return {**self._asdict(), "type": "invalid_request_error"}


def missing(param: str) -> Said:
    return Said(f"Missing required parameter: '{param}'.", param, "missing_required_parameter")


def unknown(param: str) -> Said:
    return Said(f"Unknown parameter: '{param}'.", param, "unknown_parameter")


def wrong_type(param: str, expected: str, got: str) -> Said:
    message = f"Invalid type for '{param}': expected {expected}, but got {got} instead."
    return Said(message, param, "invalid_type")


def too_long(param: str, limit: int, length: int) -> Said:
    return Said(
        f"Invalid '{param}': string too long. Expected a string with maximum length {limit}, but "
        f"got a string with length {length} instead.",
        param,
        "string_above_max_length",
    )


def too_many(param: str, limit: int, length: int) -> Said:
    return Said(
        f"Invalid '{param}': array too long. Expected an array with maximum length {limit}, but "
        f"got an array with length {length} instead.",
        param,
        "array_above_max_length",
    )


def too_many_pairs(param: str, limit: int, count: int) -> Said:
    return Said(
        f"Invalid '{param}': too many properties. Expected an object with at most {limit} "
        f"properties, but got an object with {count} properties instead.",
        param,
        "object_above_max_properties",
    )


def empty(param: str, what: str = "string") -> Said:
    return Said(
        f"Invalid '{param}': empty {what}. Expected a{'n' * (what == 'array')} {what} with "
        f"minimum length 1, but got an empty {what} instead.",
        param,
        f"empty_{what}",
    )


def above(param: str, kind: str, limit: Any, got: Any) -> Said:
    return Said(
        f"Invalid '{param}': {kind} above maximum value. Expected a value <= {limit}, but got "
        f"{got} instead.",
        param,
        f"{kind}_above_max_value",
    )


def below(param: str, kind: str, limit: Any, got: Any) -> Said:
    return Said(
        f"Invalid '{param}': {kind} below minimum value. Expected a value >= {limit}, but got "
        f"{got} instead.",
        param,
        f"{kind}_below_min_value",
    )


def no_such_value(param: str, got: str, supported: str) -> Said:
    message = f"Invalid value: '{got}'. Supported values are: {supported}."
    return Said(message, param, "invalid_value")


def no_name(param: str) -> Said:
    return Said(
        f"Invalid '{param}': string does not match pattern. Expected a string that matches the "
        f"pattern '{NAME_PATTERN}'.",
        param,
        "invalid_value",
    )


def no_id(kind: str, got: str, prefix: str) -> Said:
    param = f"{kind}_id"
    message = f"Invalid '{param}': '{got}'. Expected an ID that begins with '{prefix}'."
    return Said(message, param, "invalid_value")
