"""The results of checks."""

from dataclasses import dataclass
from typing import Literal

from app.terminal.language import Said

Level = Literal["ok", "warning", "failure"]


@dataclass(frozen=True)
class Finding:
    """The result of one check; `check` is its name for programs, `advice` says what to do."""

    check: str
    level: Level
    said: Said
    advice: Said | None = None


def ok(check: str, said: Said) -> Finding:
    return Finding(check, "ok", said)


def warning(check: str, said: Said, advice: Said) -> Finding:
    return Finding(check, "warning", said, advice)


def failure(check: str, said: Said, advice: Said) -> Finding:
    return Finding(check, "failure", said, advice)
