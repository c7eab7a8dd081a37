"""Reads YAML of others fast, as JSON values. `yaml_lines.py` also knows the lines."""

import re
from typing import Any, ClassVar

import yaml


class BadYaml(ValueError):
    """The text is not YAML, or not only of plain values; the message says where."""


# The C library's loader, if it is there: 20 times as fast.
class _Loader(getattr(yaml, "CSafeLoader", yaml.SafeLoader)):  # type: ignore[misc]
    """Reads plain words as JSON would: YAML 1.1 makes `no` false, and dates objects."""

    yaml_implicit_resolvers: ClassVar[dict[str, list[tuple[str, re.Pattern[str]]]]] = {}


_NUMERIC = list("-0123456789")
for _kind, _pattern, _first in (
    ("null", r"(?:~|null|)\Z", ["~", "n", ""]),
    ("bool", r"(?:true|false)\Z", ["t", "f"]),
    ("int", r"-?(?:0|[1-9][0-9]*)\Z", _NUMERIC),
    # An exponent has a sign in YAML, as PyYAML writes it.
    (
        "float",
        r"-?(?:0|[1-9][0-9]*)(?:\.[0-9]+(?:[eE][-+]?[0-9]+)?|[eE][-+]?[0-9]+)\Z",
        _NUMERIC,
    ),
):
    _Loader.add_implicit_resolver(f"tag:yaml.org,2002:{_kind}", re.compile(_pattern), _first)


def plain_yaml(text: str) -> Any:
    """Return the value of a YAML text, in which aliases may be shared. Raises `BadYaml`."""
    try:
        return yaml.load(text, Loader=_Loader)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        where = f" in line {mark.line + 1}" if mark else ""
        raise BadYaml(f"{error.problem or 'a fault'}{where}") from error
    except (yaml.YAMLError, ValueError, TypeError) as error:
        raise BadYaml("it contains characters or values that can't be read") from error
