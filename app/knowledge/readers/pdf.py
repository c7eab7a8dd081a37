"""PDF, with PDFium: it supports Korean encodings without embedded fonts, and needs no model."""

import io
import re
from collections.abc import Iterator
from typing import Any

import pypdfium2  # type: ignore[import-untyped]

from app.knowledge.readers.refusal import invalid

# PDFium marks a word that was hyphenated at the end of a line with U+FFFE (or U+0002).
_CUT_WORD = re.compile("[\ufffe\x02]\r?\n?")


def parts(file: io.FileIO, limits: dict[str, Any]) -> Iterator[str]:
    document = _opened(file)
    if len(document) > limits["pages"]:
        raise invalid(
            f"The file has {len(document)} pages (at most {limits['pages']} are allowed)."
        )
    for number in range(len(document)):
        yield _page(document, number) + "\n"


def _opened(file: io.FileIO) -> Any:
    file.seek(0)
    try:
        return pypdfium2.PdfDocument(file)
    except pypdfium2.PdfiumError as error:
        if "password" in str(error) or "security" in str(error):
            raise invalid("The file is protected by a password.") from None
        raise invalid("The file is damaged: it can't be read as PDF.") from None


def _page(document: Any, number: int) -> str:
    try:
        page = document[number]
        text_page = page.get_textpage()
        text: str = text_page.get_text_range()
    except pypdfium2.PdfiumError:
        return ""  # a damaged page must not cost the other pages
    text_page.close()
    page.close()
    return _CUT_WORD.sub("", text)
