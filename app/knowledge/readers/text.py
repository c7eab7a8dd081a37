"""Plain text and Markdown, and the clean-up of every reader's text."""

import io
import re
import unicodedata
from collections.abc import Iterable, Iterator
from typing import Any

from app.knowledge.readers.encodings import decoded
from app.knowledge.readers.refusal import invalid, unsupported

_TRAILING = re.compile(r"[ \t\f\v\u00a0]+\n")
_BLANK_LINES = re.compile(r"\n{3,}")
# Characters that a database or JSON can't contain.
_UNSTORABLE = re.compile("[\x00-\x08\x0e-\x1f\x7f\ud800-\udfff\ufffe\uffff]")


def parts(file: io.FileIO, limits: dict[str, Any]) -> Iterator[str]:
    yield whole(file, limits)


def whole(file: io.FileIO, limits: dict[str, Any]) -> str:
    """Return a text file's characters. Raises `Refused`."""
    return decoded(everything(file, limits))


def everything(file: io.FileIO, limits: dict[str, Any]) -> bytes:
    # Twice for UTF-16, which takes two bytes per character, and twice again for what cleaning
    # removes.
    most = 4 * limits["text_bytes"]
    file.seek(0)
    data = b""
    while block := file.read(most + 1 - len(data)):
        data += block
    if len(data) > most:
        raise _too_long(limits["text_bytes"])
    return data


def cleaned(pieces: Iterable[str], text_bytes: int) -> str:
    """Return the pieces as one text that can be stored. Raises `Refused`."""
    kept: list[str] = []
    size = 0
    for piece in pieces:
        text = _tidied(piece)
        size += len(text.encode())
        if size > text_bytes:
            raise _too_long(text_bytes)
        kept.append(text)
    text = _BLANK_LINES.sub("\n\n", "\n".join(kept)).strip()
    if not text:
        raise unsupported("The file contains no text. Text in scans and images is not recognised.")
    return text


def _tidied(text: str) -> str:
    text = text.replace("\r\n", "\n").replace("\r", "\n").replace("\u2028", "\n")
    # macOS decomposes Hangul into letters, which a search would treat as other words.
    text = unicodedata.normalize("NFC", _UNSTORABLE.sub("", text))
    return _TRAILING.sub("\n", text)


def _too_long(text_bytes: int) -> Exception:
    return invalid(f"The file contains more than {text_bytes // 1_000_000} MB of text.")
