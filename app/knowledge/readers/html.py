"""HTML: the page's visible text, one line per block."""

import io
import re
from collections.abc import Iterator
from typing import Any

from lxml import etree, html  # type: ignore[import-untyped]

from app.knowledge.readers.encodings import decoded, decoded_as
from app.knowledge.readers.refusal import invalid
from app.knowledge.readers.text import everything

_CHARSET = re.compile(rb"<meta[^>]+charset\s*=\s*[\"']?\s*([\w-]+)", re.IGNORECASE)
_HEAD = 4096
_UNSEEN_ELEMENTS = "script style noscript template svg math iframe object select option"
_BLOCK_ELEMENTS = """
address article aside blockquote body caption dd details dialog div dl dt fieldset figcaption
figure footer form h1 h2 h3 h4 h5 h6 header hr li main nav ol p pre section summary table tbody
tfoot thead title tr ul
"""
_UNSEEN = frozenset(_UNSEEN_ELEMENTS.split())
_BLOCKS = frozenset(_BLOCK_ELEMENTS.split())
_LINES = frozenset({"li", "tr", "dt", "dd", "div"})
_HEADINGS = {f"h{level}": "#" * level + " " for level in range(1, 7)}
_SPACE = re.compile(r"\s+")


def parts(file: io.FileIO, limits: dict[str, Any]) -> Iterator[str]:
    text = _decoded(everything(file, limits))
    parser = html.HTMLParser(encoding="utf-8", no_network=True, remove_comments=True)
    try:
        root = html.document_fromstring(text.encode(errors="replace"), parser=parser)
    except (etree.LxmlError, ValueError):
        raise invalid("The file is damaged: it can't be read as HTML.") from None
    yield "".join(_walked(root))


def _decoded(data: bytes) -> str:
    named = _CHARSET.search(data[:_HEAD])
    encoding = named.group(1).decode("ascii").lower() if named else ""
    if encoding in ("euc-kr", "ks_c_5601-1987", "ksc5601"):
        encoding = "cp949"  # as in browsers: pages that declare EUC-KR are written in CP949
    return (decoded_as(data, encoding) if encoding else None) or decoded(data)


def _walked(root: Any) -> Iterator[str]:
    unseen = 0
    for event, element in etree.iterwalk(root, events=("start", "end")):
        name = element.tag if isinstance(element.tag, str) else ""
        if name in _UNSEEN:
            unseen += 1 if event == "start" else -1
        if not unseen:
            yield from _opened(element, name) if event == "start" else _closed(element, name)
        if event == "end" and not unseen and element.tail:
            yield _SPACE.sub(" ", element.tail)


def _opened(element: Any, name: str) -> Iterator[str]:
    if name in _BLOCKS or name == "br":
        yield "\n"
    yield "- " if name == "li" else _HEADINGS.get(name, "")
    if name == "img":
        yield f" {element.get('alt', '')} "
    if element.text and name:
        yield element.text if name == "pre" else _SPACE.sub(" ", element.text)


def _closed(element: Any, name: str) -> Iterator[str]:
    if name in ("td", "th") and element.getnext() is not None:
        yield " | "
    elif name in _BLOCKS and name not in _LINES:
        yield "\n"
