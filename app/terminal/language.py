"""Texts in English and Korean, and the choice between them."""

import locale
from collections.abc import Mapping, Sequence
from typing import Any, Literal, NamedTuple

Language = Literal["en", "ko"]

# Separates the two languages of a help text: Typer accepts only one string, and its own texts
# contain no such control character.
_MARK = "\x1f"
_VARIABLES = ("LC_ALL", "LC_MESSAGES", "LANG")


class Said(NamedTuple):
    """A text in both languages; `{names}` are placeholders."""

    english: str
    korean: str

    def filled(self, **values: Any) -> "Said":
        return Said(self.english.format(**values), self.korean.format(**values))

    def in_language(self, language: Language) -> str:
        return self.korean if language == "ko" else self.english


def both(english: str, korean: str) -> str:
    """Return a help text with both languages, from which `one_of` chooses."""
    return f"{english}{_MARK}{korean}"


def one_of(text: str, language: Language) -> str:
    """Return a help text in one language; a text without the mark is the same in both."""
    english, _, korean = text.partition(_MARK)
    return korean if korean and language == "ko" else english


def chosen_language(arguments: Sequence[str], environment: Mapping[str, str]) -> Language:
    """Return the language that `--language` asks for, else the environment's.

    This runs before the arguments are parsed: help and usage errors need the language too.
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
    # Windows sets no variable; `locale` knows the user's language.
    said = said or locale.getlocale()[0] or ""
    return "ko" if said.lower().startswith("ko") else "en"
