"""Two languages: every text is written in both, and shown in one."""

import locale
from collections.abc import Mapping, Sequence
from typing import Any, Literal, NamedTuple

Language = Literal["en", "ko"]

# Stands between the languages of a help text: Typer takes one string, and shows no control
# character of its own.
_MARK = "\x1f"
_VARIABLES = ("LC_ALL", "LC_MESSAGES", "LANG")


class Said(NamedTuple):
    """A text in both languages; `{names}` are places to be filled."""

    english: str
    korean: str

    def filled(self, **values: Any) -> "Said":
        return Said(self.english.format(**values), self.korean.format(**values))

    def in_language(self, language: Language) -> str:
        return self.korean if language == "ko" else self.english


def both(english: str, korean: str) -> str:
    """Return a help text that holds both languages, for `one_of` to choose from."""
    return f"{english}{_MARK}{korean}"


def one_of(text: str, language: Language) -> str:
    """Return a help text in one language; one without a mark is the same in both."""
    english, _, korean = text.partition(_MARK)
    return korean if korean and language == "ko" else english


def chosen_language(arguments: Sequence[str], environment: Mapping[str, str]) -> Language:
    """Return what `--language` asks for, else what the environment speaks.

    Looked for before the arguments are read: help and wrong usage are told in it too.
    """
    found: Language | None = None
    for place, argument in enumerate(arguments):
        if argument == "--":
            break
        name, _, value = argument.partition("=")
        if name == "--language":
            value = value or next(iter(arguments[place + 1 :]), "")
            found = _known(value) or found
    return found or _spoken(environment)


def _known(value: str) -> Language | None:
    return "ko" if value == "ko" else "en" if value == "en" else None


def _spoken(environment: Mapping[str, str]) -> Language:
    said = next((environment[name] for name in _VARIABLES if environment.get(name)), None)
    # Windows knows its user's language, and sets no variable.
    said = said or locale.getlocale()[0] or ""
    return "ko" if said.lower().startswith("ko") else "en"
