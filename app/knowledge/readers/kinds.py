"""Detects a file's format from its bytes or, if they don't show it, from its name."""

import io
import zipfile
from pathlib import PurePath
from typing import Any

from app.knowledge.readers.refusal import invalid, unsupported

_HEAD = 1024
_PDF = b"%PDF-"
_ZIP = b"PK\x03\x04"
_OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_ENCRYPTED = "EncryptedPackage".encode("utf-16-le")
# Hangul's documents: as a compound file, as XML, and as written by versions before 5 (2002).
_HWP = b"HWP Document File\0"
_HWP_HEADER = "FileHeader".encode("utf-16-le")
_HWPML = b"<HWPML"
_HWP_BEFORE_5 = b"HWP Document File V"
# The first bytes of files wrapped by company DRM (Fasoo, Softcamp).
_DRM = (b"\x9b\x20DRMONE", b"SCDSA0")
_IMAGES_AND_MEDIA = (b"\x89PNG", b"\xff\xd8\xff", b"GIF8", b"RIFF", b"\x1f\x8b", b"OggS", b"ID3")
_MOST_PARTS = 20_000
# XML seldom shrinks to less than a fiftieth of its size; a bomb grows a thousandfold.
_MOST_GROWTH = 100
_HARMLESS = 32 << 20

_PACKED = "DOCX, PPTX, XLSX and HWPX"
_BY_MAIN_PART = {
    "word/document.xml": "docx",
    "ppt/presentation.xml": "pptx",
    "xl/workbook.xml": "workbook",
    "xl/workbook.bin": "workbook",
    "Contents/section0.xml": "hwp",
}
_BY_SUFFIX = {
    ".html": "html",
    ".htm": "html",
    ".xhtml": "html",
    ".json": "json",
    ".jsonl": "json",
    ".ndjson": "json",
    ".csv": "csv",
    ".tsv": "csv",
}
_BINARY = frozenset({".pdf", ".docx", ".pptx", ".xlsx", ".xls", ".doc", ".ppt", ".hwp", ".hwpx"})


def kind_of(file: io.FileIO, filename: str, limits: dict[str, Any]) -> str:
    """Return the name of the reader that the file needs. Raises `Refused`."""
    suffix = PurePath(filename).suffix.lower()
    head = file.read(_HEAD)
    if not head:
        raise invalid("The file is empty.")
    if head.startswith(_PDF) or (suffix == ".pdf" and _PDF in head):
        return "pdf"
    if head.startswith(_ZIP):
        return _packed(file, limits["unpacked_bytes"])
    if head.startswith(_OLE):
        return _compound(file, suffix)
    if head.startswith(b"<?xml") and _HWPML in head:
        return "hwp"
    _refuse_known(head)
    if suffix in _BINARY:
        raise invalid(f"The file is damaged: its content does not match its name ({suffix}).")
    return _BY_SUFFIX.get(suffix, "text")


def _refuse_known(head: bytes) -> None:
    """Refuse known formats without text, with a message that fits."""
    if head.startswith(_IMAGES_AND_MEDIA):
        raise unsupported("The file is not a document.")
    if head.startswith(_DRM):
        raise invalid("The file is protected by DRM.")
    if head.startswith(_HWP_BEFORE_5):
        raise unsupported(
            "HWP files from before 2002 are not supported. Save the file as HWP 5 or HWPX."
        )


def _packed(file: io.FileIO, unpacked_bytes: int) -> str:
    try:
        with zipfile.ZipFile(file) as archive:
            parts = archive.infolist()
    except (zipfile.BadZipFile, OSError, ValueError, NotImplementedError):
        raise invalid("The file is damaged: it is incomplete or can't be unpacked.") from None
    most = min(unpacked_bytes, max(_HARMLESS, _MOST_GROWTH * file.seek(0, io.SEEK_END)))
    if len(parts) > _MOST_PARTS or sum(part.file_size for part in parts) > most:
        raise invalid(f"The file unpacks to more than {most >> 20} MiB.")
    names = {part.filename for part in parts}
    for name, kind in _BY_MAIN_PART.items():
        if name in names:
            return kind
    raise unsupported(f"Archives are not supported, except the document formats {_PACKED}.")


def _compound(file: io.FileIO, suffix: str) -> str:
    file.seek(0)
    data = file.readall()
    if _HWP in data and _HWP_HEADER in data:
        return "hwp"
    if _ENCRYPTED in data:
        raise invalid("The file is protected by a password.")
    if suffix in (".hwp", ".hwpx"):
        raise invalid("The file is damaged: its header is missing.")
    if suffix == ".xls":
        return "workbook"
    raise unsupported(
        "Office files from before 2007 are not supported. Save the file as DOCX or PPTX."
    )
