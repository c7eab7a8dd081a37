"""Reads a YAML file that an operator writes; all errors in it are reported, with their lines."""

from collections.abc import Iterable
from pathlib import Path
from typing import TypeVar

from pydantic import BaseModel, ValidationError

from app.core.yaml_faults import Fault, fault, fault_lines
from app.core.yaml_lines import Document, NotYaml
from app.domain.errors import StartError

M = TypeVar("M", bound=BaseModel)


def read_document(path: str, setting: str, *, may_be_missing: bool) -> Document | None:
    """Return the file; None if the path is empty, or if there is no file and that is allowed.

    `setting`: the one that names the path. Raises `StartError`.
    """
    text = _text(path, setting, may_be_missing=may_be_missing) if path else None
    if text is None:
        return None
    try:
        return Document(text)
    except NotYaml as error:
        raise StartError(f"{path}, line {error.line}: {error}") from error


def validated(
    kind: type[M], path: str, document: Document, context: object, faults: Iterable[Fault]
) -> M:
    """Return the document as `kind`. Raises `StartError` with one line for each error.

    `faults` are errors that were found before.
    """
    found = [*faults]
    try:
        # A file that contains only comments is empty.
        file = kind.model_validate(document.value or {}, context=context)
    except ValidationError as error:
        found += [fault(detail, document.value) for detail in error.errors(include_url=False)]
    # Outside the handler: the validation error holds the values, which may be secrets.
    if found:
        raise StartError("\n".join(fault_lines(path, document, found)))
    return file


def _text(path: str, setting: str, *, may_be_missing: bool) -> str | None:
    try:
        return Path(path).read_text("utf-8-sig")
    except FileNotFoundError as error:
        if may_be_missing:
            return None
        raise StartError(f"{setting}: there is no file {path}") from error
    except UnicodeDecodeError as error:
        line = error.object.count(b"\n", 0, error.start) + 1
        raise StartError(f"{path}, line {line}: not UTF-8 text") from error
    except OSError as error:
        raise StartError(f"{setting}: {path} can't be read: {error.strerror}") from error
