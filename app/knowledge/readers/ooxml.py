"""The common base of DOCX and PPTX: XML parts in a zip archive, and the relations between them.

Read with lxml, because the formats' own libraries leave out text boxes and notes, and one of them
needs Pillow and a spreadsheet writer.
"""

import io
import posixpath
import zipfile
from collections.abc import Iterator
from typing import IO, Any

from lxml import etree  # type: ignore[import-untyped]

from app.knowledge.readers.refusal import invalid

_RELATION = "{http://schemas.openxmlformats.org/package/2006/relationships}Relationship"
_DAMAGED = "The file is damaged: a part of it can't be read."


class Package:
    """An open document. Its methods raise `Refused` if a part is damaged."""

    def __init__(self, file: io.FileIO) -> None:
        self._archive = zipfile.ZipFile(file)
        self._names = frozenset(self._archive.namelist())

    def __contains__(self, part: str) -> bool:
        return part in self._names

    def elements(self, part: str, tags: set[str], containers: set[str]) -> Iterator[Any]:
        """Yield the elements with one of `tags` that are not inside one of `containers`, a subset
        of `tags`. Each is emptied afterwards, so that memory contains only one at a time.
        """
        inside = 0
        with self._open(part) as stream:
            for event, element in self._events(stream, tags):
                if element.tag in containers:
                    inside += 1 if event == "start" else -1
                if event == "end" and not inside:
                    yield element
                    _forget(element)

    def relations(self, part: str) -> dict[str, tuple[str, str]]:
        """Return a part's relations by id: the last word of the type, and the target part."""
        folder, name = posixpath.split(part)
        source = f"{folder}/_rels/{name}.rels"
        if source not in self._names:
            return {}
        with self._open(source) as stream:
            relations = [dict(found.attrib) for _, found in self._events(stream, {_RELATION})]
        return {
            relation["Id"]: (
                relation["Type"].rpartition("/")[2],
                posixpath.normpath(posixpath.join(folder, relation["Target"])).lstrip("/"),
            )
            for relation in relations
            if {"Id", "Type", "Target"} <= relation.keys()
        }

    def _open(self, part: str) -> IO[bytes]:
        try:
            return self._archive.open(part)
        except (KeyError, RuntimeError, OSError, zipfile.BadZipFile, NotImplementedError):
            raise invalid(_DAMAGED) from None

    def _events(self, stream: IO[bytes], tags: set[str]) -> Iterator[tuple[str, Any]]:
        events = etree.iterparse(
            stream,
            events=("start", "end"),
            tag=tuple(tags),
            resolve_entities=False,
            no_network=True,
            load_dtd=False,
        )
        try:
            yield from events
        except (etree.LxmlError, zipfile.BadZipFile, OSError, EOFError, ValueError):
            raise invalid(_DAMAGED) from None


def _forget(element: Any) -> None:
    element.clear()
    while element.getprevious() is not None:
        del element.getparent()[0]
