"""The demo model's summaries: what the users stated, line by line. Pure functions."""

import json
import re
from typing import Any

from app.core.summary_prompt import summary_in

_MARK = "- "
_LINES = 60
_CHARACTERS = 160

_SENTENCE_END = re.compile(r"(?<=[.!?。])\s+|\n+")
_QUESTION = re.compile(r"[?？]\s*$")
# What is kept longest: sentences about somebody's name, then those with numbers.
_NAME = re.compile(r"\bname\b|\bcall me\b|이름|성함|라고 불러", re.IGNORECASE)
_NUMBER = re.compile(r"\d")


def summary_of(given: str) -> str:
    """Return a summary of the lines that `summary_input` wrote."""
    lines: list[str] = []
    for line in given.splitlines():
        lines += _statements(_object(line))
    kept = list(dict.fromkeys(lines))
    while len(kept) > _LINES:
        kept.remove(min(kept, key=_worth))
    return "\n".join(f"{_MARK}{line}" for line in kept)


def _worth(line: str) -> tuple[bool, bool]:
    return bool(_NAME.search(line)), bool(_NUMBER.search(line))


def remembered(text: str) -> list[str]:
    """Return a message as what the user has said; a summary has several such texts."""
    summary = summary_in(text)
    if summary is None:
        return [text]
    return [line.removeprefix(_MARK) for line in summary.splitlines() if line.strip()]


def _object(line: str) -> dict[str, Any]:
    try:
        value = json.loads(line)
    except ValueError:
        return {}
    return value if isinstance(value, dict) else {}


def _statements(line: dict[str, Any]) -> list[str]:
    if "summary" in line:
        known = str(line["summary"]).splitlines()
        return [one.removeprefix(_MARK) for one in known if one.strip()]
    if line.get("role") != "user":
        return []
    sentences = (part.strip() for part in _SENTENCE_END.split(str(line.get("text"))))
    return [one[:_CHARACTERS] for one in sentences if one and not _QUESTION.search(one)]
