"""Documents of the word processor Hangul: HWP 5, HWPX and HWPML, with hwp2markdown.

Paragraphs, tables, text boxes, captions and equations come in document order, then the notes.
Headers, footers and memos are left out.
"""

import io
import re
import struct
import zipfile
import zlib
from collections.abc import Iterator, Sequence
from typing import Any

from hwp2md import Block, Image, Link, Math, Note, NoteRef, Paragraph, Table
from hwp2md.convert import read_blocks
from hwp2md.errors import (
    DrmProtectedError,
    EncryptedDocumentError,
    Hwp2mdError,
    UnsupportedHwpError,
)
from lxml import etree  # type: ignore[import-untyped]

from app.knowledge.readers.refusal import Refused, invalid
from app.knowledge.readers.tables import lines

# The errors that the library and the parsers below it raise for malformed files.
_MALFORMED = (
    Hwp2mdError,
    etree.LxmlError,
    zipfile.BadZipFile,
    zlib.error,
    struct.error,
    ValueError,
    LookupError,
    ArithmeticError,
    RuntimeError,
    OSError,
    EOFError,
)
_HEADER = re.compile(rb"HWP Document File\0{15}.{4}(.{4})", re.DOTALL)
_LOCKED = 0x4


def parts(file: io.FileIO, limits: dict[str, Any]) -> Iterator[str]:
    file.seek(0)
    data = file.readall()
    _refuse_locked(data)
    try:
        blocks = read_blocks(data)
    except _MALFORMED as error:
        raise _refusal(error) from None
    yield from map(_block_text, blocks)


def _refuse_locked(data: bytes) -> None:
    """Refuse a document that its author locked against copying.

    The library could read it, because the key is in the file.
    """
    header = _HEADER.search(data) if data.startswith(b"\xd0\xcf") else None
    if header and int.from_bytes(header.group(1), "little") & _LOCKED:
        raise invalid(
            "The file is locked for distribution: its author does not allow copying. "
            "Save it as an ordinary document."
        )


def _refusal(error: Exception) -> Refused:
    if isinstance(error, EncryptedDocumentError):
        return invalid("The file is protected by a password.")
    if isinstance(error, DrmProtectedError | UnsupportedHwpError):
        return invalid("The file is protected by DRM.")
    if "too large" in str(error):
        return invalid("The file is too large to read: a part of it exceeds 50 MiB.")
    return invalid("The file is damaged: it can't be read as a Hangul document.")


def _block_text(block: Block) -> str:
    match block:
        case Paragraph():
            return _prefix(block) + _text(block)
        case Table():
            return "\n".join(lines(_rows(block))) + "\n"
        case Note():
            return f"{_mark(block)}: " + "\n".join(map(_text, block.paragraphs))
    return ""


def _prefix(paragraph: Paragraph) -> str:
    if paragraph.level > 0:
        return "\n" + "#" * paragraph.level + " "
    if paragraph.list_info is None:
        return ""
    return (paragraph.list_info.label or "-") + " "


def _text(paragraph: Paragraph) -> str:
    return _joined(paragraph.inlines) if paragraph.inlines else paragraph.text


def _rows(table: Table) -> list[list[str]]:
    if table.cells:
        return [[_joined(cell) for cell in row] for row in table.cells]
    return table.rows


def _joined(inlines: Sequence[str | Link | NoteRef | Math | Image]) -> str:
    return "".join(map(_inline, inlines)).strip()


def _inline(inline: str | Link | NoteRef | Math | Image) -> str:
    match inline:
        case str():
            return inline
        case Link():
            return f"{inline.text} ({inline.url})" if inline.url not in inline.text else inline.text
        case NoteRef():
            return _mark(inline)
        case Math():
            return inline.latex or inline.script
    return ""


def _mark(note: Note | NoteRef) -> str:
    return f"[^{note.number}]" if note.kind == "footnote" else f"[^e{note.number}]"
