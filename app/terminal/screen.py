"""Output in the user's language: text, tables and Markdown, plain if it is not a terminal."""

import json
import os
import re
import sys
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from typing import Any

from rich.console import Console
from rich.markdown import Markdown
from rich.markup import escape
from rich.table import Table
from rich.text import Text

from app.terminal.failures import Failure
from app.terminal.language import Language, Said

# In files and pipes, lines are not wrapped: other programs read them.
_PIPE_WIDTH = 1000
# Control characters except tab and newline: an answer must not control the terminal.
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f]")

# Terminal columns. In a narrower terminal, even ids are wrapped.
_MIN_WIDTH_FOR_IDS = 60
_YES = {"y", "yes", "예", "네", "ㅇ"}


class Screen:
    """Writes results to standard output, and everything else to standard error."""

    def __init__(self, language: Language, *, as_json: bool = False) -> None:
        self.language = language
        self.as_json = as_json
        self.out = _console(stderr=False)
        self.err = _console(stderr=True)

    def text(self, said: Said) -> str:
        return said.in_language(self.language)

    def write(self, text: str) -> None:
        """Write a line of output, without control characters."""
        _write(self.out, text)

    def note(self, said: Said) -> None:
        """Write a note to standard error."""
        _write(self.err, self.text(said), "dim")

    def fail(self, failure: Failure) -> None:
        mark = self.text(Said("Error", "오류"))
        self.err.print(
            Text.assemble((f"{mark}: ", "bold red"), one_line(self.text(failure.said))),
            soft_wrap=True,
        )

    def show_json(self, value: Any) -> None:
        sys.stdout.write(self.json_text(value))

    @staticmethod
    def json_text(value: Any) -> str:
        """Return a value as readable JSON, with unescaped Korean."""
        return json.dumps(value, ensure_ascii=False, indent=2) + "\n"

    def show_markdown(self, text: str) -> None:
        """Render Markdown on a terminal; otherwise write its source."""
        if self.out.is_terminal:
            self.out.print(markdown(text))
        else:
            self.write(text)

    def show_table(
        self, columns: Sequence[Said], rows: Iterable[Sequence[object]], footer: Sequence[str] = ()
    ) -> None:
        """Show rows. The first column, usually ids, is not wrapped; numbers are right-aligned."""
        table = Table(box=None, pad_edge=False, show_footer=bool(footer), header_style="bold")
        shown = [[_cell(value) for value in row] for row in rows]
        for place, column in enumerate(columns):
            table.add_column(
                escape(self.text(column)),
                footer=escape(footer[place]) if footer else "",
                overflow="fold",
                no_wrap=place == 0 and self.out.width >= _MIN_WIDTH_FOR_IDS,
                justify="right" if shown and _are_numbers(shown, place) else "left",
            )
        for row in shown:
            table.add_row(*(Text(value) for value in row))
        self.out.print(table)

    def confirm(self, question: Said) -> bool:
        """Ask the user to confirm. Raises `Failure` if standard input is not a terminal."""
        if not sys.stdin.isatty():
            said = Said(
                "Can't ask for confirmation without a terminal. Add --yes.",
                "터미널이 아니어서 확인을 받을 수 없습니다. --yes를 붙여 주세요.",
            )
            raise Failure(said, status=2)
        self.err.print(Text(f"{self.text(question)} [y/N] "), end="", soft_wrap=True)
        return sys.stdin.readline().strip().lower() in _YES


def markdown(text: str) -> Markdown:
    # URLs are written out, so that users see them before opening them.
    return Markdown(clean(text), hyperlinks=False)


def clean(text: str) -> str:
    return _CONTROL.sub("", text)


def one_line(text: str) -> str:
    return clean(" ".join(text.split()))


def moment(unix_seconds: object) -> str:
    """Return a Unix time as local time; empty if there is none."""
    if not isinstance(unix_seconds, int | float):
        return ""
    return datetime.fromtimestamp(unix_seconds, UTC).astimezone().strftime("%Y-%m-%d %H:%M")


def use_safe_output() -> None:
    """Replace characters that the terminal's encoding lacks, instead of raising an error."""
    for stream in (sys.stdout, sys.stderr):
        reconfigure = getattr(stream, "reconfigure", None)
        if reconfigure is not None:
            reconfigure(errors="replace")


def _console(*, stderr: bool) -> Console:
    console = Console(stderr=stderr, highlight=False, markup=False, emoji=False)
    if not console.is_terminal and not os.environ.get("COLUMNS"):
        console.width = _PIPE_WIDTH
    return console


def _write(console: Console, text: str, style: str = "") -> None:
    console.print(Text(clean(text), style=style), soft_wrap=True)


def _cell(value: object) -> str:
    return "" if value is None else one_line(str(value))


def _are_numbers(rows: list[list[str]], place: int) -> bool:
    return all(row[place].replace(",", "").isdigit() for row in rows if row[place])
