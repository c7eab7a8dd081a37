"""Matches files' attributes against a search's filter. Pure."""

from collections.abc import Callable, Mapping
from operator import ge, gt, le, lt

from app.schemas.vector_search import ComparisonFilter, Filter

Scalar = str | bool | int | float

_ORDERED: dict[str, Callable[[Scalar, Scalar], bool]] = {
    "gt": gt,
    "gte": ge,
    "lt": lt,
    "lte": le,
}


def matches(condition: Filter, attributes: Mapping[str, Scalar]) -> bool:
    """Return whether the attributes match. A missing attribute differs from every value."""
    if not isinstance(condition, ComparisonFilter):
        each = (matches(part, attributes) for part in condition.filters)
        return all(each) if condition.type == "and" else any(each)
    held = attributes.get(condition.key)
    if held is None:
        return condition.type in ("ne", "nin")
    return _compares(condition, held)


def _compares(condition: ComparisonFilter, held: Scalar) -> bool:
    value = condition.value
    if isinstance(value, list):
        return any(_equal(held, item) for item in value) == (condition.type == "in")
    if condition.type in ("eq", "ne"):
        return _equal(held, value) == (condition.type == "eq")
    return _kind(held) is _kind(value) and _ORDERED[condition.type](held, value)


def _equal(one: Scalar, other: Scalar) -> bool:
    # In Python, True equals 1.
    return _kind(one) is _kind(other) and one == other


def _kind(value: Scalar) -> type:
    return float if type(value) is int else type(value)
