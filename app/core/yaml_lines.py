"""YAML as JSON values, with the line number of each part.

A plain word is read as JSON would (a number, true, false, null), otherwise as text: YAML's own
rules would turn `on` into True, `12:30` into 750, and a date into a type that JSON lacks.
"""

import json
import re
from collections.abc import Sequence
from typing import Any

import yaml

_NUMBER = re.compile(r"-?(0|[1-9][0-9]*)(\.[0-9]+)?([eE][-+]?[0-9]+)?")
_WORDS = {"": None, "~": None, "null": None, "true": True, "false": False}
_TAGS = {f"tag:yaml.org,2002:{kind}" for kind in ("str", "seq", "map")}


class NotYaml(ValueError):
    """The text can't be read; `line` counts from 1."""

    def __init__(self, line: int, message: str) -> None:
        super().__init__(message)
        self.line = line


class Document:
    """A parsed text: its `value`, and the line of each part."""

    def __init__(self, text: str) -> None:
        """Raises `NotYaml`."""
        self._root = _composed(text)
        self.value = None if self._root is None else _value(self._root, ())

    def line(self, path: Sequence[str | int]) -> int:
        """Return the line of the part at `path`, or of its nearest existing parent."""
        line, node = 1, self._root
        for step in path:
            match node:
                case yaml.MappingNode():
                    found = next((pair for pair in node.value if pair[0].value == step), None)
                case yaml.SequenceNode() if isinstance(step, int) and step < len(node.value):
                    found = (node.value[step], node.value[step])
                case _:
                    found = None
            if found is None:
                break
            line, node = _line(found[0]), found[1]
        return line


def _composed(text: str) -> yaml.Node | None:
    try:
        # Tags are not resolved here: `_plain` decides what a scalar is.
        return yaml.compose(text, Loader=yaml.BaseLoader)
    except yaml.reader.ReaderError as error:
        line = text.count("\n", 0, error.position) + 1
        raise NotYaml(line, "the text contains a control character") from error
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        reason = " ".join(part for part in (error.context, error.problem) if part)
        raise NotYaml(mark.line + 1 if mark else 1, f"not YAML: {reason}") from error


def _value(node: yaml.Node, around: tuple[yaml.Node, ...]) -> Any:
    if node.tag not in _TAGS:
        raise NotYaml(_line(node), "tags, such as !!int, can't be used")
    if any(node is outer for outer in around):
        raise NotYaml(_line(node), "a part can't contain itself")
    match node:
        case yaml.SequenceNode():
            return [_value(item, (*around, node)) for item in node.value]
        case yaml.MappingNode():
            return _mapping(node, (*around, node))
        case yaml.ScalarNode(style=None):
            return _plain(node.value)
    return node.value  # in quotes, or a block


def _mapping(node: yaml.MappingNode, around: tuple[yaml.Node, ...]) -> dict[str, Any]:
    values: dict[str, Any] = {}
    for key, value in node.value:
        if not isinstance(key, yaml.ScalarNode):
            raise NotYaml(_line(key), "a key must be a word")
        if key.value in values:
            raise NotYaml(_line(key), f"the key '{key.value}' is repeated")
        values[key.value] = _value(value, around)
    return values


def _plain(text: str) -> Any:
    if text in _WORDS:
        return _WORDS[text]
    return json.loads(text) if _NUMBER.fullmatch(text) else text


def _line(node: yaml.Node) -> int:
    return node.start_mark.line + 1
