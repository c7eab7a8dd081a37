"""What an upstream's error says, in whatever shape its server writes errors.

OpenAI answers `{"error": {"message", "type", "param", "code"}}`. Others answer `{"detail": "…"}`,
`{"detail": [{"loc", "msg", "type"}]}`, `{"message": …}`, `{"error": "…"}`, the same as text,
a web page, or a number for a code.
"""

import ast
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from html.parser import HTMLParser
from typing import Any

# In which order a text is looked for in an object; `error` may be only the status in words.
_TEXTS = ("message", "detail", "msg", "error", "error_description", "title", "reason")
_LISTS = ("detail", "errors", "message", "error")
_MOST_FAULTS = 3
# Characters of a text in which a list of faults is looked for.
_LONGEST_LISTING = 100_000
_PAGE = re.compile(r"\s*<(?:!doctype|html|head|body|h1|title|\?xml)", re.IGNORECASE)
_HEADINGS = ("title", "h1")


@dataclass(frozen=True)
class Fault:
    """One finding of a validation: `where` begins with the parameter's name."""

    where: tuple[str, ...]
    kind: str
    message: str

    def __str__(self) -> str:
        return f"{'.'.join(self.where)}: {self.message}" if self.where else self.message


@dataclass(frozen=True)
class ErrorWords:
    """Each may be missing; `faults` is what a validation found, where the error lists that."""

    message: str = ""
    code: str | None = None
    type: str | None = None
    param: str | None = None
    faults: tuple[Fault, ...] = ()


def words_of(body: object) -> ErrorWords:
    """Return what an error says. `body`: the answer's JSON, or its text if it is none."""
    told = _innermost(body)
    fields = told if isinstance(told, dict) else {}
    faults = _faults_in(told)
    message = _listed(faults) or _text(told)
    return ErrorWords(
        message=message,
        code=_name(fields.get("code")),
        type=_name(fields.get("type")),
        param=_name(fields.get("param")),
        faults=faults,
    )


def _innermost(body: object) -> object:
    """Return the object that says something: the envelope's, or the first of several."""
    if isinstance(body, list) and body and isinstance(body[0], dict) and "error" in body[0]:
        body = body[0]
    if isinstance(body, dict) and isinstance(body.get("error"), dict | list):
        return body["error"]
    return body


def _text(told: object) -> str:
    if isinstance(told, dict):
        found = (_text(told[name]) for name in _TEXTS if told.get(name))
        return next(filter(None, found), "")
    if isinstance(told, list):
        return "; ".join(filter(None, map(_text, told[:_MOST_FAULTS])))
    text = told if isinstance(told, str) else ""
    return _page_heading(text) if _PAGE.match(text) else text


def _name(value: object) -> str | None:
    # A code may be a number: 400, or the server's own.
    if isinstance(value, bool) or not isinstance(value, str | int):
        return None
    return str(value)


# Lists of faults, as Pydantic and those who copy it write them


def _faults_in(told: object) -> tuple[Fault, ...]:
    if isinstance(told, dict):
        found = (_faults_in(told[name]) for name in _LISTS if told.get(name))
        return next(filter(None, found), ())
    if isinstance(told, list):
        return tuple(fault for item in told if (fault := _fault(item)))
    if isinstance(told, str) and "loc" in told and len(told) <= _LONGEST_LISTING:
        found = (_faults_in(value) for value in _literals(told))
        return next(filter(None, found), ())
    return ()


def _fault(item: object) -> Fault | None:
    if not isinstance(item, dict) or not isinstance(item.get("loc"), list | tuple):
        return None
    where = tuple(str(part) for part in item["loc"])
    if where[:1] == ("body",):
        where = where[1:]
    return Fault(where, str(item.get("type") or ""), str(item.get("msg") or ""))


def _literals(text: str) -> Iterator[Any]:
    """Yield what a text holds as JSON or as Python writes it: vLLM and llama-stack do so."""
    start = min((at for at in map(text.find, "[{") if at >= 0), default=-1)
    end = max(map(text.rfind, "]}"))
    if 0 <= start < end:
        yield _literal(text[start : end + 1])
    # vLLM: "2 validation errors:", then one a line.
    yield [_literal(line.strip()) for line in text.splitlines() if line.strip().startswith("{")]


def _literal(text: str) -> Any:
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        pass
    try:
        return ast.literal_eval(text)
    except (ValueError, SyntaxError, TypeError, MemoryError, RecursionError):
        return None


def _listed(faults: tuple[Fault, ...]) -> str:
    said = "; ".join(map(str, faults[:_MOST_FAULTS]))
    return f"{said}; …" if len(faults) > _MOST_FAULTS else said


# Web pages of proxies


class _Headings(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.found = dict.fromkeys(_HEADINGS, "")
        self._inside: str | None = None

    def handle_starttag(self, tag: str, attrs: object) -> None:
        self._inside = tag if tag in _HEADINGS and not self.found[tag] else None

    def handle_endtag(self, tag: str) -> None:
        if tag == self._inside:
            self._inside = None

    def handle_data(self, data: str) -> None:
        if self._inside:
            self.found[self._inside] += data


def _page_heading(page: str) -> str:
    """Return a page's title, else its first heading, else nothing: the rest helps nobody."""
    parser = _Headings()
    parser.feed(page)
    texts = (" ".join(parser.found[name].split()) for name in _HEADINGS)
    return next(filter(None, texts), "")
