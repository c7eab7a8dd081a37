"""Types and base classes that the wire objects of all resources share."""

import json
from typing import Annotated, Any, Generic, Literal, Self, TypeVar

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    StringConstraints,
    model_validator,
)
from pydantic_core import PydanticCustomError, PydanticKnownError

# The databases bind 64-bit integers; 31 bits are plenty for any count that a client sends.
MAX_COUNT = 2**31 - 1
MAX_TEXT = 256_000
MAX_PAIRS = 16
# More fields than any object of the protocol has.
_MAX_FIELDS = 64

Item = TypeVar("Item")
# Stop at the first fault, the only one that is reported: a million would take gigabytes.
Items = Annotated[list[Item], Field(fail_fast=True)]


class RequestBody(BaseModel):
    """A request body or a part of one: types are not coerced, unknown fields are refused.

    Optional fields are declared `… | None = None`: clients send an explicit null for "not given",
    and both mean the same.
    """

    model_config = ConfigDict(extra="forbid", strict=True, allow_inf_nan=False, defer_build=True)

    @model_validator(mode="before")
    @classmethod
    def _one_unknown_is_enough(cls, value: Any) -> Any:
        """Drop all unknown fields but the first if there are very many."""
        if not isinstance(value, dict) or len(value) <= _MAX_FIELDS:
            return value
        names = {field.alias or name for name, field in cls.model_fields.items()}
        unknown = next(name for name in value if name not in names)
        return {name: item for name, item in value.items() if name in names or name == unknown}

    def given(self) -> dict[str, Any]:
        """Return the object as JSON, with only the fields that the client gave."""
        return self.model_dump(mode="json", by_alias=True, exclude_none=True)


class WireObject(BaseModel):
    """A response object. Its fields are sent in the order of their declaration."""

    # Validation errors are logged, and must not quote what a user wrote.
    model_config = ConfigDict(hide_input_in_errors=True, defer_build=True)


def _storable(value: dict[str, Any]) -> dict[str, Any]:
    try:
        json.dumps(value, allow_nan=False)
    except ValueError as error:
        raise PydanticCustomError("json_number", "a number is out of range") from error
    return value


JsonObject = Annotated[dict[str, Any], AfterValidator(_storable)]


def _not_too_many(value: Any) -> Any:
    """Check the count before the pairs: each of very many invalid pairs would add an error."""
    if isinstance(value, dict) and len(value) > MAX_PAIRS:
        limits = {"max_length": MAX_PAIRS, "actual_length": len(value)}
        raise PydanticKnownError("too_long", {"field_type": "Dictionary", **limits})
    return value


FewPairs = BeforeValidator(_not_too_many)
MetadataKey = Annotated[str, StringConstraints(max_length=64)]
MetadataValue = Annotated[str, StringConstraints(max_length=512)]
Metadata = Annotated[
    dict[MetadataKey, MetadataValue],
    Field(max_length=MAX_PAIRS, description="Up to 16 pairs of your own."),
    FewPairs,
]
Instructions = Annotated[str, Field(max_length=MAX_TEXT)]
Temperature = Annotated[float, Field(ge=0, le=2)]
TopP = Annotated[float, Field(ge=0, le=1)]
ReasoningEffort = Literal["none", "minimal", "low", "medium", "high", "xhigh", "max"]


class MetadataUpdate(RequestBody):
    """The body that changes an object's metadata: a value replaces it, null empties it."""

    metadata: Metadata | None = None


class ListedObject(WireObject):
    """An object that lists contain, with its id."""

    id: str


T = TypeVar("T", bound=ListedObject)


class ListPage(WireObject, Generic[T]):
    """One page of a list. `first_id` and `last_id` are null when it is empty."""

    object: Literal["list"] = "list"
    data: list[T]
    first_id: str | None
    last_id: str | None
    has_more: bool

    @classmethod
    def of(cls, data: list[T], *, has_more: bool) -> Self:
        return cls(
            data=data,
            first_id=data[0].id if data else None,
            last_id=data[-1].id if data else None,
            has_more=has_more,
        )


class ErrorBody(WireObject):
    message: str
    type: str
    param: str | None
    code: str | None


class ErrorEnvelope(WireObject):
    """The response body of every failed call."""

    error: ErrorBody
