"""Translates Typer's usage errors, which are only in English, into Korean."""

import re

from app.terminal.language import Said

# Patterns of Typer's messages, and their translations; the groups' text is copied unchanged.
_TRANSLATIONS = [
    (
        r"No such option: (?P<a>\S+)(?: \(Possible options: (?P<b>.+)\))?",
        "{a} 옵션은 없습니다.",
    ),
    (r"No such command (?P<a>'.+?')\.", "{a} 명령은 없습니다."),
    (
        r"No such command (?P<a>'.+?')\. Did you mean (?P<b>.+)\?",
        "{a} 명령은 없습니다. 혹시 {b} 명령을 찾으시나요?",
    ),
    (r"Missing argument (?P<a>.+?)\.", "필요한 인자가 빠졌습니다: {a}"),
    (r"Missing option (?P<a>.+?)\.", "{a} 옵션이 빠졌습니다."),
    (r"Missing command\.", "명령이 빠졌습니다."),
    (r"Got unexpected extra arguments?(?:\(s\))? \((?P<a>.+)\)", "필요 없는 인자가 있습니다: {a}"),
    (r"Option (?P<a>.+) requires an argument\.", "{a}에는 값이 있어야 합니다."),
    (r"Option (?P<a>.+) does not take a value\.", "{a}에는 값을 줄 수 없습니다."),
    (
        r"Invalid value for (?P<a>.+?): (?P<b>.+) is not one of (?P<c>.+)\.",
        "{a}에 쓸 수 없는 값입니다: {b}. 쓸 수 있는 값: {c}",
    ),
    (
        r"Invalid value for (?P<a>.+?): (?P<b>'.*') does not match the formats '(?P<c>.+)'\.",
        "{a}의 값은 {c} 꼴이어야 합니다: {b}",
    ),
    (
        r"Invalid value for (?P<a>.+?): Input should be greater than or equal to (?P<b>\d+)",
        "{a}의 값은 {b} 이상이어야 합니다.",
    ),
    (
        r"Invalid value for (?P<a>.+?): Input should be a valid integer.*",
        "{a}의 값은 정수여야 합니다.",
    ),
    (r"Invalid value for (?P<a>.+?): (?P<b>.+)", "{a}의 값이 잘못되었습니다: {b}"),
]


def usage_said(message: str) -> Said:
    """Return one of Typer's messages in both languages; an unknown one stays English."""
    # Pydantic's prefix, which Typer passes on.
    message = message.replace("Value error, ", "")
    for pattern, korean in _TRANSLATIONS:
        if found := re.fullmatch(pattern, message, re.DOTALL):
            return Said(message, korean.format(**found.groupdict()))
    return Said(message, message)
