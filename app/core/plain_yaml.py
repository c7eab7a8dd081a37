"""Reads YAML of others fast, as JSON values. `yaml_lines.py` also knows the lines."""

import re
from collections.abc import Callable
from typing import Any, ClassVar

import yaml


class BadYaml(ValueError):
    """The text is not YAML, or not only of plain values; the message says where."""


# The C library's loader, if it is there: 20 times as fast.
class _Loader(getattr(yaml, "CSafeLoader", yaml.SafeLoader)):  # type: ignore[misc]
    """Reads plain words as JSON would: YAML 1.1 makes `no` false, and dates objects.

    The same holds for words with a tag. Other tags are refused: numbers to the base of 60 and
    merged objects take time or memory that grows with the square of the text.
    """

    yaml_implicit_resolvers: ClassVar[dict[str, list[tuple[str, re.Pattern[str]]]]] = {}
    yaml_constructors: ClassVar[dict[str | None, Callable[[Any, Any], Any]]] = {
        f"tag:yaml.org,2002:{kind}": getattr(yaml.SafeLoader, f"construct_yaml_{kind}")
        for kind in ("str", "seq", "map")
    } | {None: yaml.SafeLoader.construct_undefined}

    def flatten_mapping(self, node: Any) -> None:
        """Merge nothing: a key with the tag `merge` is refused as others are."""


def _word(pattern: re.Pattern[str], read: Callable[[str], Any]) -> Callable[[Any, Any], Any]:
    def construct(loader: Any, node: Any) -> Any:
        text = loader.construct_scalar(node)
        if not pattern.match(text):
            raise yaml.constructor.ConstructorError(
                None, None, "a value that its tag does not allow", node.start_mark
            )
        return read(text)

    return construct


_NUMERIC = list("-0123456789")
for _kind, _written, _first, _read in (
    ("null", r"(?:~|null|)\Z", ["~", "n", ""], lambda _: None),
    ("bool", r"(?:true|false)\Z", ["t", "f"], lambda text: text == "true"),
    ("int", r"-?(?:0|[1-9][0-9]*)\Z", _NUMERIC, int),
    # An exponent has a sign in YAML, as PyYAML writes it.
    (
        "float",
        r"-?(?:0|[1-9][0-9]*)(?:\.[0-9]+(?:[eE][-+]?[0-9]+)?|[eE][-+]?[0-9]+)\Z",
        _NUMERIC,
        float,
    ),
):
    _tag, _pattern = f"tag:yaml.org,2002:{_kind}", re.compile(_written)
    _Loader.add_implicit_resolver(_tag, _pattern, _first)
    _Loader.add_constructor(_tag, _word(_pattern, _read))


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
