"""Reads an upstream's error, in any of the shapes that servers use.

OpenAI answers `{"error": {"message", "type", "param", "code"}}`. Others answer `{"detail": "…"}`,
`{"detail": [{"loc", "msg", "type"}]}`, `{"message": …}`, `{"error": "…"}`, the same as text,
a web page, or a number as the code.
"""

import ast
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from html.parser import HTMLParser
from typing import Any

# The keys that may contain the message, in order; `error` may be only the status in words.
_TEXTS = ("message", "detail", "msg", "error", "error_description", "title", "reason")
_LISTS = ("detail", "errors", "message", "error")
_MOST_FAULTS = 3
# The longest text that is searched for a list of faults, in characters.
_LONGEST_LISTING = 100_000
_PAGE = re.compile(r"\s*<(?:!doctype|html|head|body|h1|title|\?xml)", re.IGNORECASE)
_HEADINGS = ("title", "h1")


@dataclass(frozen=True)
class Fault:
    """One validation error: `where` begins with the parameter's name."""

    where: tuple[str, ...]
    kind: str
    message: str

    def __str__(self) -> str:
        return f"{'.'.join(self.where)}: {self.message}" if self.where else self.message


@dataclass(frozen=True)
class ErrorWords:
    """Each may be missing; `faults` are the validation errors, if the error lists any."""

    message: str = ""
    code: str | None = None
    type: str | None = None
    param: str | None = None
    faults: tuple[Fault, ...] = ()


def words_of(body: object) -> ErrorWords:
    """Return what an error says. `body`: the answer's JSON, or its text if it is not JSON."""
    error = _innermost(body)
    fields = error if isinstance(error, dict) else {}
    faults = _faults_in(error)
    message = _listed(faults) or _text(error)
    return ErrorWords(
        message=message,
        code=_name(fields.get("code")),
        type=_name(fields.get("type")),
        param=_name(fields.get("param")),
        faults=faults,
    )


def _innermost(body: object) -> object:
    """Return the error itself: unwrapped from an envelope, or the first of a list."""
    if isinstance(body, list) and body and isinstance(body[0], dict) and "error" in body[0]:
        body = body[0]
    if isinstance(body, dict) and isinstance(body.get("error"), dict | list):
        return body["error"]
    return body


def _text(error: object) -> str:
    if isinstance(error, dict):
        found = (_text(error[name]) for name in _TEXTS if error.get(name))
        return next(filter(None, found), "")
    if isinstance(error, list):
        return "; ".join(filter(None, map(_text, error[:_MOST_FAULTS])))
    text = error if isinstance(error, str) else ""
    return _page_heading(text) if _PAGE.match(text) else text


def _name(value: object) -> str | None:
    # A code may be a number: 400, or one that the server defines.
    if isinstance(value, bool) or not isinstance(value, str | int):
        return None
    return str(value)


# Lists of faults in the form of Pydantic, which other libraries imitate


def _faults_in(error: object) -> tuple[Fault, ...]:
    if isinstance(error, dict):
        found = (_faults_in(error[name]) for name in _LISTS if error.get(name))
        return next(filter(None, found), ())
    if isinstance(error, list):
        return tuple(fault for item in error if (fault := _fault(item)))
    if isinstance(error, str) and "loc" in error and len(error) <= _LONGEST_LISTING:
        found = (_faults_in(value) for value in _literals(error))
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
    """Yield the JSON or Python literals in a text: vLLM and llama-stack send such texts."""
    start = min((at for at in map(text.find, "[{") if at >= 0), default=-1)
    end = max(map(text.rfind, "]}"))
    if 0 <= start < end:
        yield _literal(text[start : end + 1])
    # vLLM: "2 validation errors:", then one per line.
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
    listed = "; ".join(map(str, faults[:_MOST_FAULTS]))
    return f"{listed}; …" if len(faults) > _MOST_FAULTS else listed


# Error pages of proxies


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
    """Return a page's title, else its first heading, else an empty string."""
    parser = _Headings()
    parser.feed(page)
    texts = (" ".join(parser.found[name].split()) for name in _HEADINGS)
    return next(filter(None, texts), "")
