"""Errors in a YAML file, with their positions, worded for people."""

from collections.abc import Iterable, Iterator
from typing import Any

from pydantic_core import ErrorDetails

from app.core.yaml_lines import Document

_SHOWN_CHARACTERS = 60
# The type of errors that must not show the value: it may be a secret.
SECRET = "secret"

Path = list[str | int]
Fault = tuple[Path, str]
Named = tuple[Path, Any]


def fault_lines(file: str, document: Document, faults: Iterable[Fault]) -> list[str]:
    """Return a line for each error, in the file's order."""
    placed = sorted((document.line(path), _dotted(path), what) for path, what in faults)
    return [f"{file}, line {number}: {path}{what}" for number, path, what in placed]


def fault(detail: ErrorDetails, value: Any) -> Fault:
    """Return one of Pydantic's errors about `value`, in our words."""
    path = _path(detail["loc"], value)
    match detail["type"]:
        case "missing":
            return path, "is missing"
        case "extra_forbidden":
            return path, "unknown key"
        case "model_type" | "dict_type" | "model_attributes_type":
            return path, "should be a mapping of keys to values" + _got(detail["input"])
        case "union_tag_not_found":
            return [*path, "type"], "is missing"
        case "union_tag_invalid":
            context = detail["ctx"]
            expected = f"should be one of {context['expected_tags']}"
            return [*path, "type"], expected + _got(context["tag"])
    message = detail["msg"].removeprefix("Input ")
    if detail["type"] == SECRET:
        return path, message
    return path, message[:1].lower() + message[1:] + _got(detail["input"])


def second_ones(document: Document, named: Iterable[Named]) -> Iterator[Fault]:
    """Yield an error for each name that an earlier one in `named` repeats."""
    first: dict[str, Path] = {}
    for path, name in named:
        if isinstance(name, str) and first.setdefault(name, path) is not path:
            yield path, f"repeats line {document.line(first[name])}" + _got(name)


def items(value: Any, key: str) -> list[Any]:
    """Return the list at `key`; an empty one if there is none."""
    found = get(value, key)
    return found if isinstance(found, list) else []


def get(value: Any, key: str) -> Any:
    """Return the value at `key`, if `value` is a mapping that has it."""
    return value.get(key) if isinstance(value, dict) else None


def _path(location: tuple[str | int, ...], value: Any) -> Path:
    """Return a location in the file. Pydantic's locations also name the chosen union members."""
    path: Path = []
    here = value
    for step in location:
        if isinstance(step, int):
            here = here[step] if isinstance(here, list) and step < len(here) else None
        elif step.startswith(("<", "[")):
            continue
        elif isinstance(here, dict) and here.get("type") == step:
            # Skipped once, as the member's name; the same word may follow as a key.
            here = {key: part for key, part in here.items() if key != "type"}
            continue
        else:
            here = get(here, step)
        path.append(step)
    return path


def _dotted(path: Path) -> str:
    text = "".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in path)
    return f"{text[1:]}: " if text else ""


def _got(value: Any) -> str:
    if value is None:
        return ", got nothing"
    if not isinstance(value, str | int | float):
        return ""
    shown = repr(value)
    return f", got {shown if len(shown) <= _SHOWN_CHARACTERS else shown[:_SHOWN_CHARACTERS] + '…'}"
