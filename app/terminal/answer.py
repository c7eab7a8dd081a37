"""An answer while it is being written: rendered block by block, so that nothing flickers."""

import re
from collections.abc import Iterator
from contextlib import contextmanager

from rich.console import Console, RenderableType
from rich.live import Live
from rich.spinner import Spinner

from app.terminal.screen import clean, markdown

_FENCE = re.compile(r"^ {0,3}(```|~~~)", re.MULTILINE)
# A blank line before something that isn't indented: what stands before it can't change any more.
_BREAK = re.compile(r"\n[ \t]*\n(?=\S)")


class PlainAnswer:
    """Writes an answer's text as it comes: for pipes and files."""

    def __init__(self, console: Console) -> None:
        self._file = console.file
        self.text = ""

    def add(self, delta: str) -> None:
        self.text += delta
        self._file.write(clean(delta))
        self._file.flush()

    def end(self) -> None:
        if self.text and not self.text.endswith("\n"):
            self._file.write("\n")
        self._file.flush()


class LiveAnswer:
    """Renders Markdown as it comes.

    A block that is whole is printed for good and scrolls away as other text does; only the last
    one is drawn again and again, so an answer may be longer than the screen.
    """

    def __init__(self, live: Live) -> None:
        self._live = live
        self._tail = ""
        self._printed = False
        self.text = ""

    def add(self, delta: str) -> None:
        self.text += delta
        whole, self._tail = split_blocks(self._tail + delta)
        if whole:
            # Not shown twice while it moves from below to above.
            self._live.update("")
            self._print(whole)
        self._live.update(self._below())

    def end(self) -> None:
        self._live.update("", refresh=True)
        if self._tail.strip():
            self._print(self._tail)
        self._tail = ""

    def _below(self) -> RenderableType:
        return markdown(self._tail) if self._tail.strip() else ""

    def _print(self, text: str) -> None:
        if self._printed:
            self._live.console.print()
        self._printed = True
        self._live.console.print(markdown(text))


Answer = PlainAnswer | LiveAnswer


@contextmanager
def answering(console: Console) -> Iterator[Answer]:
    """Give what shows an answer; what has been written stays, however the block ends."""
    answer: Answer
    if not console.is_terminal:
        answer = PlainAnswer(console)
        try:
            yield answer
        finally:
            answer.end()
        return
    with Live(Spinner("dots"), console=console, transient=True, refresh_per_second=12) as live:
        answer = LiveAnswer(live)
        try:
            yield answer
        finally:
            answer.end()


def split_blocks(text: str) -> tuple[str, str]:
    """Return the blocks of a Markdown text that are whole, and the rest."""
    for found in reversed([*_BREAK.finditer(text)]):
        before = text[: found.start()]
        # Inside a fence a blank line ends nothing.
        if len(_FENCE.findall(before)) % 2 == 0:
            return before, text[found.end() :]
    return "", text
