"""What a check has found."""

from dataclasses import dataclass
from typing import Literal

from app.terminal.language import Said

Level = Literal["ok", "warning", "failure"]


@dataclass(frozen=True)
class Finding:
    """One thing that was looked at; `check` names it for programs, `advice` says what to do."""

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
