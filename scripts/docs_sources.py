"""The hand-written sources of generated documentation, read and checked against the code."""

import tomllib
from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Literal

Language = Literal["en", "ko"]


class DocsError(Exception):
    """A source lacks something, or names something that doesn't exist; the message says what."""


def translations(file: Path, names: Collection[str]) -> Mapping[str, str]:
    """Return the Korean text for each of the names, from a TOML file.

    Raises `DocsError` unless the file has exactly these names, each with some text.
    """
    texts = tomllib.loads(file.read_text("utf-8"))
    faults = [f"{name}: is missing" for name in names if not texts.get(name)]
    faults += [f"{name}: no longer exists" for name in texts if name not in names]
    if faults:
        raise DocsError("\n".join(f"docs/{file.name}: {fault}" for fault in faults))
    return texts
