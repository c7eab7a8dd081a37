"""Paths of made files in the model's text, such as `sandbox:/mnt/data/sales.csv`."""

import re
import unicodedata
from collections.abc import Iterator
from urllib.parse import quote

from app.engine.tools.marks import Mark

FOLDER = "/mnt/data/"
PREFIX = f"sandbox:{FOLDER}"
# What would continue a name: of `x.csv` in `x.csv.bak`, or of `chart` in `chart2`. Korean letters
# don't, because particles follow a name directly.
_CONTINUED = re.compile(r"[A-Za-z0-9_]|[.%/+-]+[A-Za-z0-9_]")
# A text that ends with these characters after a name may go on with more of the name.
_UNDECIDED = re.compile(r"[.%/+-]*")


def sandbox_path(name: str) -> str:
    """Return the path with which the model links to a file; `name` is relative to `/mnt/data`."""
    return PREFIX + name


class SandboxPaths:
    """`Marks`: the paths of the files that code has made. An unknown path stays plain text."""

    def __init__(self) -> None:
        self._files: dict[str, str] = {}

    def add(self, name: str, file_id: str) -> None:
        """Add a file, or replace an older one of the same name."""
        for spelling in _spellings(name):
            self._files[spelling] = file_id

    def unfinished(self, text: str) -> int:
        if not self._files:
            return len(text)
        for start in _starts(text):
            rest = text[start + len(PREFIX) :]
            if any(_may_become(rest, spelling) for spelling in self._files):
                return start
        return len(text) - _begun(text)

    def found(self, text: str) -> Iterator[Mark]:
        for start in _starts(text) if self._files else ():
            begin = start + len(PREFIX)
            matching = (name for name in self._files if _ends_in(text, begin, name))
            name = max(matching, key=len, default=None)
            if name is not None:
                annotation = {"type": "file_path", "file_path": {"file_id": self._files[name]}}
                yield Mark(start, begin + len(name), annotation)


def _spellings(name: str) -> set[str]:
    """Return how models write a name: as it is, or percent-encoded like a part of a URL.

    Some file names have their Korean letters decomposed; models compose them.
    """
    forms = {name, *(unicodedata.normalize(form, name) for form in ("NFC", "NFD"))}
    spellings = set(forms)
    for form in forms:
        spellings |= {quote(form), quote(form, safe="/()"), form.replace(" ", "%20")}
    return spellings


def _starts(text: str) -> Iterator[int]:
    return (found.start() for found in re.finditer(re.escape(PREFIX), text))


def _ends_in(text: str, begin: int, name: str) -> bool:
    """Return whether exactly this name is at `begin`, not only the start of a longer one."""
    return text.startswith(name, begin) and not _CONTINUED.match(text, begin + len(name))


def _may_become(rest: str, name: str) -> bool:
    """Return whether more text may turn what follows the prefix into this name, or beyond it."""
    if len(rest) < len(name):
        return name.startswith(rest)
    return rest.startswith(name) and _UNDECIDED.fullmatch(rest, len(name)) is not None


def _begun(text: str) -> int:
    """Return the length of the beginning of a prefix with which the text ends."""
    lengths = range(min(len(PREFIX) - 1, len(text)), 0, -1)
    return next((length for length in lengths if text.endswith(PREFIX[:length])), 0)
